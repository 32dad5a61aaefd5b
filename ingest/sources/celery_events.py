r"""
Celery's real-time events, each as its message is, one JSON object per line.

    {"type": "task-sent", "uuid": "6f1e0c4a", "hostname": "gen80@host-1", "name": "shop.mail", "args": "(7,)",
     "kwargs": "{}", "queue": "mailers", "retries": 0, "eta": null, "timestamp": 1772402405.12}
    {"type": "task-started", "uuid": "6f1e0c4a", "hostname": "a@host-1", "pid": 80, "timestamp": 1772402405.131}
    {"type": "worker-heartbeat", "hostname": "a@host-1", "pid": 80, "freq": 2.0, "timestamp": 1772402406.0}

(each on one line).

Traps: only ``task-sent`` and ``task-received`` name the task and its arguments, as Python writes them. ``hostname`` is
a worker's name, and of ``task-sent`` the sender's. A task whose worker was lost, or that ran into its hard time limit,
failed with an exception that only the traceback names. A rejected task is told as failed, and so is one that no worker
knows, which never ran; an ignored one is not told of at all. A retry is sent, and may begin, before ``task-retried`` is
told of the run that asked for it. Times are seconds by the clock of who sent the event.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.celery_messages import arguments_as_written, with_errors
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_SQL = files("ingest.sources").joinpath("celery_events.sql").read_text(encoding="utf-8")
_TYPE = (
    r'"type": ?"(?:task-(?:sent|received|started|succeeded|failed|rejected|revoked|retried)'
    r'|worker-(?:online|heartbeat|offline))"'
)
_EVENTS = {
    "task-sent": "enqueued",
    "task-received": "reserved",
    "task-started": "started",
    "task-succeeded": "succeeded",
    "task-failed": "failed",
    "task-retried": "failed",
    "task-rejected": "discarded",
    "task-revoked": "discarded",
}
_WORKER_EVENTS = {"worker-online": "booted", "worker-heartbeat": "heartbeat", "worker-offline": "stopped"}
_REJECTED = r"^reject (?:requeue=\w+: )?(.*)$"


def _claims(line: pl.Expr) -> pl.Expr:
    return (
        line.str.starts_with("{")
        & line.str.contains(_TYPE)
        & line.str.contains('"hostname":', literal=True)
        & line.str.contains('"timestamp":', literal=True)
    )


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.execute("set timezone = 'UTC'")
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    lines = pl.DataFrame(connection.sql(_SQL))
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    lines = lines.filter(pl.col("reason").is_null()).with_columns(
        pl.lit("celery").alias("system"),
        pl.col("type").replace_strict(_EVENTS, default=None, return_dtype=pl.String).alias("event"),
        pl.col("type").replace_strict(_WORKER_EVENTS, default=None, return_dtype=pl.String).alias("worker_event"),
    )
    rows = {
        "job_events": _job_events(lines.filter(pl.col("event").is_not_null())),
        "worker_events": lines.filter(pl.col("worker_event").is_not_null()).select(
            "line_no",
            "occurred_at",
            pl.col("worker_event").alias("event"),
            "system",
            "version",
            pl.col("hostname").alias("worker"),
            pl.col("type").alias("message"),
            "attributes",
        ),
        "log_lines": lines.filter(pl.col("event").is_null() & pl.col("worker_event").is_null()).select(
            "line_no",
            "occurred_at",
            pl.col("type").alias("message"),
            "system",
            pl.col("uuid").alias("job_id"),
            "attributes",
        ),
    }  # fmt: skip
    return Parsed(
        rows={name: frame for name, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _job_events(lives: pl.DataFrame) -> pl.DataFrame:
    kind, written = pl.col("type"), pl.col("written")
    rejected = (kind == "task-failed") & written.str.contains(_REJECTED)
    return with_errors(lives).select(
        "line_no",
        "occurred_at",
        pl.when((kind == "task-sent") & pl.col("is_due_later"))
        .then(pl.lit("scheduled"))
        .when((kind == "task-revoked") & pl.col("terminated"))
        .then(pl.lit("cancelled"))
        .when((kind == "task-failed") & (pl.col("error_class") == "NotRegistered"))
        .then(pl.lit("retries_exhausted"))  # no worker knows it: it is given up before it has run
        .otherwise("event")
        .alias("event"),
        "system",
        pl.col("uuid").alias("job_id"),
        "parent_id",
        pl.col("name").alias("job_class"),
        "queue",
        pl.when(kind.is_in(["task-sent", "task-received"])).then("attempt").alias("attempt"),
        arguments_as_written(pl.col("args"), pl.col("kwargs")).alias("arguments"),
        pl.when(kind != "task-sent").then(pl.col("hostname")).alias("worker"),
        "duration",
        "run_at",
        pl.when(kind == "task-failed")
        .then(pl.lit(value=False))
        .when(kind == "task-retried")
        .then(pl.lit(value=True))
        .alias("will_retry"),
        pl.when(rejected).then(pl.lit("Reject")).otherwise("error_class").alias("error_class"),
        pl.when(rejected).then(written.str.extract(_REJECTED, 1)).otherwise("error_message").alias("error_message"),
        "backtrace",
        kind.alias("message"),
        "attributes",
    ).rename({"parent_id": "parent_job_id"})  # fmt: skip


SOURCE = Source(
    name="celery_events",
    describes="Celery's real-time events as JSON",
    kind="log",
    system="celery",
    shows=frozenset({"enqueues", "starts", "ends", "errors", "arguments", "workers", "queues", "heartbeats"}),
    cannot="What happened while nobody listened, that a task was ignored, and which queues a worker reads.",
    claims=_claims,
    holds=("hostname",),
    parse=_parse,
)
