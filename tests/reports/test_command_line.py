"""The command line as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reports.cli import COMMANDS, cli

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-8.1.7-plain"
QUIET = "2026-03-01T22:00:0{second}.120Z pid=80 tid=g7y class=Mail jid=0123456789abcdef0123456{number} {rest}\n"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "jobtrail.duckdb"
    assert run("ingest", CAPTURE / "sidekiq.log", CAPTURE / "snapshots", "--db", path).exit_code == 0
    return path


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


def test_ingest_ends_with_what_was_read_and_which_questions_can_be_answered(database: Path) -> None:
    result = run("ingest", CAPTURE / "sidekiq.log", "--db", database)
    assert "sidekiq_text" in result.output
    assert "can be answered" in result.output
    assert "0 rows from 0 new or grown of 1 files" in result.output


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
        (("check", "--set", "hung"), "write rule.param=value"),
        (("check", "--as-of", "tea time"), "is no ISO 8601 time"),
        (("sql", "select 1", "--db", "nowhere.duckdb"), "there is no database"),
    ],
)
def test_a_wrong_word_is_answered_in_words_and_with_exit_code_2(words: tuple[str, ...], says: str) -> None:
    result = run(*words)
    assert (result.exit_code, says in result.output) == (2, True)


def test_a_setting_that_does_not_exist_is_answered_with_the_nearest_one(database: Path) -> None:
    result = run("check", "--db", database, "--set", "hung.min_ag=20s")
    assert (result.exit_code, "did you mean hung.min_age?" in result.output) == (2, True)


def test_check_speaks_json(database: Path) -> None:
    told = json.loads(run("check", "--db", database, "--format", "json").output)
    assert told["schema_version"] == 1
    assert {check["status"] for check in told["checks"]} <= {"found", "clean", "skipped"}


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('/proc/self/environ')",
        "copy (select 1) to 'stolen.csv'",
        "attach 'other.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set max_execution_time = 0",
        "reset lock_configuration",
        "drop table jobs",
        "insert into meta values ('a', 'b')",
        "export database 'stolen'",
        "select getenv('HOME')",
    ],
)
def test_a_query_can_reach_nothing_but_the_database_and_change_nothing(database: Path, query: str) -> None:
    result = run("sql", query, "--db", database)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_query_that_does_not_end_is_stopped(database: Path) -> None:
    endless = "with recursive r as (select 1 as i union all select i + 1 from r) select max(i) from r"
    result = run("sql", endless, "--timeout", "0.5", "--db", database)
    assert (result.exit_code, "took longer than 0.5 s" in result.output) == (2, True)


def test_rows_past_the_limit_are_cut_and_said_so(database: Path) -> None:
    assert "Only the first 2 rows" in run("sql", "from range(5)", "--limit", "2", "--db", database).output
    assert "Only the first" not in run("sql", "from range(5)", "--limit", "0", "--db", database).output


@pytest.mark.parametrize(("form", "told"), [("csv", "n\n1\n"), ("json", '[\n  {\n    "n": 1\n  }\n]\n')])
def test_answers_come_as_csv_and_json(database: Path, form: str, told: str) -> None:
    assert run("sql", "select 1 as n", "--format", form, "--db", database).output == told


def test_the_tables_are_listed_with_what_they_hold(database: Path) -> None:
    assert "One row per execution of a job" in run("sql", "--tables", "--db", database).output
