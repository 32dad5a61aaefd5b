"""How far clocks are apart, told by causes and effects."""

from __future__ import annotations

import pytest

from tests.ingest.evidence import EvidenceDatabase, at

CLOCKS = "select basis, cause_clock, effect_clock, pairs, round(behind, 3) from host_clocks"


def enqueued_and_run(latencies: list[float], **enqueued: object) -> EvidenceDatabase:
    """Jobs that web-1 enqueues a minute apart and that app-1 starts so many seconds later, each by its own clock."""
    evidence = EvidenceDatabase()
    for number in range(len(latencies)):
        here = {"source_id": 2, "pid": None, "thread": None, "host": "web-1"} | enqueued
        evidence.event(60 * number, "enqueued", f"job-{number}", **here)
    for number, latency in enumerate(latencies):
        evidence.event(60 * number + latency, "started", f"job-{number}", host="app-1")
        evidence.event(60 * number + latency + 1, "succeeded", f"job-{number}", host="app-1", duration=1.0)
    return evidence.derive()


def test_runs_that_seem_to_start_before_they_were_enqueued_show_how_far_a_clock_is_behind() -> None:
    told = enqueued_and_run([-2.5] * 20).rows(CLOCKS)
    assert told == [("enqueued, started", "web-1", "app-1", 20, 2.5)]


def test_runs_that_start_after_their_enqueue_show_nothing() -> None:
    assert enqueued_and_run([0.5] * 20).rows(CLOCKS) == [("enqueued, started", "web-1", "app-1", 20, 0.0)]


def test_one_line_out_of_many_that_came_late_shows_nothing() -> None:
    assert enqueued_and_run([-30.0, *[0.5] * 39]).rows(CLOCKS) == [("enqueued, started", "web-1", "app-1", 40, 0.0)]


def test_nineteen_pairs_are_too_few() -> None:
    assert enqueued_and_run([-2.5] * 19).rows(CLOCKS) == [("enqueued, started", "web-1", "app-1", 19, 0.0)]


def test_one_machine_has_one_clock() -> None:
    assert enqueued_and_run([-2.5] * 20, host="app-1").rows(CLOCKS) == []


def test_an_enqueue_for_the_next_run_is_no_cause_of_the_first() -> None:
    evidence = EvidenceDatabase()
    for number in range(20):
        evidence.event(60 * number, "started", f"job-{number}", host="app-1")
        evidence.event(60 * number + 1, "failed", f"job-{number}", host="app-1")
        evidence.event(60 * number + 2, "enqueued", f"job-{number}", host="app-1")
        evidence.event(60 * number + 3, "started", f"job-{number}", host="app-2")
    assert evidence.derive().rows(CLOCKS) == []


def test_heartbeats_after_the_snapshot_that_holds_them_show_a_clock_ahead_of_the_queues_server() -> None:
    evidence = EvidenceDatabase()
    for number in range(20):
        evidence.add("snapshots", snapshot_id=f"s{number}", taken_at=at(60 * number))
        beat = {"worker": "app-1:7", "host": "app-1", "pid": 7, "heartbeat_at": at(60 * number + 4)}
        evidence.add("snapshot_processes", snapshot_id=f"s{number}", **beat)
    assert evidence.derive(1200).rows(CLOCKS) == [("heartbeat, snapshot", "app-1", "the queue's server", 20, 4.0)]


@pytest.mark.parametrize(("later", "told"), [(3 * 86_400, [("future", "worker.log", 259_199.0)]), (1800, [])])
def test_a_lone_time_that_is_not_taken_for_the_present_is_told(later: float, told: list[tuple[object, ...]]) -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "succeeded").event(later, "started", "job-b")
    rows = evidence.derive().rows("select basis, cause_clock, behind from host_clocks")
    assert rows == told
