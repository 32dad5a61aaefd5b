"""Whether what came to a queue and what began adds up to what the next snapshot holds."""

from __future__ import annotations

from tests.ingest.evidence import EvidenceDatabase, at

CHECKS = "select queue, depth_from, came, began, at_edges, expected, depth_to from depth_checks"
ELSEWHERE = {"source_id": 2, "pid": None, "thread": None}


def a_queue(*, jobs: int = 30, begun: int = 30, waiting: int = 0, depth: int | None = None) -> EvidenceDatabase:
    """Jobs that come a minute apart between two snapshots, of which so many begin; the last ones wait in the second."""
    evidence = EvidenceDatabase()
    for number in (-1, *range(jobs), jobs):
        evidence.event(60 * number, "enqueued", f"job-{number}", queue="default", **ELSEWHERE)
        if number < begun or number == jobs:
            evidence.event(60 * number + 1, "started", f"job-{number}", queue="default")
            evidence.event(60 * number + 2, "succeeded", f"job-{number}", queue="default")
    held = [f"job-{number}" for number in range(jobs - waiting, jobs)]
    look(evidence, -30, [])
    look(evidence, 60 * jobs - 30, held, depth)
    return evidence.derive()


def look(evidence: EvidenceDatabase, seconds: float, jobs: list[str], depth: int | None = None) -> None:
    held = [
        {"held_in": "queued", "queue": "default", "job_id": job, "position": place} for place, job in enumerate(jobs)
    ]
    evidence.snapshot(seconds, jobs=held)
    counted = {"queue": "default", "depth": len(jobs) if depth is None else depth}
    evidence.add("snapshot_queues", snapshot_id=f"snapshot-{seconds}", **counted)


def test_a_queue_whose_jobs_all_begin_adds_up() -> None:
    assert a_queue().rows(CHECKS) == [("default", 0, 30, 30, 0, 0, 0)]


def test_jobs_that_wait_in_the_second_snapshot_are_expected_there() -> None:
    assert a_queue(begun=27, waiting=3).rows(CHECKS) == [("default", 0, 30, 27, 0, 3, 3)]


def test_jobs_that_neither_begin_nor_wait_are_the_difference() -> None:
    assert a_queue(begun=24).rows(CHECKS) == [("default", 0, 30, 24, 0, 6, 0)]


def test_a_snapshot_that_names_fewer_jobs_than_it_counts_is_not_compared() -> None:
    assert a_queue(depth=7).rows(CHECKS) == []


def test_a_queue_whose_enqueues_hardly_any_input_shows_is_not_compared() -> None:
    evidence = EvidenceDatabase()
    for number in range(30):
        evidence.event(60 * number, "started", f"job-{number}", queue="default")
    evidence.event(0, "enqueued", "job-0", queue="default", **ELSEWHERE)
    look(evidence, 30, [])
    look(evidence, 600, [])
    assert evidence.derive().rows(CHECKS) == []


def test_a_job_that_was_scheduled_is_left_out() -> None:
    evidence = a_queue()
    evidence.event(100, "scheduled", "late", queue="default", run_at=at(200), **ELSEWHERE)
    evidence.event(201, "started", "late", queue="default", thread="t2")
    assert evidence.derive().rows(CHECKS) == [("default", 0, 30, 30, 0, 0, 0)]
