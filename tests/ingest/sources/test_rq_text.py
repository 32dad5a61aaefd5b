"""RQ's log: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.loading import load
from ingest.sources.rq_text import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

ID, OTHER_ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1", "7a2d91be-11c3-4f60-8f0e-0c5b3f7d2a12"
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\n    work()\n'
MOVED = "Moved to FailedJobRegistry, due to AbandonedJobError,"
CALL = "shop.mail('a', 7)"


def line(words: str, at: str = "22:00:05") -> str:
    return f"{at} {words}\n"


STARTED = line(f"Worker w1: mailers: {CALL} ({ID})")
COMPLETED = line(f"Successfully completed {CALL} job in 0:00:00.163156s on worker w1")
DONE = line(f"Worker w1: mailers: Job OK ({ID})")
KEPT = line(f"Worker w1: job {ID} result is kept for 500 seconds")
RAISED = line(f"Worker w1: job {ID}: exception raised while executing (shop.mail)")


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    assert claimed(SOURCE, text.split("\n", 1)[0])
    (row,) = rows_of(SOURCE, text)[table]
    return row


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (f"Worker w1: mailers: {CALL} ({ID})", {"event": "started", "queue": "mailers", "arguments": '["a", 7]'}),
        (f"mailers: {CALL} ({ID})", {"event": "started", "queue": "mailers", "job_class": "shop.mail"}),
        (f"mailers: {ID}", {"event": "started", "queue": "mailers", "job_class": None}),
        (f"Worker w1: mailers: {ID}", {"event": "started", "queue": "mailers", "worker": "w1"}),
        (f"Worker w1: mailers: Job OK ({ID})", {"event": "acknowledged", "worker": "w1", "thread": "w1"}),
        (f"mailers: Job OK ({ID})", {"event": "acknowledged", "queue": "mailers"}),
        (
            f"Successfully completed job {ID} in 0:01:02.5s on worker w1",
            {"event": "succeeded", "duration": 62.5, "worker": "w1"},
        ),
        (f"Worker w1: job {ID}: exception raised while executing (shop.mail)", {"event": "failed", "will_retry": None}),
        (f"[Job {ID}]: exception raised while executing (shop.mail)", {"event": "failed", "job_class": "shop.mail"}),
        (
            f"Worker w1: job {ID} failed (Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); )",
            {"event": "failed", "error_message": "Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); "},
        ),
        (f"Worker w1: job {ID} stopped by user, moving job to FailedJobRegistry", {"event": "cancelled"}),
        (f"Worker w1: job {ID} has exceeded maximum retry attempts (3)", {"event": "retries_exhausted"}),
        (f"Job {ID}: enqueued for retry, 2 remaining", {"event": "retry_scheduled", "run_at": None}),
        (
            f"Job {ID}: scheduled for retry at 2026-03-01 22:00:15.500000+00:00, 2 remaining",
            {"event": "retry_scheduled", "run_at": datetime(2026, 3, 1, 22, 0, 15, 500000)},  # noqa: DTZ001 - as held
        ),
    ],
)
def test_a_line_tells_an_event_of_the_job_it_names(words: str, told: dict[str, Any]) -> None:
    row = {"will_retry": None} | only(line(words))
    assert (row["job_id"], row["time_of_day"], row["occurred_at_clock"]) == (ID, time(22, 0, 5), None)
    assert {name: row[name] for name in told} == told


def test_how_long_a_run_took_stands_in_a_line_without_an_id() -> None:
    row = only(COMPLETED)
    assert (row["job_id"], row["job_class"], row["duration"], row["thread"]) == (None, "shop.mail", 0.163156, "w1")


@pytest.mark.parametrize(
    ("took", "seconds"), [("0:00:01", 1), ("1 day, 0:00:02.250000", 86_402.25), ("12 days, 1:00:00", 1_040_400)]
)
def test_a_run_may_take_days(took: str, seconds: float) -> None:
    assert only(line(f"Successfully completed {CALL} job in {took}s on worker w1"))["duration"] == seconds


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-01 22:00:05,120", {"occurred_at_clock": datetime(2026, 3, 1, 22, 0, 5, 120000)}),  # noqa: DTZ001
        ("2026-03-01 22:00:05,120 INFO", {"occurred_at_clock": datetime(2026, 3, 1, 22, 0, 5, 120000)}),  # noqa: DTZ001
        ("[2026-03-01 22:00:05] rq.worker: INFO:", {"occurred_at_clock": datetime(2026, 3, 1, 22, 0, 5)}),  # noqa: DTZ001
        ("2026-03-01T22:00:05+02:00", {"occurred_at": datetime(2026, 3, 1, 20, 0, 5)}),  # noqa: DTZ001 - UTC
        ("22:00:05.250", {"time_of_day": time(22, 0, 5, 250000)}),
    ],
)
def test_a_worker_may_be_told_to_write_the_date(at: str, told: dict[str, Any]) -> None:
    row = only(STARTED.replace("22:00:05", at, 1))
    clocks = {name: row[name] for name in ("occurred_at", "occurred_at_clock", "time_of_day")}
    assert clocks == dict.fromkeys(clocks) | told


def test_an_error_comes_with_its_traceback_and_a_message_of_several_lines_stays_whole() -> None:
    row = only(f"{RAISED}{TRACEBACK}ValueError: unknown code\nsecond line\n\n")
    assert (row["error_class"], row["error_message"]) == ("ValueError", "unknown code\nsecond line")


@pytest.mark.parametrize(
    ("description", "job_class"),
    [
        ("shop.mail('x: (y)', to='Jörg (2)')", "shop.mail"),
        ("a nightly export, by hand: (all)", None),
        ("Job for (you)", None),
    ],
)
def test_a_description_may_hold_anything(description: str, job_class: str | None) -> None:
    row = only(line(f"Worker w1: mailers: {description} ({ID})"))
    assert (row["event"], row["job_id"], row["queue"], row["job_class"]) == ("started", ID, "mailers", job_class)


def test_a_job_may_have_an_id_of_the_application_s_own() -> None:
    assert only(line(f"Worker w1: mailers: {CALL} (charge-77)"))["job_id"] == "charge-77"
    assert only(line("Worker w1: job charge-77 failed (killed)"))["job_id"] == "charge-77"


def test_arguments_that_were_cut_are_left_out() -> None:
    assert only(line(f"Worker w1: mailers: shop.mail('{'x' * 74}..., 7) ({ID})"))["arguments"] is None


@pytest.mark.parametrize(
    "text",
    [
        f"StartedJobRegistry cleanup: {ID} {MOVED} at 2026-03-01 22:00:09.657179+00:00\n",
        line(f"StartedJobRegistry cleanup: Moving job {ID} to FailedJobRegistry (due to AbandonedJobError)"),
    ],
    ids=["without a time of its own", "version 1"],
)
def test_who_finds_a_job_abandoned_is_not_who_ran_it(text: str) -> None:
    row = only(text)
    assert (row["event"], row["job_id"], row["thread"]) == ("retries_exhausted", ID, None)
    assert row["error_class"] == "AbandonedJobError"


def test_the_application_s_lines_are_its_own_even_if_they_look_like_a_job_s() -> None:
    found = rows_of(SOURCE, STARTED + line("sending: a letter (to you)") + DONE)
    assert [row["event"] for row in found["job_events"]] == ["started", "acknowledged"]
    assert [(row["line_no"], row["message"]) for row in found["log_lines"]] == [(2, "sending: a letter (to you)")]


def test_a_line_about_a_job_that_tells_no_event_names_it() -> None:
    assert only(KEPT, "log_lines")["job_id"] == ID
    assert only(line(f"Work horse killed for job {ID}: retpid=95, ret_val=9"), "log_lines")["job_id"] == ID


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Worker w1: started with PID 80, version 3.0.0", {"event": "booted", "version": "3.0.0"}),
        ("Worker rq:worker:w1: started, version 1.16.2", {"event": "booted", "version": "1.16.2"}),
        ("Worker rq:worker:w1 started with PID 80, version 2.1.0", {"event": "booted", "version": "2.1.0"}),
        ("Worker w1 [PID 80]: warm shut down requested", {"event": "stopping"}),
        ("Worker w1: stopping on request", {"event": "stopping"}),
        ("Worker w1: unsubscribing from channel rq:pubsub:w1", {"event": "stopped"}),
        ("Unsubscribing from channel rq:pubsub:w1", {"event": "stopped"}),
        ("Worker w1 with pid 80 is dead", {"event": "died"}),
    ],
)
def test_a_worker_is_known_by_its_name(words: str, told: dict[str, Any]) -> None:
    row = only(line(words), "worker_events")
    assert row["worker"] == "w1"
    assert {name: row[name] for name in told} == told


@pytest.mark.parametrize("time_of_day", ["99:00:05", "22:61:05"])
def test_what_is_no_time_of_day_is_rejected_with_the_reason(time_of_day: str) -> None:
    (reject,) = rows_of(SOURCE, STARTED.replace("22:00:05", time_of_day))["rejects"]
    assert "no time of day" in reject["reason"]


@pytest.mark.parametrize(
    "text",
    [
        "22:00:05 ready: waiting for work (7)",
        "22:00:05 Worker pool ready",
        "Worker w1: mailers: Job OK (7)",
        "22:00:05 GET /jobs: 200 (ok)",
    ],
)
def test_another_program_s_line_is_not_claimed(text: str) -> None:
    assert not claimed(SOURCE, text)


@given(st.text().filter(lambda text: "\0" not in text))
def test_any_text_after_a_line_s_beginning_is_accounted_for(words: str) -> None:
    text = line("Worker w1: job " + words.replace("\r", " "))
    assert claimed(SOURCE, text.split("\n", 1)[0])
    assert sum(len(rows) for rows in rows_of(SOURCE, text).values()) >= 1


def lives(folder: Path, text: str, *, first_day: date | None) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Attempts and jobs that a log tells of, once it is loaded."""
    (folder / "worker.log").write_text(text)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    load(folder / "t.duckdb", [folder / "worker.log"], now=now, first_day=first_day)
    with open_for_writing(folder / "t.duckdb") as db:
        derive(db, datetime(2026, 3, 2))  # noqa: DTZ001 - as the tables hold it
    with open_for_reading(folder / "t.duckdb") as db:
        attempts = "select state, started_at, run, error_class from attempts order by attempt"
        return db.execute(attempts).fetchall(), db.execute("select job_id, state from jobs").fetchall()


AT, LATER = datetime(2026, 3, 1, 23, 59, 59), datetime(2026, 3, 2, 0, 0, 2)  # noqa: DTZ001 - as the tables hold it
ERROR = f"{TRACEBACK}TimeoutError: no answer\n\n"


@pytest.mark.parametrize(
    ("log", "attempts", "state"),
    [
        (STARTED + COMPLETED + DONE + KEPT, [("succeeded", 0.163156, None)], "succeeded"),
        (STARTED + DONE, [("succeeded", 0, None)], "succeeded"),
        (STARTED + RAISED + ERROR, [("failed", 0, "TimeoutError")], "unknown"),
        (
            STARTED + RAISED + ERROR + STARTED + COMPLETED + DONE,
            [("failed", 0, "TimeoutError"), ("succeeded", 0.163156, None)],
            "succeeded",
        ),
        (
            STARTED + STARTED.replace("w1", "w2") + DONE.replace("w1", "w2") + DONE,
            [("succeeded", 0, None), ("succeeded", 0, None)],
            "succeeded",
        ),
        (STARTED + line(f"Worker w1: job {ID} stopped by user, moving job"), [("cancelled", 0, None)], "discarded"),
        (STARTED, [("running", None, None)], "running"),
    ],
    ids=[
        "two lines tell of the end",
        "one line tells of the end",
        "a failure, of which nothing says whether it comes again",
        "a retry, which leaves no line of its own",
        "one job on two workers at once",
        "stopped by a person",
        "never ended",
    ],
)
def test_a_job_s_life_is_told_by_its_lines(
    log: str, attempts: list[tuple[Any, ...]], state: str, tmp_path: Path
) -> None:
    found, jobs = lives(tmp_path, log, first_day=date(2026, 3, 1))
    assert [(told, run, error) for told, _, run, error in found] == attempts
    assert jobs == [(ID, state)]


def test_a_day_that_is_stated_counts_on_over_midnight(tmp_path: Path) -> None:
    log = line(f"Worker w1: mailers: {CALL} ({ID})", "23:59:59") + RAISED.replace("22:00:05", "00:00:01") + ERROR
    log += line(f"Worker w1: mailers: {CALL} ({ID})", "00:00:02")
    attempts, _ = lives(tmp_path, log, first_day=date(2026, 3, 1))
    assert [started_at for _, started_at, *_ in attempts] == [AT, LATER]


def test_without_a_day_the_order_of_lines_tells_runs_and_no_time(tmp_path: Path) -> None:
    attempts, jobs = lives(tmp_path, STARTED + RAISED + ERROR + STARTED + COMPLETED + DONE, first_day=None)
    assert [(state, at) for state, at, *_ in attempts] == [("failed", None), ("succeeded", None)]
    assert jobs == [(ID, "succeeded")]
