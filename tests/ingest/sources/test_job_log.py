"""The job log of our own workers: as the contract writes it, and as a damaged disk leaves it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources import job_log
from ingest.sources.job_log import SOURCE
from jobrunner.contract import JobLogLine
from tests.ingest.scratch import SCRATCH

if TYPE_CHECKING:
    from ingest.sources.source import Parsed

SAMPLE = "".join(
    line.strip() for line in (job_log.__doc__ or "").splitlines() if line.strip().startswith(('{"format"', '"job_id"'))
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parsed(*texts: str) -> Parsed:
    frame = pl.DataFrame({"line_no": range(1, len(texts) + 1), "text": texts})
    return SOURCE.parse(frame, SCRATCH)


def line(**more: object) -> str:
    return json.dumps({"format": "jobrunner.job_log/1", "ts": "2026-03-01T12:00:00.5Z"} | more)


def only(table: str, text: str) -> dict[str, Any]:
    result = parsed(text)
    assert result.rejects is None
    assert list(result.rows) == [table]
    return result.rows[table].row(0, named=True)


def claimed(text: str) -> bool:
    return bool(pl.DataFrame({"text": [text]}).select(SOURCE.claims(pl.col("text"))).item())


def test_the_sample_is_an_event_of_a_job() -> None:
    found = only("job_events", SAMPLE)
    assert (found["event"], found["job_class"], found["attempt"], found["pid"]) == ("started", "WelcomeMail", 1, 80)
    assert found["occurred_at"] == datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - naive UTC
    assert found["attributes"] is None
    assert claimed(SAMPLE)


def test_every_field_of_the_contract_comes_back_in_some_column() -> None:
    written = JobLogLine(
        ts=NOON, event="failed", job_id="j", provider_job_id="p", parent_job_id="q", job_class="C", queue="a",
        attempt=2, max_attempts=3, arguments=[1, {"b": None}], idempotency_key="k", host="h", pid=1, thread="t",
        worker="w", queues=["a"], concurrency=4, job_count=5, duration=1.5, wait=0.25, enqueued_at=NOON, run_at=NOON,
        will_retry=True, error_class="E", error_message="m", backtrace="b", trace_id="AB", span_id="CD", level="info",
        message="words", service="s", environment="production", version="1",
    )  # fmt: skip
    found = only("job_events", written.model_dump_json())
    attributes = json.loads(found["attributes"])
    assert attributes == {"worker_event": None, "level": "info", "queues": ["a"], "concurrency": 4, "job_count": 5}
    assert [name for name, value in found.items() if value is None] == []
    assert (found["trace_id"], found["will_retry"]) == ("ab", True)


@pytest.mark.parametrize(
    ("key", "value"),
    [("worker_event", "booted"), ("level", "info"), ("queues", ["a"]), ("concurrency", 4), ("job_count", 5), ("x", 1)],
)
def test_what_no_column_of_an_event_holds_stays_beside_it(key: str, value: object) -> None:
    found = only("job_events", line(event="started", job_id="j", **{key: value}))
    assert json.loads(found["attributes"]) == {key: value}


@pytest.mark.parametrize(
    ("written", "hour", "microsecond"),
    [
        ("2026-03-01T12:00:00Z", 12, 0),
        ("2026-03-01T12:00:00.123456Z", 12, 123456),
        ("2026-03-01T12:00:00.5+02:00", 10, 500000),
        ("2026-03-01T12:00:00-0300", 15, 0),
        ("2026-03-01T12:00:00.123456789Z", 12, 123456),
        ("2026-03-01T12:00:00", 12, 0),
    ],
)
def test_an_offset_is_never_dropped(written: str, hour: int, microsecond: int) -> None:
    found = only("job_events", line(ts=written, event="scheduled", run_at=written))
    expected = datetime(2026, 3, 1, hour, 0, 0, microsecond)  # noqa: DTZ001 - naive UTC
    assert (found["occurred_at"], found["run_at"]) == (expected, expected)


def test_unknown_keys_are_kept_with_their_nulls() -> None:
    found = only("job_events", line(event="started", tenant=7, nested={"a": None}))
    assert json.loads(found["attributes"]) == {"tenant": 7, "nested": {"a": None}}


def test_a_known_key_of_the_wrong_type_is_kept_as_it_stands() -> None:
    found = only("job_events", line(event="started", pid="many", attempt=1.5, enqueued_at="soon", job_id="j"))
    assert (found["pid"], found["attempt"], found["enqueued_at"], found["job_id"]) == (None, None, None, "j")
    assert json.loads(found["attributes"]) == {"pid": "many", "attempt": "1.5", "enqueued_at": "soon"}


def test_an_event_of_a_worker_keeps_its_queues() -> None:
    found = only("worker_events", line(worker_event="booted", queues=["a", "b"], concurrency=5, host="h", job_id="j"))
    assert (found["event"], found["queues"], found["concurrency"]) == ("booted", ["a", "b"], 5)
    assert json.loads(found["attributes"]) == {"job_id": "j"}


def test_a_line_the_application_logged_keeps_its_job() -> None:
    found = only("log_lines", line(level="warning", message="slow disk", job_id="j", job_class="C", queue="a"))
    assert (found["level"], found["message"], found["job_id"]) == ("warning", "slow disk", "j")
    assert json.loads(found["attributes"]) == {"queue": "a"}


def test_an_event_of_a_later_version_is_kept_among_the_lines() -> None:
    assert json.loads(only("log_lines", line(event="teleported"))["attributes"]) == {"event": "teleported"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(event="started")[:-3], "no valid JSON"),
        ("[1]", "no object"),
        (line(format="jobrunner.job_log/2", event="started"), "another version"),
        (line(ts="yesterday", event="started"), '"ts"'),
        (line(ts="infinity", event="started"), '"ts"'),
        (line(), "none of"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason_and_the_rest_is_loaded(text: str, reason: str) -> None:
    result = parsed(line(event="started"), text, line(event="succeeded"))
    assert result.rows["job_events"]["line_no"].to_list() == [1, 3]
    assert result.rejects is not None
    assert result.rejects["line_no"].to_list() == [2]
    assert reason in result.rejects["reason"][0]


@pytest.mark.parametrize("text", ["", "{}", "INFO job", '{"captured_at":1}', '{"format":"jobrunner.snapshot/1"}'])
def test_other_lines_are_not_claimed(text: str) -> None:
    assert not claimed(text)


KEYS = st.sampled_from(sorted(JobLogLine.model_fields))
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001 - zones are added
LINES = st.dictionaries(KEYS | st.text(max_size=5), ANY | MOMENTS.map(datetime.isoformat)).map(
    lambda keys: json.dumps({"format": "jobrunner.job_log/1"} | keys)
)


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(LINES | ANY.map(json.dumps) | st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_no_structure_raises_and_every_line_is_accounted_for(texts: list[str]) -> None:
    result = parsed(*texts)
    seen = {number for frame in result.rows.values() for number in frame["line_no"]}
    rejected = set() if result.rejects is None else set(result.rejects["line_no"])
    assert seen | rejected == set(range(1, len(texts) + 1))
    assert not seen & rejected


@settings(deadline=None)  # a busy machine is no defect
@given(MOMENTS)
def test_every_offset_leads_to_the_same_moment(moment: datetime) -> None:
    found = only("job_events", line(ts=moment.isoformat(), event="started"))
    assert found["occurred_at"] == moment.astimezone(UTC).replace(tzinfo=None)
