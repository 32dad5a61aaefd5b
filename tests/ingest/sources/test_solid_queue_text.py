"""Solid Queue's log: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.solid_queue_text import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as written
ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1"
PREFIX = "I, [2026-03-01T22:00:05.120000 #70]  INFO -- : "
WORKER = 'pid: 80, hostname: "web1", process_id: 3, name: "worker-8c1e"'


def line(action: str, facts: str = "") -> str:
    return f"{PREFIX}SolidQueue-1.1.0 {action} (4.1ms)  {facts}\n"


def events(action: str, facts: str = "") -> list[dict[str, Any]]:
    return rows_of(SOURCE, line(action, facts))["job_events"]


@pytest.mark.parametrize(
    ("action", "facts", "told"),
    [
        ("Release claimed job", "job_id: 16, process_id: 5", {"event": "requeued", "provider_job_id": "16", "pid": 70}),
        ("Retry failed job", "job_id: 9", {"event": "retry_scheduled", "provider_job_id": "9", "pid": None}),
        ("Discard job", "job_id: 8, status: :failed", {"event": "discarded", "attributes": '{"status":"failed"}'}),
        (
            "Enqueued recurring task",
            f'task: :nightly, active_job_id: "{ID}", at: "2026-03-01T22:00:05Z"',
            {
                "event": "enqueued",
                "job_id": ID,
                "provider_job_id": None,
                "attributes": '{"at":"2026-03-01T22:00:05Z","task":"nightly"}',
            },
        ),
        (
            "Error enqueuing recurring task",
            'task: "hourly", enqueue_error: "full", at: "2026-03-01T22:00:05Z"',
            {"event": "enqueue_failed", "job_id": None, "error_message": "full"},
        ),
    ],
)
def test_a_line_about_a_job_tells_an_event_of_its_row(action: str, facts: str, told: dict[str, Any]) -> None:
    (row,) = events(action, facts)
    assert (row["occurred_at_clock"], row["record_no"]) == (AT, 0)
    assert {name: row[name] for name in told} == told


def test_each_claimed_job_is_taken_by_the_process_that_says_so() -> None:
    found = events("Claim jobs", "process_id: 3, job_ids: [12, 13, 14], claimed_job_ids: [12, 14], size: 2")
    assert [(row["record_no"], row["event"], row["provider_job_id"], row["pid"]) for row in found] == [
        (0, "reserved", "12", 70),
        (1, "reserved", "14", 70),
    ]
    assert {(row["job_id"], row["attributes"]) for row in found} == {(None, '{"process_id":3}')}


def test_jobs_of_a_lost_worker_are_given_up_by_another_process() -> None:
    found = events("Fail claimed jobs", "job_ids: [12, 13], process_ids: [3]")
    assert [(row["event"], row["provider_job_id"], row["pid"]) for row in found] == [
        ("retries_exhausted", "12", None),
        ("retries_exhausted", "13", None),
    ]


def test_a_blocked_job_that_stays_blocked_is_not_put_on_its_queue() -> None:
    facts = 'job_id: 14, concurrency_key: "Sync/7", released: '
    (row,) = events("Release blocked job", f"{facts}true")
    assert (row["event"], row["provider_job_id"], row["attributes"]) == (
        "enqueued",
        "14",
        '{"concurrency_key":"Sync/7"}',
    )
    assert list(rows_of(SOURCE, line("Release blocked job", f"{facts}false"))) == ["log_lines"]


@pytest.mark.parametrize(
    ("action", "facts", "told"),
    [
        (
            "Started Worker",
            f'{WORKER}, polling_interval: 0.1, queues: "mailers,reports*", thread_pool_size: 3',
            {"event": "booted", "worker": "worker-8c1e", "queues": ["mailers", "reports*"], "concurrency": 3},
        ),
        ("Shutdown Worker", WORKER, {"event": "stopped", "host": "web1"}),
        (
            "Started Supervisor(fork)",
            WORKER,
            {"event": "booted", "attributes": '{"kind": "Supervisor(fork)", "process_id": 3}'},
        ),
        (
            "Deregister Worker",
            f'{WORKER}, last_heartbeat_at: "2026-03-01T21:54:00Z", claimed_size: 2, pruned: true',
            {"event": "died", "worker": "worker-8c1e", "job_count": 2},
        ),
    ],
)
def test_a_process_is_told_by_its_own_id_and_not_by_the_writers(action: str, facts: str, told: dict[str, Any]) -> None:
    (row,) = rows_of(SOURCE, line(action, facts))["worker_events"]
    assert (row["pid"], row["version"]) == (80, "1.1.0")
    assert {name: row[name] for name in told} == told


def test_the_name_behind_a_replacement_is_that_of_the_new_process() -> None:
    facts = 'pid: 80, status: "no exit status set", signaled: true, termsig: 9, hostname: "web1", name: "worker-new"'
    (row,) = rows_of(SOURCE, line("Replaced terminated Worker", facts))["worker_events"]
    assert (row["event"], row["pid"], row["host"], row["worker"]) == ("died", 80, "web1", None)


def test_a_worker_that_leaves_of_its_own_accord_has_not_died() -> None:
    text = line("Deregister Worker", f"{WORKER}, claimed_size: 0, pruned: false")
    assert list(rows_of(SOURCE, text)) == ["log_lines"]


def test_what_a_shutdown_gives_back_is_counted_by_the_worker_itself() -> None:
    (row,) = rows_of(SOURCE, line("Release claimed jobs", "size: 2"))["worker_events"]
    assert (row["event"], row["pid"], row["job_count"]) == ("pushed_back", 70, 2)


@pytest.mark.parametrize("facts", ["pid: #<Object:0x01>, x", "pid: ", 'pid: "a', "pid: 1" + "0" * 40])
def test_a_process_whose_facts_cannot_be_read_is_still_told(facts: str) -> None:
    (row,) = rows_of(SOURCE, line("Started Worker", facts))["worker_events"]
    assert (row["event"], row["message"]) == ("booted", f"Started Worker (4.1ms)  {facts}")


@pytest.mark.parametrize(
    "words",
    [
        "SolidQueue-1.1.0 Prune dead processes (9.0ms)  size: 1",
        "SolidQueue-1.1.0 Supervisor wasn't terminated gracefully - shutdown timeout exceeded (9.0ms)  process_id: 1",
        "[request-1] SolidQueue-2.0.0.beta Something new (9ms)",
    ],
)
def test_other_actions_are_claimed_too_and_kept(words: str) -> None:
    assert claimed(SOURCE, words)
    assert claimed(SOURCE, PREFIX + words)
    found = rows_of(SOURCE, words + "\n")
    assert sum(len(rows) for rows in found.values()) == 1


@pytest.mark.parametrize(
    "words",
    [
        f"[ActiveJob] [Mail] [{ID}] Performing Mail (Job ID: {ID}) from SolidQueue(default)",
        "SolidQueue-1.1.0 is installed",
        "an application says SolidQueue-1.1.0 Claim jobs (4.1ms)  size: 1",
        "SolidQueue-1.1.0 Claim jobs",
    ],
)
def test_other_lines_are_left_to_others(words: str) -> None:
    assert not claimed(SOURCE, words)
    assert not claimed(SOURCE, PREFIX + words)


def test_lines_behind_a_record_are_not_its_own() -> None:
    found = rows_of(SOURCE, line("Claim jobs", "process_id: 3, job_ids: [1], claimed_job_ids: [1], size: 1") + "puts\n")
    assert [(row["line_no"], row["message"]) for row in found["log_lines"]] == [(2, "puts")]


def test_a_time_that_no_clock_shows_is_a_reject() -> None:
    found = rows_of(SOURCE, line("Claim jobs").replace("2026", "9999"))
    assert found == {"rejects": [{"line_no": 1, "reason": "its time is no date of the years 1970 to 2259"}]}


@given(st.text(), st.sampled_from(["Claim jobs", "Discard job", "Started Worker", "Fail claimed jobs", "Anything"]))
def test_any_facts_are_kept_or_rejected(facts: str, action: str) -> None:
    one = facts.replace("\0", "").splitlines()[:1] or [""]
    found = rows_of(SOURCE, line(action, one[0]))
    assert sum(len(rows) for rows in found.values()) >= 1
