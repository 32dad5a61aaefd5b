"""Which worker processes make a pool, which queues it serves, and how busy it was in each minute."""

from __future__ import annotations

from random import Random

import pytest

from tests.ingest.evidence import EvidenceDatabase, at

POOLS = "select pid, pool, capacity from workers order by pid"
QUEUES = "select pool, queue from pool_queues order by pool, queue"
MINUTES = (
    "select date_diff('minute', timestamp '2026-03-17 12:00:00', minute) as minute, processes, round(capacity, 3),"
    " round(busy, 3), round(waiting, 3), is_known from pool_minutes order by scope, system, pool, minute"
)
STRANGER = {"pid": 900, "thread": "t9"}


def boot(evidence: EvidenceDatabase, seconds: float, pid: int = 100, **told: object) -> EvidenceDatabase:
    given = {"host": "vm", "queues": ["default"], "concurrency": 2} | told
    return evidence.add("worker_events", occurred_at=at(seconds), event="booted", pid=pid, **given)


def run(  # noqa: PLR0913 - a run has as many sides
    evidence: EvidenceDatabase,
    job: str,
    start: float,
    end: float,
    *,
    pid: int = 100,
    thread: str = "t1",
    queue: str = "default",
    **told: object,
) -> None:
    for seconds, event in ((start, "started"), (end, "succeeded")):
        evidence.event(seconds, event, job, pid=pid, thread=thread, queue=queue, host="vm", **told)


def last_line(evidence: EvidenceDatabase, seconds: float, pid: int = 100) -> EvidenceDatabase:
    return evidence.add("worker_events", occurred_at=at(seconds), event="heartbeat", pid=pid, host="vm")


# Pools


def test_processes_that_read_the_same_queues_are_one_pool_in_whatever_order_they_name_them() -> None:
    evidence = EvidenceDatabase()
    boot(evidence, 0, 100, queues=["mail", "default"])
    boot(evidence, 0, 101, queues=["default", "mail"], concurrency=5)
    boot(evidence, 0, 102, queues=["critical", "*"], concurrency=None)
    assert evidence.derive().rows(POOLS) == [(100, "default, mail", 2), (101, "default, mail", 5), (102, "*", None)]


def test_a_pool_serves_the_queues_whose_names_begin_as_it_says() -> None:
    evidence = boot(EvidenceDatabase(), 0, queues=["mail*"])
    for queue in ("mail", "mail_bulk", "default"):
        evidence.event(1, "enqueued", queue, queue=queue, **STRANGER)
    assert evidence.derive().rows(QUEUES) == [("mail*", "mail"), ("mail*", "mail_bulk")]


@pytest.mark.parametrize(
    ("ran", "pools"),
    [
        pytest.param({200: ["mail"]}, {200: "default, mail"}, id="one pool serves what it ran"),
        pytest.param({200: ["mail", "slow"]}, {200: None}, id="a pool serves a part of it"),
        pytest.param({200: ["slow", "late"]}, {200: "late, slow"}, id="nobody else ran jobs of these"),
        pytest.param(
            {200: ["slow", "late"], 201: ["late", "slow"]},
            {200: "late, slow", 201: "late, slow"},
            id="two ran jobs of the same",
        ),
        pytest.param(
            {200: ["slow", "late"], 201: ["late"], 202: ["rare"]},
            {200: None, 201: None, 202: "rare"},
            id="two ran jobs of one and not of the other",
        ),
    ],
)
def test_a_process_that_does_not_tell_its_queues_is_of_the_pool_that_its_jobs_leave_no_doubt_about(
    ran: dict[int, list[str]], pools: dict[int, str | None]
) -> None:
    evidence = boot(EvidenceDatabase(), 0, queues=["default", "mail"])
    for queue in ("default", "mail"):
        run(evidence, queue, 1, 2, queue=queue)
    for pid, queues in ran.items():
        for queue in queues:
            run(evidence, f"{pid}-{queue}", 5, 6, pid=pid, queue=queue)
    told = {pid: pool for pid, pool, _ in evidence.derive().rows(POOLS)}
    assert told == {100: "default, mail"} | pools


@pytest.mark.parametrize(
    ("system", "lines", "capacity"),
    [
        ("sidekiq", [{"concurrency": 5}], 5),
        ("sidekiq", [{"concurrency": None}], None),
        ("sidekiq", [{"concurrency": 5}, {"concurrency": 7}], None),
        ("good_job", [{"concurrency": 5, "queues": ["a"]}, {"concurrency": 5, "queues": ["b"]}], None),
        ("resque", [{"concurrency": None}], 1),
    ],
    ids=["told", "not told", "told twice, differently", "told for each queue", "one at a time"],
)
def test_what_a_process_can_do_at_once_is_known_where_it_is_one_number(
    system: str, lines: list[dict[str, object]], capacity: int | None
) -> None:
    evidence = EvidenceDatabase()
    for seconds, told in enumerate(lines):
        boot(evidence, seconds / 10, system=system, **told)
    assert [row[2] for row in evidence.derive().rows(POOLS)] == [capacity]


# Minutes


def a_pool() -> EvidenceDatabase:
    """A process with two threads; the log begins at noon with its boot."""
    return boot(EvidenceDatabase(), 0)


def test_a_run_counts_in_each_minute_for_the_part_that_it_has_of_it() -> None:
    evidence = a_pool()
    run(evidence, "long", 30, 200)
    run(evidence, "short", 40, 45, thread="t2")
    last_line(evidence, 300)
    assert evidence.derive().rows(MINUTES) == [
        (0, 1, 120, 35, 0, True),
        (1, 1, 120, 60, 0, True),
        (2, 1, 120, 60, 0, True),
        (3, 1, 120, 20, 0, True),
    ]


def test_work_waits_from_when_it_was_due_until_a_worker_takes_it() -> None:
    evidence = a_pool()
    evidence.event(30, "enqueued", "late", queue="default", **STRANGER)
    evidence.event(45, "enqueued", "later", queue="default", **STRANGER)
    evidence.event(46, "enqueued", "waits", queue="default", **STRANGER)
    run(evidence, "first", 10, 70)
    run(evidence, "late", 70, 100)
    run(evidence, "later", 121, 141)
    last_line(evidence, 300)
    average = (60 + 30 + 20) / 3
    assert evidence.derive().rows(MINUTES) == [
        (0, 1, 120, 50, round(30 + 20 + average, 3), True),
        (1, 1, 120, 40, round(20 + average, 3), True),
        (2, 1, 120, 20, round(average, 3), True),
    ]


def test_a_process_counts_from_its_boot_until_it_begins_to_shut_down() -> None:
    evidence = a_pool()
    boot(evidence, 80, 101)
    run(evidence, "a", 0, 119)
    evidence.add("worker_events", occurred_at=at(110), event="stopping", pid=101, host="vm")
    evidence.add("worker_events", occurred_at=at(115), event="stopped", pid=101, host="vm")
    last_line(evidence, 200)
    assert evidence.derive().rows(MINUTES) == [(0, 1, 120, 60, 0, True), (1, 2, 180, 59, 0, True)]


def test_a_run_whose_end_is_not_seen_lasts_as_long_as_its_process() -> None:
    evidence = a_pool()
    evidence.event(0, "started", "hung", queue="default", host="vm")
    run(evidence, "other", 150, 151, thread="t2")
    evidence.add("worker_events", occurred_at=at(170), event="died", pid=100, host="vm")
    boot(evidence, 200, 101)
    assert evidence.derive().rows(MINUTES) == [
        (0, 1, 120, 60, 0, True),
        (1, 1, 120, 60, 0, True),
        (2, 1, 100, 51, 0, True),
    ]


def test_minutes_in_which_a_process_lives_that_does_not_tell_what_it_can_do_are_not_known() -> None:
    evidence = a_pool()
    run(evidence, "a", 0, 200)
    boot(evidence, 70, 101, concurrency=None)
    evidence.add("worker_events", occurred_at=at(110), event="stopped", pid=101, host="vm")
    last_line(evidence, 300)
    assert [(row[0], row[-1]) for row in evidence.derive().rows(MINUTES)] == [
        (0, True),
        (1, False),
        (2, True),
        (3, True),
    ]


def test_minutes_in_which_somebody_runs_jobs_of_the_queue_and_does_not_tell_what_it_reads_are_not_known() -> None:
    evidence = a_pool()
    boot(evidence, 0, 101, queues=["other"])
    run(evidence, "a", 0, 200)
    for job, start, queue in (("b", 70, "default"), ("c", 90, "other")):
        run(evidence, job, start, start + 5, pid=102, thread="t3", queue=queue)
    last_line(evidence, 300)
    evidence.derive()
    assert [(row[0], row[-1]) for row in evidence.rows(MINUTES)] == [(0, True), (1, False), (2, True), (3, True)]


def test_after_the_end_of_the_log_of_a_process_that_lives_on_nothing_is_known() -> None:
    evidence = a_pool()
    run(evidence, "done", 0, 80)
    evidence.event(90, "started", "cut", queue="default", host="vm")
    evidence.snapshot(240, pids=[100])
    assert [(row[0], row[-1]) for row in evidence.derive().rows(MINUTES)] == [
        (0, True),
        (1, False),
        (2, False),
        (3, False),
    ]


def test_a_process_that_runs_more_at_once_than_it_can_has_told_it_wrongly() -> None:
    evidence = a_pool()
    for thread in ("t1", "t2", "t3"):
        run(evidence, thread, 0, 50, thread=thread)
    assert [row[1:] for row in last_line(evidence, 100).derive().rows(MINUTES)] == [(1, 120, 150, 0, False)]


def test_minutes_add_up_to_what_the_runs_took_however_they_lie() -> None:
    random = Random(7)  # noqa: S311 - repeatable, not secret
    evidence = boot(EvidenceDatabase(), 0, concurrency=4)
    whole, could = 0.0, 0.0
    for thread in range(4):
        moment = 0.0
        for number in range(12):
            moment += random.choice([0.0, 0.001, random.uniform(0, 90), 60 - moment % 60])
            took = random.choice([0.25, random.uniform(0, 400), 60.0, 120 - moment % 60])
            run(evidence, f"{thread}-{number}", moment, moment + took, thread=f"t{thread}")
            whole += took
            moment += took
        could = max(could, moment)
    minutes = last_line(evidence, could + 60).derive().rows(MINUTES)
    assert sum(row[3] for row in minutes) == pytest.approx(whole, abs=0.01)
    assert {row[2] for row in minutes} == {240}
    assert all(0 < row[3] <= 240 for row in minutes)


def test_where_no_input_tells_what_a_worker_can_do_no_minute_is_told() -> None:
    evidence = boot(EvidenceDatabase(), 0, concurrency=None)
    run(evidence, "a", 0, 200)
    assert evidence.derive().rows(MINUTES) == []


def test_a_log_that_is_silent_because_its_runs_are_long_is_known() -> None:
    evidence = a_pool()
    for number in range(110):
        run(evidence, f"short-{number}", 10 * number, 10 * number + 2)
    for thread in ("t1", "t2"):
        run(evidence, f"long-{thread}", 1200, 20_000, thread=thread)
    evidence.derive()
    assert evidence.rows("select kind from log_gaps") == [("silence",)]
    assert evidence.rows(
        "select count(*), sum(busy) from pool_minutes where minute > '2026-03-17 12:20' and is_known"
    ) == [(313, pytest.approx(18_740 * 2))]


def test_minutes_in_which_a_log_lacks_lines_or_ends_are_not_known() -> None:
    evidence = a_pool()
    for number in range(40):
        run(evidence, f"job-{number}", 10 * number, 10 * number + 2)
    for number in range(5):
        evidence.event(
            500 + 10 * number, "enqueued", f"gone-{number}", queue="default", source_id=2, pid=None, thread=None
        )
    for seconds in range(905, 1265, 10):
        run(evidence, f"job-{seconds}", seconds, seconds + 2)
    evidence.snapshot(1280, pids=[100])
    evidence.derive()
    assert evidence.rows("select from_at, to_at from log_gaps where kind = 'stretch'") == [(at(392), at(905))]
    known = {row[0]: row[-1] for row in evidence.rows(MINUTES)}
    whole = dict.fromkeys((*range(6), *range(16, 20)), True)
    assert known == whole | {6: False, 15: False, 20: False}
