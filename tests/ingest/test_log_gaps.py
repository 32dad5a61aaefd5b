"""What is missing in inputs, told by what is there."""

from __future__ import annotations

from tests.ingest.evidence import EvidenceDatabase, at

GAPS = "select kind, log, host, no_starts, no_ends, no_runs, no_heartbeats, no_jobs, no_snapshots from log_gaps"


def busy_log(runs: int = 40) -> EvidenceDatabase:
    """A whole log: a run of two seconds every ten."""
    evidence = EvidenceDatabase()
    for number in range(runs):
        run(evidence, 10 * number, f"job-{number}")
    return evidence


def run(evidence: EvidenceDatabase, seconds: float, job_id: str, **values: object) -> None:
    evidence.event(seconds, "started", job_id, **values)
    evidence.event(seconds + 2, "succeeded", job_id, duration=2.0, **values)


def test_a_whole_log_lacks_nothing() -> None:
    assert busy_log().derive().rows(GAPS) == []


def test_a_run_that_ends_and_never_started_is_a_missing_line() -> None:
    evidence = busy_log().event(402, "succeeded", "job-x", duration=1.0)
    run(evidence, 410, "job-y")
    assert evidence.derive().rows(GAPS) == [("lines", "worker.log", None, 1, 0, 0, 0, 0, 0)]


def test_what_began_before_the_log_does_is_not_missing_in_it() -> None:
    evidence = EvidenceDatabase().event(-1, "succeeded", "job-x", duration=3600.0)
    for number in range(40):
        run(evidence, 10 * number, f"job-{number}")
    assert evidence.derive().rows(GAPS) == []


def test_a_log_that_tells_of_no_starts_has_no_lines_missing() -> None:
    evidence = EvidenceDatabase()
    for number in range(60):
        evidence.event(10 * number, "succeeded", f"job-{number}", duration=1.0)
    assert evidence.derive().rows(GAPS) == []


def test_a_run_without_an_end_on_a_thread_that_went_on_counts_beside_one_without_a_start() -> None:
    evidence = busy_log().event(402, "succeeded", "job-x", duration=1.0).event(410, "started", "job-y")
    run(evidence, 420, "job-z")
    assert evidence.derive().rows(GAPS) == [("lines", "worker.log", None, 1, 1, 0, 0, 0, 0)]


def test_a_quiet_night_is_no_gap() -> None:
    evidence = busy_log()
    for number in range(40):
        run(evidence, 20_000 + 10 * number, f"later-{number}")
    assert evidence.derive().rows(GAPS) == []


def test_in_a_long_log_a_silence_far_beyond_all_others_is_told_as_such() -> None:
    evidence = busy_log(110)
    run(evidence, 20_000, "job-x")
    assert evidence.derive().rows(GAPS) == [("silence", "worker.log", None, 0, 0, 0, 0, 0, 0)]


def test_jobs_that_vanish_from_the_queue_while_the_log_is_silent_are_known_to_be_missing_in_it() -> None:
    evidence = busy_log()
    for number in range(5):
        told_elsewhere = {"source_id": 2, "pid": None, "thread": None}
        evidence.event(500 + 10 * number, "enqueued", f"gone-{number}", queue="default", **told_elsewhere)
    run(evidence, 900, "job-x")
    evidence.snapshot(1000, pids=[100])
    assert evidence.derive().rows(f"{GAPS} where kind = 'stretch'") == [
        ("stretch", "worker.log", None, 0, 0, 0, 0, 5, 0)
    ]


def test_heartbeats_missing_between_two_of_one_process_are_missing_lines() -> None:
    evidence = busy_log()
    for seconds in (0, 60, 120, 180, 240, 300, 420, 480):
        evidence.add("worker_events", occurred_at=at(seconds), event="heartbeat", pid=100, thread="main")
    assert evidence.derive().rows(GAPS) == [("lines", "worker.log", None, 0, 0, 0, 1, 0, 0)]


def test_a_machine_that_snapshots_list_and_no_log_knows_is_missing() -> None:
    evidence = EvidenceDatabase()
    for number in range(40):
        run(evidence, 10 * number, f"job-{number}", host="here")
    for seconds in (100, 200):
        evidence.snapshot(seconds, pids=[7])
    assert evidence.derive().rows(GAPS) == [("machine", None, "vm", 0, 0, 0, 0, 0, 0)]


def test_a_snapshot_missing_from_a_rhythm_is_told_with_those_around_it() -> None:
    evidence = EvidenceDatabase()
    for hour in (0, 1, 2, 3, 5, 6, 7, 8, 9, 10):
        evidence.snapshot(3600 * hour)
    assert evidence.derive().rows(GAPS) == [("snapshots", None, None, 0, 0, 0, 0, 0, 1)]
    assert evidence.rows("select from_at, to_at, usual_gap from log_gaps") == [(at(10_800), at(18_000), 3600.0)]


def test_snapshots_taken_by_hand_have_no_rhythm() -> None:
    evidence = EvidenceDatabase()
    for seconds in (0, 100, 4000, 4300, 9000, 9050, 20_000, 33_000, 34_500, 80_000):
        evidence.snapshot(seconds)
    assert evidence.derive().rows(GAPS) == []
