"""Celery at one moment: what each part tells, and each trap by its name."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest

from ingest.sources.celery_snapshot import SOURCE
from tests.ingest.sources.reading import rows_of

WORKER = "a@host-1"


def message(job_id: str = "1", **headers: Any) -> str:
    body = base64.b64encode(json.dumps([["a", 7], {}, {"chain": None}]).encode()).decode()
    told = {"task": "shop.mail", "id": job_id, "retries": 0, "eta": None, "argsrepr": "('a', 7)", "kwargsrepr": "{}"}
    return json.dumps({"body": body, "headers": told | headers, "properties": {"body_encoding": "base64"}})


def unacked(message: str, queue: str = "mailers") -> str:
    return json.dumps([json.loads(message), "", queue])


def task(job_id: str, **fields: Any) -> dict[str, Any]:
    delivery = {"routing_key": "mailers", "redelivered": False}
    return {"id": job_id, "name": "shop.mail", "args": ["a", 7], "kwargs": {}, "delivery_info": delivery} | fields


def look(
    broker: dict[str, Any] | None = None, results: dict[str, Any] | None = None, **inspect: Any
) -> dict[str, list[dict[str, Any]]]:
    document = {"captured_at": "2026-03-01T22:00:05.1Z", "system": "celery", "broker": broker or {}, "inspect": inspect}
    return rows_of(SOURCE, json.dumps(document | {"results": results or {}}))


def test_the_last_message_of_a_list_is_the_next_to_run() -> None:
    found = look({"queues": {"mailers": [message("2"), message("1")]}})
    assert [(row["job_id"], row["position"], row["held_in"]) for row in found["snapshot_jobs"]] == [
        ("1", 0, "queued"),
        ("2", 1, "queued"),
    ]
    assert found["snapshot_jobs"][0]["arguments"] == '["a",7]'
    assert found["snapshot_queues"] == [{"snapshot_id": found["snapshots"][0]["snapshot_id"], "queue": "mailers",
                                         "depth": 2, "oldest_at": None, "paused": None}]  # fmt: skip


def test_a_priority_has_a_list_of_its_own_that_is_the_same_queue() -> None:
    found = look({"queues": {"mailers": [message("1")], "mailers\x06\x163": [message("2")]}})
    assert [(row["queue"], row["depth"]) for row in found["snapshot_queues"]] == [("mailers", 2)]


@pytest.mark.parametrize(("retries", "held_in"), [(0, "scheduled"), (2, "retry")])
def test_a_message_with_an_eta_waits_for_it_or_for_its_retry(retries: int, held_in: str) -> None:
    text = message(retries=retries, eta="2026-03-01T23:10:00+01:00")
    (row,) = look({"unacked": {"t": unacked(text)}, "unacked_index": [["t", 1772402404.9]]})["snapshot_jobs"]
    assert (row["held_in"], row["run_at"]) == (held_in, datetime(2026, 3, 1, 22, 10))  # noqa: DTZ001
    assert json.loads(row["attributes"])["delivered_at"] == "2026-03-01T22:00:04.900000"


def test_what_a_worker_says_of_a_task_counts_before_the_brokers_unacked() -> None:
    broker = {"unacked": {"t1": unacked(message("1")), "t2": unacked(message("2"))}}
    found = look(broker, active={WORKER: [task("1", time_start=1772402401.5, worker_pid=84)]})
    assert [(row["job_id"], row["held_in"], row["worker"]) for row in found["snapshot_jobs"]] == [
        ("1", "running", WORKER),
        ("2", "reserved", None),
    ]
    assert found["snapshot_jobs"][0]["started_at"] == datetime(2026, 3, 1, 22, 0, 1, 500000)  # noqa: DTZ001
    assert found["snapshot_jobs"][0]["pid"] is None


def test_a_start_by_a_clock_that_begins_with_the_machine_is_none() -> None:
    (row,) = look(active={WORKER: [task("1", time_start=264.5)]})["snapshot_jobs"]
    assert row["started_at"] is None


def test_a_task_delivered_again_to_the_worker_that_has_it_is_scheduled_once() -> None:
    entry = {"eta": "2026-03-01T22:10:00+00:00", "request": task("1")}
    assert len(look(scheduled={WORKER: [entry, entry]})["snapshot_jobs"]) == 1


def test_every_worker_that_answered_lives() -> None:
    stats = {WORKER: {"pid": 80, "pool": {"max-concurrency": 4}}}
    found = look(stats=stats, active={WORKER: [], "b@host-2": []}, active_queues={WORKER: [{"name": "mailers"}]})
    rows = [(row["worker"], row["concurrency"], row["queues"]) for row in found["snapshot_processes"]]
    assert rows == [(WORKER, 4, ["mailers"]), ("b@host-2", None, None)]
    assert [(row["queue"], row["depth"]) for row in found["snapshot_queues"]] == [("mailers", 0)]


def test_without_the_workers_answers_nothing_is_read_for_they_would_all_look_dead() -> None:
    (reject,) = rows_of(SOURCE, '{"captured_at": "2026-03-01T22:00:05Z", "system": "celery", "broker": {}}')["rejects"]
    assert "which workers live" in reject["reason"]


@pytest.mark.parametrize("status", ["STARTED", "SUCCESS", "REVOKED", "PENDING"])
def test_a_result_that_is_no_failure_says_nothing_of_what_waits(status: str) -> None:
    assert "snapshot_jobs" not in look(results={"celery-task-meta-1": json.dumps({"status": status, "task_id": "1"})})


def test_a_failure_in_the_result_backend_is_final_and_its_message_is_a_list() -> None:
    told = {
        "status": "FAILURE",
        "result": {"exc_type": "KeyError", "exc_message": ["sku"]},
        "date_done": "2026-03-01T21:59",
    }
    (row,) = look(results={"celery-task-meta-1": json.dumps(told)})["snapshot_jobs"]
    assert (row["held_in"], row["job_id"], row["error_class"], row["error_message"]) == ("dead", "1", "KeyError", "sku")


def test_a_message_of_the_first_protocol_has_everything_in_its_body() -> None:
    body = {"id": "1", "task": "shop.mail", "args": ["a"], "kwargs": {"to": 7}, "retries": 0, "eta": None}
    text = json.dumps({"body": base64.b64encode(json.dumps(body).encode()).decode(), "headers": {}})
    (row,) = look({"queues": {"mailers": [text]}})["snapshot_jobs"]
    assert (row["job_id"], row["job_class"], row["arguments"]) == ("1", "shop.mail", '["a",{"to":7}]')


def test_a_body_that_is_no_json_leaves_the_arguments_to_the_headers() -> None:
    text = json.dumps({"body": "gAR9lC4=", "headers": json.loads(message())["headers"]})
    assert look({"queues": {"mailers": [text]}})["snapshot_jobs"][0]["arguments"] == '["a",7]'


@pytest.mark.parametrize("broken", ["{", "7", '{"headers": {}}'])
def test_a_message_that_cannot_be_read_is_rejected_and_the_others_are_read(broken: str) -> None:
    found = look({"queues": {"mailers": [broken, message()]}})
    assert (len(found["snapshot_jobs"]), len(found["rejects"])) == (1, 1)
