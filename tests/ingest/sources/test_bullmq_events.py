"""BullMQ's event streams: what each entry tells, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.bullmq_events import SOURCE
from tests.ingest.scratch import SCRATCH
from tests.ingest.sources.reading import claimed, rows_of


def entry(event: str, **more: object) -> str:
    fields = {"queue": "q", "id": "1772402405120-0", "event": event, "jobId": "7", **more}
    return json.dumps({key: value for key, value in fields.items() if value is not None})


def events(*lines: str) -> list[dict[str, Any]]:
    return rows_of(SOURCE, "\n".join(lines) + "\n")["job_events"]


@pytest.mark.parametrize(
    ("line", "event", "told"),
    [
        (entry("added", name="mail"), "enqueued", {"job_class": "mail"}),
        (entry("waiting"), "enqueued", {}),
        (entry("waiting", prev="delayed"), "enqueued", {}),
        (entry("active", prev="waiting"), "started", {}),
        (entry("completed", returnvalue="null", prev="active"), "succeeded", {}),
        (
            entry("failed", failedReason="no room", prev="active"),
            "failed",
            {"error_message": "no room", "will_retry": False},
        ),
        (entry("retries-exhausted", attemptsMade="4"), "retries_exhausted", {"attempt": 4}),
        (entry("stalled"), "requeued", {}),
        (entry("progress", data="40"), "heartbeat", {}),
        (entry("waiting-children", prev="active"), "interrupted", {"will_retry": True}),
        (entry("removed", prev="delayed"), "cancelled", {}),
    ],
)
def test_an_entry_tells_an_event_of_its_job(line: str, event: str, told: dict[str, Any]) -> None:
    (row,) = events(line)
    assert (row["event"], row["job_id"], row["queue"], row["system"]) == (event, "q:7", "q", "bullmq")
    assert {name: row[name] for name in told} == told


@pytest.mark.parametrize(
    "line",
    [
        entry("drained", jobId=None),
        entry("paused", jobId=None),
        entry("removed", prev="completed"),
        entry("duplicated"),
    ],
)
def test_what_changes_nothing_in_a_jobs_life_is_a_line(line: str) -> None:
    found = rows_of(SOURCE, line + "\n")
    assert set(found) == {"log_lines"}


def test_ids_are_told_by_queue_because_each_queue_counts_for_itself() -> None:
    first, second, third = events(
        entry("active"), entry("active", queue="other"), entry("active", queue=None, stream="{bull}:third:events")
    )
    assert [row["job_id"] for row in (first, second, third)] == ["q:7", "other:7", "third:7"]


def test_the_number_of_a_job_is_kept_where_no_queue_is_named() -> None:
    (row,) = events(entry("active", queue=None))
    assert row["job_id"] is None
    assert json.loads(row["attributes"])["jobId"] == "7"


def test_the_id_of_a_repeated_job_holds_colons() -> None:
    (row,) = events(entry("active", jobId="repeat:1f3a:1772402405000"))
    assert row["job_id"] == "q:repeat:1f3a:1772402405000"


def test_times_are_milliseconds_and_entries_of_one_keep_their_order() -> None:
    rows = events(*(entry("active", id=f"1772402405120-{number}") for number in (0, 1, 2000)))
    told = [row["occurred_at"].isoformat() for row in rows]
    assert told == [f"2026-03-01T22:00:05.{part}" for part in ("120000", "120001", "120999")]


def test_a_delay_is_the_moment_at_which_the_job_is_due() -> None:
    (row,) = events(entry("delayed", delay="1772402466000"))
    assert (row["event"], row["run_at"]) == ("scheduled", datetime(2026, 3, 1, 22, 1, 6))  # noqa: DTZ001 - naive UTC
    assert "delay" not in json.loads(row["attributes"])


def test_a_job_that_goes_back_to_wait_from_its_run_has_failed_and_is_retried_at_once() -> None:
    failed, retry = events(entry("waiting", prev="active"))
    assert (failed["event"], failed["will_retry"], failed["record_no"]) == ("failed", True, 0)
    assert (retry["event"], retry["run_at"], retry["record_no"]) == ("retry_scheduled", retry["occurred_at"], 1)


def test_fields_that_are_not_known_are_kept() -> None:
    (row,) = events(entry("completed", returnvalue='{"ok":true}', prev="active", more=[1]))
    assert json.loads(row["attributes"]) == {
        "id": "1772402405120-0",
        "returnvalue": '{"ok":true}',
        "prev": "active",
        "more": [1],
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (entry("active")[:-2], "no valid JSON: the line is cut or damaged"),
        (entry("active", id="9999999999999-0"), '"id" is no id of a stream of the years 1970 to 2259'),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason(line: str, reason: str) -> None:
    found = rows_of(SOURCE, f"{line}\n{entry('active')}\n")
    assert [row["reason"] for row in found["rejects"]] == [reason]
    assert len(found["job_events"]) == 1


def test_only_entries_of_a_stream_are_claimed() -> None:
    assert claimed(SOURCE, entry("active"))
    assert claimed(SOURCE, '{"id":"1795474304244-0","event":"added","jobId":"1","name":"exportData"}')
    assert not claimed(SOURCE, '{"level":30,"time":1795474304257,"id":"1795474304244-0","event":"added"}')
    assert not claimed(SOURCE, '{"id":"7","event":"added","jobId":"1"}')
    assert not claimed(SOURCE, '{"event":"started","job_id":"1"}')


@given(
    st.dictionaries(
        st.sampled_from(["queue", "event", "jobId", "name", "prev", "delay", "failedReason", "attemptsMade", "x"]),
        st.none() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2),
    )
)
def test_no_value_raises_and_every_entry_is_accounted_for(fields: dict[str, Any]) -> None:
    text = json.dumps({"id": "1772402405120-0", "event": "active", **fields})
    parsed = SOURCE.parse(pl.DataFrame({"line_no": [1], "text": [text]}), SCRATCH)
    frames = [*parsed.rows.values(), *([] if parsed.rejects is None else [parsed.rejects])]
    assert {number for frame in frames for number in frame["line_no"]} == {1}
