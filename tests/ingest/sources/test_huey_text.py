"""Huey's log: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources.huey_text import SOURCE
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as written
ID, OTHER_ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1", "7a2d91be-11c3-4f60-8f0e-0c5b3f7d2a12"
CONSUMER, SCHEDULER = "huey.consumer", "huey.consumer.Scheduler"
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\n    work()\n'
ERROR = f"{TRACEBACK}TimeoutError: no answer\n"


def line(words: str, logger: str = "huey", *, level: str = "INFO", seconds: float = 0, thread: str = "Worker-1") -> str:
    moment = (AT + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
    return f"[{moment}] {level}:{logger}:{thread}:{words}\n"


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, text)[table]
    return row


@pytest.mark.parametrize(
    ("words", "logger", "told"),
    [
        (f"Executing shop.mail: {ID}", "huey", {"event": "started", "job_class": "shop.mail"}),
        (f"shop.mail: {ID} executed in 0.044s", "huey", {"event": "succeeded", "duration": 0.044}),
        (f"Unhandled exception in task {ID}.", "huey", {"event": "failed", "will_retry": None}),
        (f"Unhandled error during execution of task {ID}.", "huey.consumer.Worker", {"event": "failed"}),
        (f"Task {ID} timed out after 5s.", "huey", {"event": "failed", "error_message": "timed out after 5s"}),
        (f'Task {ID} rate-limited on "mail", retrying in 5', "huey", {"event": "failed", "will_retry": True}),
        (f'Task {ID} rate-limited on "mail"', "huey", {"event": "failed", "will_retry": None}),
        (f"Task {ID} not run, unable to acquire lock sync.", "huey", {"event": "discarded"}),
        (f"Task {ID} raised CancelExecution (aborted, will not be retried).", "huey", {"event": "cancelled"}),
        (f"Task shop.mail: {ID} was revoked, not executing", "huey", {"event": "cancelled", "job_class": "shop.mail"}),
        (f"Task shop.mail: {ID} expired, not executing.", "huey", {"event": "discarded", "job_class": "shop.mail"}),
        (f"Received exit signal, {ID} did not finish.", "huey", {"event": "interrupted"}),
        (f"Requeueing {ID}, 2 retries", "huey", {"event": "retry_scheduled"}),
        (f"Enqueueing periodic task shop.mail: {ID}.", SCHEDULER, {"event": "enqueued", "job_class": "shop.mail"}),
        (f"Enqueueing shop.mail: {ID}", SCHEDULER, {"event": "enqueued", "job_class": "shop.mail"}),
    ],
)
def test_a_line_tells_an_event_of_the_task_it_names(words: str, logger: str, told: dict[str, Any]) -> None:
    row = only(line(words, logger))
    assert (row["job_id"], row["occurred_at_clock"], row["thread"], row["pid"]) == (ID, AT, "Worker-1", None)
    assert {name: row[name] for name in told} == told


def test_what_is_put_on_the_schedule_names_when_it_is_due_in_utc() -> None:
    row = only(line(f"Added task {ID} to schedule, eta 2026-03-01 22:00:08.118321"))
    assert (row["event"], row["job_id"]) == ("scheduled", ID)
    assert row["run_at"] == datetime(2026, 3, 1, 22, 0, 8, 118321)  # noqa: DTZ001 - as the tables hold it


@pytest.mark.parametrize(
    ("behind", "will_retry"),
    [
        ("", False),
        (" 2 retries", True),
        (" @2026-03-01 22:00:05 exp=2026-03-01 23:00:05 p=5 2 retries timeout=5", True),
        (f" -> shop.bill: {OTHER_ID} 3 retries", False),
    ],
    ids=["none left", "two left", "behind other words", "those of the task that follows"],
)
def test_retries_in_a_line_are_those_that_are_left(behind: str, will_retry: bool) -> None:  # noqa: FBT001 - a case
    assert only(line(f"Executing shop.mail: {ID}{behind}"))["will_retry"] is will_retry
    assert only(line(f"shop.mail: {ID}{behind} executed in 0.044s"))["event"] == "succeeded"


def test_an_error_comes_with_its_traceback() -> None:
    row = only(
        line(f"Unhandled exception in task {ID}.", level="ERROR") + f"{TRACEBACK}ValueError: unknown\nsecond line\n"
    )
    assert (row["error_class"], row["error_message"]) == ("ValueError", "unknown\nsecond line")


def test_with_worker_processes_the_process_id_stands_for_the_thread() -> None:
    row = only(line(f"Executing shop.mail: {ID}", thread="4711"))
    assert (row["pid"], row["thread"]) == (4711, None)


def test_the_application_s_lines_are_its_own_even_if_they_say_what_huey_would() -> None:
    found = rows_of(SOURCE, line(f"Executing shop.mail: {ID}") + line(f"Requeueing {ID}, 2 retries", "shop"))
    assert [row["event"] for row in found["job_events"]] == ["started"]
    assert [row["line_no"] for row in found["log_lines"]] == [2]


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("Huey consumer started with 4 thread, PID 80 at 2026-03-01 22:00:00.100112", "booted"),
        ("Received SIGTERM", "stopping"),
        ("Shutting down gracefully...", "stopping"),
        ("All workers have stopped.", "stopped"),
        ("Consumer exiting.", "stopped"),
    ],
)
def test_the_consumer_tells_of_its_own_life(words: str, event: str) -> None:
    assert only(line(words, CONSUMER, thread="MainThread"), "worker_events")["event"] == event


def test_what_begins_like_a_line_and_has_no_time_is_rejected_with_the_reason() -> None:
    text = line("Consumer exiting.").replace("2026-03", "2026-13")
    (reject,) = rows_of(SOURCE, text)["rejects"]
    assert "its time" in reject["reason"]


@given(st.text().filter(lambda text: "\0" not in text))
def test_any_text_after_a_line_s_beginning_is_accounted_for(words: str) -> None:
    text = line(words.replace("\r", " "))
    assert claimed(SOURCE, text)
    assert sum(len(rows) for rows in rows_of(SOURCE, text).values()) >= 1


STARTED, LAST = line(f"Executing shop.mail: {ID} 1 retries"), line(f"Executing shop.mail: {ID}", seconds=5)
FAILED = line(f"Unhandled exception in task {ID}.", level="ERROR", seconds=1) + ERROR
REQUEUED = line(f"Requeueing {ID}, 0 retries", seconds=1.01)
DONE = line(f"shop.mail: {ID} executed in 0.900s", seconds=6)
FAILED_AGAIN = line(f"Unhandled exception in task {ID}.", level="ERROR", seconds=6) + ERROR
LOCKED = line(f"Task {ID} not run, unable to acquire lock sync.", level="WARNING", seconds=5.1)
REVOKED = line(f"Task shop.mail: {ID} was revoked, not executing", level="WARNING", seconds=5)
AGAIN = line(f"Task {ID} raised RetryTask, retrying.", seconds=1)


@pytest.mark.parametrize(
    ("log", "attempts", "state"),
    [
        (LAST + DONE, ["succeeded"], "succeeded"),
        (STARTED + FAILED + REQUEUED, ["failed"], "retrying"),
        (STARTED + FAILED + REQUEUED + LAST + DONE, ["failed", "succeeded"], "succeeded"),
        (STARTED + FAILED + REQUEUED + LAST + FAILED_AGAIN, ["failed", "failed"], "failed"),
        (STARTED + AGAIN + REQUEUED, ["failed"], "retrying"),
        (LAST + LOCKED, ["cancelled"], "discarded"),
        (REVOKED, [], "discarded"),
        (LAST, ["running"], "running"),
    ],
    ids=[
        "executed",
        "failed and requeued",
        "executed on the second run",
        "failed with no retry left",
        "asked to be tried again",
        "locked out",
        "revoked",
        "never ended",
    ],
)
def test_a_task_s_life_is_told_by_its_lines(log: str, attempts: list[str], state: str, tmp_path: Path) -> None:
    (tmp_path / "consumer.log").write_text(log)
    load_all(tmp_path / "t.duckdb", tmp_path / "consumer.log")
    with open_for_writing(tmp_path / "t.duckdb") as db:
        derive(db)
    with open_for_reading(tmp_path / "t.duckdb") as db:
        assert [row[0] for row in db.execute("select state from attempts order by attempt").fetchall()] == attempts
        assert db.execute("select state from jobs").fetchall() == [(state,)]


BOOTED = "Huey consumer started with 2 thread, PID 80 at 2026-03-01 22:00:00.100112"


@pytest.mark.parametrize(
    ("behind", "attempt", "worker"),
    [
        ([(60, BOOTED, CONSUMER)], ("running", "gone"), "gone"),
        ([(2, "Shutting down gracefully...", CONSUMER)], ("running", "alive"), "alive"),
        (
            [(2, "Shutting down gracefully...", CONSUMER), (3, "Consumer exiting.", CONSUMER)],
            ("unknown", "stopped"),
            "stopped",
        ),
        ([(2, f"Executing shop.mail: {OTHER_ID}", "huey")], ("unknown", "alive"), "alive"),
    ],
    ids=["another consumer boots into its log", "it shuts down and waits", "it has shut down", "its thread went on"],
)
def test_a_consumer_without_a_process_id_in_its_lines_is_the_one_that_writes_the_log(
    behind: list[tuple[float, str, str]], attempt: tuple[str, str], worker: str, tmp_path: Path
) -> None:
    log = line(BOOTED, CONSUMER, thread="MainThread", seconds=-5) + LAST.replace(":10,", ":05,")
    log += "".join(
        line(words, logger, seconds=seconds, thread="Worker-1" if logger == "huey" else "MainThread")
        for seconds, words, logger in behind
    )
    (tmp_path / "consumer.log").write_text(log)
    load_all(tmp_path / "t.duckdb", tmp_path / "consumer.log")
    with open_for_writing(tmp_path / "t.duckdb") as db:
        derive(db)
    with open_for_reading(tmp_path / "t.duckdb") as db:
        question = "select state, worker_state from attempts where job_id = $job"
        assert db.execute(question, {"job": ID}).fetchall() == [attempt]
        assert db.execute("select state, pid from workers order by booted_at").fetchall()[0] == (worker, None)
