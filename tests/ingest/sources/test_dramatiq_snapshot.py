"""Dramatiq's Redis keys: where each message is held, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from ingest.sources.dramatiq_snapshot import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

WORKER = "8c1e77d0-0f2b-4f0e-9f63-2f5f8a1b7c01"
SENT = 1772402400500
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\nTimeoutError: no answer\n'


def message(**options: Any) -> str:
    body = {"queue_name": "mailers", "actor_name": "mail", "args": ["a"], "kwargs": {}}
    told = {"message_id": "m-1", "message_timestamp": SENT, "options": {"redis_message_id": "r-1"} | options}
    return json.dumps(body | told)


def key(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"key": f"dramatiq:{name}", "type": kind, kind: value}


def document(*keys: dict[str, Any]) -> str:
    beats = key("__heartbeats__", "zset", [[WORKER, 1772402404950.0]])
    return json.dumps({"captured_at": 1772402405.1, "keys": [beats, *keys]})


def held(place: str, *keys: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The job that is held by these keys; its body stands in the place's own hash."""
    (row,) = rows_of(SOURCE, document(*keys, key(f"{place}.msgs", "hash", {"r-1": message(**options)})))[
        "snapshot_jobs"
    ]
    return row


def utc(*parts: int) -> datetime:
    return datetime(2026, 3, 1, *parts)  # noqa: DTZ001 - as the tables hold it


def test_a_waiting_message_is_queued_since_it_was_sent() -> None:
    row = held("mailers", key("mailers", "list", ["r-1"]))
    assert (row["held_in"], row["job_id"], row["provider_job_id"], row["queue"]) == ("queued", "m-1", "r-1", "mailers")
    assert (row["enqueued_at"], row["attempt"], row["arguments"]) == (utc(22, 0, 0, 500000), 0, '["a"]')


def test_what_a_worker_holds_may_run_or_wait_in_its_memory_and_is_reserved() -> None:
    row = held("mailers", key(f"__acks__.{WORKER}.mailers", "set", ["r-1"]))
    assert (row["held_in"], row["worker"], row["attempt"]) == ("reserved", WORKER, None)


@pytest.mark.parametrize(
    "holder", [key("mailers.DQ", "list", ["r-1"]), key(f"__acks__.{WORKER}.mailers.DQ", "set", ["r-1"])]
)
def test_a_delayed_message_is_scheduled_and_after_a_failure_it_is_a_retry(holder: dict[str, Any]) -> None:
    first = held("mailers.DQ", holder, eta=SENT + 60000)
    again = held("mailers.DQ", holder, eta=SENT + 60000, retries=2, traceback=TRACEBACK, requeue_timestamp=SENT + 500)
    assert (first["held_in"], first["run_at"], first["queue"]) == ("scheduled", utc(22, 1, 0, 500000), "mailers")
    assert (again["held_in"], again["attempt"], again["failed_at"]) == ("retry", 2, utc(22, 0, 1))
    assert (again["error_class"], again["error_message"]) == ("TimeoutError", "no answer")


def test_a_dead_message_has_run_once_more_than_its_body_says() -> None:
    row = held("mailers.XQ", key("mailers.XQ", "zset", [["r-1", SENT + 1000.0]]), retries=3)
    assert (row["held_in"], row["attempt"], row["died_at"]) == ("dead", 4, utc(22, 0, 1, 500000))


def test_the_age_of_a_retried_message_is_not_how_long_it_waits() -> None:
    assert held("mailers", key("mailers", "list", ["r-1"]), retries=1)["enqueued_at"] is None


def test_an_id_without_its_body_is_rejected_and_the_others_are_read() -> None:
    keys = [key("mailers", "list", ["r-0", "r-1"]), key("mailers.msgs", "hash", {"r-1": message()})]
    found = rows_of(SOURCE, document(*keys))
    assert [row["job_id"] for row in found["snapshot_jobs"]] == ["m-1"]
    assert ['"r-0"' in row["reason"] for row in found["rejects"]] == [True]


def test_a_body_that_no_list_names_is_kept_with_the_snapshot() -> None:
    (row,) = rows_of(SOURCE, document(key("mailers.msgs", "hash", {"r-1": message()})))["snapshots"]
    assert "m-1" in row["attributes"]


def test_an_empty_queue_is_a_queue_still_and_a_list_that_was_cut_tells_its_length() -> None:
    waiting = key("mailers", "list", ["r-1"]) | {"llen": 4000}
    keys = [waiting, key("mailers.msgs", "hash", {"r-1": message()}), key("reports.msgs", "hash", {})]
    found = rows_of(SOURCE, document(*keys))["snapshot_queues"]
    assert [(row["queue"], row["depth"]) for row in found] == [("mailers", 4000), ("reports", 0)]


def test_a_namespace_of_one_s_own_is_recognised_by_its_heartbeats() -> None:
    text = document(key("mailers", "list", ["r-1"]), key("mailers.msgs", "hash", {"r-1": message()}))
    text = text.replace("dramatiq:", "shop:jobs:")
    assert claimed(SOURCE, text)
    assert [row["queue"] for row in rows_of(SOURCE, text)["snapshot_jobs"]] == ["mailers"]


def test_keys_of_other_things_are_kept() -> None:
    (row,) = rows_of(SOURCE, document({"key": "cache:7", "type": "string", "value": "x"}))["snapshots"]
    assert json.loads(row["attributes"]) == {"keys": [{"key": "cache:7", "type": "string", "value": "x"}]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"captured_at": 1772402405', "no valid JSON"),
        (document().replace("captured_at", "noted_at"), "captured_at"),
        ('{"captured_at": 1772402405, "keys": 7}', "no array"),
    ],
)
def test_a_snapshot_that_cannot_be_read_is_rejected_with_the_reason(text: str, why: str) -> None:
    (reject,) = rows_of(SOURCE, text)["rejects"]
    assert why in reject["reason"]


def test_a_sidekiq_snapshot_is_not_claimed() -> None:
    assert not claimed(SOURCE, '{"captured_at": "2026-03-01T22:00:05Z", "keys": {"queues": {"type": "set"}}}')
