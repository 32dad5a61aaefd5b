"""Celery's real-time events: what each tells, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources.celery_events import SOURCE
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

T0 = 1772402405.12
AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - naive UTC
ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1"
LOST = (
    'Traceback (most recent call last):\n  File "/app/venv/billiard/pool.py", line 1367, in mark_as_worker_lost\n'
    "    raise WorkerLostError(\nbilliard.exceptions.WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL).\n"
)


def event(kind: str, seconds: float = 0, hostname: str = "a@host-1", **fields: Any) -> str:
    told = {"hostname": hostname, "pid": 80, "timestamp": T0 + seconds, "type": kind}
    if kind.startswith("task-"):
        told["uuid"] = ID
    return json.dumps(told | fields) + "\n"


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, text)[table]
    return row


def sent(retries: int = 0, seconds: float = 0, eta: str | None = None) -> str:
    fields = {
        "name": "shop.mail",
        "args": "('a', 7)",
        "kwargs": "{}",
        "retries": retries,
        "eta": eta,
        "queue": "mailers",
    }
    return event("task-sent", seconds, "gen70@host-1", **fields)


def received(retries: int = 0, seconds: float = 0, **fields: Any) -> str:
    return event("task-received", seconds, name="shop.mail", args="('a', 7)", kwargs="{}", retries=retries, **fields)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (sent(), {"event": "enqueued", "queue": "mailers", "job_class": "shop.mail", "worker": None, "attempt": 1}),
        (
            sent(1, eta="2026-03-01T22:00:09+00:00"),
            {"event": "scheduled", "attempt": 2, "run_at": datetime(2026, 3, 1, 22, 0, 9)},  # noqa: DTZ001
        ),
        (received(), {"event": "reserved", "worker": "a@host-1", "arguments": '["a", 7]'}),
        (event("task-started"), {"event": "started", "worker": "a@host-1"}),
        (event("task-succeeded", runtime=0.25, result="'x'"), {"event": "succeeded", "duration": 0.25}),
        (
            event("task-retried", exception="KeyError('sku')", traceback=""),
            {"event": "failed", "will_retry": True, "error_class": "KeyError", "error_message": "sku"},
        ),
        (event("task-revoked", terminated=False, expired=True), {"event": "discarded"}),
        (event("task-revoked", terminated=True, signum="15"), {"event": "cancelled"}),
        (event("task-rejected"), {"event": "discarded"}),
    ],
)
def test_an_event_of_a_task_tells_its_life(text: str, told: dict[str, Any]) -> None:
    row = only(text)
    assert (row["job_id"], row["occurred_at"]) == (ID, AT)
    assert {name: row[name] for name in told} == told


@pytest.mark.parametrize(
    ("args", "kwargs", "arguments"),
    [
        ("['a', 7]", "{}", '["a", 7]'),
        ("('a',)", "{}", '["a"]'),
        ("()", "{'to': 'b'}", '{"to":"b"}'),
        ("[1]", "{'to': None}", '[1,{"to":null}]'),
        ("[1, 'cut off...", "{}", '"[1, \'cut off..."'),
        ("(<Odd>,)", "{'a': 1}", "\"(<Odd>,) {'a': 1}\""),
    ],
)
def test_arguments_are_read_as_python_writes_them(args: str, kwargs: str, arguments: str) -> None:
    assert only(event("task-sent", name="shop.mail", args=args, kwargs=kwargs))["arguments"] == arguments


def test_of_a_lost_worker_the_exception_stands_only_in_the_traceback() -> None:
    row = only(event("task-failed", exception="ExceptionWithTraceback()", traceback=LOST))
    assert (row["error_class"], row["will_retry"]) == ("WorkerLostError", False)
    assert row["error_message"] == "Worker exited prematurely: signal 9 (SIGKILL)."


def test_a_rejected_task_arrives_as_failed() -> None:
    row = only(event("task-failed", exception="reject requeue=False: bad payload", traceback=""))
    assert (row["event"], row["error_class"], row["error_message"]) == ("failed", "Reject", "bad payload")


def test_a_task_that_no_worker_knows_never_ran() -> None:
    row = only(event("task-failed", exception="NotRegistered('shop.tax')", traceback=""))
    assert (row["event"], row["error_message"]) == ("retries_exhausted", "shop.tax")


@pytest.mark.parametrize(
    ("kind", "told"), [("worker-online", "booted"), ("worker-heartbeat", "heartbeat"), ("worker-offline", "stopped")]
)
def test_a_worker_is_known_by_its_name_and_not_by_a_pid_that_containers_share(kind: str, told: str) -> None:
    row = only(event(kind, sw_ver="5.4.0", freq=2.0), "worker_events")
    assert (row["event"], row["worker"], row.get("pid")) == (told, "a@host-1", None)
    assert json.loads(row["attributes"])["pid"] == 80


def test_unknown_fields_are_kept() -> None:
    assert json.loads(only(event("task-started", clock=30, extra={"a": [1]}))["attributes"])["extra"] == {"a": [1]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (event("task-started").replace("}", ""), "cut or damaged"),
        (event("task-started", uuid=None), "uuid"),
        (event("task-started", timestamp="soon"), "timestamp"),
        (event("task-started", timestamp=1e15), "timestamp"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_the_reason(text: str, why: str) -> None:
    (reject,) = rows_of(SOURCE, text)["rejects"]
    assert why in reject["reason"]


def test_other_json_is_not_claimed() -> None:
    assert not claimed(SOURCE, '{"type": "task-created", "hostname": "a", "timestamp": 1}')


def _derived(tmp_path: Path, files: dict[str, str], query: str) -> list[tuple[Any, ...]]:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    database = tmp_path / "x.duckdb"
    load_all(database, *(tmp_path / name for name in files), final=True)
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        return db.execute(query).fetchall()


RUNS = "select attempt, state, will_retry, round(run, 3) from attempts order by attempt"


def test_a_retry_that_begins_before_its_cause_is_told_to_have_ended_is_another_run(tmp_path: Path) -> None:
    text = sent() + received() + event("task-started", 0.01) + sent(1, 0.05) + received(1, 0.051)
    text += event("task-started", 0.055) + event("task-retried", 0.057, exception="OSError('x')")
    text += event("task-succeeded", 0.155, runtime=0.1)
    assert _derived(tmp_path, {"events.jsonl": text}, RUNS) == [
        (1, "failed", True, 0.045),  # until the next one began
        (2, "succeeded", None, 0.1),
    ]


def test_a_run_whose_worker_was_killed_stays_open_when_the_message_is_delivered_again(tmp_path: Path) -> None:
    text = sent() + received() + event("task-started", 0.01)
    text += received(0, 60) + event("task-started", 60.01) + event("task-retried", 60.05, exception="OSError('x')")
    found = _derived(tmp_path, {"events.jsonl": text}, RUNS)
    assert [row[1] for row in found] == ["running", "failed"]


def test_one_execution_that_log_and_events_tell_of_is_one(tmp_path: Path) -> None:
    events = sent() + received() + event("task-started", 0.01) + event("task-failed", 3.2, exception="OSError('x')")
    at = "[2026-03-01 22:00:08,320: ERROR/ForkPoolWorker-1]"
    log = f"{at} Task shop.mail[{ID}] raised unexpected: OSError('x')\n"
    query = "select started_at, state, thread, worker_key from attempts"
    found = _derived(tmp_path, {"events.jsonl": events, "worker.log": log}, query)
    assert found == [(AT.replace(microsecond=130000), "failed", "ForkPoolWorker-1", "a@host-1")]


def test_a_task_that_runs_on_two_workers_at_once_has_two_runs(tmp_path: Path) -> None:
    text = sent() + received() + event("task-started", 1) + event("task-started", 2, "b@host-2")
    text += event("task-succeeded", 5, runtime=4.0) + event("task-succeeded", 6, "b@host-2", runtime=4.0)
    query = "select worker_key, state, round(run) from attempts order by started_at"
    assert _derived(tmp_path, {"events.jsonl": text}, query) == [
        ("a@host-1", "succeeded", 4.0),
        ("b@host-2", "succeeded", 4.0),
    ]
