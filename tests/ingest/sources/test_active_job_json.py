"""Active Job's events as JSON: Rails' structured events, the notifications gems log, text inside JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from ingest.active_job_arguments import plain_arguments
from ingest.sources import active_job_json, sidekiq_json
from ingest.sources.source import Parsed
from tests.ingest.scratch import SCRATCH

ID, JID = "bc0cf3c5-aebe-4236-8ddd-42130f4661ab", "0123456789abcdef01234567"
NANOSECONDS = 1772402405120345678
AT = datetime(2026, 3, 1, 22, 0, 5, 120346)  # noqa: DTZ001 - naive UTC, as the tables have it
JOB = {"job_class": "PayJob", "job_id": ID}


def parsed(*lines: Any) -> Parsed:
    """What the format makes of these lines, given as text or as values."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    frame = pl.DataFrame({"line_no": list(range(1, len(texts) + 1)), "text": texts})
    assert frame.select(active_job_json.SOURCE.claims(pl.col("text")).all()).item()
    return active_job_json.SOURCE.parse(frame, SCRATCH)


def event(line: Any) -> dict[str, Any]:
    """The one event of a line, without what it does not say."""
    (found,) = parsed(line).rows["job_events"].to_dicts()
    return {name: value for name, value in found.items() if value is not None}


def structured(name: str, **payload: Any) -> dict[str, Any]:
    """An event as Rails reports it."""
    envelope = {"tags": {}, "context": {"request_id": "r1"}, "timestamp": NANOSECONDS}
    return {"name": f"active_job.{name}", "payload": JOB | payload, **envelope}


STRUCTURED = [
    ("enqueued", structured("enqueued", queue="pay", adapter="Async", aborted=None)),
    ("scheduled", structured("enqueued_at", queue="pay", scheduled_at="2026-03-01T23:00:00Z")),
    ("enqueue_failed", structured("enqueued", queue="pay", exception_class="Boom", exception_message="x")),
    ("cancelled", structured("enqueued", queue="pay", aborted=True)),
    ("started", structured("started", queue="pay", enqueued_at="2026-03-01T22:00:04.384077548Z")),
    ("succeeded", structured("completed", queue="pay", duration=44.5, aborted=None)),
    (
        "failed",
        structured("completed", queue="pay", duration=44.5, exception_class="Boom", exception_backtrace=["a", "b"]),
    ),
    ("interrupted", structured("completed", duration=44.5, exception_class="Sidekiq::Shutdown")),
    ("cancelled", structured("completed", duration=0.4, aborted=True)),
    ("retry_scheduled", structured("retry_scheduled", executions=2, wait_seconds=3, exception_class="Boom")),
    ("retries_exhausted", structured("retry_stopped", executions=5, exception_class="Boom")),
    ("discarded", structured("discarded", exception_class="Boom", exception_message="x")),
    ("interrupted", structured("interrupt", description="at 'load'", reason="stopping")),
]


@pytest.mark.parametrize(("name", "line"), STRUCTURED)
def test_each_structured_event_is_its_event(name: str, line: dict[str, Any]) -> None:
    found = event(line)
    assert (found["event"], found["job_id"], found["job_class"], found["occurred_at"]) == (name, ID, "PayJob", AT)


def test_a_structured_event_keeps_what_no_column_takes() -> None:
    found = event(structured("completed", queue="pay", adapter="SolidQueue", duration=44.5, db_runtime=3))
    kept = json.loads(found["attributes"])
    assert (kept["adapter"], kept["context"]) == ("SolidQueue", {"request_id": "r1"})
    assert kept["payload"] == {"duration": 44.5, "db_runtime": 3}
    assert (found["duration"], found["queue"]) == (0.0445, "pay")


def test_a_retry_is_due_so_many_seconds_after_its_event() -> None:
    found = event(STRUCTURED[9][1])
    assert (found["attempt"], found["run_at"] - found["occurred_at"]) == (2, pl.select(pl.duration(seconds=3)).item())


@pytest.mark.parametrize("name", ["resume", "step", "step_started", "step_skipped", "bulk_enqueued"])
def test_an_event_that_is_no_turn_in_a_jobs_life_is_kept_as_a_line(name: str) -> None:
    (found,) = parsed(structured(name, step="load")).rows["log_lines"].to_dicts()
    assert (found["message"], found["job_id"]) == (f"active_job.{name}", ID)


MOMENTS = [NANOSECONDS, 1772402405120346, 1772402405120, 1772402405.12, "2026-03-01T22:00:05.120346Z",
           "2026-03-01T23:00:05.120+01:00", "2026-03-01 22:00:05.12 UTC"]  # fmt: skip


@pytest.mark.parametrize("told", MOMENTS)
def test_a_time_in_any_unit_is_the_same_moment(told: Any) -> None:
    found = event(structured("started") | {"timestamp": told})["occurred_at"]
    assert abs((found - AT).total_seconds()) < 0.001


def test_a_time_without_a_zone_is_a_wall_clocks() -> None:
    found = event(structured("started") | {"timestamp": "2026-03-01T22:00:05.5"})
    assert found["occurred_at_clock"] == datetime(2026, 3, 1, 22, 0, 5, 500000)  # noqa: DTZ001
    assert "occurred_at" not in found


def test_semantic_loggers_payload_and_exception_are_read() -> None:
    line = {
        "host": "web-1", "application": "shop", "environment": "production", "timestamp": "2026-03-01T22:00:05.120346Z",
        "level": "error", "pid": 80, "thread": "w1", "name": "ActiveJob::Base", "message": "Error performing PayJob",
        "payload": JOB | {
            "event_name": "perform.active_job", "adapter": "Sidekiq", "queue": "pay", "provider_job_id": JID,
            "duration": 44.5, "arguments": "[\n  7\n]",
        },
        "exception": {"name": "Boom", "message": "x", "stack_trace": ["a.rb:1", "b.rb:2"]},
    }  # fmt: skip
    found = event(line)
    assert (found["event"], found["provider_job_id"], found["duration"]) == ("failed", JID, 0.0445)
    assert (found["error_class"], found["backtrace"], found["arguments"]) == ("Boom", "a.rb:1\nb.rb:2", "[7]")
    assert (found["host"], found["pid"], found["thread"], found["service"]) == ("web-1", 80, "w1", "shop")


def test_lograges_events_and_statuses_are_read() -> None:
    by_name = JOB | {
        "event_name": "perform.active_job",
        "adapter_class": "SidekiqAdapter",
        "queue_name": "pay",
        "duration": 4.5,
    }
    found = event(by_name | {"args": [{"_aj_globalid": "gid://shop/User/1"}]})
    assert (found["event"], found["queue"], found["arguments"]) == ("succeeded", "pay", '["gid://shop/User/1"]')
    for status, more, name in (
        ("enqueued", {}, "enqueued"),
        ("enqueued", {"scheduled_at": "2026-03-01T23:00:00Z"}, "scheduled"),
        ("performing", {}, "started"),
        ("performed", {"duration": 4.5}, "succeeded"),
        ("failed", {"duration": 4.5}, "failed"),
        ("aborted", {"duration": 4.5}, "cancelled"),
        ("failed", {"retry_in": 3}, "retry_scheduled"),
    ):
        line = JOB | {"adapter": "Async", "queue_name": "pay", "args": "7, a", "status": status} | more
        assert event(line)["event"] == name


def test_a_status_that_may_mean_two_things_is_kept_as_a_line() -> None:
    line = JOB | {"adapter": "Async", "queue_name": "pay", "args": "", "status": "failed"}
    assert parsed(line).rows.keys() == {"log_lines"}


@pytest.mark.parametrize(
    "line",
    [
        {"time": "2026-03-01T22:00:05.120346Z", "message": f"[ActiveJob] Enqueued PayJob (Job ID: {ID}) to Async(pay)"},
        {
            "ts": "2026-03-01T22:00:05.120346Z",
            "tags": ["r1", "ActiveJob"],
            "msg": f"Enqueued PayJob (Job ID: {ID}) to Async(pay)",
        },
    ],
    ids=["tags in the text", "tags beside it"],
)
def test_active_jobs_words_inside_json_are_read(line: dict[str, Any]) -> None:
    found = event(line)
    assert (found["event"], found["job_id"], found["queue"], found["occurred_at"]) == ("enqueued", ID, "pay", AT)


def test_a_cut_line_is_rejected_with_its_reason() -> None:
    result = parsed('{"name":"active_job.started","payload":{"job_cl')
    assert result.rejects is not None
    assert "cut or damaged" in result.rejects["reason"][0]


def test_other_systems_lines_are_not_claimed() -> None:
    of_sidekiq = {"ts": "2026-03-01T22:00:05.120Z", "pid": 1, "tid": "a", "lvl": "INFO"}
    of_sidekiq |= {"msg": f"[ActiveJob] [PayJob] [{ID}] Performed PayJob (Job ID: {ID}) from Sidekiq(pay) in 4.5ms"}
    text = json.dumps(of_sidekiq, separators=(",", ":"))
    assert pl.select(sidekiq_json.SOURCE.claims(pl.lit(text))).item()
    for line in (text, '{"message":"ActiveJob is fine"}', '{"name":"web.request","payload":{}}', "{}"):
        assert not pl.select(active_job_json.SOURCE.claims(pl.lit(line))).item()


STORED = [
    ([1, {"a": 2, "_aj_symbol_keys": ["a"]}], [1, {"a": 2}]),
    ([{"_aj_globalid": "gid://shop/User/1"}], ["gid://shop/User/1"]),
    ([{"_aj_serialized": "ActiveJob::Serializers::SymbolSerializer", "value": "now"}], ["now"]),
    ([{"b": [{"c": 1, "_aj_ruby2_keywords": ["c"]}]}], [{"b": [{"c": 1}]}]),
    ("text", "text"),
]


@pytest.mark.parametrize(("stored", "plain"), STORED)
def test_stored_arguments_are_told_as_the_job_gets_them(stored: Any, plain: Any) -> None:
    assert plain_arguments(stored) == plain
