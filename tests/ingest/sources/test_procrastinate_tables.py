"""Exports of Procrastinate's tables, as JSON and as CSV: what their rows tell, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from ingest.sources import (
    Source,
    procrastinate_events,
    procrastinate_jobs,
    procrastinate_snapshot,
    procrastinate_workers,
)
from tests.ingest.sources.reading import claimed, rows_of

TAKEN_AT = "2026-03-01 22:00:05+00"
NAMES = (
    "id,queue_name,task_name,priority,lock,queueing_lock,args,status,scheduled_at,attempts,abort_requested,worker_id"
)


def utc(*parts: int) -> datetime:
    return datetime(2026, 3, 1, *parts)  # noqa: DTZ001 - as the tables hold it


def job(status: str, *, due: str = "", attempts: int = 0, worker: str = "") -> str:
    return f'12,mailers,shop.mail,0,,,"{{""to"": ""a""}}",{status},{due},{attempts},f,{worker}'


def snapshot(row: str) -> dict[str, Any]:
    (found,) = rows_of(procrastinate_jobs.SOURCE, f"taken_at,{NAMES}\n{TAKEN_AT},{row}\n")["snapshot_jobs"]
    return found


@pytest.mark.parametrize(
    ("row", "held_in", "attempt"),
    [
        (job("todo"), "queued", 0),
        (job("todo", due="2026-03-01 23:00:00+00"), "scheduled", 0),
        (job("todo", due="2026-03-01 23:00:00+00", attempts=2), "retry", 2),
        (job("todo", due="2026-03-01 21:00:00+00", attempts=2), "queued", 2),
        (job("doing", worker="3"), "running", 1),
        (job("failed", attempts=5, worker="3"), "failed", 5),
    ],
    ids=["waits", "is due later", "is retried later", "is due", "runs for the first time", "has failed"],
)
def test_a_row_tells_where_a_job_is_held_and_how_often_it_ran(row: str, held_in: str, attempt: int) -> None:
    found = snapshot(row)
    assert (found["held_in"], found["attempt"]) == (held_in, attempt)
    assert (found["job_id"], found["job_class"], found["arguments"]) == ("12", "shop.mail", '{"to":"a"}')


def test_only_a_running_job_is_in_a_worker_s_hands() -> None:
    assert snapshot(job("doing", worker="3"))["worker"] == "3"
    assert snapshot(job("failed", worker="3"))["worker"] is None


def test_an_export_of_jobs_without_its_time_is_no_snapshot_but_tells_what_is_known_of_each_job() -> None:
    found = rows_of(procrastinate_jobs.SOURCE, f"{NAMES}\n{job('doing', attempts=1, worker='3')}\n")
    assert "snapshots" not in found
    assert [(row["event"], row["worker"], row["attempt"]) for row in found["job_events"]] == [
        ("enqueued", None, None),
        ("started", "3", 2),
    ]
    assert {(row["queue"], row["job_class"]) for row in found["job_events"]} == {("mailers", "shop.mail")}


def test_a_row_that_was_cut_is_rejected_and_the_others_are_read() -> None:
    found = rows_of(procrastinate_jobs.SOURCE, f"{NAMES}\n{job('todo')}\n13,mailers,sh")
    assert [row["job_id"] for row in found["job_events"]] == ["12"]
    assert ["row 2" in row["reason"] for row in found["rejects"]] == [True]


def test_an_export_of_workers_without_its_time_counts_as_taken_at_the_latest_heartbeat_and_says_so() -> None:
    text = "id,last_heartbeat\n1,2026-03-01 22:00:03.5+00\n2,2026-03-01 21:58:00+00\n"
    found = rows_of(procrastinate_workers.SOURCE, text)
    (taken,) = found["snapshots"]
    assert taken["taken_at"] == utc(22, 0, 3, 500000)
    assert "no time of its own" in taken["attributes"]
    assert [(row["worker"], row["heartbeat_at"]) for row in found["snapshot_processes"]] == [
        ("1", utc(22, 0, 3, 500000)),
        ("2", utc(21, 58)),
    ]


def lives(*rows: str) -> list[tuple[Any, ...]]:
    text = "\n".join(["id,job_id,type,at", *(f"{number},12,{row}+00" for number, row in enumerate(rows, start=1))])
    columns = ("event", "occurred_at", "run_at", "attempt")
    return [tuple(row[name] for name in columns) for row in rows_of(procrastinate_events.SOURCE, text)["job_events"]]


def test_the_time_of_a_scheduled_event_is_when_the_retry_beside_it_is_due() -> None:
    told = lives(
        "deferred,2026-03-01 22:00:01",
        "started,2026-03-01 22:00:02",
        "scheduled,2026-03-01 22:00:09",
        "deferred_for_retry,2026-03-01 22:00:03",
    )
    assert told == [
        ("enqueued", utc(22, 0, 1), None, None),
        ("started", utc(22, 0, 2), None, 1),
        ("failed", utc(22, 0, 3), None, 1),
        ("retry_scheduled", utc(22, 0, 3), utc(22, 0, 9), None),
    ]


def test_a_job_deferred_with_a_time_is_scheduled_and_not_enqueued() -> None:
    told = lives("deferred,2026-03-01 22:00:01", "scheduled,2026-03-01 23:00:00", "cancelled,2026-03-01 22:00:05")
    assert told == [("scheduled", utc(22, 0, 1), utc(23), None), ("cancelled", utc(22, 0, 5), None, None)]


def test_attempts_are_counted_only_where_the_job_is_known_from_its_deferral_on() -> None:
    assert [row[3] for row in lives("started,2026-03-01 22:00:02", "succeeded,2026-03-01 22:00:03")] == [None, None]


def test_a_request_to_abort_is_no_end() -> None:
    text = "id,job_id,type,at\n1,12,started,2026-03-01 22:00:02+00\n2,12,abort_requested,2026-03-01 22:00:03+00\n"
    found = rows_of(procrastinate_events.SOURCE, text)
    assert [row["event"] for row in found["job_events"]] == ["started"]
    assert [(row["job_id"], row["message"]) for row in found["log_lines"]][1:] == [("12", "abort_requested")]


@pytest.mark.parametrize(
    "row", ["x,12,started,2026-03-01 22:00:02+00", "1,12,started,yesterday", "1,12", "1,12,started,"]
)
def test_an_event_that_cannot_be_read_is_rejected_by_its_line(row: str) -> None:
    (reject,) = rows_of(procrastinate_events.SOURCE, f"id,job_id,type,at\n{row}\n")["rejects"]
    assert reject["reason"].startswith("line 2")


def test_one_json_document_tells_jobs_workers_and_events_of_one_moment() -> None:
    document = {
        "system": "procrastinate",
        "taken_at": "2026-03-01T22:00:05+00:00",
        "procrastinate_jobs": [
            {"id": 12, "task_name": "shop.mail", "args": {"to": "a"}, "status": "doing", "attempts": 0, "worker_id": 1},
            {"id": 11, "task_name": "shop.mail", "args": {}, "status": "succeeded", "attempts": 1, "worker_id": 1},
        ],
        "procrastinate_workers": [{"id": 1, "last_heartbeat": "2026-03-01T22:00:03+00:00"}],
        "procrastinate_events": [{"id": 30, "job_id": 12, "type": "started", "at": "2026-03-01T22:00:02+00:00"}],
        "procrastinate_periodic_defers": [{"id": 4, "task_name": "shop.mail", "job_id": 12, "defer_timestamp": 7}],
    }
    found = rows_of(procrastinate_snapshot.SOURCE, json.dumps(document))
    assert [(row["held_in"], row["worker"]) for row in found["snapshot_jobs"]] == [("running", "1")]
    assert [row["worker"] for row in found["snapshot_processes"]] == ["1"]
    assert [(row["job_id"], row["event"]) for row in found["job_events"]] == [
        ("12", "started"),
        ("11", "enqueued"),
        ("11", "started"),
    ]
    assert len({(row["line_no"], row["record_no"]) for row in found["job_events"]}) == 3
    assert [row["message"] for row in found["log_lines"]] == ["deferred for the tick 7"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"system": "procrastinate", "taken_at"', "no valid JSON"),
        ('{"system": "procrastinate", "procrastinate_jobs": []}', "taken_at"),
        ('{"system": "procrastinate", "taken_at": "2026-03-01T22:00:05Z", "procrastinate_jobs": 7}', "no list of rows"),
    ],
)
def test_an_export_that_cannot_be_read_is_rejected_with_the_reason(text: str, why: str) -> None:
    (reject,) = rows_of(procrastinate_snapshot.SOURCE, text)["rejects"]
    assert why in reject["reason"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (procrastinate_jobs.SOURCE, f"{NAMES}\n"),
        (procrastinate_jobs.SOURCE, f"\ufefftaken_at,{NAMES}\r\n"),
        (procrastinate_events.SOURCE, "id,job_id,type,at\n1,12,deferred,2026-03-01 22:00:01+00\n"),
        (procrastinate_events.SOURCE, "id,task_name,defer_timestamp,job_id,periodic_id\n"),
        (procrastinate_events.SOURCE, '[[12, "shop.mail"], [13, "shop.mail"]]'),
        (procrastinate_workers.SOURCE, "id,last_heartbeat\n"),
        (procrastinate_snapshot.SOURCE, '{"system": "procrastinate", "taken_at": 1}'),
    ],
)
def test_each_export_is_known_by_its_beginning_and_claimed_once(source: Source, text: str) -> None:
    sources = (procrastinate_jobs, procrastinate_events, procrastinate_workers, procrastinate_snapshot)
    assert [known.SOURCE.name for known in sources if claimed(known.SOURCE, text)] == [source.name]


@pytest.mark.parametrize(
    "text", ["id,job_id,type,at\n1,12,paid,2026-03-01\n", "[[1, 2], [3, 4]]", "id,name\n1,a\n", "[]"]
)
def test_tables_of_others_are_not_claimed(text: str) -> None:
    assert not any(
        claimed(known.SOURCE, text) for known in (procrastinate_jobs, procrastinate_events, procrastinate_workers)
    )
