"""
From OTLP/JSON export requests to rows: spans and log records in columns, by SQL.

A request that is not spelled as the SQL expects is spelled anew by ``otlp_requests.py`` first, and attributes that nest
deeper than a list of scalars are read by it afterwards. Both are rare.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import duckdb
import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.otlp_requests import plain_object, plain_value, regular_request
from ingest.sources.source import Parsed
from ingest.untrusted_json import Fields, decoded, encoded, long_integer
from ingest.untrusted_json import text as as_text

_METRICS = "OTLP metrics: jobtrail reads traces and logs only"
_PLACE = ["line_no", "request_no", "resource_no", "scope_no", "item_no"]


def _sql(name: str) -> str:
    return files("ingest").joinpath(f"{name}.sql").read_text(encoding="utf-8")


_PREPARE, _REQUESTS, _SPANS, _LOG_RECORDS = map(_sql, ("otlp", "otlp_requests", "otlp_spans", "otlp_log_records"))


def parse_requests(sent: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    """Rows from a frame of ``line_no``, ``request_no`` (which request of that line) and ``text``."""
    requests, hopeless = _regular(sent, _looked_at(sent, connection), connection)
    resources = _resources(pl.DataFrame(connection.table("resources")))
    spans = _items(connection, _SPANS, "sent_spans", resources.filter(signal="span"))
    logs = _items(connection, _LOG_RECORDS, "sent_log_records", resources.filter(signal="log record"))
    told = [_log_rows(logs.filter(~_is_bad()))] if logs.height else []
    rows = {
        "spans": _span_rows(spans.filter(~_is_bad())) if spans.height else spans,
        "log_lines": pl.concat([*told, _empty(requests, spans, logs)], how="diagonal"),
    }
    rejects = [hopeless, _metrics(requests), _bad(spans, "span"), _bad(logs, "log record")]
    return Parsed(
        rows={table: frame for table, frame in rows.items() if not frame.is_empty()},
        rejects=None if all(frame.is_empty() for frame in rejects) else pl.concat(rejects),
    )


def _looked_at(requests: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    connection.register("records", ArrowFrame(requests.select("line_no", "request_no", "text")))
    connection.execute(_PREPARE)
    return _table(connection, _REQUESTS, "looked_at")


def _regular(
    sent: pl.DataFrame, looked_at: pl.DataFrame, connection: duckdb.DuckDBPyConnection
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The requests as they were looked at last, and those that are none, each with its reason."""
    respelled: list[tuple[int, int, str]] = []
    hopeless: list[tuple[int, str]] = []
    odd = sent.join(looked_at.filter(~pl.col("is_plain")), on=["line_no", "request_no"], maintain_order="left")
    for line_no, request_no, text in odd.select("line_no", "request_no", "text").iter_rows():
        try:
            respelled.append((line_no, request_no, regular_request(text)))
        except ValueError as error:
            hopeless.append((line_no, str(error)))
    if not odd.is_empty():
        plain = sent.join(odd, on=["line_no", "request_no"], how="anti", maintain_order="left")
        regular = pl.DataFrame(respelled, schema={name: sent.schema[name] for name in _REQUEST}, orient="row")
        looked_at = _looked_at(pl.concat([plain.select(_REQUEST), regular]), connection)
    return looked_at, pl.DataFrame(hopeless, schema=_REJECT, orient="row")


_REQUEST = ["line_no", "request_no", "text"]
_REJECT = {"line_no": pl.Int64, "reason": pl.String}


def _table(connection: duckdb.DuckDBPyConnection, statement: str, name: str) -> pl.DataFrame:
    """What a statement puts into a table: planned once, where a relation would be planned when made and when read."""
    connection.execute(statement)
    return pl.DataFrame(connection.table(name))


_RESOURCE = {
    "resource": pl.String,
    "beside_resource": pl.String,
    "service": pl.String,
    "environment": pl.String,
    "version": pl.String,
    "resource_host": pl.String,
    "resource_pid": pl.Int64,
    "instance": pl.String,
}


def _resources(sent: pl.DataFrame) -> pl.DataFrame:
    """What each resource of the batch tells. They are many and nearly all the same, so each is read once."""
    distinct = sent.select("resource", "url").unique()
    told = [_resource(text, url) for text, url in distinct.iter_rows()]
    read = distinct.rename({"resource": "text"}).hstack(pl.DataFrame(told, schema=_RESOURCE, orient="row"))
    by_text = sent.rename({"resource": "text"})
    return by_text.join(read, on=["text", "url"], how="left", nulls_equal=True, maintain_order="left").drop(
        "text", "url"
    )


def _resource(text: str | None, url: str | None) -> tuple[str | int | None, ...]:
    sent = decoded(text) if text is not None and text.startswith("{") else {}
    attributes = plain_object(encoded(sent.pop("attributes", [])))
    beside = {**sent, **({"schemaUrl": url} if url else {})}
    told = Fields.of(decoded(attributes))
    return (
        attributes,
        encoded(beside) if beside else None,
        told.take("service.name", as_text),
        told.take("deployment.environment.name", as_text) or told.take("deployment.environment", as_text),
        told.take("service.version", as_text),
        told.take("host.name", as_text),
        told.take("process.pid", long_integer),
        told.take("service.instance.id", as_text),
    )


def _items(connection: duckdb.DuckDBPyConnection, statement: str, name: str, resources: pl.DataFrame) -> pl.DataFrame:
    """Spans or log records in the order in which they were sent, each with its number in its line and its resource."""
    if resources.is_empty():  # a file is of one kind nearly always, and the other's SQL takes its time to plan
        return pl.DataFrame(schema={"line_no": pl.Int64, "record_no": pl.Int32, "reason": pl.String})
    number = pl.int_range(pl.len(), dtype=pl.Int32).over("line_no")
    return (
        _table(connection, statement, name)
        .sort(_PLACE)
        .with_columns(record_no=number)
        .join(resources, on=_PLACE[:3], how="left", maintain_order="left")
        .drop(_PLACE[1:], "signal")
    )


def _is_bad() -> pl.Expr:
    return pl.col("reason").is_not_null()


def _bad(read: pl.DataFrame, what: str) -> pl.DataFrame:
    reason = pl.format("{} {} {}", pl.lit(what), pl.col("record_no") + 1, "reason")
    return read.filter(_is_bad()).select(pl.col("line_no").cast(pl.Int64), reason=reason)


def _metrics(requests: pl.DataFrame) -> pl.DataFrame:
    return requests.filter("has_metrics").select(pl.col("line_no").cast(pl.Int64), reason=pl.lit(_METRICS))


def _empty(requests: pl.DataFrame, spans: pl.DataFrame, logs: pl.DataFrame) -> pl.DataFrame:
    """A line of words for every line that brought nothing, so that none is silently gone."""
    brought = pl.concat([spans["line_no"], logs["line_no"], requests.filter("has_metrics")["line_no"]]).unique()
    return (
        requests.filter(~pl.col("line_no").is_in(brought.implode()))
        .select(
            "line_no", record_no=pl.lit(0, pl.Int32), message=pl.lit("an OTLP request without spans and log records")
        )
        .unique("line_no", maintain_order=True)
    )


def _span_rows(read: pl.DataFrame) -> pl.DataFrame:
    """A batch may be delivered twice: of spans with the same ids the first counts."""
    first = read.filter(pl.struct("trace_id", "span_id").is_first_distinct())
    return first.with_columns(
        attributes=_with_unread("attributes", "attributes_unread", plain_object),
        host=pl.coalesce("resource_host", "host"),
        pid=pl.coalesce("resource_pid", pl.col("pid").cast(pl.Int64, strict=False)),
        worker=pl.coalesce("worker", "instance"),
        extra=_object(
            _members(pl.col("beside")),
            pl.format('"scope":{}', pl.col("scope").replace("{}", None)),
            pl.format('"resource":{}', "beside_resource"),
        ).replace("{}", None),
    ).drop("reason", "attributes_unread", "beside", "scope", *_OF_RESOURCES)


def _log_rows(read: pl.DataFrame) -> pl.DataFrame:
    return read.with_columns(
        message=_with_unread("message", "body_unread", lambda body: plain_value(decoded(body))),
        host="resource_host",
        pid="resource_pid",
        attributes=_object(
            _members(_with_unread("attributes", "attributes_unread", plain_object)),
            pl.format('"otlp.resource":{}', "resource"),
            pl.format('"otlp.beside_resource":{}', "beside_resource"),
            pl.format('"otlp.scope":{}', "scope"),
            pl.format('"otlp.record":{}', pl.col("beside").replace("{}", None)),
        ),
    ).drop(
        "reason", "attributes_unread", "body_unread", "beside", "scope", "resource", "service",
        "environment", "version", *_OF_RESOURCES,
    )  # fmt: skip


_OF_RESOURCES = ("beside_resource", "resource_host", "resource_pid", "instance")


def _with_unread(read: str, unread: str, plain: Callable[[str], str]) -> pl.Expr:
    """What SQL read, and where it left something unread what Python reads instead."""
    return (
        pl.when(pl.col(unread).is_null())
        .then(read)
        .otherwise(pl.col(unread).map_batches(lambda texts: _each_once(texts, plain), return_dtype=pl.String))
    )


def _each_once(texts: pl.Series, plain: Callable[[str], str]) -> pl.Series:
    distinct = texts.drop_nulls().unique()
    told = [plain(text) for text in distinct]
    return texts.replace_strict(distinct, pl.Series(told, dtype=pl.String), default=None, return_dtype=pl.String)


def _members(text: pl.Expr) -> pl.Expr:
    """What stands between the braces of an object's text; null where nothing does."""
    return text.str.slice(1).str.strip_suffix("}").replace("", None)


def _object(*members: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("{"), pl.concat_str(*members, separator=",", ignore_nulls=True), pl.lit("}"))
