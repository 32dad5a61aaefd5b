"""The verdict on a job's life, and what it rests on."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import duckdb
import pytest

from analysis.story import Story, story
from analysis.story.cases import Kind
from tests.analysis.tables import database

NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - naive UTC as the table
AS_OF = datetime(2026, 1, 5, 13, tzinfo=UTC)
_CASES = tomllib.loads(Path(__file__).with_name("story.toml").read_text(encoding="utf-8"))["case"]
_OWN_KEYS = {"name", "kind", "says", "confidence", "without_queue"}


def told(db: duckdb.DuckDBPyConnection, job_key: str = "a") -> Story:
    return story(db, job_key, as_of=AS_OF)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in _CASES])
def test_a_life_has_this_verdict(case: dict[str, Any]) -> None:
    with database({name: rows for name, rows in case.items() if name not in _OWN_KEYS}) as db:
        if case.get("without_queue"):
            db.execute("update jobs set queue = null")
        verdict = told(db).verdict
    assert verdict.kind == case["kind"]
    assert case["says"] in verdict.sentence
    assert verdict.confidence == case.get("confidence", verdict.confidence)


def test_every_kind_of_verdict_has_a_case() -> None:
    assert set(get_args(Kind)) == {case["kind"] for case in _CASES}


def test_a_verdict_rests_on_the_lines_that_end_each_run() -> None:
    with database(
        {
            "jobs": [{"job_id": "a", "state": "succeeded", "attempts": 2, "successes": 1, "failures": 1}],
            "attempts": [
                {"job_id": "a", "attempt": 1, "state": "failed", "started_at": NOON.replace(minute=1)},
                {"job_id": "a", "attempt": 2, "state": "succeeded", "started_at": NOON.replace(minute=2)},
            ],
            "attempt_evidence": [
                {"job_key": "a", "attempt": 1, "event": "started", "line_no": 1, "seen_at": NOON.replace(minute=1)},
                {"job_key": "a", "attempt": 1, "event": "line", "line_no": 2, "seen_at": NOON.replace(minute=1)},
                {"job_key": "a", "attempt": 1, "event": "failed", "line_no": 3, "seen_at": NOON.replace(minute=1)},
                {"job_key": "a", "attempt": 2, "event": "succeeded", "line_no": 7, "seen_at": NOON.replace(minute=2)},
            ],
        }
    ) as db:
        assert [piece.line for piece in told(db).verdict.rests_on] == [3, 7]


def test_an_enqueue_that_another_clock_puts_behind_its_start_is_told_before_it() -> None:
    with database(
        {
            "jobs": [{"job_id": "a", "state": "running", "attempts": 1}],
            "attempts": [
                {"job_id": "a", "state": "running", "started_at": NOON, "enqueued_at": NOON.replace(second=1)},
            ],
            "attempt_evidence": [
                {"job_key": "a", "event": "started", "line_no": 1, "seen_at": NOON},
                {"job_key": "a", "event": "enqueued", "line_no": 9, "seen_at": NOON.replace(second=1)},
            ],
        }
    ) as db:
        assert [step.event for step in told(db).life.steps] == ["enqueued", "started"]


def test_one_enqueue_between_two_runs_is_told_once() -> None:
    enqueued_at = NOON.replace(second=2)
    with database(
        {
            "jobs": [{"job_id": "a", "state": "running", "attempts": 2}],
            "attempts": [
                {"job_id": "a", "attempt": 1, "state": "unknown", "started_at": NOON, "enqueued_at": enqueued_at},
                {
                    "job_id": "a",
                    "attempt": 2,
                    "state": "running",
                    "started_at": NOON.replace(second=1),
                    "enqueued_at": enqueued_at,
                },
            ],
            "attempt_evidence": [{"job_key": "a", "event": "enqueued", "line_no": 9, "seen_at": enqueued_at}],
        }
    ) as db:
        assert [step.line for step in told(db).life.steps] == [9]


def test_of_a_job_with_endless_evidence_the_first_and_the_last_pieces_are_kept() -> None:
    with database({"jobs": [{"job_id": "a", "state": "unknown"}]}) as db:
        db.execute(
            "insert into attempt_evidence select 'a', 1, timestamp '2026-01-05' + to_seconds(i), 'log', 'line',"
            " 'log_lines', 1, i, 0, 'line ' || i from range(3000) as t(i)"
        )
        life = told(db).life
    assert (len(life.steps), life.steps_left_out) == (2000, 1000)
    assert (life.steps[0].line, life.steps[-1].line) == (0, 2999)


def test_other_jobs_that_do_the_same_work_are_named() -> None:
    same = {"arguments": "[7]", "arguments_digest": "d", "state": "succeeded"}
    with database(
        {
            "jobs": [
                {"job_id": "a", "enqueued_at": NOON, **same},
                {"job_id": "soon", "enqueued_at": NOON.replace(minute=10), **same},
                {"job_id": "later", "enqueued_at": NOON.replace(minute=10, second=1), **same},
                {"job_id": "other", "enqueued_at": NOON, **same | {"job_class": "Other"}},
            ]
        }
    ) as db:
        story_of_a = told(db)
    assert [twin.job_id for twin in story_of_a.life.twins] == ["soon"]
    assert "The same work (equal arguments) is job soon" in story_of_a.verdict.notes[0]


def test_long_waits_and_slow_runs_are_held_against_the_usual() -> None:
    run = {"job_id": "a", "state": "succeeded", "started_at": NOON, "ended_at": NOON, "wait": 120.0, "run": 30.0}
    with database(
        {
            "jobs": [{"job_id": "a", "state": "succeeded", "attempts": 1, "successes": 1}],
            "attempts": [run],
            "class_baselines": [{"runs": 20, "run_p50": 3.0, "run_p99": 5.0, "waits": 20, "wait_p50": 1.0}],
        }
    ) as db:
        assert told(db).verdict.notes == (
            "Run 1 waited 2 min before it began; usual is 1 s",
            "Run 1 took 30 s, 10 times the usual 3 s",
        )
        db.execute("update class_baselines set runs = 19, wait_p50 = 100")
        assert told(db).verdict.notes == ()


def test_what_no_input_shows_is_said() -> None:
    with database({"jobs": [{"job_id": "a", "state": "unknown", "queue_basis": "inferred"}]}) as db:
        assert told(db).verdict.unseen == (
            "when it was enqueued: the log or the spans of the application that enqueues would show it",
            "its queue; default is the only one its class was seen on",
            "its arguments",
        )


def test_sentences_tell_times_in_the_zone_asked_for() -> None:
    with database({"jobs": [{"job_id": "a", "state": "scheduled", "run_at": NOON.replace(day=6)}]}) as db:
        sentence = story(db, "a", as_of=AS_OF, zone=ZoneInfo("Europe/Paris")).verdict.sentence
    assert sentence == "It is scheduled, and due at 2026-01-06 13:00:00 CET"


def test_a_key_that_no_job_has_is_a_lookup_error() -> None:
    with database({}) as db, pytest.raises(LookupError, match="no job has the key a"):
        told(db)
