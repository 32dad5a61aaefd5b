"""The log of Celery's scheduler: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from ingest.sources.celery_beat import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as written


def line(words: str, level: str = "INFO", process: str = "MainProcess") -> str:
    return f"[2026-03-01 22:00:05,120: {level}/{process}] {words}\n"


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, text)[table]
    return row


@pytest.mark.parametrize("scheduler", ["Scheduler", "DatabaseScheduler"])
@pytest.mark.parametrize("process", ["MainProcess", "Beat"])
def test_a_due_task_is_named_by_class_and_schedule_only(scheduler: str, process: str) -> None:
    row = only(line(f"{scheduler}: Sending due task sync all (shop.sync)", process=process))
    assert (row["event"], row["job_id"], row["job_class"], row["occurred_at_clock"]) == (
        "enqueued",
        None,
        "shop.sync",
        AT,
    )
    assert row["attributes"] == '{"schedule":"sync all"}'


def test_the_line_after_it_has_the_id_at_the_level_of_debugging() -> None:
    row = only(line("shop.sync sent. id->6f1e0c4a", "DEBUG"))
    assert (row["event"], row["job_id"], row["job_class"]) == ("enqueued", "6f1e0c4a", "shop.sync")


def test_a_task_that_could_not_be_sent_is_told_with_the_reason() -> None:
    words = "Message Error: Couldn't apply scheduled task digest: Error 111 connecting to redis:6379.\n['  File \"x\"']"
    found = rows_of(SOURCE, line(words, "ERROR"))
    (row,) = found["job_events"]
    assert (row["event"], row["error_message"]) == ("enqueue_failed", "Error 111 connecting to redis:6379.")
    assert [kept["line_no"] for kept in found["log_lines"]] == [2]


def test_the_banner_is_kept_as_words() -> None:
    row = only("celery beat v5.4.0 (opalescent) is starting.\nLocalTime -> 2026-03-01 22:00:00\n", "log_lines")
    assert row["message"].endswith("22:00:00")


def test_a_workers_line_is_not_claimed() -> None:
    assert not claimed(SOURCE, line("Task shop.sync[6f1e0c4a] received"))


def test_a_time_that_is_none_is_rejected_with_the_reason() -> None:
    (reject,) = rows_of(SOURCE, line("beat: Starting...").replace("2026-03", "2026-13"))["rejects"]
    assert "time" in reject["reason"]
