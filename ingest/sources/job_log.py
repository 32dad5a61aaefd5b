"""
The job log our own workers write: JSON lines, one event of a job or a worker, or one line the application logged.

    {"format":"jobrunner.job_log/1","ts":"2026-03-01T22:00:05.120000Z","event":"started","system":"jobrunner",
     "job_id":"b6f1","job_class":"WelcomeMail","queue":"mailers","attempt":1,"host":"web-1","pid":80,"thread":"t1"}

(on one line). Read in columns: no Python per line.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, get_args

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import encoded
from jobrunner.contract import JOB_LOG_FORMAT, JobEvent, WorkerEvent

if TYPE_CHECKING:
    import duckdb

_SQL = files("ingest.sources").joinpath("job_log.sql").read_text(encoding="utf-8")

_JOB_EVENT = [
    "line_no",
    "occurred_at",
    "event",
    "system",
    "service",
    "environment",
    "version",
    "job_id",
    "provider_job_id",
    "parent_job_id",
    "job_class",
    "queue",
    "attempt",
    "max_attempts",
    "arguments",
    "idempotency_key",
    "host",
    "pid",
    "thread",
    "worker",
    "duration",
    "wait",
    "enqueued_at",
    "run_at",
    "will_retry",
    "error_class",
    "error_message",
    "backtrace",
    "trace_id",
    "span_id",
    "message",
]
_WORKER_EVENT = [
    "line_no",
    "occurred_at",
    "event",
    "system",
    "service",
    "version",
    "host",
    "pid",
    "thread",
    "worker",
    "queues",
    "concurrency",
    "job_count",
    "message",
]
_LOG_LINE = [
    "line_no",
    "occurred_at",
    "level",
    "message",
    "system",
    "host",
    "pid",
    "thread",
    "job_id",
    "job_class",
    "trace_id",
    "span_id",
]


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.starts_with('{"format":"jobrunner.job_log/') | line.str.slice(0, 400).str.contains(
        r'^\x{feff}?\s*\{.*"format"\s*:\s*"jobrunner\.job_log/'
    )


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.execute("set timezone = 'UTC'")  # a time that names no zone is UTC, wherever this runs
    lines = _read(records, connection)
    good = lines.filter(pl.col("reason").is_null())
    rows = {
        "job_events": _rows(good.filter("is_job_event"), _JOB_EVENT),
        "worker_events": _rows(
            good.filter(~pl.col("is_job_event") & pl.col("is_worker_event")).with_columns(event="worker_event"),
            _WORKER_EVENT,
        ),
        "log_lines": _rows(
            good.filter(~pl.col("is_job_event") & ~pl.col("is_worker_event")).with_columns(
                message=pl.coalesce("message", "event", "worker_event", pl.lit(""))
            ),
            _LOG_LINE,
        ),
    }
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    return Parsed(
        rows={table: frame for table, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _read(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    parameters = {
        "format": JOB_LOG_FORMAT,
        "job_events": list(get_args(JobEvent)),
        "worker_events": list(get_args(WorkerEvent)),
        "told_of_job_events": _without(_JOB_EVENT),
        "told_of_worker_events": _without([*_WORKER_EVENT, "worker_event"], but="event"),
        "told_of_log_lines": _without(_LOG_LINE),
    }
    return pl.DataFrame(connection.sql(_SQL, params=parameters))


def _without(columns: list[str], but: str | None = None) -> str:
    """A JSON merge patch that removes what these columns hold."""
    held = {"occurred_at": "ts"}
    return encoded(dict.fromkeys(held.get(column, column) for column in ["format", *columns] if column != but))


def _rows(lines: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    return lines.select(*columns, attributes=pl.col("beside").replace("{}", None))


SOURCE = Source(
    name="job_log",
    describes="jobrunner's job log, JSON lines",
    kind="log",
    system="jobrunner",
    shows=frozenset({"enqueues", "starts", "ends", "errors", "arguments", "workers", "queues", "heartbeats"}),
    cannot="Nothing of a job's life is missing from it; a worker killed outright writes no last line.",
    claims=_claims,
    holds=("jobrunner.job_log/",),
    parse=_parse,
)
