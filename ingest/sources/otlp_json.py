"""
OTLP as JSON lines, as the OpenTelemetry Collector's file exporter writes it: one export request per line.

    {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
     "scopeSpans":[{"scope":{"name":"opentelemetry.instrumentation.celery"},"spans":[
     {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","name":"run/shop.mail","kind":5,
     "startTimeUnixNano":"1772402405000000001","endTimeUnixNano":"1772402405250000001","attributes":[
     {"key":"celery.state","value":{"stringValue":"SUCCESS"}},
     {"key":"messaging.message.id","value":{"stringValue":"9f1b"}}]}]}]}]}

(on one line). Spans and log records become rows; of metrics it is only noted that they were there.

Traps: 64-bit numbers come as text or as numbers and must not pass through floats; ids are hex in either case; defaults
are left out; a span that has not ended ends at 0; a batch may be delivered twice.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb


def _sql(name: str) -> str:
    return files("ingest.sources").joinpath(name).read_text(encoding="utf-8")


_REQUESTS, _SPANS, _LOG_RECORDS, _PREPARE = (
    _sql(f"otlp_json{part}.sql") for part in ("_requests", "_spans", "_log_records", "")
)


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(r'^\x{feff}?\s*\{\s*"(?:resourceSpans|resourceLogs|resourceMetrics)"\s*:')


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    connection.execute(_PREPARE)
    requests = pl.DataFrame(connection.sql(_REQUESTS))
    spans = pl.DataFrame(connection.sql(_SPANS))
    logs = pl.DataFrame(connection.sql(_LOG_RECORDS))
    good = {"spans": _good(spans), "log_lines": pl.concat([_good(logs), _notes(requests, spans, logs)], how="diagonal")}
    rejects = pl.concat(
        [requests.filter(_is_bad()).select("line_no", "reason"), _bad(spans, "span"), _bad(logs, "log record")]
    )
    return Parsed(
        rows={table: frame for table, frame in good.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _is_bad() -> pl.Expr:
    return pl.col("reason").is_not_null()


def _good(read: pl.DataFrame) -> pl.DataFrame:
    return read.filter(~_is_bad()).drop("reason")


def _bad(read: pl.DataFrame, what: str) -> pl.DataFrame:
    position = pl.col("record_no") + 1
    return read.filter(_is_bad()).select("line_no", reason=pl.format("{} {} {}", pl.lit(what), position, "reason"))


def _notes(requests: pl.DataFrame, spans: pl.DataFrame, logs: pl.DataFrame) -> pl.DataFrame:
    """A line of words for every request that was left unread or held nothing, so that none is silently gone."""
    brought = pl.concat([spans.select("line_no"), logs.select("line_no")]).unique()
    empty = ~pl.col("line_no").is_in(brought["line_no"].implode())
    taken = logs.group_by("line_no").agg(record_no=pl.len().cast(pl.Int32))
    return (
        requests.filter(~_is_bad() & (empty | pl.col("has_metrics")))
        .join(taken, on="line_no", how="left", maintain_order="left")
        .select(
            "line_no",
            pl.col("record_no").fill_null(0),
            message=pl.when("has_metrics")
            .then(pl.lit("an OTLP metrics request, left unread"))
            .otherwise(pl.lit("an OTLP request without spans and log records")),
        )
    )


SOURCE = Source(
    name="otlp_json",
    describes="OpenTelemetry spans and log records, OTLP as JSON lines",
    kind="span",
    system=None,
    shows=frozenset({"enqueues", "starts", "ends", "errors", "workers", "queues"}),
    cannot="A job that hangs or whose worker was killed: a span is sent when it ends; nor what sampling left out.",
    claims=_claims,
    parse=_parse,
)
