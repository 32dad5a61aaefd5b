"""``jobtrail why`` and ``jobtrail jobs`` as a user meets them, on a real capture."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reports.cli import cli

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-6.4.1-pretty"
GIVEN_UP = "26fc2074db2520c45178ba9b"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("captured") / "jobtrail.duckdb"
    logs = [CAPTURE / "sidekiq-a.log.gz", CAPTURE / "sidekiq-b.log", CAPTURE / "snapshots"]
    assert run("ingest", *logs, "--db", path).exit_code == 0
    return path


def test_a_life_is_told_in_order_and_ends_with_the_verdict_and_what_it_rests_on(database: Path) -> None:
    told = run("why", GIVEN_UP, "--db", database)
    assert told.exit_code == 0
    lines = [line for line in told.output.splitlines() if line.startswith("22:")]
    assert [line[:12] for line in lines] == sorted(line[:12] for line in lines)
    assert "started ReportWorker" in lines[0]
    assert "sidekiq-a.log.gz:574" in lines[0]
    story, _, verdict = told.output.partition(
        "It failed for good at 2026-11-23 22:41:10 UTC after 4 runs: NoMethodError"
    )
    assert "06-after-shutdown.json:1" in story
    assert "rests on    sidekiq-a.log.gz:4356 retries exhausted" in verdict
    assert "confidence  high" in verdict


def test_the_same_as_json(database: Path) -> None:
    told = json.loads(run("why", GIVEN_UP, "--db", database, "--format", "json").output)
    assert told["verdict"]["kind"] == "given-up"
    assert [run["state"] for run in told["life"]["runs"]] == ["failed"] * 4


def test_a_job_can_be_asked_for_in_files_without_a_database() -> None:
    told = run("why", GIVEN_UP, CAPTURE / "sidekiq-a.log.gz")
    assert "It failed for good" in told.output


def test_at_an_earlier_moment_the_job_waits_for_its_retry(database: Path) -> None:
    told = run("why", GIVEN_UP, "--db", database, "--as-of", "2026-11-23T22:41:07Z")
    assert "it is tried again at 2026-11-23 22:41:0" in told.output
    assert "22:41:10" not in told.output


def test_times_are_shown_in_the_zone_asked_for(database: Path) -> None:
    told = run("why", GIVEN_UP, "--db", database, "--tz", "Asia/Tokyo")
    assert "2026-11-24 07:41:10 JST" in told.output
    assert "07:40:32" in told.output


def test_an_id_with_a_slip_is_answered_with_the_right_one(database: Path) -> None:
    told = run("why", GIVEN_UP[:12], "--db", database)
    assert told.exit_code == 3
    assert f"Did you mean {GIVEN_UP}?" in told.output
    assert "inputs were read, from 2026-11-23 22:4" in told.output


def test_an_id_that_only_stands_in_some_line_is_answered_with_that_line(tmp_path: Path) -> None:
    log = tmp_path / "jobs.jsonl"
    log.write_text(line(1, "started", "a", "Mail", arg="order-981-b") + line(2, "succeeded", "a", "Mail"))
    told = run("why", "order-981", log)
    assert (told.exit_code, "jobs.jsonl:1 holds it" in told.output) == (3, True)


def test_an_id_that_leads_to_two_jobs_asks_which(tmp_path: Path) -> None:
    log = tmp_path / "jobs.jsonl"
    log.write_text(line(1, "started", "a", "Mail", key="k1") + line(2, "started", "b", "Mail", key="k1"))
    told = run("why", "k1", log)
    assert told.exit_code == 2
    assert "2 jobs were known as k1" in told.output
    assert "jobtrail why a " in told.output


def test_what_a_log_says_cannot_write_into_the_terminal(tmp_path: Path) -> None:
    log = tmp_path / "jobs.jsonl"
    nasty = "\\u001b[31m[bold]red\\u202e"
    log.write_text(line(1, "started", "a", nasty, arg=nasty) + line(2, "succeeded", "a", nasty))
    for told in (run("why", "a", log), run("jobs", log), run("jobs", log, "--class", "nobody")):
        assert "\x1b[31m" not in told.output
        assert "\u202e" not in told.output
    assert "[bold]" in run("why", "a", log).output


def line(second: int, event: str, job_id: str, job_class: str, args: Any = None, **more: str) -> str:
    fields = {
        "format": "jobrunner.job_log/1", "ts": f"2026-03-01T13:00:0{second}Z", "event": event, "job_id": job_id,
        "job_class": "CLASS", "queue": "q", "arguments": ["ARG"], "host": "h", "pid": 1, "thread": "t",
    }  # fmt: skip
    fields |= {"idempotency_key": more["key"]} if "key" in more else {}
    fields |= {"arguments": args} if args is not None else {}
    return json.dumps(fields).replace("CLASS", job_class).replace("ARG", more.get("arg", "x")) + "\n"


def test_long_runs_of_alike_evidence_are_shortened_unless_all_is_asked_for(tmp_path: Path) -> None:
    log = tmp_path / "jobs.jsonl"
    beats = "".join(line(2, "heartbeat", "a", "Mail").replace(":02Z", f":02.{n:03}Z") for n in range(50))
    log.write_text(line(1, "started", "a", "Mail") + beats + line(3, "succeeded", "a", "Mail"))
    assert "… 44 more of the same …" in run("why", "a", log).output
    assert run("why", "a", log, "--all").output.count("heartbeat") >= 50


def test_jobs_are_listed_with_what_happened_to_them(database: Path) -> None:
    told = run("jobs", "--db", database, "--class", "ReportWorker", "--state", "failed")
    assert told.exit_code == 0
    assert "3 jobs." in told.output
    assert GIVEN_UP in told.output
    assert "NoMethodError" in told.output


def test_a_time_in_words_is_said_as_it_was_understood(database: Path) -> None:
    told = run("jobs", "--db", database, "--since", "today 23:42", "--tz", "Europe/Paris", "--state", "running")
    assert "since 2026-11-23 23:42:00 CET" in told.output


def test_a_list_comes_as_csv_and_json_with_nothing_else_in_it(database: Path) -> None:
    words = ("jobs", "--db", database, "--class", "ReportWorker", "--state", "failed", "--limit", "2", "--format")
    rows = list(csv.DictReader(io.StringIO(run(*words, "csv").stdout)))
    assert [row["job_id"] for row in rows] == [row["job_id"] for row in json.loads(run(*words, "json").stdout)]
    assert len(rows) == 2


def test_a_class_that_nothing_has_is_answered_with_those_there_are(database: Path) -> None:
    told = run("jobs", "--db", database, "--class", "Report")
    assert "No job" in told.output
    assert "did you mean ReportWorker?" in told.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--since", "tea time"), "is no time; write one such as"),
        (("--tz", "Mars/Olympus"), "there is no time zone 'Mars/Olympus'"),
        (("--state", "lost"), "'lost' is not one of"),
    ],
)
def test_a_wrong_word_is_answered_in_words(database: Path, words: tuple[str, ...], says: str) -> None:
    told = run("jobs", "--db", database, *words)
    assert (told.exit_code, says in told.output) == (2, True)


def test_without_evidence_there_is_nothing_to_tell(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("jobs", empty).exit_code == 3
    told = run("why", "a", empty)
    assert (told.exit_code, "No job was known as a" in told.output) == (3, True)


# By class and arguments


@pytest.fixture
def charges(tmp_path: Path) -> Path:
    log = tmp_path / "jobs.jsonl"
    lines = [
        line(number, event, job, "Charge", **given)
        for number, (event, job, given) in enumerate(
            [
                ("enqueued", "a", {"args": [42, {"eu": 1, "b": None}]}),
                ("enqueued", "b", {"args": [43]}),
                ("enqueued", "c", {"args": [43]}),
                ("enqueued", "d", {"args": {"order": 7}}),
            ]
        )
    ]
    log.write_text("".join(lines), encoding="utf-8")
    return log


@pytest.mark.parametrize(
    ("arguments", "job"), [('[42, {"b": null, "eu": 1}]', "a"), ('{"order":7}', "d")], ids=["a list", "an object"]
)
def test_a_job_can_be_asked_for_by_its_class_and_arguments(charges: Path, arguments: str, job: str) -> None:
    told = run("why", "--class", "Charge", "--args", arguments, charges, "--format", "json")
    assert json.loads(told.output)["life"]["job_id"] == job


def test_of_several_jobs_of_the_same_arguments_it_asks_which(charges: Path) -> None:
    told = run("why", "--class", "Charge", "--args", "[43]", charges)
    assert told.exit_code == 2
    assert "2 jobs of Charge have these arguments" in told.output
    assert "jobtrail why b" in told.output


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--class", "Charge", "--args", "[4]"), 3, "No job of Charge is known to have the arguments [4]."),
        (("--class", "Charg", "--args", "[43]"), 3, "Did you mean the class Charge?"),
        (("--class", "Charge", "--args", "42,"), 2, "is no JSON"),
        (("--class", "Charge"), 2, "--class and --args belong together"),
        (("--args", "[43]"), 2, "--class and --args belong together"),
    ],
)
def test_arguments_that_lead_to_no_job_are_answered_in_words(
    charges: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    told = run("why", *words, charges)
    assert (told.exit_code, says in told.output) == (code, True)


def test_why_without_anything_asks_for_an_id() -> None:
    told = run("why")
    assert (told.exit_code, "Give a job's id" in told.output) == (2, True)
