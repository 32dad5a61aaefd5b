"""Celery's log as JSON: what each line tells, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from ingest.sources.celery_json import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as written
ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1"
TASK = f"shop.mail[{ID}]"


def plain(message: str, logger: str = "celery.app.trace", **fields: Any) -> str:
    """A line of python-json-logger."""
    head = {
        "asctime": "2026-03-01 22:00:05,120",
        "levelname": "INFO",
        "name": logger,
        "processName": "ForkPoolWorker-3",
    }
    return json.dumps(head | {"process": 84, "message": message} | fields) + "\n"


def structured(event: str, logger: str = "celery.app.trace", **fields: Any) -> str:
    """A line of structlog."""
    head = {"event": event, "logger": logger, "level": "warning", "timestamp": "2026-03-01T23:00:05.120000+01:00"}
    return json.dumps(head | fields) + "\n"


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, text)[table]
    return row


def test_the_words_of_celery_tell_the_same_as_in_text() -> None:
    data = {"id": ID, "name": "shop.mail", "args": "['a']", "kwargs": "{'to': 7}", "return_value": "None"}
    row = only(plain(f"Task {TASK} succeeded in 0.15s: None", data=data))
    assert (row["event"], row["job_id"], row["duration"], row["thread"]) == ("succeeded", ID, 0.15, "ForkPoolWorker-3")
    assert row["arguments"] == '["a",{"to":7}]'
    assert json.loads(row["attributes"])["data"] == {"return_value": "None"}


def test_a_child_process_is_no_worker_of_its_own() -> None:
    row = only(plain(f"Task {TASK} ignored"))
    assert row.get("pid") is None
    assert json.loads(row["attributes"])["process"] == 84


def test_asctime_names_no_zone_and_structlogs_time_does() -> None:
    assert (only(plain(f"Task {TASK} received"))["occurred_at_clock"]) == AT
    row = only(structured(f"Task {TASK} received"))
    assert (row["occurred_at"], row["occurred_at_clock"]) == (AT, None)


def test_a_received_task_tells_when_it_is_due() -> None:
    data = {"id": ID, "name": "shop.mail", "args": "()", "kwargs": "{}", "eta": "2026-03-01T23:10:00+01:00"}
    assert only(plain(f"Task {TASK} received", data=data))["run_at"] == datetime(2026, 3, 1, 22, 10)  # noqa: DTZ001


@pytest.mark.parametrize("where", [{"exc_info": "T"}, {"exception": "T"}, {"data": {"id": ID, "traceback": "T"}}])
def test_a_traceback_stands_in_one_of_several_fields(where: dict[str, Any]) -> None:
    traceback = "Traceback (most recent call last):\n  File \"/app/shop.py\", line 23, in mail\nKeyError: 'sku'"
    fields = json.loads(json.dumps(where).replace('"T"', json.dumps(traceback)))
    row = only(plain(f"Task {TASK} raised unexpected: KeyError('sku')", **fields))
    assert (row["error_class"], row["error_message"], row["backtrace"]) == ("KeyError", "sku", traceback)


def test_what_a_task_says_is_a_line_even_if_it_says_what_celery_would() -> None:
    row = only(
        structured(f"Task {TASK} ignored", "shop.tasks", task_id="other", task_name="shop.x", user=7), "log_lines"
    )
    assert (row["job_id"], row["job_class"], row["level"]) == ("other", "shop.x", "warn")
    assert json.loads(row["attributes"])["user"] == 7


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (plain("x")[:-3], "cut or damaged"),
        (plain("x", asctime=None), "no time"),
        (plain("x", asctime="2999-03-01 22:00:05,120"), "no time"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_the_reason(text: str, why: str) -> None:
    (reject,) = rows_of(SOURCE, text)["rejects"]
    assert why in reject["reason"]


def test_json_of_other_loggers_is_not_claimed() -> None:
    assert not claimed(SOURCE, plain("x", "django.request"))
    assert claimed(SOURCE, plain("x", "shop.tasks", task_id="1", task_name="a"))
