"""jobtrail check as a linter: baselines, suppressions, what is told of a queue or a time, outputs and exit codes."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from reports.cli import EXIT_CODES, cli
from reports.cli.suppressions import suppressions_in
from tests.reports.test_golden import RENEW

GOLDEN = Path(__file__).with_name("golden_check")
STORIES = Path(__file__).parents[2] / "sample_logs"
OF_RETRY_STORM = [
    ("retry-storm", "critical"),
    ("retries-exhausted", "high"),
    ("retried-often", "low"),
]


@pytest.fixture(scope="session")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of a story with three findings, to be read only."""
    path = tmp_path_factory.mktemp("storm") / "storm.duckdb"
    assert run("ingest", STORIES / "retry-storm", "--db", path).exit_code == 0
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storm: Path) -> Path:
    """An empty working folder; commands take the story's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JOBTRAIL_DB", str(storm))
    return tmp_path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def told(*words: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(run("check", "--format", "json", *words).stdout)
    return read


def kept(**changes: dict[str, Any]) -> None:
    """Write the baseline, with changes to the entries of these rules (``_`` for ``-``); None takes one out."""
    run("check", "--write-baseline", "baseline.json")
    baseline = json.loads(Path("baseline.json").read_text())
    by_rule = {each["rule"]: each for each in baseline["findings"]}
    changed = {rule: entry | changes.get(rule.replace("-", "_"), {}) for rule, entry in by_rule.items()}
    baseline["findings"] = [entry for entry in changed.values() if not entry.get("left_out")]
    Path("baseline.json").write_text(json.dumps(baseline))


# Baselines


@pytest.mark.usefixtures("here")
def test_a_baseline_is_written_and_knows_all_that_it_was_made_of() -> None:
    written = run("check", "--write-baseline", "baseline.json")
    assert (written.exit_code, written.stderr) == (1, "Baseline of 3 findings written to baseline.json\n")
    held = told("--baseline", "baseline.json")
    assert [each["status"] for each in held["findings"]] == ["known"] * 3
    assert held["baseline"] == {
        "as_of": held["as_of"], "new": 0, "known": 3, "worse": 0, "gone": [], "not_asked": 0
    }  # fmt: skip
    again = Path("baseline.json").read_bytes()
    run("check", "--baseline", "baseline.json", "--only-new", "--write-baseline", "baseline.json")
    assert Path("baseline.json").read_bytes() == again, "known ones are kept, and the same check writes the same bytes"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("changes", "told_new", "code"),
    [
        ({}, [], 0),
        ({"retries_exhausted": {"left_out": True}}, ["new retries-exhausted"], 1),
        ({"retried_often": {"job_count": 8}}, ["worse retried-often"], 0),
        ({"retried_often": {"job_count": 9}}, [], 0),
        ({"retry_storm": {"severity": "high"}}, ["worse retry-storm"], 1),
        ({"retry_storm": {"fingerprint": "0" * 16}}, ["new retry-storm"], 1),
    ],
)
def test_only_new_and_worse_ones_are_told_and_counted(
    changes: dict[str, dict[str, Any]], told_new: list[str], code: int
) -> None:
    kept(**changes)
    options = ("--baseline", "baseline.json", "--only-new")
    assert [f"{each['status']} {each['rule']}" for each in told(*options)["findings"]] == told_new
    result = run("check", *options)
    assert result.exit_code == code
    assert "Only findings that are new or worse" in result.stdout
    assert run("check", "--baseline", "baseline.json").exit_code == 1, "all count where all are told"


@pytest.mark.usefixtures("here")
def test_the_first_baseline_can_be_written_where_the_file_of_settings_names_it() -> None:
    Path("jobtrail.toml").write_text("[check]\nbaseline = 'baseline.json'\nonly-new = true\n")
    first = run("check", "--write-baseline", "baseline.json")
    assert (first.exit_code, "3 findings" in first.stdout) == (1, True), "nothing is known yet"
    second = run("check")
    assert (second.exit_code, "Nothing new found." in second.stdout) == (0, True)


@pytest.mark.usefixtures("here")
def test_only_new_without_a_baseline_says_what_to_do() -> None:
    result = run("check", "--only-new")
    assert (result.exit_code, "write it once with --write-baseline baseline.json" in result.output) == (2, True)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("holds", "says"),
    [
        (None, "there is no baseline baseline.json: write one with --write-baseline baseline.json"),
        (b"{", "cannot use baseline.json: it is no valid JSON"),
        (b"\xff\xfe", "cannot use baseline.json: it is no text"),
        (b'{"findings": []}', "cannot use baseline.json: it is no baseline of jobtrail's"),
        (b'{"format": "jobtrail baseline", "schema_version": 9}', "a newer jobtrail wrote it (version 9"),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("report", "incident")])
def test_a_baseline_that_cannot_be_used_is_said_in_words(
    holds: bytes | None, says: str, command: tuple[str, ...]
) -> None:
    if holds is not None:
        Path("baseline.json").write_bytes(holds)
    result = run(*command, "--baseline", "baseline.json")
    assert (result.exit_code, says in result.output) == (2, True), result.output


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("holds", [b"[check]\n", b'{"format": "jobtrail baseline", "schema_version": 9}'])
def test_a_baseline_is_not_written_over_something_else(holds: bytes) -> None:
    Path("other").write_bytes(holds)
    result = run("check", "--write-baseline", "other")
    assert (result.exit_code, Path("other").read_bytes()) == (2, holds)
    assert "will not write over other, because it is something else: cannot use other: " in result.output


def test_nothing_is_written_over_an_input(here: Path, storm: Path) -> None:
    (here / "in").mkdir()
    log = here / "in" / "jobs.jsonl"
    log.write_bytes((STORIES / "retry-storm" / "jobs.web-1.jsonl").read_bytes())
    for words in (("--write-baseline", storm), ("-o", storm, "--format", "junit"), (log, "-o", log)):
        result = run("check", *words)
        assert (result.exit_code, "is an input: name another file to write" in result.output) == (2, True)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("option", ["-o", "--write-baseline"])
def test_a_folder_that_is_not_there_is_said_before_the_work_is_done(option: str) -> None:
    result = run("check", option, "nowhere/x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot write nowhere/x: there is no folder nowhere" in result.stderr


@pytest.mark.usefixtures("here")
def test_a_baseline_that_could_not_be_written_whole_leaves_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(retry_storm={"left_out": True})
    before = Path("baseline.json").read_bytes()

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run("check", "--write-baseline", "baseline.json")
    assert (result.exit_code, "cannot write baseline.json: No space left on device" in result.output) == (2, True)
    assert Path("baseline.json").read_bytes() == before
    assert [each.name for each in Path().iterdir()] == ["baseline.json"]


@pytest.mark.usefixtures("here")
def test_a_file_keeps_its_rights_and_a_link_stays_one() -> None:
    kept()
    Path("baseline.json").chmod(0o640)
    Path("link.json").symlink_to("baseline.json")
    assert run("check", "--write-baseline", "link.json").exit_code == 1
    assert Path("link.json").is_symlink()
    assert Path("baseline.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("here")
def test_without_data_no_baseline_is_written(tmp_path: Path) -> None:
    kept()
    before = Path("baseline.json").read_bytes()
    (tmp_path / "empty").mkdir()
    assert run("check", "empty", "--write-baseline", "baseline.json", "--baseline", "baseline.json").exit_code == 3
    assert run("check", "--queue", "paymentz", "--write-baseline", "baseline.json").exit_code == 3
    assert Path("baseline.json").read_bytes() == before


# Suppressions


def suppress(*tables: str) -> None:
    Path("jobtrail.toml").write_text("".join(f"[[suppress]]\n{table}\n" for table in tables))


@pytest.mark.usefixtures("here")
def test_a_suppressed_finding_does_not_count_and_is_listed_with_reason_and_end() -> None:
    suppress(
        'rule = "retry-storm"\nqueue = "pay*"\nreason = "the gateway was down, INC-7"\nuntil = 2026-12-31',
        'rule = "retries-exhausted"\nreason = "refunded by hand"',
    )
    result = run("check")
    assert (result.exit_code, "1 finding, 2 suppressed. As of" in result.stdout) == (0, True)
    assert "the gateway was down, INC-7 (suppress 1, until 2026-12-31)" in result.stdout
    assert "refunded by hand (suppress 2, for good)" in result.stdout
    read = told()
    assert [each["rule"] for each in read["findings"]] == ["retried-often"]
    assert [(each["finding"]["rule"], each["until"]) for each in read["suppressed"]] == [
        ("retry-storm", "2026-12-31"),
        ("retries-exhausted", None),
    ]


@pytest.mark.usefixtures("here")
def test_an_expired_and_an_unused_suppression_are_told() -> None:
    suppress(
        'rule = "retry-storm"\nreason = "old"\nuntil = 2026-05-01',
        'rule = "hung"\nreason = "never seen"',
        'rule = "retry-storm"\nqueue = "mailers"\nreason = "another"\nuntil = 2027-01-01T00:00:00+02:00',
    )
    result = run("check")
    assert result.exit_code == 1
    assert "suppress 1  it held until 2026-05-01, and what it names counts again: old" in result.stdout
    assert "suppress 2  it fits nothing that was found: never seen" in result.stdout
    assert [(each["number"], each["status"]) for each in told()["stale_suppressions"]] == [
        (1, "expired"),
        (2, "unused"),
        (3, "unused"),
    ]
    assert run("check", "--as-of", "2026-05-08T19:30:00Z").exit_code == 1
    assert run("check", "--as-of", "2026-05-08T18:00:00Z").exit_code == 0


@pytest.mark.usefixtures("here")
def test_whether_a_suppression_is_over_is_judged_at_the_moment_of_the_data() -> None:
    suppress(*(f'rule = "{rule}"\nreason = "known"\nuntil = 2026-05-09' for rule, _ in OF_RETRY_STORM))
    assert run("check", "--fail-on", "info").exit_code == 0, "although that day is long over"
    assert run("check", "--fail-on", "info", "--as-of", "2026-05-10T00:00:00Z").exit_code == 1


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("suppress = 3", "jobtrail.toml: suppress must be a list of tables"),
        ("suppress = [3]", "jobtrail.toml: suppress must be a list of tables"),
        ('[suppress]\nrule = "hung"', "jobtrail.toml: suppress must be a list of tables: write [[suppress]]"),
        ('[[suppress]]\nrule = "hung"', "jobtrail.toml, suppress 1: it needs a reason"),
        ('[[suppress]]\nrule = "hung"\nreason = " "', "suppress 1: it needs a reason"),
        ('[[suppress]]\nreason = "x"', "suppress 1: it names neither a rule nor a fingerprint"),
        ('[[suppress]]\nrule = "hing"\nreason = "x"', "suppress 1: there is no rule hing; did you mean hung?"),
        ('[[suppress]]\nrule = 3\nreason = "x"', "suppress 1: there is no rule 3"),
        ('[[suppress]]\nrule = "hung"\nreason = 3', "suppress 1: reason must be text"),
        ('[[suppress]]\nrule = "hung"\nreason = "x"\nuntill = 2026-01-01', "no key untill; did you mean until?"),
        (
            '[[suppress]]\nrule = "hung"\nreason = "x"\nworker = "w"',
            "no key worker; there are rule, fingerprint, reason, until, job_class, queue, scope, system",
        ),
        ('[[suppress]]\nfingerprint = "XYZ"\nreason = "x"', "suppress 1: 'XYZ' is no fingerprint"),
        ('[[suppress]]\nrule = "hung"\nreason = "x"\nuntil = "2026-01-01"', "suppress 1: until must be a day"),
        ('[[suppress]]\nrule = "hung"\nreason = "x"\nuntil = 12:00:00', "suppress 1: until must be a day"),
        (
            '[[suppress]]\nrule = "hung"\nreason = "x"\nuntil = 2026-01-01T12:00:00',
            "suppress 1: until names no zone: write 2026-01-01T12:00:00Z for UTC",
        ),
        (
            '[[suppress]]\nrule = "hung"\nreason = "x"\n[[suppress]]\nrule = "lost"',
            "jobtrail.toml, suppress 2: it needs a reason",
        ),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("report", "incident")])
def test_a_mistake_in_a_suppression_is_said_with_file_and_entry(file: str, says: str, command: tuple[str, ...]) -> None:
    Path("jobtrail.toml").write_text(file)
    result = run(*command)
    assert (result.exit_code, says in result.output) == (2, True), result.output


@given(
    st.dictionaries(
        st.sampled_from(["rule", "fingerprint", "reason", "until", "queue", "job_class", "worker", "x"]),
        st.sampled_from(["hung", "orphaned", "0" * 16, "*", ""])
        | st.text(max_size=5)
        | st.integers()
        | st.booleans()
        | st.dates()
        | st.datetimes()
        | st.datetimes(timezones=st.just(UTC))
        | st.lists(st.text(max_size=3), max_size=2),
        max_size=5,
    )
)
def test_any_table_is_a_suppression_or_refused_in_one_line(table: dict[str, Any]) -> None:
    try:
        [read] = suppressions_in([table])
    except click.UsageError as error:
        assert error.message.startswith("jobtrail.toml, suppress 1: ")  # noqa: PT017 - either will do
    else:
        told = {**read.model_dump(exclude={"number", "subject"}, exclude_none=True), **read.subject}
        assert told == {**table, "reason": table["reason"].strip()}


@pytest.mark.usefixtures("here")
def test_other_commands_do_not_mind_suppressions() -> None:
    suppress('rule = "hung"\nreason = "known"')
    assert run("jobs", "--limit", "1").exit_code == 0


# A queue, a class, a time


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("options", "rules", "says"),
    [
        (("--queue", "payments"), ["retry-storm", "retries-exhausted", "retried-often"], "queue payments; none is"),
        (("--queue", "default"), [], "touch queue default; 3 others are left out."),
        (("--class", "Charge*"), ["retry-storm", "retries-exhausted", "retried-often"], "class Charge*"),
        (("--since", "2026-05-08 19:45", "--tz", "UTC"), ["retried-often"], "the time since 2026-05-08 19:45:00 UTC"),
        (("--since", "2026-05-08 21:45", "--tz", "Europe/Paris"), ["retried-often"], "since 2026-05-08 19:45:00 UTC"),
        (("--until", "2026-05-08T19:03"), ["retry-storm", "retries-exhausted"], "1 other is left out."),
    ],
)
def test_what_is_told_can_be_narrowed_and_the_header_says_so(
    options: tuple[str, ...], rules: list[str], says: str
) -> None:
    result = run("check", *options)
    assert [each["rule"] for each in told(*options)["findings"]] == rules
    assert says in result.stdout
    assert result.exit_code == (1 if {"retry-storm", "retries-exhausted"} & {*rules} else 0)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--queue", "paymentz"), "No job has the queue paymentz; did you mean payments?"),
        (("--class", "zzz"), "No job has the class zzz."),
        (("--since", "2026-12-01"), "The inputs end at 2026-05-"),
        (("--until", "2020-01-01"), "The inputs begin at 2026-05-08"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "junit", "github"])
def test_what_no_input_speaks_of_is_no_data(options: tuple[str, ...], says: str, form: str) -> None:
    result = run("check", "--format", form, *options)
    assert (result.exit_code, says in result.stdout) == (3, True)


# Outputs and exit codes


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", ["json", "junit", "github", "prometheus", "text"])
def test_a_format_goes_into_a_file_whole_and_people_get_their_text(form: str) -> None:
    text = run("check").stdout
    result = run("check", "--format", form, "-o", "out")
    assert (result.exit_code, result.stdout) == (1, text)
    assert Path("out").read_text(encoding="utf-8") == run("check", "--format", form).stdout


def test_help_tells_every_exit_code() -> None:
    for words in ((), ("check",)):
        text = run(*words, "--help").output
        for code, meaning in EXIT_CODES.items():
            assert re.search(rf"^ +{code} +{re.escape(meaning)}$", text, re.MULTILINE)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("bar", "code"), [("info", 1), ("high", 1), ("critical", 1), ("none", 0)])
def test_the_exit_code_follows_the_bar(bar: str, code: int) -> None:
    assert run("check", "--fail-on", bar).exit_code == code


# Reports


@pytest.mark.usefixtures("here")
def test_a_report_says_what_is_new_what_is_suppressed_and_what_is_gone() -> None:
    kept(retries_exhausted={"fingerprint": "0" * 16}, retried_often={"job_count": 1})
    suppress('rule = "retry-storm"\nreason = "the gateway was down"', 'rule = "hung"\nreason = "never seen"')
    outputs = [word for ending in ("md", "html", "json") for word in ("-o", f"x.{ending}")]
    assert run("report", "incident", "--baseline", "baseline.json", *outputs).exit_code == 0
    for ending in ("md", "html"):
        text = Path(f"x.{ending}").read_text(encoding="utf-8").replace("\\", "")
        assert "1 new, 1 worse, 0 known; 1 no longer found." in text
        assert "1 finding does not count, because jobtrail.toml says so." in text
        assert "the gateway was down (suppress 1, for good)" in text
        assert "suppress 2 in jobtrail.toml: it fits nothing that was found: never seen" in text
        assert "worse: 1 job before" in text
        assert text.index("No longer found") < text.index("retries-exhausted: 4 jobs of ChargeCard were given up")
    read = json.loads(Path("x.json").read_text())
    assert [each["status"] for each in read["findings"]] == ["new", "worse"]
    assert read["suppressed"][0]["reason"] == "the gateway was down"
    assert [each["rule"] for each in read["baseline"]["gone"]] == ["retries-exhausted"]


# What people see


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", ["text", "junit", "github"])
def test_the_output_is_what_it_was(form: str) -> None:
    kept(retries_exhausted={"fingerprint": "0" * 16}, retried_often={"job_count": 1})
    suppress(
        'rule = "retry-storm"\nqueue = "pay*"\nreason = "the gateway was down, INC-7"\nuntil = 2026-12-31',
        'rule = "hung"\nreason = "never seen"',
        'rule = "lost"\nreason = "a cleaning script"\nuntil = 2026-04-30',
    )
    written = run("check", "--baseline", "baseline.json", "--format", form).stdout
    written = "".join(f"{line.rstrip()}\n" for line in written.splitlines())
    file = GOLDEN / f"retry-storm.{form}.txt"
    if RENEW:
        file.write_text(written, encoding="utf-8")
    same = written == file.read_text(encoding="utf-8")
    assert same, f"{file.name} has changed: run 'make golden' and read the difference"


def test_no_other_output_is_kept_and_none_holds_a_path_of_a_machine() -> None:
    assert {file.name for file in GOLDEN.iterdir()} == {
        f"retry-storm.{form}.txt" for form in ("text", "junit", "github")
    }
    for file in GOLDEN.iterdir():
        assert not re.search(r"/(?:home|tmp|root|Users|work)/", file.read_text(encoding="utf-8")), file.name
