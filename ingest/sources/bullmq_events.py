"""
The event stream of BullMQ's queues, an entry per line, as ``XRANGE`` gives them and ``docs/bullmq_snapshot.py`` writes.

    {"queue":"mailers","id":"1772402405120-0","event":"added","jobId":"7","name":"welcome"}
    {"queue":"mailers","id":"1772402405120-1","event":"waiting","jobId":"7"}
    {"queue":"mailers","id":"1772402405133-0","event":"active","jobId":"7","prev":"waiting"}
    {"queue":"mailers","id":"1772402405201-0","event":"completed","jobId":"7","returnvalue":"null","prev":"active"}

Traps: ids of jobs are small numbers that each queue counts for itself, so that the queue is part of the id here. The
stream says ``failed`` of the last attempt only: an attempt that will be retried ends as ``delayed`` or, without a
backoff, as ``waiting`` from ``active``. A stalled job (its lock ran out) goes back to wait in the same way and is
called ``stalled`` behind it. ``delay`` is the moment at which the job is due. The stream keeps about 10,000 entries.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_SQL = files("ingest.sources").joinpath("bullmq_events.sql").read_text(encoding="utf-8")
_BEGINNING = r'^\x{feff}?\s*\{(?:\s*"[A-Za-z_]+"\s*:\s*"[^"\\]*"\s*,){0,3}?\s*"id"\s*:\s*"\d{9,13}-\d{1,9}"'


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_BEGINNING) & line.str.contains(r'"event"\s*:\s*"[a-z-]+"')


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    told = pl.DataFrame(connection.sql(_SQL))
    unread = pl.col("reason").is_not_null()
    rejects = told.filter(unread).select("line_no", "reason")
    entries = told.filter(~unread).with_columns(system=pl.lit("bullmq"), record_no=pl.lit(0, pl.Int32))
    is_event = pl.col("event").is_not_null()
    tables = {"job_events": _job_events(entries.filter(is_event)), "log_lines": _log_lines(entries.filter(~is_event))}
    return Parsed(
        rows={name: frame for name, frame in tables.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _job_events(entries: pl.DataFrame) -> pl.DataFrame:
    """A job that goes back to wait from its run has failed and will be retried at once."""
    retries = entries.filter("is_put_back").with_columns(
        event=pl.lit("retry_scheduled"), record_no=pl.lit(1, pl.Int32), run_at="occurred_at", will_retry=None
    )
    names = [
        "line_no", "record_no", "occurred_at", "event", "system", "job_id", "job_class", "queue", "attempt", "run_at",
        "will_retry", "error_message", "words", "attributes",
    ]  # fmt: skip
    return pl.concat([entries, retries]).sort("line_no", "record_no").select(names).rename({"words": "message"})


def _log_lines(entries: pl.DataFrame) -> pl.DataFrame:
    """What is about a queue, and what changes nothing in a job's life."""
    names = ["line_no", "occurred_at", "words", "system", "job_id", "attributes"]
    return entries.select(names).rename({"words": "message"})


SOURCE = Source(
    name="bullmq_events",
    describes="The event streams of BullMQ's queues, JSON lines",
    kind="log",
    system="bullmq",
    shows=frozenset({"enqueues", "starts", "ends", "errors", "queues"}),
    cannot="Which worker ran a job, its arguments, why an attempt before the last failed, and what was trimmed away.",
    claims=_claims,
    holds=('"event"',),
    parse=_parse,
)
