"""BullMQ's workers as pino logs them: what a line tells, and each trap by its name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest.sources.bullmq_log import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

OF_JOB = {"queue": "q", "jobId": "7", "job": "mail", "attemptsMade": 1}


def line(msg: str | None = None, **more: object) -> str:
    head = {"level": 30, "time": 1772402405133, "pid": 80, "hostname": "worker-1", "name": "shop"}
    return json.dumps(head | more | ({} if msg is None else {"msg": msg}))


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, f"{text}\n")[table]
    return row


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (line("job active", **OF_JOB), "started"),
        (line("job completed", **OF_JOB), "succeeded"),
        (line("Job 7 has completed!", **OF_JOB), "succeeded"),
        (line("Job 7 has failed with no stock", **OF_JOB), "failed"),
        (line("job failed: no stock", **OF_JOB), "failed"),
        (line("completed", **OF_JOB), "succeeded"),
        (line("whatever it says", event="active", **OF_JOB), "started"),
        (line(event="job.completed", **OF_JOB), "succeeded"),
        (line("job stalled", **OF_JOB), "requeued"),
        (line("job progress", **OF_JOB), "heartbeat"),
        (line("job added", **OF_JOB), "enqueued"),
    ],
)
def test_the_words_or_an_event_tell_what_happened_to_the_job(text: str, event: str) -> None:
    row = only(text)
    assert (row["event"], row["job_id"], row["job_class"], row["queue"]) == (event, "q:7", "mail", "q")


@pytest.mark.parametrize("msg", ["syncing 12 items", "processing order 7", "job description loaded", "failed to warm"])
def test_other_words_about_a_job_are_a_line_of_it(msg: str) -> None:
    row = only(line(msg, **OF_JOB), "log_lines")
    assert (row["message"], row["job_id"], row["system"]) == (msg, "q:7", "bullmq")


def test_a_line_about_no_job_is_kept_and_of_no_system() -> None:
    row = only(line("cache warmed", level=40), "log_lines")
    assert (row["level"], row["system"], row["job_id"], row["host"], row["pid"]) == ("warn", None, None, "worker-1", 80)


def test_attempts_made_count_those_that_ended_so_that_a_start_is_of_the_next() -> None:
    assert only(line("job active", **(OF_JOB | {"attemptsMade": 0})))["attempt"] == 1
    assert only(line("job completed", **OF_JOB))["attempt"] == 1
    assert only(line("job active", **OF_JOB))["attempt"] == 2


def test_who_logs_that_a_job_stalled_is_not_who_ran_it() -> None:
    row = only(line("job stalled", queue="q", jobId="7", prev="active"))
    assert (row["pid"], row["host"], row["event"]) == (None, None, "requeued")
    assert json.loads(row["attributes"]) == {"pid": 80, "hostname": "worker-1", "name": "shop", "prev": "active"}


def test_an_error_is_told_with_class_message_and_stack_and_the_rest_of_it_is_kept() -> None:
    err = {"type": "TypeError", "message": "no room", "stack": "TypeError: no room\n    at f", "code": "E1"}
    row = only(line("job failed", err=err, **OF_JOB))
    assert (row["error_class"], row["error_message"], row["backtrace"]) == ("TypeError", "no room", err["stack"])
    assert json.loads(row["attributes"])["err"] == {"code": "E1"}


@pytest.mark.parametrize(
    ("more", "will_retry"),
    [
        ({}, None),
        ({"err": {"type": "UnrecoverableError", "message": "m"}}, False),
        ({"maxAttempts": 3}, True),
        ({"maxAttempts": 1}, False),
        ({"attempts": 0}, False),
        ({"failedReason": "job stalled more than allowable limit"}, False),
    ],
)
def test_whether_a_failure_is_retried_is_told_where_anything_tells(more: dict[str, Any], will_retry: object) -> None:
    assert only(line("job failed", **OF_JOB, **more))["will_retry"] is will_retry


def test_a_job_that_is_logged_as_it_is_tells_the_same_and_its_arguments() -> None:
    job = {"id": 7, "name": "mail", "queueName": "q", "attemptsMade": 1, "data": {"to": 7}, "opts": {"attempts": 3}}
    row = only(line("job failed", job=job))
    assert (row["job_id"], row["job_class"], row["attempt"], row["max_attempts"]) == ("q:7", "mail", 1, 3)
    assert (row["arguments"], row["will_retry"]) == ('{"to":7}', True)


def test_durations_are_told_in_milliseconds() -> None:
    assert only(line("job completed", durationMs=86, **OF_JOB))["duration"] == 0.086


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (1772402405133, "2026-03-01T22:00:05.133000"),
        ("2026-03-01T22:00:05.133Z", "2026-03-01T22:00:05.133000"),
        ("2026-03-01T23:00:05.133+01:00", "2026-03-01T22:00:05.133000"),
    ],
)
def test_times_are_milliseconds_or_iso(time: object, told: str) -> None:
    assert only(line("job active", time=time, **OF_JOB))["occurred_at"].isoformat() == told


@pytest.mark.parametrize(
    ("msg", "event"),
    [("worker ready", "booted"), ("worker closing", "stopping"), ("Worker has been closed", "stopped")],
)
def test_a_worker_that_comes_and_goes_is_told(msg: str, event: str) -> None:
    row = only(line(msg, queue="q"), "worker_events")
    assert (row["event"], row["queues"], row["pid"], row["host"]) == (event, ["q"], 80, "worker-1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line("job active")[:-3], "no valid JSON: the line is cut or damaged"),
        (line("job active", time="2026-13-01"), '"time" is missing or no time of the years 1970 to 2259'),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason(text: str, reason: str) -> None:
    (reject,) = rows_of(SOURCE, text + "\n")["rejects"]
    assert reject["reason"] == reason


WINSTON = '{"jobId":"7","level":"error","message":"job failed","queue":"q","timestamp":"AT","attemptsMade":2}'


def test_winston_names_time_and_words_otherwise() -> None:
    row = only(WINSTON.replace("AT", "2026-03-01T22:00:05.201Z"))
    assert (row["event"], row["job_id"], row["attempt"], row["message"]) == ("failed", "q:7", 2, "job failed")
    assert (row["occurred_at"].isoformat(), row["attributes"]) == ("2026-03-01T22:00:05.201000", None)


def test_a_time_without_a_zone_is_what_the_clock_showed() -> None:
    row = only(WINSTON.replace("AT", "2026-03-01 22:00:05"))
    assert (row["occurred_at"], row["occurred_at_clock"].isoformat()) == (None, "2026-03-01T22:00:05")


def test_only_lines_of_these_loggers_are_claimed() -> None:
    assert claimed(SOURCE, line("job active"))
    assert not claimed(SOURCE, '{"level":"info","message":"x","timestamp":"2026-03-01T22:00:05Z","queue":"q"}')
    assert claimed(SOURCE, line("job active", level="info", time="2026-03-01T22:00:05.133Z"))
    assert not claimed(SOURCE, '{"level":30,"time":1772402405133,"msg":"no process"}')
    assert not claimed(SOURCE, '{"ts":"2026-03-01T22:00:05Z","pid":1,"tid":"g","lvl":"INFO","msg":"done"}')
