"""What happened to jobs, told by evidence rows: each case is a life and what must be made of it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import schema
from ingest.derive import derive_temporarily, watermark
from tests.ingest.evidence import EvidenceDatabase, at

ATTEMPTS = "select attempt, state, run from attempts order by job_key, attempt"
STATES = "select job_id, state from jobs order by job_id"


def test_a_start_and_a_done_line_are_one_run_with_the_duration_the_worker_measured() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "succeeded", duration=0.99).derive()
    assert evidence.rows(ATTEMPTS) == [(1, "succeeded", 0.99)]
    assert evidence.rows(STATES) == [("job-a", "succeeded")]


def test_a_run_that_starts_and_ends_within_one_millisecond_is_one_run() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(0, "succeeded", duration=0.0).derive()
    assert evidence.rows(ATTEMPTS) == [(1, "succeeded", 0.0)]


def test_an_end_without_a_start_is_a_run_that_began_its_duration_earlier() -> None:
    evidence = EvidenceDatabase().event(10, "succeeded", duration=4.0).derive()
    assert evidence.rows("select started_at, state from attempts") == [(at(6), "succeeded")]


def test_a_failure_and_a_later_start_of_the_same_job_are_two_runs() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "failed").event(20, "started", thread="t2")
    evidence.event(21, "succeeded", thread="t2").derive()
    assert [row[:2] for row in evidence.rows(ATTEMPTS)] == [(1, "failed"), (2, "succeeded")]
    assert evidence.rows("select failures, successes, attempts from jobs") == [(1, 1, 2)]


def test_two_runs_at_once_of_one_job_are_told_apart_by_their_threads() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "started", thread="t2")
    evidence.event(5, "succeeded", duration=5.0).event(9, "succeeded", thread="t2", duration=8.0).derive()
    assert evidence.rows(ATTEMPTS) == [(1, "succeeded", 5.0), (2, "succeeded", 8.0)]


def test_the_log_the_span_and_the_snapshot_of_one_run_are_one_attempt() -> None:
    evidence = EvidenceDatabase().event(0.2, "started").event(30, "succeeded", duration=29.8)
    evidence.add("spans", span_id="b7ad6b7169203331", job_id="job-a", started_at=at(0.21), ended_at=at(29.99))
    evidence.snapshot(
        10, jobs=[{"held_in": "running", "job_id": "job-a", "pid": 100, "thread": "t1", "started_at": at(0)}]
    )
    evidence.derive()
    assert evidence.rows("select state, run, observers from attempts") == [
        ("succeeded", 29.8, ["log", "snapshot", "span"])
    ]


def test_two_quick_runs_seen_by_log_and_span_stay_two() -> None:
    evidence = EvidenceDatabase()
    for number, start in enumerate((0.0, 0.8), start=1):
        evidence.event(start, "started").event(start + 0.5, "failed" if number == 1 else "succeeded")
        evidence.add(
            "spans", span_id=f"{number:016x}", job_id="job-a", started_at=at(start + 0.01), ended_at=at(start + 0.49)
        )
    evidence.derive()
    assert evidence.rows("select attempt, state, observers from attempts order by attempt") == [
        (1, "failed", ["log", "span"]),
        (2, "succeeded", ["log", "span"]),
    ]


@pytest.mark.parametrize("named", [True, False], ids=["the log names the jobs", "the log only counts them"])
def test_a_run_cut_off_by_a_shutdown_and_pushed_back_is_interrupted_and_not_failed(*, named: bool) -> None:
    evidence = EvidenceDatabase().event(0, "started")
    if named:
        evidence.event(9, "requeued", thread="main")
    evidence.add("worker_events", occurred_at=at(9), event="pushed_back", pid=100, thread="main", job_count=1)
    evidence.event(9.01, "failed", duration=9.01).event(12, "started", pid=200).event(13, "succeeded", pid=200).derive()
    assert [row[:2] for row in evidence.rows(ATTEMPTS)] == [(1, "interrupted"), (2, "succeeded")]
    assert evidence.rows("select failures, interruptions from jobs") == [(0, 1)]


def test_a_job_that_really_failed_during_a_shutdown_has_failed() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(8.9, "failed")
    evidence.event(8.9, "error_reported", error_class="Boom", error_message="x")
    evidence.add("worker_events", occurred_at=at(9), event="pushed_back", pid=100, thread="main", job_count=1).derive()
    assert evidence.rows("select state, error_class from attempts") == [("failed", "Boom")]


def test_the_error_of_a_failure_is_read_from_the_next_lines_of_the_same_thread() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "failed")
    evidence.event(1, "error_reported", attempt=3, max_attempts=3, will_retry=False)
    evidence.add("log_lines", occurred_at=at(1), message="of another thread", pid=100, thread="t9")
    evidence.add(
        "log_lines", occurred_at=at(1), level="warn", message="Net::ReadTimeout: too slow", pid=100, thread="t1"
    )
    evidence.add("log_lines", occurred_at=at(1), level="warn", message="a.rb:1\nb.rb:2", pid=100, thread="t1").derive()
    assert evidence.rows("select error_class, error_message, backtrace, will_retry, attempt_logged from attempts") == [
        ("Net::ReadTimeout", "too slow", "a.rb:1\nb.rb:2", False, 3)
    ]
    assert evidence.rows(STATES) == [("job-a", "failed")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gave up after 5s on id=77", "gave up after 31s on id=8"),
        ("no Order with 'id'=77", "no Order with 'id'=8"),
        ("key '7f3c-a' is taken", "key 'b2' is taken"),
        ('bad name "Anna Müller"', 'bad name "J. Li"'),
        ("cannot read /srv/app/releases/20260301/a.yml", "cannot read /srv/app/releases/20260412/a.yml"),
        ("503 from https://pay.example/charges/77?x=1", "503 from https://pay.example/charges/78"),
        ("mail to anna@example.org bounced", "mail to li.j+x@mail.example.org bounced"),
        (
            "lock 0x7ffee held by 6f1c2d3e-9a7b-4c1d-8e2f-0123456789ab",
            "lock 0x1f held by 00000000-aaaa-4c1d-8e2f-0123456789ab",
        ),
        ("at 2026-03-01T10:11:12Z: too late", "at 2026-11-26T01:02:03Z: too late"),
        ("it broke\nwith 17 more lines", "it broke"),
    ],
)
def test_what_differs_from_case_to_case_does_not_make_another_error(one: str, other: str) -> None:
    assert fingerprints(one, other) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("undefined method `total' for nil", "undefined method `name' for nil"),
        ("KeyError: 'currency'", "KeyError: 'amount'"),
        ("connection refused", "connection reset"),
        ("no answer from https://pay.example/x", "no answer from https://mail.example/x"),
    ],
)
def test_what_says_another_thing_is_another_error(one: str, other: str) -> None:
    assert fingerprints(one, other) == 2


def fingerprints(*messages: str) -> int:
    evidence = EvidenceDatabase()
    for place, message in enumerate(messages):
        evidence.event(0, "started", f"job-{place}", thread=f"t{place}")
        evidence.event(1, "failed", f"job-{place}", thread=f"t{place}", error_class="Boom", error_message=message)
    [(different, told)] = evidence.derive().rows("select count(distinct error_fingerprint), count(*) from attempts")
    assert told == len(messages)
    return different


def test_the_version_of_the_way_it_is_made_stands_in_a_fingerprint() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "failed", error_class="Boom").derive()
    [(fingerprint,)] = evidence.rows("select error_fingerprint from attempts")
    assert fingerprint.startswith("v2:")


def test_of_each_error_of_a_class_it_is_known_how_much_ran_before_it_came() -> None:
    evidence = EvidenceDatabase()
    for number, error in enumerate([None, "A", None, "B", "B", "A"]):
        evidence.event(10 * number, "started", f"job-{number}")
        outcome = {"error_class": error} if error else {}
        evidence.event(10 * number + 1, "failed" if error else "succeeded", f"job-{number}", **outcome)
    evidence.derive()
    assert evidence.rows(
        "select error_class, first_failed_at, failures, jobs, runs_before, runs_since from class_errors order by 1"
    ) == [("A", at(11), 2, 2, 1, 5), ("B", at(31), 2, 2, 3, 3)]


def test_the_jobs_that_fail_in_an_hour_are_held_against_those_of_all_hours_but_its_neighbours() -> None:
    evidence = EvidenceDatabase()
    for hour, outcome in enumerate(["succeeded", "failed", "failed", "succeeded", "failed"]):
        evidence.event(3600 * hour, "started", f"job-{hour}").event(3600 * hour + 1, outcome, f"job-{hour}")
    evidence.derive()
    assert evidence.rows("select jobs, failed_jobs, other_jobs, other_failed_jobs from class_hours order by hour") == [
        (1, 0, 3, 2),
        (1, 1, 2, 1),
        (1, 1, 2, 1),
        (1, 0, 2, 1),
        (1, 1, 3, 2),
    ]


def test_a_job_that_fails_during_a_shutdown_which_names_the_jobs_it_gives_back_has_failed() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(0, "started", job_id="job-b", thread="t2")
    evidence.event(30, "failed").event(31, "failed", job_id="job-b", thread="t2")
    evidence.event(31, "requeued", job_id="job-b", thread="t2")
    evidence.add("worker_events", occurred_at=at(31), event="pushed_back", pid=100, job_count=1).derive()
    assert evidence.rows("select job_id, state from attempts order by job_id") == [
        ("job-a", "failed"),
        ("job-b", "interrupted"),
    ]


def test_a_process_that_the_last_snapshot_lacks_is_gone_and_its_run_still_running() -> None:
    evidence = EvidenceDatabase().event(0, "started").snapshot(5, pids=[100, 200]).snapshot(60, pids=[200]).derive()
    assert evidence.rows("select state, worker_state from attempts") == [("running", "gone")]


def test_a_process_with_a_fresh_heartbeat_in_the_last_snapshot_is_alive() -> None:
    evidence = EvidenceDatabase().event(0, "started").snapshot(60, pids=[100]).derive()
    assert evidence.rows("select state, worker_state from attempts") == [("running", "alive")]


def test_a_silent_process_without_snapshot_or_heartbeat_cannot_be_told() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(3000, "started", "job-b", pid=200).derive()
    assert evidence.rows("select worker_state from attempts where job_id = 'job-a'") == [("unknown",)]


def test_a_pid_that_comes_again_after_a_boot_is_another_process() -> None:
    evidence = EvidenceDatabase().event(0, "started")
    evidence.add("worker_events", occurred_at=at(100), event="booted", pid=100)
    evidence.event(101, "started", "job-b").snapshot(110, pids=[100]).derive()
    assert evidence.rows("select job_id, worker_state from attempts order by job_id") == [
        ("job-a", "gone"),
        ("job-b", "alive"),
    ]


def test_a_run_whose_thread_went_on_to_other_work_is_over_though_its_end_was_not_seen() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(50, "started", "job-b").derive()
    assert evidence.rows("select job_id, state from attempts order by job_id") == [
        ("job-a", "unknown"),
        ("job-b", "running"),
    ]


def held_by(pid: int, job_id: str) -> dict[str, object]:
    """A job that a snapshot finds in a process's hands."""
    return {"held_in": "running", "job_id": job_id, "pid": pid, "thread": "t1", "started_at": at(0)}


@pytest.mark.parametrize(
    ("busy", "jobs", "state"),
    [
        (0, [], "unknown"),
        (1, [held_by(100, "job-b")], "unknown"),
        (1, [held_by(100, "job-a")], "running"),
        (1, [], "running"),
        (None, [], "running"),
    ],
    ids=["idle", "busy with another", "still at it", "busy with a job that is not listed", "not told"],
)
def test_a_run_without_an_end_is_over_where_a_later_snapshot_finds_its_process_without_it(
    busy: int | None, jobs: list[dict[str, object]], state: str
) -> None:
    evidence = EvidenceDatabase().event(0, "started")
    evidence.snapshot(18, pids=[100], busy=busy, jobs=jobs).derive()
    assert evidence.rows("select state from attempts where job_id = 'job-a'") == [(state,)]


def test_a_heartbeat_of_the_moment_a_run_began_does_not_tell_that_it_is_over() -> None:
    evidence = EvidenceDatabase().event(0, "started").snapshot(17.9, pids=[100], busy=0).derive()
    assert evidence.rows("select state from attempts") == [("running",)]


def test_a_run_known_from_snapshots_alone_is_over_once_they_lack_it_and_not_dead_with_its_process() -> None:
    evidence = EvidenceDatabase().snapshot(10, pids=[100], jobs=[held_by(100, "job-a")]).snapshot(900, pids=[200])
    assert evidence.derive().rows("select state from attempts") == [("unknown",)]


def test_a_run_that_is_reported_to_have_raised_has_failed_though_the_line_of_its_end_is_missing() -> None:
    evidence = EvidenceDatabase().event(0, "started")
    evidence.event(3, "error_reported", attempt=1, error_class="Boom", error_message="x")
    evidence.event(20, "started", thread="t2").event(21, "succeeded", thread="t2").derive()
    assert evidence.rows("select state, ended_at, error_class from attempts order by attempt") == [
        ("failed", at(3), "Boom"),
        ("succeeded", at(21), None),
    ]


def test_a_report_of_a_later_run_does_not_end_the_run_before() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(20, "started", thread="t2")
    evidence.event(23, "error_reported", thread="t2", error_class="Boom").event(23, "failed", thread="t2").derive()
    assert evidence.rows("select state, error_class from attempts order by attempt") == [
        ("running", None),
        ("failed", "Boom"),
    ]


def test_a_job_that_only_snapshots_know_is_queued_since_it_was_enqueued() -> None:
    waiting = {"held_in": "queued", "job_id": "job-a", "job_class": "Mail", "queue": "mailer", "enqueued_at": at(-60)}
    evidence = EvidenceDatabase().snapshot(10, jobs=[waiting]).snapshot(70, jobs=[waiting]).derive()
    assert evidence.rows("select state, enqueued_at, queue, state_basis from jobs") == [
        ("queued", at(-60), "mailer", "snapshot")
    ]


def test_a_queued_job_that_a_later_snapshot_lacks_is_not_called_queued() -> None:
    waiting = {"held_in": "queued", "job_id": "job-a", "queue": "mailer"}
    evidence = EvidenceDatabase().snapshot(10, jobs=[waiting]).snapshot(70).derive()
    assert evidence.rows(STATES) == [("job-a", "unknown")]


@pytest.mark.parametrize(
    ("told", "snapshot", "state"),
    [
        (True, False, "retrying"),
        (False, False, "failed"),
        (None, False, "unknown"),
        (None, True, "failed"),
    ],
    ids=["a retry is told", "no retry is told", "nothing is told", "a later snapshot holds no retry"],
)
def test_a_failed_job_is_given_up_only_where_an_input_shows_that_no_retry_comes(
    *, told: bool | None, snapshot: bool, state: str
) -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "failed", will_retry=told)
    if snapshot:
        evidence.snapshot(30)
    assert evidence.derive().rows(STATES) == [("job-a", state)]


def test_a_failed_job_is_not_given_up_where_a_worker_without_a_log_may_have_run_it_again() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "failed").snapshot(30, pids=[100, 200])
    assert evidence.derive().rows(STATES) == [("job-a", "unknown")]


def test_the_backends_id_leads_to_the_job_of_the_stable_id() -> None:
    evidence = EvidenceDatabase().event(0, "enqueued", "stable-id-0001", provider_job_id="backend-id-0001")
    evidence.event(1, "started", "backend-id-0001").event(2, "succeeded", "backend-id-0001").derive()
    assert evidence.rows("select job_id, state, attempts from jobs") == [("stable-id-0001", "succeeded", 1)]
    assert ("backend-id-0001",) in evidence.rows("select id from job_ids")


def test_the_queue_of_a_job_is_inferred_where_its_class_was_only_ever_seen_on_one() -> None:
    evidence = (
        EvidenceDatabase().event(0, "started").event(1, "started", "job-b", thread="t2", queue="exports").derive()
    )
    assert evidence.rows("select queue, queue_basis from jobs where job_id = 'job-a'") == [("exports", "inferred")]


def test_the_wait_runs_from_the_enqueue_before_this_run_and_not_from_the_first() -> None:
    evidence = EvidenceDatabase().event(0, "enqueued").event(5, "started").event(6, "failed")
    evidence.event(100, "enqueued").event(103, "started").event(104, "succeeded").derive()
    assert evidence.rows("select wait from attempts order by attempt") == [(5.0,), (3.0,)]


def test_a_run_that_no_input_shows_enqueued_has_no_known_wait() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "succeeded").derive()
    assert evidence.rows("select wait from attempts") == [(None,)]
    assert evidence.rows("select waits, wait_p99 from class_baselines") == [(0, None)]


def test_the_enqueue_that_a_run_tells_as_its_own_is_never_that_of_a_later_run() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "failed")
    evidence.event(1, "error_reported", attempt=1, enqueued_at=at(0.1))  # by a clock a little ahead
    evidence.event(20, "started").event(21, "succeeded").derive()
    assert evidence.rows("select enqueued_at, wait from attempts order by attempt") == [(at(0.1), 0.0), (None, None)]


def test_where_the_systems_own_count_says_that_runs_are_missing_the_last_enqueue_may_be_one_of_theirs() -> None:
    evidence = EvidenceDatabase().event(0, "enqueued").event(1, "started", attempt=1).event(2, "failed", attempt=1)
    evidence.event(10, "enqueued").event(300, "started", attempt=4).event(301, "succeeded", attempt=4).derive()
    assert evidence.rows("select wait from attempts order by attempt") == [(1.0,), (None,)]


def test_a_run_after_a_push_back_waits_since_then_and_not_since_the_first_enqueue() -> None:
    evidence = EvidenceDatabase().event(0, "started", enqueued_at=at(-5)).event(600, "requeued")
    evidence.event(602, "started", pid=200, enqueued_at=at(-5)).event(603, "succeeded", pid=200).derive()
    assert evidence.rows("select wait from attempts order by attempt") == [(5.0,), (2.0,)]
    assert evidence.rows("select enqueued_at from jobs") == [(at(-5),)]


def test_a_run_handed_out_again_does_not_wait_since_the_first_enqueue() -> None:
    evidence = EvidenceDatabase().event(0, "started", enqueued_at=at(-5)).event(1, "succeeded")
    evidence.event(600, "started", pid=200, enqueued_at=at(-5)).event(601, "succeeded", pid=200).derive()
    assert evidence.rows("select wait from attempts order by attempt") == [(5.0,), (None,)]


def test_a_scheduled_job_could_be_taken_from_when_it_was_due() -> None:
    evidence = EvidenceDatabase().event(0, "scheduled", run_at=at(3600)).event(3601, "enqueued").derive()
    assert evidence.rows("select state, enqueued_at, eligible_at from jobs") == [("queued", at(0), at(3601))]


def test_a_paused_queue_is_told_by_the_minute_of_its_snapshot() -> None:
    evidence = EvidenceDatabase().snapshot(30)
    evidence.add("snapshot_queues", snapshot_id="snapshot-30", queue="mailer", depth=0, paused=True).derive()
    assert evidence.rows("select minute, paused from queue_minutes") == [(at(0), True)]


def test_an_enqueue_line_written_just_after_the_start_still_belongs_to_that_run() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(0.004, "enqueued").event(1, "succeeded").derive()
    assert evidence.rows("select wait, enqueued_at from attempts") == [(0.0, at(0.004))]


def test_a_lone_time_in_the_far_future_does_not_move_the_present() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "succeeded").event(9_000_000, "started", "job-b")
    assert watermark(evidence.db) == at(1)


def test_at_an_earlier_moment_nothing_later_is_known() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "succeeded").snapshot(2, pids=[100]).derive()
    derive_temporarily(evidence.db, at(0.5))
    assert evidence.rows(STATES) == [("job-a", "running")]
    assert evidence.rows("select state from memory.main.jobs") == [("succeeded",)]


def test_a_derivation_at_the_stored_moment_equals_the_stored_one() -> None:
    evidence = (
        EvidenceDatabase()
        .event(0, "started")
        .event(1, "failed")
        .event(30, "started", thread="t2")
        .snapshot(60, pids=[100])
    )
    evidence.derive()
    stored = {name: evidence.rows(f"select * from memory.main.{name} order by all") for name in schema.DERIVED}
    derive_temporarily(evidence.db, at(60))
    assert {name: evidence.rows(f"select * from {name} order by all") for name in schema.DERIVED} == stored


def test_without_evidence_the_derived_tables_are_empty() -> None:
    evidence = EvidenceDatabase().derive()
    told = {name: evidence.rows(f"select * from {name}") for name in schema.DERIVED if name != "coverage"}
    assert all(rows == [] for rows in told.values()), told


def test_a_queue_that_stands_still_is_deep_in_every_minute_of_it() -> None:
    evidence = (
        EvidenceDatabase().event(10, "enqueued", queue="mail").event(20, "enqueued", job_id="job-b", queue="mail")
    )
    evidence.event(200, "started").event(230, "started", job_id="job-b").derive()
    assert evidence.rows("select minute, depth, oldest_wait from queue_minutes order by minute") == [
        (at(0), 2, 50.0),
        (at(60), 2, 110.0),
        (at(120), 2, 170.0),
        (at(180), 0, None),
    ]


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 300)), min_size=1, max_size=12))
@settings(max_examples=settings.default.max_examples // 4)  # each is a whole derivation
def test_depth_and_oldest_wait_are_those_of_the_jobs_waiting_at_each_minutes_end(waits: list[tuple[int, int]]) -> None:
    evidence = EvidenceDatabase()
    for number, (begin, wait) in enumerate(waits):
        evidence.event(begin, "enqueued", job_id=f"job-{number}", queue="mail")
        evidence.event(begin + wait, "started", job_id=f"job-{number}", thread=f"t{number}")
    evidence.derive()
    told = evidence.rows("select minute, depth, oldest_wait from queue_minutes")
    assert told
    for minute, depth, oldest in told:
        end = (minute - at(0)).total_seconds() + 60
        ages = [end - begin for begin, wait in waits if begin <= end < begin + wait]
        assert (depth, oldest) == (len(ages), max(ages, default=None))


# Derived anew


def test_a_derived_table_is_kept_unless_it_was_made_with_other_columns_or_comments() -> None:
    evidence = EvidenceDatabase().event(0, "started").derive()
    numbers = "select table_name, table_oid from duckdb_tables()"
    comments = "select table_name, column_name, data_type, comment from duckdb_columns() order by all"
    made, described = dict(evidence.rows(numbers)), evidence.rows(comments)
    evidence.db.execute("comment on column jobs.state is 'as an older one had it'")
    evidence.db.execute("comment on table workers is 'likewise'")
    evidence.db.execute("alter table job_ids add column more integer")
    evidence.event(1, "succeeded").derive()
    kept = {table for table, number in evidence.rows(numbers) if made[table] == number}
    assert made.keys() - kept == {"jobs", "workers", "job_ids"}
    assert evidence.rows(comments) == described
    assert evidence.rows(STATES) == [("job-a", "succeeded")]


# One answer, whatever the order


def test_two_systems_that_begin_with_one_letter_have_one_owner_of_a_job_known_to_both() -> None:
    evidence = EvidenceDatabase()
    for number in range(30):
        for system in ("solid_queue", "sidekiq")[:: 1 if number % 2 else -1]:
            evidence.event(0, "enqueued", f"long-job-id-{number}", system=system)
    assert evidence.derive().rows("select system, count(*) from jobs group by system") == [("sidekiq", 30)]


@pytest.mark.parametrize("turned", [False, True], ids=["as written", "turned round"])
def test_what_several_pieces_say_differently_is_told_by_time_and_not_by_their_order(*, turned: bool) -> None:
    evidence = EvidenceDatabase()
    moves = [(0, "default"), (60, "urgent"), (120, "slow")]
    for seconds, queue in reversed(moves) if turned else moves:
        job = {"held_in": "running", "job_id": "job-a", "pid": 100, "thread": "t1", "started_at": at(-5)}
        evidence.snapshot(seconds, jobs=[job])
        evidence.snapshot(seconds + 1, jobs=[{"held_in": "queued", "job_id": "job-a", "queue": queue}])
        evidence.add("worker_events", occurred_at=at(seconds), event="line", pid=100, version=queue)
    evidence.derive()
    assert evidence.rows("select distinct queue from attempts") == [("default",)]
    assert evidence.rows("select version from workers where version is not null") == [("slow",)]


def test_of_equally_long_silences_the_first_is_named() -> None:
    evidence = EvidenceDatabase().event(60, "started").event(0, "enqueued").event(120, "succeeded").derive()
    assert evidence.rows("select longest_gap, longest_gap_at from coverage where kind = 'log'") == [(60.0, at(0))]


# No row twice, and none mixed up


def test_two_containers_of_one_host_name_and_pid_are_one_worker_and_their_run_one_attempt() -> None:
    evidence = EvidenceDatabase().event(10, "started", pid=1, host="worker").snapshot(60)
    for worker, seconds in (("worker:1:aa", 0), ("worker:1:bb", 1)):
        evidence.add(
            "snapshot_processes",
            snapshot_id="snapshot-60",
            worker=worker,
            host="worker",
            pid=1,
            started_at=at(seconds),
            heartbeat_at=at(58),
        )
    evidence.derive()
    assert evidence.rows("select count(*), count(distinct worker_key) from workers") == [(1, 1)]
    assert evidence.rows("select attempt, worker_state from attempts") == [(1, "alive")]


@pytest.mark.parametrize("told_by", ["boot", "job"])
def test_of_two_machines_with_the_same_pid_a_log_is_of_the_one_that_booted_then_or_held_its_job(told_by: str) -> None:
    evidence = EvidenceDatabase().event(110, "started", pid=7).event(1000, "succeeded", pid=7)
    lines = 2
    if told_by == "boot":
        evidence.add("worker_events", occurred_at=at(100), event="booted", pid=7, thread="main")
        lines = 3
    held = {"held_in": "running", "job_id": "job-a", "pid": 7, "host": "east", "started_at": at(110)}
    evidence.snapshot(600, jobs=[held] if told_by == "job" else [])
    for host, booted in (("east", 100), ("west", 100 if told_by == "job" else 0)):
        evidence.add(
            "snapshot_processes",
            snapshot_id="snapshot-600",
            worker=f"{host}:7:aa",
            host=host,
            pid=7,
            started_at=at(booted),
            heartbeat_at=at(598),
        )
    evidence.derive()
    assert evidence.rows("select host, lines from workers order by host") == [("east", lines), ("west", 0)]
    assert evidence.rows("select distinct worker_key from attempts") == evidence.rows(
        "select worker_key from workers where host = 'east'"
    )


def test_a_run_that_died_did_not_fail_with_the_error_of_a_later_run() -> None:
    evidence = EvidenceDatabase().event(0, "started").snapshot(60).event(100, "started", pid=200)
    failed = {"held_in": "retry", "job_id": "job-a", "failed_at": at(110), "error_class": "Boom"}
    evidence.snapshot(120, jobs=[failed], pids=[200]).derive()
    assert evidence.rows("select attempt, state, error_class from attempts order by attempt") == [
        (1, "running", None),
        (2, "failed", "Boom"),
    ]


def test_a_snapshot_of_workers_alone_says_nothing_about_a_queued_job() -> None:
    evidence = EvidenceDatabase().event(0, "enqueued", queue="mail").snapshot(60, pids=[100])
    evidence.db.execute("update sources set shows = ['workers'] where source_id = 3")
    assert evidence.derive().rows(STATES) == [("job-a", "queued")]


def test_the_message_of_a_jobs_last_error_is_never_that_of_an_earlier_one() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(1, "failed", error_class="Early", error_message="why")
    evidence.event(10, "started", thread="t2").event(11, "failed", thread="t2", error_class="Late").derive()
    assert evidence.rows("select error_class, error_message from jobs") == [("Late", None)]


def test_a_thread_of_an_unknown_process_is_not_the_thread_of_that_name_in_another() -> None:
    evidence = EvidenceDatabase().event(0, "started", pid=None).event(50, "started", "job-b", pid=None).derive()
    assert evidence.rows("select distinct state from attempts") == [("running",)]


def test_a_worker_is_replaced_by_the_next_boot_into_its_log_and_not_by_a_later_one() -> None:
    evidence = EvidenceDatabase().event(0, "started")
    for seconds, pid in ((100, 200), (200, 300)):
        evidence.add("worker_events", occurred_at=at(seconds), event="booted", pid=pid)
    evidence.derive(5000)
    assert evidence.rows("select pid, state from workers order by pid") == [
        (100, "gone"),
        (200, "gone"),
        (300, "unknown"),
    ]


def test_a_clock_that_stands_at_the_beginning_of_time_does_not_fill_the_minutes_since() -> None:
    evidence = (
        EvidenceDatabase()
        .event(0, "started")
        .snapshot(
            60,
            jobs=[{"held_in": "queued", "job_id": "job-b", "queue": "mail", "enqueued_at": datetime(1970, 1, 1)}],  # noqa: DTZ001 - naive UTC as the table
        )
    )
    assert evidence.derive().rows("select count(*) < 600_000 from queue_minutes") == [(True,)]


def test_the_pace_of_equal_work_is_its_median_gap_with_the_share_of_gaps_that_keep_it() -> None:
    evidence = EvidenceDatabase()
    for number, seconds in enumerate((0, 10, 20.4, 30, 34, 40)):
        evidence.event(seconds, "enqueued", f"job-{number}", arguments="[7]", arguments_digest="x")
    evidence.event(50, "enqueued", "job-z", arguments="[8]", arguments_digest="y").derive()
    assert evidence.rows("select work, gaps, round(pace, 1), on_pace from work_paces") == [("x", 5, 9.6, 0.6)]


FAILED_ENQUEUES = "select job_class, same_id_at, same_work_at, same_class_at from failed_enqueues order by failed_at"


def test_a_failed_push_is_followed_by_the_same_work_under_another_id_and_not_by_other_work() -> None:
    told = {"job_class": "Pay", "arguments": "[7]", "arguments_digest": "x"}
    evidence = EvidenceDatabase().event(0, "enqueued", "before", **told)
    evidence.event(10, "enqueue_failed", "job-a", **told, error_class="Down")
    evidence.event(20, "enqueued", "other", **told | {"arguments": "[8]", "arguments_digest": "y"})
    evidence.event(30, "enqueued", "again", **told).derive()
    assert evidence.rows(FAILED_ENQUEUES) == [("Pay", None, at(30), at(20))]


def test_a_push_that_failed_for_its_client_and_arrived_all_the_same_is_seen_to_have_come() -> None:
    evidence = EvidenceDatabase().event(10, "enqueue_failed", job_class="Pay").event(11, "started", job_class="Pay")
    assert evidence.derive().rows(FAILED_ENQUEUES) == [("Pay", at(11), None, None)]


def test_a_line_that_names_no_job_is_a_failed_push_still_and_an_entry_of_a_timetable_has_the_class_it_brings() -> None:
    evidence = EvidenceDatabase()
    entry = json.dumps({"schedule": "nightly"})
    evidence.event(0, "enqueued", "job-a", job_class="Report", attributes=entry)
    evidence.event(60, "enqueue_failed", None, job_class=None, attributes=entry, error_message="refused").derive()
    assert evidence.rows(FAILED_ENQUEUES) == [("Report", None, None, None)]


def test_a_span_of_an_enqueue_that_failed_puts_no_job_on_a_queue() -> None:
    evidence = EvidenceDatabase()
    for status, job in (("error", "job-a"), ("unset", "job-b")):
        evidence.add(
            "spans", span_id=f"{job}", job_id=job, job_class="Pay", operation="enqueue", kind="producer", status=status,
            started_at=at(0), ended_at=at(1), error_class="Down",
        )  # fmt: skip
    evidence.derive()
    assert evidence.rows("select job_id, state from jobs order by job_id") == [
        ("job-a", "unknown"),
        ("job-b", "queued"),
    ]
    assert evidence.rows("select job_id, error_class from failed_enqueues") == [("job-a", "Down")]


LOCK_CONFLICTS = "select job_class, holder_id, holder_basis, holder_ended_at, holder_end, next_at from lock_conflicts"


def test_the_holder_of_a_lock_is_known_by_the_lock_that_its_own_lines_name() -> None:
    digest = "uniquejobs:af96c9cc799788b1069970c78a835279"
    lines = json.dumps({"until_executed": digest})
    evidence = EvidenceDatabase().event(0, "started", job_class="Pay", attributes=lines)
    evidence.event(5, "succeeded", job_class="Pay", attributes=lines)
    told = f"Skipping job with id (job-b) because lock_digest: ({digest}) already exists"
    evidence.event(60, "lock_conflict", "job-b", job_class=None, message=told).derive()
    assert evidence.rows(LOCK_CONFLICTS) == [("Pay", "job-a", "lock", at(5), "succeeded", None)]


def test_a_job_that_works_when_another_is_refused_holds_the_lock_whenever_an_equal_one_had_ended() -> None:
    told = {"job_class": "Pay", "arguments": "[7]", "arguments_digest": "x"}
    evidence = EvidenceDatabase().event(0, "started", "early", **told).event(1, "succeeded", "early", **told)
    evidence.event(10, "enqueued", "job-a", **told).event(20, "lock_conflict", "job-b", **told)
    evidence.event(30, "started", "job-a", **told).derive()
    assert evidence.rows(LOCK_CONFLICTS) == [("Pay", "job-a", "arguments", None, None, at(30))]


def test_a_job_of_other_arguments_holds_no_lock_that_is_told_by_none() -> None:
    evidence = EvidenceDatabase().event(0, "started", job_class="Pay", arguments="[8]", arguments_digest="y")
    evidence.event(9, "lock_conflict", "job-b", job_class="Pay", arguments="[7]", arguments_digest="x").derive()
    assert evidence.rows(LOCK_CONFLICTS) == [("Pay", None, None, None, None, None)]


def test_work_that_comes_after_a_refusal_is_told() -> None:
    told = {"job_class": "Pay", "arguments": "[7]", "arguments_digest": "x"}
    evidence = EvidenceDatabase().event(0, "started", **told).event(1, "failed", **told, will_retry=False)
    evidence.event(60, "lock_conflict", "job-b", **told).event(90, "enqueued", "job-c", **told).derive()
    assert evidence.rows(LOCK_CONFLICTS) == [("Pay", "job-a", "arguments", at(1), "failed", at(90))]
