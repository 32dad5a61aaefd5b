"""The turns of an incident and what it cost, from a few rows of the derived tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analysis.finding import Finding, Investigation, Severity
from analysis.impact import Impact, impact
from analysis.moments import Moment, moments
from tests.analysis.tables import database

NOON = datetime(2026, 3, 17, 12)  # noqa: DTZ001 - naive UTC as the tables
END = NOON.replace(tzinfo=UTC) + timedelta(hours=1)

Rows = dict[str, list[dict[str, Any]]]


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def run(job_id: str, attempt: int, state: str, minutes: float, **more: Any) -> dict[str, Any]:
    given = {"job_id": job_id, "attempt": attempt, "state": state, "started_at": at(minutes), "run": 60.0} | more
    return given | ({} if state == "running" else {"ended_at": at(minutes + 1)})


def turns(rows: Rows, as_of: datetime = END) -> list[Moment]:
    with database(rows) as db:
        return list(moments(db, as_of).listed)


def told(found: list[Moment]) -> list[tuple[str, float, int]]:
    return [(each.kind, (each.at.replace(tzinfo=None) - NOON) / timedelta(minutes=1), each.number) for each in found]


def test_nothing_happened_in_an_empty_database() -> None:
    assert turns({}) == []


def test_failures_are_told_from_the_first_to_the_last_with_the_worst_minute() -> None:
    found = turns(
        {
            "attempts": [
                run("a", 1, "failed", 0, error_class="Timeout"),
                run("a", 2, "succeeded", 5),
                run("b", 1, "failed", 7.2),
                run("c", 1, "failed", 7.5),
                run("d", 1, "failed", 9, error_class="Refused"),
            ]
        }
    )
    assert told(found) == [
        ("first_failure", 1, 1),
        ("first_retry", 5, 2),
        ("most_failures", 8.2, 2),
        ("last_failure", 10, 1),
    ]
    assert (found[0].error, found[-1].error) == ("Timeout", "Refused")


def test_a_single_failure_is_told_once() -> None:
    assert told(turns({"attempts": [run("a", 1, "failed", 0)]})) == [("first_failure", 1, 1)]


def test_a_run_after_an_interruption_is_no_retry() -> None:
    assert turns({"attempts": [run("a", 1, "interrupted", 0), run("a", 2, "succeeded", 3)]}) == []


def test_the_first_job_given_up_is_told_with_its_runs() -> None:
    jobs = [
        {"job_id": "a", "state": "failed", "finished_at": at(8), "attempts": 3},
        {"job_id": "b", "state": "failed", "finished_at": at(4), "attempts": 5, "error_class": "Timeout"},
        {"job_id": "c", "state": "succeeded", "finished_at": at(1)},
    ]
    assert told(turns({"jobs": jobs})) == [("first_given_up", 4, 5)]


def test_a_lost_worker_is_told_with_the_runs_it_left_open_and_restarts_of_one_second_together() -> None:
    workers = [
        {"worker_key": "w1", "worker": "web:1", "state": "gone", "last_seen_at": at(3)},
        {"worker_key": "w2", "state": "stopped", "stopped_at": at(5)},
        {"worker_key": "w3", "state": "alive", "booted_at": at(6)},
        {"worker_key": "w4", "state": "alive", "booted_at": at(6) + timedelta(milliseconds=200)},
    ]
    found = turns({"workers": workers, "attempts": [run("a", 1, "running", 2, worker_key="w1")]})
    assert told(found) == [("worker_lost", 3, 1), ("workers_stopped", 5, 1), ("workers_started", 6, 2)]
    assert found[0].worker == "web:1"


def _snapshots(*depths: tuple[float, int]) -> Rows:
    return {
        "snapshots": [{"snapshot_id": str(minutes), "taken_at": at(minutes)} for minutes, _ in depths],
        "snapshot_queues": [
            {"snapshot_id": str(minutes), "queue": "mailers", "depth": depth} for minutes, depth in depths
        ],
    }


@pytest.mark.parametrize(
    ("depths", "minutes_seen", "turns_told"),
    [
        (((1, 3), (2, 9), (3, 4), (4, 0)), 60, [("fullest", 2, 9), ("drained", 4, 0)]),
        (((1, 0), (2, 9)), 60, [("fullest", 2, 9)]),
        (((1, 1), (2, 0)), 60, []),
        (((1, 3), (2, 9), (4, 0)), 1, [("fullest", 1, 3)]),
    ],
    ids=["full, then empty", "full to the end", "one job is no backlog", "what came later is not known"],
)
def test_a_backlog_is_told_when_it_was_fullest_and_when_it_was_gone(
    depths: tuple[tuple[float, int], ...], minutes_seen: int, turns_told: list[tuple[str, float, int]]
) -> None:
    as_of = NOON.replace(tzinfo=UTC) + timedelta(minutes=minutes_seen)
    assert told(turns(_snapshots(*depths), as_of)) == turns_told


def test_snapshots_are_believed_before_what_a_log_adds_up_to() -> None:
    minutes = {"queue_minutes": [{"queue": "mailers", "minute": at(10), "depth": 500}]}
    assert told(turns(minutes)) == [("fullest", 11, 500)]
    assert told(turns(minutes | _snapshots((1, 2)))) == [("fullest", 1, 2)]


def cost(rows: Rows, severity: Severity, jobs: tuple[str, ...]) -> Impact:
    finding = Finding(
        **dict.fromkeys(("rule", "fingerprint", "confidence_reason", "title", "sql"), "x"),
        **{name: {} for name in ("subject", "metrics", "threshold")},
        **dict.fromkeys(("evidence", "next_steps"), ()),
        severity=severity,
        confidence="high",
        jobs=jobs,
        job_count=len(jobs),
        first_at=None,
        last_at=None,
    )
    with database(rows) as db:
        return impact(db, Investigation(as_of=END, first_at=END, inputs=(), checks=(), findings=(finding,)))


CLASSES: Rows = {
    "jobs": [
        {"job_id": "a", "state": "succeeded", "job_class": "Mail"},
        {"job_id": "b", "state": "failed", "job_class": "Mail"},
        {"job_id": "c", "state": "running", "job_class": "Export"},
        {"job_id": "d", "state": "queued", "job_class": "Export", "queue": "exports"},
    ],
    "attempts": [
        run("a", 1, "failed", 0),
        run("a", 2, "interrupted", 2),
        run("a", 3, "succeeded", 4),
        run("a", 4, "succeeded", 6),
        run("b", 1, "failed", 0),
        run("c", 1, "running", 0, worker_state="gone", run=None),
    ],
}


def test_runs_that_came_to_nothing_failed_were_cut_off_died_or_succeeded_again() -> None:
    whole = cost(CLASSES, "high", ())
    assert (whole.jobs, whole.runs, whole.failed_runs, whole.wasted_runs) == (4, 6, 2, 5)
    assert whole.wasted_seconds == 240
    assert whole.last_failure_at == NOON.replace(tzinfo=UTC) + timedelta(minutes=1)


def test_a_run_that_still_goes_on_in_a_living_worker_is_not_lost() -> None:
    assert cost({"attempts": [run("c", 1, "running", 0, worker_state="alive")]}, "high", ()).wasted_runs == 0


def test_jobs_hurt_are_counted_by_class_and_by_what_became_of_them() -> None:
    whole = cost(CLASSES, "medium", ("a", "b", "d"))
    assert whole.fates == {"failed": 1, "queued": 1, "succeeded": 1}
    assert (whole.jobs_hurt, whole.unresolved) == (3, 2)
    assert [(each.job_class, each.queue, each.jobs_hurt, each.unresolved) for each in whole.by_class] == [
        ("Mail", "default", 2, 1),
        ("Export", "exports", 1, 1),
        ("Export", "default", 0, 0),
    ]


def test_a_job_of_the_same_id_in_another_installation_or_system_is_not_hurt() -> None:
    rows: Rows = {
        "jobs": [
            {"job_id": "42", "job_key": "ours", "system": "", "state": "failed"},
            {"job_id": "42", "job_key": "of another system", "system": "resque", "state": "queued"},
            {"job_id": "42", "job_key": "of another installation", "scope": "eu", "state": "queued"},
        ]
    }
    assert cost(rows, "high", ("42",)).fates == {"failed": 1}


def test_a_minor_finding_hurts_no_job() -> None:
    assert cost(CLASSES, "low", ("a", "b")).jobs_hurt == 0
