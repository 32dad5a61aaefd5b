"""OTLP/JSON: a capture of Celery, the shapes of other instrumentations, and what naive readers get wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources import otlp_json
from ingest.sources.otlp_json import SOURCE
from jobrunner.contract import SpanAttribute
from tests.ingest.loads import load_all
from tests.ingest.scratch import SCRATCH

if TYPE_CHECKING:
    from ingest.sources.source import Parsed

CAPTURE = Path(__file__).parents[2] / "fixtures" / "captures" / "celery-otel_links" / "otlp"
SAMPLE = (otlp_json.__doc__ or "").split("\n\n")[1].replace("\n", "").strip()


def parsed(*texts: str) -> Parsed:
    frame = pl.DataFrame(
        {"line_no": range(1, len(texts) + 1), "text": texts}, schema={"line_no": pl.Int64, "text": pl.String}
    )
    return SOURCE.parse(frame, SCRATCH)


def pairs(attributes: dict[str, object]) -> list[dict[str, object]]:
    def any_value(value: object) -> object:
        if isinstance(value, bool):
            return {"boolValue": value}
        if isinstance(value, int):
            return {"intValue": str(value)}
        return {"stringValue": value} if isinstance(value, str) else value

    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def span(attributes: dict[str, object] | None = None, **more: object) -> dict[str, object]:
    least = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "s"}
    times = {"startTimeUnixNano": "1772402405000000001", "endTimeUnixNano": "1772402405250000001"}
    return least | times | {"attributes": pairs(attributes or {})} | more


def request(*spans: object, scope: str = "mine", resource: dict[str, object] | None = None) -> str:
    holder = {
        "resource": {"attributes": pairs(resource or {})},
        "scopeSpans": [{"scope": {"name": scope}, "spans": spans}],
    }
    return json.dumps({"resourceSpans": [holder]})


def only(text: str) -> dict[str, Any]:
    result = parsed(text)
    assert result.rejects is None
    assert result.rows["spans"].height == 1
    return result.rows["spans"].row(0, named=True)


def shape(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found[name] for name in ("system", "operation", "job_id", "job_class", "queue", "attempt", "outcome"))


def test_the_sample_is_a_run_of_celery() -> None:
    found = only(SAMPLE)
    assert shape(found) == ("celery", "run", "9f1b", None, None, 1, "succeeded")
    assert (found["service"], found["trace_id"]) == ("shop", "5b8efff798038103d269b633813fc60c")
    assert found["started_unix_nano"] == 1772402405000000001
    assert found["ended_at"].microsecond == 250000


def test_every_span_of_the_capture_becomes_a_row_with_what_it_says() -> None:
    texts = (CAPTURE / "traces.jsonl").read_text().splitlines()
    result = parsed(*texts)
    sent = {
        one["spanId"]: one
        for text in texts
        for holder in json.loads(text)["resourceSpans"]
        for scope in holder["scopeSpans"]
        for one in scope["spans"]
    }
    assert result.rejects is None
    rows = result.rows["spans"]
    assert set(rows["span_id"]) == set(sent)
    states = {"SUCCESS": "succeeded", "FAILURE": "failed", "RETRY": "retried"}
    for row in rows.rows(named=True):
        one = sent[row["span_id"]]
        told = {pair["key"]: next(iter(pair["value"].values())) for pair in one["attributes"]}
        assert row["started_unix_nano"] == int(one["startTimeUnixNano"])
        assert row["job_id"] == told.get("messaging.message.id")
        assert row["job_class"] == told.get("celery.task_name")
        assert row["queue"] == told.get("messaging.destination")
        assert row["outcome"] == states.get(told.get("celery.state", ""))
        assert row["operation"] == {4: "enqueue", 5: "run"}.get(one["kind"])
        assert list(json.loads(row["attributes"])) == [pair["key"] for pair in one["attributes"]]
        assert json.loads(row["links"] or "null") == one.get("links")
        assert json.loads(row["extra"])["flags"] == one["flags"]


def test_metrics_are_rejected_and_told_as_metrics() -> None:
    texts = (CAPTURE / "metrics.jsonl").read_text().splitlines()
    result = parsed(*texts, request(span()))
    assert result.rejects is not None
    assert result.rejects["line_no"].to_list() == list(range(1, len(texts) + 1))
    assert set(result.rejects["reason"]) == {"OTLP metrics: jobtrail reads traces and logs only"}
    assert result.rows["spans"]["line_no"].to_list() == [len(texts) + 1]


SHAPES = [
    (
        "celery, sent",
        "opentelemetry.instrumentation.celery",
        span({"celery.action": "apply_async", "celery.task_name": "t", "messaging.message.id": "i"}, kind=4),
        ("celery", "enqueue", "i", "t", None, None, None),
    ),
    (
        "celery, a retry that is not marked as an error",
        "opentelemetry.instrumentation.celery",
        span({"celery.state": "RETRY", "celery.retries": 1, "messaging.message.id": "i"}, kind=5),
        ("celery", "run", "i", None, None, 2, "retried"),
    ),
    (
        "celery, killed at its time limit: no state",
        "opentelemetry.instrumentation.celery",
        span({"celery.action": "run", "messaging.message.id": "i"}, kind=5, status={}),
        ("celery", "run", "i", None, None, 1, None),
    ),
    (
        "sidekiq, older names",
        "OpenTelemetry::Instrumentation::Sidekiq",
        span(
            {
                "messaging.system": "sidekiq",
                "messaging.sidekiq.job_class": "C",
                "messaging.message_id": "i",
                "messaging.destination": "q",
                "messaging.operation": "process",
            },
            kind=5,
        ),
        ("sidekiq", "run", "i", "C", "q", None, "succeeded"),
    ),
    (
        "active_job",
        "OpenTelemetry::Instrumentation::ActiveJob",
        span({"messaging.system": "active_job", "code.namespace": "C", "messaging.message.id": "i"}, kind=4),
        ("active_job", "enqueue", "i", "C", None, None, None),
    ),
    (
        "active_job, a step inside",
        "OpenTelemetry::Instrumentation::ActiveJob",
        span({"messaging.system": "active_job", "code.namespace": "C", "messaging.message.id": "i"}, kind=1),
        ("active_job", "other", "i", "C", None, None, None),
    ),
    (
        "que, whose id is a number",
        "OpenTelemetry::Instrumentation::Que",
        span({"messaging.system": "que", "messaging.message_id": 7, "messaging.que.attempts": 2}, kind=5),
        ("que", "run", "7", None, None, 3, "succeeded"),
    ),
    (
        "resque, which has no id",
        "OpenTelemetry::Instrumentation::Resque",
        span({"messaging.system": "resque", "messaging.resque.job_class": "C"}, kind=5, status={"code": 2}),
        ("resque", "run", None, "C", None, None, "failed"),
    ),
    (
        "bullmq, failed without an error status",
        "shop",
        span(
            {"bullmq.queue.name": "q", "bullmq.job.id": "1", "bullmq.job.name": "n"},
            kind=5,
            events=[{"name": "job failed"}],
        ),
        ("bullmq", "run", "q:1", "n", "q", None, "failed"),
    ),
    (
        "resque, enqueued",
        "OpenTelemetry::Instrumentation::Resque",
        span({"messaging.system": "resque", "messaging.resque.job_class": "C", "messaging.destination": "q"}, kind=4),
        ("resque", "enqueue", None, "C", "q", None, None),
    ),
    (
        "delayed_job, whose attempts count earlier failures",
        "OpenTelemetry::Instrumentation::DelayedJob",
        span(
            {
                "messaging.system": "delayed_job",
                "messaging.destination": "default",
                "messaging.operation": "process",
                "messaging.message_id": "12",
                "messaging.delayed_job.name": "Report#build",
                "messaging.delayed_job.attempts": 2,
            },
            kind=5,
        ),
        ("delayed_job", "run", "12", "Report#build", "default", 3, "succeeded"),
    ),
    (
        "active_job, run, with the status that its instrumentation sets",
        "OpenTelemetry::Instrumentation::ActiveJob",
        span(
            {
                "messaging.system": "active_job",
                "code.namespace": "C",
                "messaging.message.id": "i",
                "messaging.destination": "q",
            },
            name="q process",
            kind=5,
            status={"code": 1},
        ),
        ("active_job", "run", "i", "C", "q", None, "succeeded"),
    ),
    (
        "the names of today, of a system without an instrumentation of its own",
        "shop",
        span(
            {
                "messaging.system": "our_jobs",
                "messaging.operation.name": "consume",
                "messaging.operation.type": "process",
                "messaging.destination.name": "q",
                "messaging.message.id": "i",
            },
            status={"code": 2},
            kind=5,
        ),
        ("our_jobs", "run", "i", None, "q", None, "failed"),
    ),
    (
        "bullmq, sent",
        "shop",
        span(
            {
                "bullmq.queue.name": "q",
                "bullmq.queue.operation": "add",
                "bullmq.job.id": "1",
                "bullmq.job.name": "n",
            },
            name="add q.n",
            kind=4,
        ),
        ("bullmq", "enqueue", "q:1", "n", "q", None, None),
    ),
    (
        "bullmq, sent in bulk: a span for many jobs names none",
        "shop",
        span({"bullmq.queue.name": "q", "bullmq.queue.operation": "addBulk"}, name="addBulk q", kind=4),
        ("bullmq", None, None, None, "q", None, None),
    ),
    (
        "bullmq, whose attempts count this run once it has ended",
        "shop",
        span(
            {"bullmq.queue.name": "q", "bullmq.job.id": "1", "bullmq.job.attempts.made": 2},
            kind=5,
            events=[{"name": "job completed"}],
        ),
        ("bullmq", "run", "q:1", None, "q", 2, "succeeded"),
    ),
    (
        "rq",
        "opentelemetry.instrumentation.rq",
        span({"messaging.system": "Python RQ", "rq.job.id": "i", "rq.job.function": "f"}, kind=5, status={"code": 1}),
        ("rq", "run", "i", "f", None, None, "succeeded"),
    ),
    (
        "bullmq, housekeeping",
        "shop",
        span({"bullmq.queue.name": "q"}, kind=1),
        ("bullmq", None, None, None, "q", None, None),
    ),
    (
        "jobrunner",
        "jobrunner",
        span(
            {
                SpanAttribute.SYSTEM: "jobrunner",
                SpanAttribute.OPERATION_TYPE: "process",
                SpanAttribute.DESTINATION: "q",
                SpanAttribute.MESSAGE_ID: "i",
                SpanAttribute.JOB_CLASS: "C",
                SpanAttribute.ATTEMPT: 2,
                SpanAttribute.OUTCOME: "retried",
            },
            kind=5,
        ),
        ("jobrunner", "run", "i", "C", "q", 2, "retried"),
    ),
    (
        "a broker's message is no job",
        "kafka",
        span({"messaging.system": "kafka", "messaging.message.id": "i"}, kind=5),
        ("kafka", None, "i", None, None, None, None),
    ),
    ("a web request", "web", span(kind=2), (None, None, None, None, None, None, None)),
]


@pytest.mark.parametrize(("scope", "one", "expected"), [case[1:] for case in SHAPES], ids=[case[0] for case in SHAPES])
def test_each_instrumentation_is_understood(scope: str, one: dict[str, object], expected: tuple[Any, ...]) -> None:
    assert shape(only(request(one, scope=scope))) == expected


@pytest.mark.parametrize("sent", ["9007199254740993", 9007199254740993])
def test_whole_numbers_never_pass_through_floats(sent: object) -> None:
    one = span(startTimeUnixNano=sent)
    one["attributes"] = [{"key": "n", "value": {"intValue": sent}}]
    found = only(request(one))
    assert found["started_unix_nano"] == 9007199254740993
    assert found["attributes"] == '{"n":9007199254740993}'


def test_attributes_are_flat_and_nothing_of_them_is_lost() -> None:
    one = span()
    one["attributes"] = [
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "a"}, {}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}},
        {"key": "bytes", "value": {"bytesValue": "AAE="}},
        {"key": "none", "value": {}},
        {"key": "nan", "value": {"doubleValue": "NaN"}},
        {"key": "empty", "value": {"arrayValue": {}}},
    ]
    assert json.loads(only(request(one))["attributes"]) == {
        "list": [1, "a", None],
        "map": {"k": True},
        "bytes": {"bytesValue": "AAE="},
        "none": None,
        "nan": "NaN",
        "empty": [],
    }


@pytest.mark.parametrize(
    ("trace_id", "span_id"),
    [
        ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"),
        ("5B8EFFF798038103D269B633813FC60C", "EEE19B7EC3C1B174"),
        ("W47/95gDgQPSabYzgT/GDA==", "7uGbfsPBsXQ="),
    ],
    ids=["hex", "hex in capitals", "base64, as protobuf's own converters write"],
)
def test_ids_are_hex_in_either_case_or_base64(trace_id: str, span_id: str) -> None:
    found = only(request(span(traceId=trace_id, spanId=span_id, parentSpanId=span_id)))
    assert (found["trace_id"], found["span_id"]) == ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174")
    assert found["parent_span_id"] == found["span_id"]


def test_fields_that_no_version_knows_are_kept() -> None:
    found = only(request(span(flags=256, traceState="a=b", entityRefs=[1])))
    assert json.loads(found["extra"]) | {"flags": 256, "traceState": "a=b", "entityRefs": [1]} == json.loads(
        found["extra"]
    )


@pytest.mark.parametrize(("kind", "code"), [(5, 2), ("SPAN_KIND_CONSUMER", "STATUS_CODE_ERROR")])
def test_kinds_and_codes_are_numbers_and_understood_by_name(kind: object, code: object) -> None:
    found = only(request(span(kind=kind, status={"code": code})))
    assert (found["kind"], found["status"]) == ("consumer", "error")


@pytest.mark.parametrize(
    ("reason", "error_class", "message"),
    [
        ("Retry in 2s: TimeoutError('read timed out')", "TimeoutError", "read timed out"),
        ("Retry in 0s: KeyError(7)", "KeyError", "Retry in 0s: KeyError(7)"),
        ("Retry in 180s", None, "Retry in 180s"),
    ],
)
def test_a_retry_of_celery_tells_its_error_in_its_reason(reason: str, error_class: str | None, message: str) -> None:
    attributes = {"celery.state": "RETRY", "celery.retry.reason": reason, "messaging.message.id": "i"}
    found = only(request(span(attributes, kind=5), scope="opentelemetry.instrumentation.celery"))
    assert (found["error_class"], found["error_message"]) == (error_class, message)


@pytest.mark.parametrize("end", [0, "0", None])
def test_an_end_of_zero_is_a_span_that_has_not_ended(end: object) -> None:
    found = only(request(span({"messaging.system": "que", "messaging.message_id": 7}, kind=5, endTimeUnixNano=end)))
    assert (found["ended_at"], found["ended_unix_nano"], found["outcome"]) == (None, None, None)


def test_an_exception_event_is_the_error() -> None:
    told = pairs({"exception.type": "E", "exception.message": "m", "exception.stacktrace": "at\nb"})
    found = only(
        request(span(events=[{"name": "exception", "attributes": told}, {"name": "later"}], status={"code": 2}))
    )
    assert (found["error_class"], found["error_message"], found["backtrace"]) == ("E", "m", "at\nb")
    assert len(json.loads(found["events"])) == 2


@pytest.mark.parametrize("parent", ["", None, "0000000000000000"])
def test_an_empty_parent_is_none(parent: object) -> None:
    assert only(request(span(parentSpanId=parent)))["parent_span_id"] is None


def test_spans_of_an_old_exporter_are_read() -> None:
    old = {
        "instrumentationLibrarySpans": [{"instrumentationLibrary": {"name": "mine", "version": "1"}, "spans": [span()]}]
    }
    found = only(json.dumps({"resourceSpans": [old]}))
    assert (found["instrumentation"], json.loads(found["extra"])) == (
        "mine",
        {"scope": {"name": "mine", "version": "1"}},
    )


def test_a_span_delivered_twice_is_kept_once() -> None:
    rows = parsed(request(span(), span(spanId="ABCDEF0123456789")), request(span())).rows["spans"]
    assert rows.select("line_no", "record_no", "span_id").rows() == [
        (1, 0, "eee19b7ec3c1b174"),
        (1, 1, "abcdef0123456789"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (request(span())[:-4], "no valid JSON"),
        ('{"resourceSpans":{}}', '"resourceSpans" is no list'),
        (request(span(traceId="")), "span 1 has no traceId"),
        (request(span(spanId="not hex")), "span 1 has no spanId"),
        (request(5), "span 1 is no object"),
        ("{}", "an object without"),
    ],
)
def test_what_cannot_be_read_is_rejected_and_the_rest_is_loaded(text: str, reason: str) -> None:
    result = parsed(text, request(span()))
    assert result.rows["spans"]["line_no"].to_list() == [2]
    assert result.rejects is not None
    assert reason in result.rejects["reason"][0]


def test_log_records_keep_their_job_and_their_resource() -> None:
    record = {
        "timeUnixNano": "1772402405000000001",
        "severityNumber": 13,
        "severityText": "WARN",
        "body": {"stringValue": 'Task t[9f1b] "slow"'},
        "attributes": pairs({"task_id": "9f1b", "task_name": "t"}),
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "",
    }
    scoped = [{"scope": {"name": "celery.app.trace"}, "logRecords": [record, {"body": {"intValue": "5"}}]}]
    holder = {"resource": {"attributes": pairs({"host.name": "h"})}, "scopeLogs": scoped}
    first, second = parsed(json.dumps({"resourceLogs": [holder]})).rows["log_lines"].rows(named=True)
    assert (first["level"], first["message"], first["job_id"]) == ("warn", 'Task t[9f1b] "slow"', "9f1b")
    assert (first["system"], first["host"], first["span_id"]) == ("celery", "h", None)
    assert json.loads(first["attributes"])["otlp.resource"] == {"host.name": "h"}
    assert (second["record_no"], second["message"], second["occurred_at"]) == (1, "5", None)


def test_only_otlp_is_claimed() -> None:
    texts = ['{"resourceSpans":[', ' { "resourceLogs" : [', '{"resourceMetrics":[]}', "{}", '{"a":"resourceSpans"}', ""]
    claimed = pl.DataFrame({"text": texts}).select(SOURCE.claims(pl.col("text"))).to_series().to_list()
    assert claimed == [True, True, True, False, False, False]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WORDS = ["stringValue", "intValue", "boolValue", "doubleValue", "arrayValue", "kvlistValue", "values", "key", "value"]
KEYS = st.sampled_from(
    ["celery.state", "messaging.message.id", "messaging.system", "jobrunner.job.attempt", "thread.id"]
)
VALUES = st.recursive(ANY, lambda inner: st.dictionaries(st.sampled_from(WORDS), inner | st.lists(inner)), max_leaves=4)
PAIRS = (
    st.lists(st.fixed_dictionaries({"key": KEYS | ANY, "value": st.deferred(lambda: VALUES)}) | ANY, max_size=3) | ANY
)
SPANS = st.fixed_dictionaries(
    {"traceId": st.just("AB" * 16) | ANY, "spanId": st.just("CD" * 8) | ANY},
    optional={
        "kind": st.integers(0, 6) | ANY,
        "attributes": st.deferred(lambda: PAIRS),
        "status": ANY,
        "startTimeUnixNano": ANY,
        "endTimeUnixNano": st.integers(0, 2**64).map(str),
        "links": ANY,
        "name": ANY,
        "more": ANY,
        "events": st.lists(
            st.fixed_dictionaries({"name": st.just("exception"), "attributes": st.deferred(lambda: PAIRS)}) | ANY
        )
        | ANY,
    },
)
HOLDERS = st.fixed_dictionaries(
    {},
    optional={
        "resource": st.fixed_dictionaries({"attributes": st.deferred(lambda: PAIRS)}) | ANY,
        "scopeSpans": st.lists(
            st.fixed_dictionaries({"scope": ANY, "spans": st.lists(st.deferred(lambda: SPANS) | ANY) | ANY}) | ANY
        )
        | ANY,
        "scopeLogs": st.lists(st.fixed_dictionaries({"logRecords": st.lists(st.deferred(lambda: SPANS) | ANY)}) | ANY)
        | ANY,
    },
)
LINES = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(st.deferred(lambda: HOLDERS) | ANY) | ANY
        for name in ("resourceSpans", "resourceLogs", "resourceMetrics")
    },
)


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(LINES.map(json.dumps) | st.text(st.characters(exclude_categories=["Cs"])), max_size=3, unique=True))
def test_no_structure_raises_and_every_line_is_accounted_for(texts: list[str]) -> None:
    result = parsed(*texts)
    seen = {number for frame in result.rows.values() for number in frame["line_no"]}
    seen |= set() if result.rejects is None else set(result.rejects["line_no"])
    twice = {number for number, text in enumerate(texts, 1) if "AB" * 16 in text}
    assert seen | twice == set(range(1, len(texts) + 1))
    for frame in result.rows.values():
        kept = frame["attributes"].drop_nulls() if "attributes" in frame.columns else []
        assert all(isinstance(json.loads(attributes), dict) for attributes in kept)


@pytest.mark.parametrize(
    "sent",
    [
        '{"resourceSpans":[]}',
        '{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[]}]}',
        '{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[]}]}',
        '{"resourceSpans":[{"resource":{},"scopeSpans":[]}],"resourceLogs":[{"scopeLogs":[{"logRecords":[]}]}]}',
    ],
)
def test_a_file_of_requests_that_hold_nothing_is_loaded_and_says_so(sent: str, tmp_path: Path) -> None:
    (tmp_path / "traces.jsonl").write_text(f"{sent}\n", encoding="utf-8")
    load_all(tmp_path / "t.duckdb", tmp_path / "traces.jsonl")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as db:
        told = db.execute("select message from log_lines").fetchall()
    assert told == [("an OTLP request without spans and log records",)]
