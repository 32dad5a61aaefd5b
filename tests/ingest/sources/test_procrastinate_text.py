"""Procrastinate's log: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.procrastinate_text import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

STARTED = "INFO:procrastinate.worker.w1:Starting job shop.mail[12](to='a', copies=7)"
ENDED = "INFO:procrastinate.worker:Job shop.mail[12](to='a', copies=7) ended with status: "
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\n    work()\n'


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, f"{text}\n")[table]
    return row


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (STARTED, {"event": "started", "worker": "w1"}),
        (f"{ENDED}Success, lasted 0.184 s", {"event": "succeeded", "duration": 0.184, "will_retry": None}),
        (f"{ENDED}Success, lasted 0.184 s - Result: sent", {"event": "succeeded", "duration": 0.184}),
        (f"{ENDED}Error, to retry, lasted 0.051 s", {"event": "failed", "will_retry": True, "duration": 0.051}),
        (f"{ENDED}Error, lasted 0.051 s", {"event": "failed", "will_retry": False}),
        (f"{ENDED}Aborted, lasted 4.502 s", {"event": "cancelled", "duration": 4.502}),
        (f"{ENDED}Aborted, to retry, lasted 4.502 s", {"event": "interrupted", "will_retry": True}),
    ],
)
def test_a_line_tells_an_event_with_id_task_and_arguments(text: str, told: dict[str, Any]) -> None:
    row = only(text)
    assert (row["job_id"], row["job_class"], row["arguments"]) == ("12", "shop.mail", '{"to": "a", "copies": 7}')
    assert {name: row[name] for name in told} == told
    assert (row["occurred_at"], row["occurred_at_clock"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "event", "job_id"),
    [
        ("shop.sync[11](timestamp=1) deferred for timestamp 1 with id 11", "enqueued", "11"),
        (
            "shop.sync[None](timestamp=1) cannot be enqueued: there is already a job in the queue with ...",
            "lock_conflict",
            None,
        ),
    ],
)
def test_a_periodic_job_is_enqueued_or_kept_out_by_its_lock(words: str, event: str, job_id: str | None) -> None:
    row = only(f"INFO:procrastinate.periodic:Periodic job {words}")
    assert (row["event"], row["job_id"], row["job_class"]) == (event, job_id, "shop.sync")


def test_no_arguments_are_an_object_as_in_the_database() -> None:
    assert only("INFO:procrastinate.worker.w1:Starting job shop.mail[12]()")["arguments"] == "{}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Starting worker on queues mailers, reports", ("booted", ["mailers", "reports"])),
        ("Starting worker on all queues", ("booted", ["*"])),
        ("Stop requested", ("stopping", None)),
        ("3 jobs still running after graceful timeout. Aborting them", ("stopping", None)),
        ("Stopped worker on all queues", ("stopped", None)),
    ],
)
def test_the_life_of_a_worker_is_told_with_its_name(words: str, told: tuple[str, Any]) -> None:
    row = only(f"INFO:procrastinate.worker.w1:{words}", "worker_events")
    assert (row["event"], row["queues"], row["worker"]) == (*told, "w1")


def test_a_failure_has_the_exception_of_its_traceback_message_over_several_lines_included() -> None:
    row = only(f"{ENDED}Error, lasted 0.051 s\n{TRACEBACK}ValueError: unknown code\nsecond line")
    assert (row["error_class"], row["error_message"]) == ("ValueError", "unknown code\nsecond line")


def test_the_application_s_own_line_ends_a_traceback_and_is_kept_as_a_line() -> None:
    text = f"{ENDED}Error, lasted 0.051 s\n{TRACEBACK}ValueError: x\nINFO:shop.jobs:next\n more\n{STARTED}\n"
    found = rows_of(SOURCE, text)
    assert [row["error_message"] for row in found["job_events"]] == ["x", None]
    assert [(row["line_no"], row["message"]) for row in found["log_lines"]] == [(6, "next\n more")]


def test_a_result_with_line_ends_is_kept_whole() -> None:
    found = rows_of(SOURCE, f"{ENDED}Success, lasted 0.184 s - Result: a\nb\n")
    assert found["job_events"][0]["message"].endswith("Result: a")
    assert [row["message"] for row in found["log_lines"]] == ["b"]


@pytest.mark.parametrize(
    ("prefix", "at", "clock"),
    [
        ("2026-03-01 22:00:05,120 INFO procrastinate.worker.w1: ", None, (22, 0, 5, 120000)),
        ("[2026-03-01 22:00:05] [INFO] [procrastinate.worker.w1] ", None, (22, 0, 5, 0)),
        ("2026-03-01T22:00:05.12Z procrastinate.worker.w1 INFO | ", (22, 0, 5, 120000), None),
        ("2026-03-01T22:00:05.120000-02:30 INFO:procrastinate.worker.w1:", (24, 30, 5, 120000), None),
        ("9999-03-01 22:00:05 INFO procrastinate.worker.w1: ", None, None),
    ],
)
def test_a_time_in_front_is_utc_where_it_names_a_zone_and_a_clock_s_where_it_does_not(
    prefix: str, at: tuple[int, ...] | None, clock: tuple[int, ...] | None
) -> None:
    row = only(f"{prefix}Starting job shop.mail[12]()")
    assert row["worker"] == "w1"
    assert row["occurred_at"] == (None if at is None else _moment(*at))
    assert row["occurred_at_clock"] == (None if clock is None else _moment(*clock))


def _moment(hour: int, *rest: int) -> datetime:
    return datetime(2026, 3, 1 + hour // 24, hour % 24, *rest)  # noqa: DTZ001 - naive, as the tables hold it


@pytest.mark.parametrize(
    "text", ["INFO:rq.worker:Starting job 12", "INFO:shop.jobs:procrastinate.worker", "Starting job shop.mail[12]()"]
)
def test_lines_of_others_are_not_claimed(text: str) -> None:
    assert not claimed(SOURCE, text)


@given(st.text().filter(lambda text: "\0" not in text))
def test_any_text_after_a_line_s_beginning_is_accounted_for(words: str) -> None:
    text = f"INFO:procrastinate.worker.w1:{words}"
    assert claimed(SOURCE, text.split("\n", maxsplit=1)[0])
    assert sum(len(rows) for rows in rows_of(SOURCE, text).values()) >= 1
