"""
OTLP as JSON lines, as the OpenTelemetry Collector's file exporter writes it: one export request per line.

    {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
     "scopeSpans":[{"scope":{"name":"opentelemetry.instrumentation.celery"},"spans":[
     {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","name":"run/shop.mail","kind":5,
     "startTimeUnixNano":"1772402405000000001","endTimeUnixNano":"1772402405250000001","attributes":[
     {"key":"celery.state","value":{"stringValue":"SUCCESS"}},
     {"key":"messaging.message.id","value":{"stringValue":"9f1b"}}]}]}]}]}

(on one line). Spans and log records become rows; metrics are rejected. Protobuf comes as such lines, too
(``otlp_protobuf.py``).

Traps: 64-bit numbers come as text or as numbers and must not pass through floats; ids are hex in either case, or base64
from generic converters; defaults are left out; a span that has not ended ends at 0; a batch may be delivered twice.
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.otlp_rows import parse_requests
from ingest.sources.source import Parsed, Source

_BEGINNING = r'^\x{feff}?\s*\{\s*"resource(?:Spans|Logs|Metrics|_spans|_logs|_metrics)"\s*:'


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_BEGINNING) | line.str.starts_with('{"undecodedOtlp":')


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    text = pl.col("text").str.strip_prefix("\ufeff")
    return parse_requests(records.select("line_no", text, request_no=pl.lit(0, pl.Int32)), connection)


SOURCE = Source(
    name="otlp_json",
    describes="OpenTelemetry spans and log records, OTLP as JSON lines or protobuf",
    kind="span",
    system=None,
    shows=frozenset({"enqueues", "starts", "ends", "errors", "workers", "queues"}),
    cannot="A job that hangs or whose worker was killed: a span is sent when it ends; nor what sampling left out.",
    claims=_claims,
    holds=('"resource', '{"undecodedOtlp":'),
    parse=_parse,
)
