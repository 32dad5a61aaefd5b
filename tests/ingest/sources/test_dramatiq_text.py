"""Dramatiq's log: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources.dramatiq_text import SOURCE
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as written
ID, OTHER_ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1", "7a2d91be-11c3-4f60-8f0e-0c5b3f7d2a12"
WORKER, RETRIES = "dramatiq.worker.WorkerThread", "dramatiq.middleware.retries.Retries"
CONSUMER, DELAYED = "dramatiq.worker.ConsumerThread(mailers)", "dramatiq.worker.ConsumerThread(mailers.DQ)"
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\n    work()\n'
SHUTDOWN = "dramatiq.middleware.shutdown.Shutdown"


def line(words: str, logger: str = WORKER, *, level: str = "INFO", seconds: float = 0, pid: int = 80) -> str:
    moment = (AT + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
    return f"[{moment}] [PID {pid}] [Thread-8] [{logger}] [{level}] {words}\n"


STARTED = line(f"Received message mail('a', 7) with id '{ID}'.", level="DEBUG")
FAILED = line("Failed to process message mail('a', 7) with unhandled exception.", level="ERROR", seconds=1)
ACKNOWLEDGED = line(f"Acknowledging message '{ID}'.", CONSUMER, level="DEBUG", seconds=1.1)


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, text)[table]
    return row


@pytest.mark.parametrize(
    ("words", "logger", "told"),
    [
        (f"Received message mail('a', 7) with id '{ID}'.", WORKER, {"event": "started", "arguments": '["a", 7]'}),
        (f"Pushing message '{ID}' onto work queue.", CONSUMER, {"event": "reserved", "queue": "mailers"}),
        (f"Pushing message '{ID}' onto delay queue.", DELAYED, {"event": "scheduled", "queue": "mailers"}),
        (f"Acknowledging message '{ID}'.", CONSUMER, {"event": "acknowledged", "queue": "mailers"}),
        (f"Enqueueing message '{ID}' on queue 'mailers'.", "dramatiq.broker.RedisBroker", {"event": "enqueued"}),
        (f"Enqueueing message '{ID}' on queue 'mailers.DQ'.", "dramatiq.broker.RedisBroker", {"event": "scheduled"}),
        (f"Retrying message '{ID}' in 1500 milliseconds.", RETRIES, {"run_at_clock": AT + timedelta(seconds=1.5)}),
        (f"Retries exceeded for message '{ID}'.", RETRIES, {"event": "retries_exhausted"}),
        (f"Aborting message '{ID}'.", RETRIES, {"event": "discarded"}),
        (
            f"Message '{ID}' has exceeded its age limit.",
            "dramatiq.middleware.age_limit.AgeLimit",
            {"event": "discarded"},
        ),
    ],
)
def test_a_line_with_an_id_tells_an_event_of_that_message(words: str, logger: str, told: dict[str, Any]) -> None:
    row = only(line(words, logger))
    assert (row["job_id"], row["occurred_at_clock"], row["pid"], row["thread"]) == (ID, AT, 80, "Thread-8")
    assert {name: row[name] for name in told} == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Failed to process message mail('a', 7) with unhandled exception.", {"event": "failed", "will_retry": None}),
        (
            "Failed to process message mail('a', 7) with expected exception ValueError.",
            {"event": "failed", "error_class": "ValueError", "will_retry": False},
        ),
        (
            "Rate limit exceeded in message mail('a', 7): too many for key 'mail'.",
            {"event": "failed", "error_class": "RateLimitExceeded", "error_message": "too many for key 'mail'"},
        ),
        ("Message mail('a', 7) was skipped.", {"event": "discarded"}),
    ],
)
def test_a_line_without_an_id_tells_actor_and_arguments(words: str, told: dict[str, Any]) -> None:
    row = only(line(words))
    assert (row["job_id"], row["job_class"], row["arguments"]) == (None, "mail", '["a", 7]')
    assert {name: row[name] for name in told} == told


def test_a_message_for_an_actor_that_does_not_exist_is_discarded() -> None:
    words = "Received message for undefined actor 'fax'. Moving it to the DLQ."
    row = only(line(words, CONSUMER, level="ERROR") + f"{TRACEBACK}dramatiq.errors.ActorNotFound: fax\n")
    assert (row["event"], row["job_class"], row["queue"]) == ("discarded", "fax", "mailers")
    assert row["error_class"] == "dramatiq.errors.ActorNotFound"


def test_a_multi_line_message_of_an_exception_stays_whole() -> None:
    row = only(f"{FAILED}{TRACEBACK}ValueError: unknown code\nsecond line\n")
    assert (row["error_class"], row["error_message"]) == ("ValueError", "unknown code\nsecond line")


def test_a_run_that_a_shutdown_stopped_is_interrupted_and_not_failed() -> None:
    assert only(f"{FAILED}{TRACEBACK}{SHUTDOWN}\n")["event"] == "interrupted"


def test_completed_after_is_said_of_failed_runs_too_and_is_no_event() -> None:
    row = only(line("Completed after 51.02ms.", "shop.mail", level="DEBUG"), "log_lines")
    assert (row["message"], row["thread"]) == ("Completed after 51.02ms.", "Thread-8")


def test_the_acknowledgement_of_a_delayed_message_on_its_delay_queue_is_no_end() -> None:
    assert only(line(f"Acknowledging message '{ID}'.", DELAYED), "log_lines")["job_id"] == ID


def test_what_the_application_says_is_a_line_even_if_it_says_what_dramatiq_would() -> None:
    assert only(line(f"Retrying message '{ID}' in 5 milliseconds.", "shop.jobs"), "log_lines")["job_id"] is None


def test_the_death_of_a_worker_is_told_of_its_own_process_and_not_of_its_parent() -> None:
    words = "Worker with PID 81 exited unexpectedly (code -9). Shutting down..."
    row = only(line(words, "dramatiq.MainProcess", level="CRITICAL", pid=70), "worker_events")
    assert (row["event"], row["pid"]) == ("died", 81)


def test_words_after_a_line_that_is_whole_are_kept_by_themselves() -> None:
    found = rows_of(SOURCE, f"{STARTED}a library's warning\n")
    assert [row["event"] for row in found["job_events"]] == ["started"]
    assert [(row["line_no"], row["message"]) for row in found["log_lines"]] == [(2, "a library's warning")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[2026-13-01 22:00:05,120] [PID 80] [t] [shop] [INFO] x", "its time"),
        ("[2999-03-01 22:00:05,120] [PID 80] [t] [shop] [INFO] x", "its time"),
        ("[2026-03-01 22:00:05,120] [PID 80] [t] [shop", "no logger and level"),
        ("[2026-03-01 22:00:05,120] [PID 99999999999999999999] [t] [shop] [INFO] x", "process id"),
    ],
)
def test_what_begins_like_a_line_and_is_none_is_rejected_with_the_reason(text: str, why: str) -> None:
    (reject,) = rows_of(SOURCE, text)["rejects"]
    assert why.removeprefix("no ") in reject["reason"]


@given(st.text().filter(lambda text: "\0" not in text))
def test_any_text_after_a_line_s_beginning_is_accounted_for(words: str) -> None:
    text = line(words.replace("\r", " "))
    assert claimed(SOURCE, text)
    assert sum(len(rows) for rows in rows_of(SOURCE, text).values()) >= 1


def lives(folder: Path, text: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Attempts and jobs that a log tells of, once it is loaded."""
    (folder / "worker.log").write_text(text)
    load_all(folder / "jobtrail.duckdb", folder / "worker.log")
    with open_for_writing(folder / "jobtrail.duckdb") as db:
        derive(db)
    with open_for_reading(folder / "jobtrail.duckdb") as db:
        attempts = "select job_id, state, will_retry, error_class from attempts order by job_key, attempt"
        jobs = "select job_id, state, queue from jobs order by job_key"
        return db.execute(attempts).fetchall(), db.execute(jobs).fetchall()


RETRIED = line(f"Retrying message '{ID}' in 1500 milliseconds.", RETRIES, seconds=1.01)
GIVEN_UP = line(f"Retries exceeded for message '{ID}'.", RETRIES, level="WARNING", seconds=1.01)
SKIPPED = line("Message mail('a', 7) was skipped.", level="WARNING", seconds=1)
ERROR = f"{TRACEBACK}TimeoutError: no answer\n"


@pytest.mark.parametrize(
    ("log", "attempt", "state"),
    [
        (STARTED + ACKNOWLEDGED, (ID, "succeeded", None, None), "succeeded"),
        (STARTED + FAILED + ERROR + RETRIED + ACKNOWLEDGED, (ID, "failed", True, "TimeoutError"), "retrying"),
        (FAILED + ERROR + RETRIED, (ID, "failed", True, "TimeoutError"), "retrying"),
        (FAILED + ERROR + GIVEN_UP, (ID, "failed", False, "TimeoutError"), "failed"),
        (FAILED + ERROR + RETRIED + ACKNOWLEDGED, (ID, "failed", True, "TimeoutError"), "retrying"),
        (STARTED + RETRIED + ACKNOWLEDGED, (ID, "failed", True, None), "retrying"),
        (STARTED + SKIPPED + ACKNOWLEDGED, (ID, "cancelled", False, None), "discarded"),
        (STARTED, (ID, "running", None, None), "running"),
    ],
    ids=[
        "acknowledged without a failure",
        "failed, then acknowledged",
        "failed, at the default level",
        "given up, at the default level",
        "failed, its start not in the log",
        "raised Retry, which no line calls a failure",
        "skipped",
        "never acknowledged",
    ],
)
def test_one_run_is_told_by_several_lines_of_its_thread(
    log: str, attempt: tuple[Any, ...], state: str, tmp_path: Path
) -> None:
    attempts, jobs = lives(tmp_path, log)
    assert attempts == [attempt]
    assert [job[1] for job in jobs] == [state]


def test_the_failure_of_a_message_is_not_given_to_the_message_that_the_thread_begins_next(tmp_path: Path) -> None:
    following = line(f"Received message mail('b', 8) with id '{OTHER_ID}'.", level="DEBUG", seconds=1.5)
    attempts, _ = lives(tmp_path, FAILED + ERROR + following)
    assert attempts == [(OTHER_ID, "running", None, None)]


def test_the_failure_of_one_thread_is_not_given_to_the_message_of_another(tmp_path: Path) -> None:
    attempts, _ = lives(tmp_path, FAILED + ERROR + RETRIED.replace("Thread-8", "Thread-9"))
    assert attempts == []
