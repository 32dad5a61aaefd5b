"""Durations and times that lines tell, against the lines' own times; and how many runs have spans."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.ingest.evidence import EvidenceDatabase, at

TOLD = "select what, compared, round(times_as_much, 6), near_power, on_power from told_times"


@pytest.mark.parametrize(
    ("told", "times", "power"), [(2.0, 1.0, 0), (2000.0, 1000.0, 1), (0.002, 0.001, -1), (2e9, 1e9, 3), (2.2, 1.1, 0)]
)
def test_a_duration_is_held_against_the_start_and_the_end_of_its_run(told: float, times: float, power: int) -> None:
    evidence = EvidenceDatabase()
    for number in range(6):
        evidence.event(10 * number + 0.5, "started", f"job-{number}")
        evidence.event(10 * number + 2.5, "succeeded", f"job-{number}", duration=told)
    assert evidence.derive().rows(TOLD) == [("duration", 6, times, power, 1.0)]


def test_runs_too_short_for_the_logs_clock_tell_nothing() -> None:
    evidence = EvidenceDatabase()
    for number in range(6):
        evidence.event(10 * number, "started", f"job-{number}")
        evidence.event(10 * number + 2, "succeeded", f"job-{number}", duration=0.004)
    assert evidence.derive().rows(TOLD) == []


def test_a_wait_is_held_against_the_line_of_the_enqueue() -> None:
    evidence = EvidenceDatabase()
    for number in range(6):
        evidence.event(100 * number, "enqueued", f"job-{number}", thread=None)
        evidence.event(100 * number + 30, "started", f"job-{number}", wait=29_900.0)
    assert ("wait", 6, 996.666667, 1, 1.0) in evidence.derive().rows(TOLD)


def test_moments_in_january_1970_are_seconds_read_as_milliseconds() -> None:
    evidence = EvidenceDatabase()
    for number in range(6):
        then = datetime(1970, 1, 21, 13, 0, number)  # noqa: DTZ001 - naive UTC as the table
        evidence.event(10 * number, "started", f"job-{number}", enqueued_at=then)
    ((what, compared, _, power, share),) = evidence.derive().rows(TOLD)
    assert (what, compared, power, share) == ("enqueued_at", 6, -1, 1.0)


def span(evidence: EvidenceDatabase, number: int, **values: object) -> None:
    moments = {"started_at": at(10 * number), "ended_at": at(10 * number + 1)}
    told = {"span_id": f"{number:016x}", "job_id": f"job-{number}", "job_class": "Export"} | moments | values
    evidence.add("spans", **told)


def test_runs_without_a_span_are_counted_where_spans_cover_the_time() -> None:
    evidence = EvidenceDatabase()
    for number in range(10):
        evidence.event(10 * number, "started", f"job-{number}")
        evidence.event(10 * number + 1, "succeeded", f"job-{number}")
    for number in (1, 5, 8):
        span(evidence, number, pid=100)
    rows = evidence.derive().rows("select told, with_span from span_shares where part = 'run'")
    assert rows == [(7, 2)]  # the first began before the first span had ended


def test_jobs_whose_run_has_a_span_are_counted_by_the_span_of_their_enqueue() -> None:
    evidence = EvidenceDatabase()
    for number in range(10):
        span(evidence, number)
        if number % 2 == 0:
            enqueued = {"operation": "enqueue", "kind": "producer", "span_id": f"a{number:015x}"}
            span(evidence, number, **enqueued, started_at=at(10 * number - 2), ended_at=at(10 * number - 1))
    rows = evidence.derive().rows("select told, with_span from span_shares where part = 'enqueue'")
    assert rows == [(9, 4)]
