"""Limits that are declared or carried, held against runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ingest.evidence import EvidenceDatabase, at

CHECKED = "select kind, seconds, runs, runs_over, longest, handed_out_again from limit_checks order by kind"


def ran(evidence: EvidenceDatabase, job_id: str, seconds: float, start: float = 0, **more: Any) -> EvidenceDatabase:
    """A run of so many seconds."""
    given = {"queue": "q", "thread": job_id} | more
    evidence.event(start, "started", job_id, **given)
    return evidence.event(start + seconds, "succeeded", job_id, **given)


def test_runs_longer_than_the_limit_are_counted_and_one_that_just_reaches_it_is_not() -> None:
    evidence = ran(ran(EvidenceDatabase(), "a", 60), "b", 61)
    evidence.add("declared", kind="visibility_timeout", seconds=60).derive()
    assert evidence.rows(CHECKED) == [("visibility_timeout", 60, 2, 1, 61, 0)]
    assert evidence.rows("select first_over_at, last_over_at from limit_checks") == [(at(0), at(0))]


def test_a_run_may_pass_its_time_limit_by_a_tenth_and_a_second_because_a_worker_takes_a_moment_to_end_it() -> None:
    evidence = ran(ran(EvidenceDatabase(), "a", 111), "b", 111.5)
    evidence.add("declared", kind="time_limit", seconds=100).derive()
    assert evidence.rows(CHECKED) == [("time_limit", 100, 2, 1, 111.5, 0)]


def test_a_job_that_begins_again_while_it_runs_was_handed_out_again() -> None:
    evidence = EvidenceDatabase().event(0, "started", queue="q")
    evidence.event(60, "started", thread="t2", pid=200, queue="q").event(90, "succeeded", queue="q")
    evidence.event(95, "succeeded", thread="t2", pid=200, queue="q")
    evidence.add("declared", kind="visibility_timeout", seconds=60).derive()
    assert evidence.rows(CHECKED) == [("visibility_timeout", 60, 2, 1, 90, 1)]


def test_a_run_still_under_way_counts_while_its_worker_lives() -> None:
    evidence = EvidenceDatabase().event(0, "started", queue="q")
    evidence.snapshot(300, jobs=[{"held_in": "running", "job_id": "job-a", "pid": 100, "queue": "q"}], pids=[100])
    evidence.add("declared", kind="lock_ttl", seconds=60).derive(300)
    assert evidence.rows(CHECKED) == [("lock_ttl", 60, 1, 1, 300, 0)]


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ([{"seconds": 10}, {"seconds": 20, "queue": "q"}], 20),
        ([{"seconds": 20, "queue": "q"}, {"seconds": 30, "job_class": "Export"}], 30),
        ([{"seconds": 40, "queue": "q", "job_class": "Export"}, {"seconds": 30, "job_class": "Export"}], 40),
        ([{"seconds": 10}, {"seconds": 20, "system": "sidekiq"}], 20),
        ([{"seconds": 10}, {"seconds": 20, "system": "celery"}], 10),
        ([{"seconds": 10}, {"seconds": 20, "queue": "other"}], 10),
        ([{"seconds": 10}, {"seconds": 20, "scope": "elsewhere"}], 10),
    ],
)
def test_of_several_limits_the_one_that_is_about_the_least_holds(limits: list[dict[str, Any]], seconds: float) -> None:
    evidence = ran(EvidenceDatabase(), "a", 5)
    for limit in limits:
        evidence.add("declared", kind="time_limit", **limit)
    assert evidence.derive().rows("select seconds from limit_checks") == [(seconds,)]


def test_a_limit_of_classes_that_never_ran_is_held_against_nothing() -> None:
    evidence = ran(EvidenceDatabase(), "a", 5).add("declared", kind="time_limit", seconds=1, job_class="Other")
    assert evidence.derive().rows(CHECKED) == []


def test_a_visibility_timeout_knows_the_time_limit_of_the_same_runs_and_what_that_is_for() -> None:
    evidence = ran(EvidenceDatabase(), "a", 5).add("declared", kind="visibility_timeout", seconds=60, queue="q")
    evidence.add("declared", kind="time_limit", seconds=90, job_class="Export").derive()
    told = "select time_limit, limit_class, limit_queue from limit_checks where kind = 'visibility_timeout'"
    assert evidence.rows(told) == [(90, "Export", "q")]


@pytest.mark.parametrize(
    ("timeouts", "checked"), [(("180", "60"), [("time_limit", 180, 1, 1, 200, 0)]), (("180", "-1"), []), (("",), [])]
)
def test_the_longest_timeout_that_jobs_of_rq_carry_is_the_time_limit_of_their_class_unless_one_may_run_for_ever(
    timeouts: tuple[str, ...], checked: list[tuple[Any, ...]]
) -> None:
    evidence = EvidenceDatabase()
    for number, timeout in enumerate(timeouts):
        given = {"system": "rq", "queue": "q", "attributes": json.dumps({"timeout": timeout})}
        evidence.event(number, "enqueued", f"job-{number}", **given)
    ran(evidence, "job-0", 200, start=10, system="rq").derive()
    assert evidence.rows(CHECKED) == checked


def test_a_lock_that_a_job_of_sidekiq_carries_lasts_so_long() -> None:
    evidence = ran(EvidenceDatabase(), "a", 70)
    waiting = {"held_in": "queued", "job_id": "b", "job_class": "Export", "queue": "q"}
    evidence.snapshot(100, jobs=[waiting | {"attributes": '{"lock_ttl": 60}'}]).derive()
    assert evidence.rows(CHECKED) == [("lock_ttl", 60, 1, 1, 70, 0)]
