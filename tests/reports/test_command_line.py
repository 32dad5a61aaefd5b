"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from reports.cli import COMMANDS, cli
from tests.reports.process import started

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-8.1.7-plain"
QUIET = "2026-03-01T22:00:0{second}.120Z pid=80 tid=g7y class=Mail jid=0123456789abcdef0123456{number} {rest}\n"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from reports.cli import cli; cli(['--help'], standalone_mode=False);"
        "print([name for name in ('duckdb', 'polars', 'pydantic', 'rich', 'jinja2') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip().endswith("[]")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_says_what_it_does(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert "Example" in result.output, "add one to its epilog, or to EXAMPLES in reports/cli/__init__.py"


def test_the_version_is_told() -> None:
    assert run("--version").output.startswith("jobtrail, version ")


@pytest.mark.parametrize(
    ("typed", "says"),
    [("chek", "there is no command chek; did you mean check?"), ("zzz", "there are ingest, check")],
)
def test_an_unknown_command_is_answered_with_the_nearest_one(typed: str, says: str) -> None:
    result = run(typed)
    assert (result.exit_code, says in result.output) == (2, True)


def test_ingest_ends_with_what_was_read_and_which_questions_can_be_answered(database: Path) -> None:
    result = run("ingest", CAPTURE / "sidekiq.log", "--db", database)
    assert "sidekiq_text" in result.output
    assert "can be answered" in result.output
    assert "0 rows from 0 new or grown of 1 files" in result.output


SPOKEN = "2026-03-01T22:00:00.120Z pid=80 tid=g7y class=Mail jid=0123456789abcdef01234567 INFO: {words}\n"


@pytest.mark.parametrize(
    ("options", "words", "stored"),
    [
        (["--redact"], "password=abc iban=17", "password=[redacted] iban=17"),
        (["--redact-key", "iban"], "password=abc iban=17", "password=[redacted] iban=[redacted]"),
        (["--redact-pattern", r"\bA-\d+", "--redact-pattern", "zzz"], "a@b.cd A-12 zzz", " ".join(["[redacted]"] * 3)),
    ],
)
def test_ingest_redacts_what_it_is_told_to_and_says_how_much(
    tmp_path: Path, options: list[str], words: str, stored: str
) -> None:
    (tmp_path / "worker.log").write_text(SPOKEN.format(words=words))
    path = tmp_path / "t.duckdb"
    result = run("ingest", tmp_path / "worker.log", "--db", path, *options)
    with duckdb.connect(str(path)) as db:
        assert db.execute("select message from log_lines").fetchall() == [(stored,)]
    count = stored.count("[redacted]")
    assert result.exit_code == 0
    said = "1 secret value was redacted" if count == 1 else f"{count} secret values were redacted"
    assert said in result.output
    assert "t.duckdb.redaction-key" in " ".join(result.output.split())


def test_redaction_can_be_set_for_all_loads_in_the_file_of_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("worker.log").write_text(SPOKEN.format(words="iban=17 A-12"))
    Path("jobtrail.toml").write_text("[ingest]\nredact = true\nredact-key = ['iban']\nredact-pattern = ['A-[0-9]+']\n")
    assert "2 secret values were redacted" in run("ingest", "worker.log").output
    Path("jobtrail.toml").unlink()
    result = run("ingest", "worker.log")
    assert (result.exit_code, "was loaded with --redact: give it again" in result.output) == (2, True)


def test_a_quiet_log_gives_no_finding_and_exit_code_0(tmp_path: Path) -> None:
    log = tmp_path / "quiet.log"
    log.write_text(
        "".join(
            QUIET.format(second=number, number=number, rest=rest)
            for number in range(9)
            for rest in ("INFO: start", "elapsed=0.05 INFO: done")
        )
    )
    result = run("check", log)
    assert (result.exit_code, "Nothing found." in result.output) == (0, True)


def test_an_empty_folder_is_no_data_and_exit_code_3(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    result = run("ingest", folder, "--db", tmp_path / "x.duckdb")
    assert (result.exit_code, "no file to read" in result.output) == (3, True)
    result = run("check", folder)
    assert (result.exit_code, "nothing could be checked" in result.output) == (3, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ingest", "nowhere"), "there is no file or folder nowhere"),
        (("check", "--db", "nowhere.duckdb"), "there is no database nowhere.duckdb"),
        (("ingest", ".", "--redact-pattern", "("), "'(' is no regular expression"),
        (("ingest", ".", "--redact-pattern", "a*"), "it would redact everything"),
        (("ingest", ".", "--redact-key", "-"), "neither letters nor digits"),
        (("check", "--set", "hung"), "write rule.param=value"),
        (("check", "--as-of", "tea time"), "is no ISO 8601 time"),
        (("check", "--as-of", "0001-01-01T00:00:00+05:00"), "is no ISO 8601 time"),
        (("check", "--as-of", "9999-12-31T23:59:59-05:00"), "is no ISO 8601 time"),
        (("why", " "), "it is empty: write the id of a job"),
        (("jobs", "--limit", "9" * 24), "is not in the range"),
        (("sql", "select 1", "--db", "nowhere.duckdb"), "there is no database"),
    ],
)
def test_a_wrong_word_is_answered_in_words_and_with_exit_code_2(words: tuple[str, ...], says: str) -> None:
    result = run(*words)
    assert (result.exit_code, says in result.output) == (2, True)


@pytest.mark.parametrize("time", ["0001-01-01T00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_utc_has_not_is_no_time(database: Path, time: str) -> None:
    result = run("jobs", "--db", database, "--since", time)
    assert (result.exit_code, "is no time; write one such as" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("why", "\udcff"), 3),
        (("jobs", "--arg", "\udcff=\udcff"), 0),
        (("jobs", "--class", "\udcff", "--queue", "\udcff", "--error", "\udcff"), 0),
        (("sql", "select '\udcff'"), 0),
    ],
)
def test_words_that_are_no_utf_8_are_looked_for_all_the_same(database: Path, words: tuple[str, ...], code: int) -> None:
    assert run(*words, "--db", database).exit_code == code


def test_a_load_cut_off_before_its_end_is_derived_anew_for_the_moment_asked(database: Path) -> None:
    with duckdb.connect(str(database)) as db:
        [(as_of,)] = db.execute("select value from meta where key = 'as_of'").fetchall()
        db.execute("delete from jobs")
        db.execute("update meta set value = '0' where key = 'derived_version'")
    assert run("jobs", "--db", database).exit_code == 2
    result = run("jobs", "--db", database, "--as-of", as_of)
    assert (result.exit_code, "No job" in result.output) == (0, False)


@pytest.mark.parametrize(
    ("output", "code", "says"),
    [(">&-", 0, ""), (">/dev/full", 2, "Error: cannot write the output: No space left on device\n")],
)
def test_an_output_that_is_closed_or_full_is_no_bug(database: Path, output: str, code: int, says: str) -> None:
    command = f'"$0" jobs --db "$1" --format csv {output}'
    jobtrail = Path(sys.executable).with_name("jobtrail")
    done = subprocess.run(["sh", "-c", command, jobtrail, database], capture_output=True, text=True, check=False)
    told = done.stderr.partition("\n")[2]  # the first line counts the jobs
    assert (done.returncode, told) == (code, says)


def test_a_setting_that_does_not_exist_is_answered_with_the_nearest_one(database: Path) -> None:
    result = run("check", "--db", database, "--set", "hung.min_ag=20s")
    assert (result.exit_code, "did you mean hung.min_age?" in result.output) == (2, True)


def test_check_speaks_json(database: Path) -> None:
    told = json.loads(run("check", "--db", database, "--format", "json").output)
    assert told["schema_version"] == 1
    assert {check["status"] for check in told["checks"]} <= {"found", "clean", "skipped"}


@pytest.mark.parametrize(
    ("output", "says"), [("x.txt", "ends in .html, .md, .json"), ("nowhere/x.md", "there is no folder")]
)
def test_a_report_that_cannot_be_written_is_said_in_words(database: Path, output: str, says: str) -> None:
    result = run("report", "incident", "--db", database, "-o", database.parent / output)
    assert (result.exit_code, says in result.output) == (2, True)


def test_a_report_does_not_overwrite_what_it_is_made_of(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_bytes((CAPTURE / "snapshots" / "final.json").read_bytes())
    before = snapshot.read_bytes()
    result = run("report", "incident", snapshot, "-o", snapshot)
    assert (result.exit_code, "is an input" in result.output, snapshot.read_bytes()) == (2, True, before)


@pytest.mark.parametrize(
    ("command", "file", "says"),
    [
        ("check", "[chek]\nx = 1", "there is no command for the table [chek]; did you mean check?"),
        ("check", "[check]\nfail-onn = 'high'", "there is no option fail-onn for [check]; did you mean fail-on?"),
        ("check", "dbb = 'x'", "there is no key dbb above all tables; did you mean db?"),
        ("check", "[check", "is no valid TOML"),
        ("check", "[check]\nfail-on = 'often'", "'often' is not one of"),
        ("check", "check = 3", "there is no key check above all tables"),
        ("report", "[report.incident]\ntitel = 'x'", "no option titel for [report.incident]; did you mean title?"),
        ("report", "[report]\nincident = 3", "[report.incident] must be a table"),
    ],
)
def test_a_mistake_in_the_settings_file_is_said(
    database: Path, monkeypatch: pytest.MonkeyPatch, command: str, file: str, says: str
) -> None:
    monkeypatch.chdir(database.parent)
    Path("jobtrail.toml").write_text(file)
    result = run(command, *(["incident"] if command == "report" else []))
    assert (result.exit_code, says in result.output) == (2, True), result.output


def test_options_come_from_the_file_and_the_environment_and_the_command_line_wins(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    database.rename("other.duckdb")
    Path("jobtrail.toml").write_text("db = 'other.duckdb'\n[sql]\nformat = 'csv'\n[report.incident]\ntitle = 'Ours'\n")
    assert run("sql", "select 1 as n").output == "n\n1\n"
    monkeypatch.setenv("JOBTRAIL_SQL_FORMAT", "json")
    assert json.loads(run("sql", "select 1 as n").output) == [{"n": 1}]
    assert run("sql", "select 1 as n", "--format", "csv").output == "n\n1\n"
    assert run("report", "incident", "-o", "x.md").exit_code == 0
    assert Path("x.md").read_text().startswith("# Ours\n")
    Path("jobtrail.toml").unlink()
    monkeypatch.setenv("JOBTRAIL_DB", "other.duckdb")
    assert json.loads(run("sql", "select 1 as n").output) == [{"n": 1}]


def test_where_colours_are_unwanted_there_are_none(database: Path) -> None:
    plain = os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    told, _ = started("check", "--db", database, env=plain).communicate(timeout=60)
    assert told
    assert "\x1b[3" not in told
    assert "\x1b[9" not in told


JOB_LINE = (
    '{"format": "jobrunner.job_log/1", "ts": "2026-03-01T13:00:00.5Z", "event": "started", "system": "jobrunner",'
    ' "job_id": "job-1", "job_class": "Mail", "queue": "q", "attempt": 1, "pid": 8, "arguments": [{"iban": "DE17"}]}\n'
)


@pytest.mark.parametrize("command", [("why", "job-1"), ("jobs", "--format", "json")])
def test_paths_are_redacted_as_by_ingest(tmp_path: Path, command: tuple[str, ...]) -> None:
    log = tmp_path / "worker.log"
    log.write_text(JOB_LINE, encoding="utf-8")
    assert "DE17" in run(*command, log).output
    redacted = run(*command, "--redact-key", "iban", log)
    assert (redacted.exit_code, "DE17" in redacted.output, "[redacted]" in redacted.output) == (0, False, True)


@pytest.mark.parametrize("command", [("check",), ("report", "incident", "-o", "report.md")])
def test_commands_that_judge_paths_redact_them_too(tmp_path: Path, command: tuple[str, ...]) -> None:
    log = tmp_path / "worker.log"
    log.write_text(JOB_LINE, encoding="utf-8")
    words = [tmp_path / word if word == "report.md" else word for word in command]
    assert run(*words, "--redact", "--redact-pattern", "DE[0-9]+", log).exit_code == 0
    assert "--redact-pattern" in run(*words, "--redact-pattern", "(", log).output


def test_redaction_is_refused_without_paths_to_read(database: Path) -> None:
    result = run("check", "--redact", "--db", database)
    assert (result.exit_code, "--redact is for paths" in result.output) == (2, True)
