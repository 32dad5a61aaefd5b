"""What snapshots show of locks, held against what they and the logs tell of the jobs that hold them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ingest.evidence import EvidenceDatabase, at

MISSING = "select missing_since, looks, is_cut_short from held_locks"
QUEUED = {"held_in": "queued", "job_id": "job-a", "queue": "q"}
PUT_OFF = {"held_in": "scheduled", "job_id": "job-z", "queue": "q"}


def look(evidence: EvidenceDatabase, seconds: float, *jobs: dict[str, Any], **lock: Any) -> EvidenceDatabase:
    """A snapshot with these jobs, a worker at rest, a job put off, and a lock of job-a's."""
    evidence.snapshot(seconds, jobs=[PUT_OFF, *jobs], pids=[100], busy=sum(job["held_in"] == "running" for job in jobs))
    given = {"lock": "k", "holder_id": "job-a", "held_since": at(-600)} | lock
    return evidence.add("snapshot_locks", snapshot_id=f"snapshot-{seconds}", **given)


@pytest.mark.parametrize("held_in", ["queued", "scheduled", "retry", "running"])
def test_a_lock_whose_holder_the_snapshot_shows_is_in_use(held_in: str) -> None:
    evidence = look(EvidenceDatabase(), 60, QUEUED | {"held_in": held_in, "pid": 100}).derive()
    assert evidence.rows(MISSING) == [(None, 0, False)]


def test_a_holder_that_is_given_up_works_no_more() -> None:
    evidence = look(
        EvidenceDatabase(), 60, QUEUED | {"held_in": "dead", "failed_at": at(50), "died_at": at(50)}
    ).derive()
    assert evidence.rows("select holder_end, holder_ended_at, looks from held_locks") == [("failed", at(50), 1)]


def test_the_holder_is_known_by_the_backends_id_too() -> None:
    waiting = {"held_in": "queued", "job_id": "framework-id", "provider_job_id": "0123456789abcdef"}
    evidence = look(EvidenceDatabase(), 60, waiting, holder_id="0123456789abcdef").derive()
    assert evidence.rows("select holder_id, looks from held_locks") == [("framework-id", 0)]


def test_the_end_that_the_log_tells_is_since_when_the_lock_is_idle() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(10, "succeeded")
    look(look(evidence, 60), 120).derive()
    told = "select holder_end, holder_ended_at, idle_since, job_class, seen_at from held_locks"
    assert evidence.rows(told) == [("succeeded", at(10), at(10), "Export", at(120))]
    assert evidence.rows(MISSING) == [(at(60), 2, False)]


def test_only_snapshots_in_a_row_count() -> None:
    evidence = look(look(look(EvidenceDatabase(), 60), 120, QUEUED), 180).derive()
    assert evidence.rows(MISSING) == [(at(180), 1, False)]


def test_a_job_that_works_on_after_a_snapshot_was_somewhere_when_it_was_taken() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(90, "heartbeat")
    assert look(evidence, 60).derive().rows(MISSING) == [(None, 0, False)]


def test_a_lock_taken_while_the_snapshot_was_taken_has_its_holder_on_the_way() -> None:
    assert look(EvidenceDatabase(), 60, held_since=at(61)).derive().rows(MISSING) == [(None, 0, False)]


def test_a_snapshot_without_workers_says_nothing_of_who_runs() -> None:
    evidence = EvidenceDatabase().snapshot(60, jobs=[PUT_OFF])
    evidence.add("snapshot_locks", snapshot_id="snapshot-60", lock="k", holder_id="job-a").derive()
    assert evidence.rows(MISSING) == [(None, 0, False)]


def test_a_snapshot_that_counts_more_runs_than_it_lists_accuses_nobody() -> None:
    evidence = EvidenceDatabase().snapshot(60, jobs=[PUT_OFF], pids=[100], busy=1)
    evidence.add("snapshot_locks", snapshot_id="snapshot-60", lock="k", holder_id="job-a").derive()
    assert evidence.rows(MISSING) == [(None, 0, False)]


def test_a_queue_that_lists_fewer_jobs_than_it_counts_may_hide_the_holder() -> None:
    evidence = look(EvidenceDatabase(), 60)
    evidence.add("snapshot_queues", snapshot_id="snapshot-60", queue="q", depth=1).derive()
    assert evidence.rows(MISSING) == [(at(60), 1, True)]


def test_where_no_snapshot_lists_what_is_put_off_the_holder_may_be_put_off() -> None:
    evidence = EvidenceDatabase().snapshot(60, pids=[100], busy=0, jobs=[QUEUED | {"job_id": "job-b"}])
    evidence.add("snapshot_locks", snapshot_id="snapshot-60", lock="k", holder_id="job-a").derive()
    assert evidence.rows(MISSING) == [(at(60), 1, True)]


def test_a_later_snapshot_with_other_locks_only_tells_that_this_one_is_gone() -> None:
    evidence = look(look(EvidenceDatabase(), 60), 120, QUEUED | {"job_id": "job-b"}, lock="l", holder_id="job-b")
    evidence.derive()
    assert evidence.rows("select lock, gone_by from held_locks order by lock") == [("k", at(120)), ("l", None)]


@pytest.mark.parametrize(
    ("lock", "payload", "kept"),
    [
        ({"kind": "until_expired"}, {}, True),
        ({"expires_at": at(900)}, {}, True),
        ({"expires_at": at(900)}, {"lock": "until_executed"}, False),
        ({"expires_at": at(900)}, {"lock": "until_expired"}, True),
        ({}, {}, False),
    ],
)
def test_a_lock_with_a_lifetime_is_kept_on_purpose_unless_its_kind_says_otherwise(
    lock: dict[str, Any], payload: dict[str, str], *, kept: bool
) -> None:
    names_it = QUEUED | {"attributes": json.dumps({"lock_digest": "k"} | payload)}
    evidence = look(EvidenceDatabase(), 60, names_it, **lock).derive()
    assert evidence.rows("select outlives_holder from held_locks") == [(kept,)]


# Locks that name no holder


def semaphore(evidence: EvidenceDatabase, *jobs: dict[str, Any]) -> EvidenceDatabase:
    look(evidence, 60, *jobs, holder_id=None, kind="semaphore", held_since=None, expires_at=at(240))
    return evidence.derive()


OF_KEY = json.dumps({"concurrency_key": "k"})
BLOCKED = json.dumps({"concurrency_key": "k", "blocked_execution": {"id": 7}})


def test_a_semaphore_is_in_use_while_any_job_of_its_key_is_ready_or_runs() -> None:
    evidence = semaphore(EvidenceDatabase(), QUEUED | {"attributes": OF_KEY})
    assert evidence.rows("select looks, holder_id from held_locks") == [(0, "job-a")]


def test_jobs_that_wait_for_a_semaphore_do_not_hold_it() -> None:
    evidence = EvidenceDatabase().event(0, "started", attributes=OF_KEY).event(10, "succeeded")
    semaphore(evidence, {"held_in": "scheduled", "job_id": "job-b", "attributes": BLOCKED})
    told = "select holder_id, holder_end, looks, waiting, outlives_holder from held_locks"
    assert evidence.rows(told) == [("job-a", "succeeded", 1, 1, False)]


def test_who_holds_a_lock_by_a_snapshot_is_who_refused() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(10, "succeeded")
    look(evidence, 60).event(90, "lock_conflict", "job-b", attributes='{"lock_digest": "k"}').derive()
    told = "select holder_id, holder_basis, holder_end from lock_conflicts"
    assert evidence.rows(told) == [("job-a", "lock", "succeeded")]
