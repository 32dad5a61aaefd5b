r"""
Active Job's events as JSON, one object per line, whichever way a Rails application writes them.

Rails' structured events (8.1 and later), as a subscriber writes them out:

    {"name":"active_job.completed","payload":{"job_class":"Mail","job_id":"0f8a3b52-7c0e-4f0b-9b0e-0123456789ab",
     "queue":"mailers","adapter":"Sidekiq","aborted":null,"duration":44.1},"timestamp":1772402405120000000}

Notifications as gems write them (rails_semantic_logger, lograge with a companion for jobs), and the text lines of
Active Job inside a JSON formatter, with its tags in the text or beside it:

    {"timestamp":"2026-03-01T22:00:05.120000Z","level":"info","pid":80,"message":"Performed Mail",
     "payload":{"event_name":"perform.active_job","job_class":"Mail","job_id":"0f8a3b52-7c0e-4f0b-9b0e-0123456789ab"}}
    {"time":"2026-03-01T22:00:05.120Z","message":"[ActiveJob] Enqueued Mail (Job ID: 0f8a3b52-...) to Async(mailers)"}

Traps: times in nanoseconds, milliseconds, seconds or ISO 8601; durations in milliseconds. A retry, a giving up and a
discard name neither queue nor backend, and a run whose error was handled is ``completed`` without one.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest import active_job_messages
from ingest.active_job_arguments import plain_arguments_text
from ingest.arrow_frame import ArrowFrame
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_MOMENT = files("ingest.sources").joinpath("active_job_json_moment.sql").read_text(encoding="utf-8")
_SQL = files("ingest.sources").joinpath("active_job_json.sql").read_text(encoding="utf-8")

_EVENT = r'"(?:name|event|event_name)" ?: ?"(?:active_job\.\w+|\w+\.active_job)"'
_KEYS = ('"job_class":', '"job_id":', '"queue_name":', '"adapter":', '"status":')


def _claims(line: pl.Expr) -> pl.Expr:
    def holds(text: str) -> pl.Expr:
        return line.str.contains(text, literal=True)

    event = holds("active_job") & line.str.contains(_EVENT)
    words = (holds(" (Job ID: ") | line.str.contains(r"(?:Retrying|Stopped retrying|Discarded) [A-Z]")) & (
        line.str.contains(r'"(?:message|msg)" ?: ?"(?:\[[^"]*\] )?\[ActiveJob\] ')
        | line.str.contains(r'"tags" ?: ?\[[^\]]*"ActiveJob"')
    )
    by_status = pl.all_horizontal([holds(key) for key in _KEYS])
    of_another = line.str.starts_with('{"resource') | (line.str.starts_with('{"ts":"') & holds('"tid":'))
    return line.str.starts_with("{") & ~of_another & (event | words | by_status)


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.execute("set timezone = 'UTC'")
    connection.execute(_MOMENT)
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    lines = pl.DataFrame(connection.sql(_SQL))
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    good = lines.filter(pl.col("reason").is_null())
    words = active_job_messages.rows_of(_lines(good.filter(~pl.col("is_event"))))
    told = {"job_events": _events(good.filter(pl.col("event").is_not_null()))}
    told["log_lines"] = _said(good.filter(pl.col("is_event") & pl.col("event").is_null()))
    tables = {
        name: pl.concat([frame, *([words[name]] if name in words else [])], how="diagonal")
        for name, frame in told.items()
    }
    return Parsed(
        rows={name: frame for name, frame in tables.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _events(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(
        "line_no",
        pl.lit(0, pl.Int32).alias("record_no"),
        "occurred_at",
        _clock().alias("occurred_at_clock"),
        "event",
        pl.lit("active_job").alias("system"),
        "service",
        "environment",
        "job_id",
        "provider_job_id",
        "job_class",
        "queue",
        "attempt",
        pl.col("arguments").map_batches(_plain, return_dtype=pl.String).alias("arguments"),
        "host",
        "pid",
        "thread",
        "duration",
        "enqueued_at",
        "run_at",
        "error_class",
        "error_message",
        "backtrace",
        pl.col("words").alias("message"),
        "attributes",
    )


def _said(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(
        "line_no",
        pl.lit(0, pl.Int32).alias("record_no"),
        "occurred_at",
        _clock().alias("occurred_at_clock"),
        "level",
        pl.coalesce("words", pl.lit("")).alias("message"),
        pl.lit("active_job").alias("system"),
        "host",
        "pid",
        "thread",
        "job_id",
        "job_class",
        "attributes",
    )


def _lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines that hold Active Job's text, as its reader takes them: with the tags before the words."""
    return lines.select(
        "line_no",
        "occurred_at",
        _clock().alias("occurred_at_clock"),
        "level",
        "pid",
        "thread",
        *(pl.lit(None, pl.String).alias(name) for name in ("provider_job_id", "trace_id", "span_id")),
        pl.concat_str(pl.col("tags").fill_null(""), "words").alias("words"),
        "attributes",
    )


def _clock() -> pl.Expr:
    """The line's time where it names no zone."""
    told = pl.when(pl.col("occurred_at").is_null()).then("told_at")
    return told.str.replace(" ", "T").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)


def _plain(arguments: pl.Series) -> pl.Series:
    """Arguments that a gem wrote as text, or as Active Job stores them, as the job gets them."""
    odd = arguments.str.contains(r'^"|"_aj_')
    if not odd.any():
        return arguments
    read = {text: plain_arguments_text(text) for text in arguments.filter(odd).unique().to_list()}
    return arguments.replace(read)


SOURCE = Source(
    name="active_job_json",
    describes="Active Job's events as JSON: Rails' structured events, rails_semantic_logger, lograge, tagged JSON",
    kind="log",
    system="active_job",
    shows=frozenset({"enqueues", "starts", "ends", "errors", "arguments"}),
    cannot="Which worker processes live.",
    claims=_claims,
    holds=("active_job", "ActiveJob", "job_class"),
    parse=_parse,
)
