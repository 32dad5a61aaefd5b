"""
What a worker of BullMQ logs as JSON, through pino or winston: BullMQ itself writes no log, so that an application logs
its worker's events.

    {"level":30,"time":1772402405133,"pid":80,"hostname":"worker-1","name":"shop","queue":"mailers","jobId":"7",
     "job":"welcome","attemptsMade":0,"prev":"waiting","msg":"job active"}
    {"level":30,"time":1772402405201,"pid":80,"hostname":"worker-1","name":"shop","queue":"mailers","jobId":"7",
     "job":"welcome","attemptsMade":1,"durationMs":68,"msg":"job completed"}

    {"level":"info","message":"job completed","timestamp":"2026-03-01T22:00:05.201Z","queue":"mailers","jobId":"7"}

(each on one line). A line tells an event where ``event`` or the words name one of a worker's (``job failed``, ``Job 7
has completed``) and the job is named as ``jobId`` or as the ``job`` itself; every other line is kept as it is. Traps:
ids of jobs are small numbers that each queue counts for itself, so that the queue is part of the id here.
``attemptsMade`` counts the attempts that have ended, a stalled one not among them. ``failed`` is said of each attempt.
Who logs that a job has stalled is any worker of the queue, not the one that ran it. Times are milliseconds.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_SQL = files("ingest.sources").joinpath("bullmq_log.sql").read_text(encoding="utf-8")
_BEGINNING = r'^\x{feff}?\s*\{\s*"level"\s*:\s*(?:\d{1,3}|"[A-Za-z]+")\s*,\s*"time"\s*:\s*(?:\d{9,13}\b|"\d{4}-)'
_TIMESTAMP = r'"timestamp":"\d{4}-\d\d-\d\d[T ]'

_AT = ["line_no", "occurred_at", "occurred_at_clock"]
_JOB_EVENT = [
    *_AT, "event", "system", "job_id", "job_class", "queue", "attempt", "max_attempts", "arguments", "host", "pid",
    "worker", "duration", "will_retry", "error_class", "error_message", "backtrace", "trace_id", "span_id", "message",
    "attributes",
]  # fmt: skip
_WORKER_EVENT = [*_AT, "event", "system", "host", "pid", "worker", "queues", "message", "attributes"]
_LOG_LINE = [
    *_AT, "level", "message", "system", "host", "pid", "job_id", "job_class", "trace_id", "span_id", "attributes",
]  # fmt: skip


def _claims(line: pl.Expr) -> pl.Expr:
    def holds(*keys: str) -> pl.Expr:
        return pl.all_horizontal([line.str.contains(f'"{key}":', literal=True) for key in keys])

    of_winston = (
        line.str.starts_with("{")
        & holds("level", "message", "jobId")
        & (holds("queue") | holds("queueName"))
        & line.str.contains(_TIMESTAMP)
    )
    return (line.str.contains(_BEGINNING) & holds("pid", "hostname")) | of_winston


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.execute("set timezone = 'UTC'")
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    told = pl.DataFrame(connection.sql(_SQL))
    unread = pl.col("reason").is_not_null()
    rejects = told.filter(unread).select("line_no", "reason")
    of_job, of_worker = pl.col("event").is_not_null(), pl.col("worker_event").is_not_null()
    lines = told.filter(~unread).with_columns(
        system=pl.when("is_of_bullmq").then(pl.lit("bullmq")),
        queues=pl.when(pl.col("queue").is_not_null()).then(pl.concat_list("queue")),
    )
    tables = {
        "job_events": lines.filter(of_job).select(_JOB_EVENT),
        "worker_events": lines.filter(of_worker & ~of_job)
        .with_columns(event=pl.col("worker_event"))
        .select(_WORKER_EVENT),
        "log_lines": lines.filter(~of_job & ~of_worker).select(_LOG_LINE),
    }
    return Parsed(
        rows={name: frame for name, frame in tables.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


SOURCE = Source(
    name="bullmq_log",
    describes="Events of BullMQ's workers as applications log them through pino or winston, JSON lines",
    kind="log",
    system="bullmq",
    shows=frozenset({"starts", "ends", "errors", "workers"}),
    cannot="What the application does not log: mostly the enqueue, the arguments and whether a failure is retried.",
    claims=_claims,
    holds=("jobId", "hostname"),
    parse=_parse,
)
