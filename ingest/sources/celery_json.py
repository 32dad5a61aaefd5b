r"""
A Celery worker's log as JSON, one object per line, as python-json-logger or structlog write it.

    {"asctime": "2026-03-01 22:00:05,120", "levelname": "INFO", "name": "celery.worker.strategy", "processName":
     "MainProcess", "message": "Task shop.mail[6f1e0c4a] received", "data": {"id": "6f1e0c4a", "args": "(7,)"}}
    {"event": "Task shop.mail[6f1e0c4a] received", "logger": "celery.worker.strategy", "level": "info",
     "timestamp": "2026-03-01T22:00:05.120Z", "data": {"id": "6f1e0c4a", "args": "(7,)"}}

(each on one line). Traps: ``asctime`` names no zone. Arguments are texts as Python writes them. The words are the same
as in the log that is no JSON; only a logger of Celery's own tells the life of a task by them. ``event`` is structlog's
name for the words. The loss of a child process names no task here, too.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.celery_messages import arguments_as_written, rows_of, with_all_columns
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_SQL = files("ingest.sources").joinpath("celery_json.sql").read_text(encoding="utf-8")
_OF_CELERY = r'"(?:name|logger|logger_name)": ?"celery(?:\.[\w.]+)?"'
_LEVEL = r'"(?:level|levelname|severity)": ?"'
_LEVELS = {"warning": "warn", "critical": "fatal", "exception": "error"}


def _claims(line: pl.Expr) -> pl.Expr:
    of_task = line.str.contains('"task_id":', literal=True) & line.str.contains('"task_name":', literal=True)
    return line.str.starts_with("{") & line.str.contains(_LEVEL) & (line.str.contains(_OF_CELERY) | of_task)


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.execute("set timezone = 'UTC'")
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    lines = pl.DataFrame(connection.sql(_SQL))
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    lines = (
        lines.filter(pl.col("reason").is_null())
        .with_columns(
            arguments_as_written(pl.col("args"), pl.col("kwargs")).alias("arguments"),
            pl.col("level").replace(_LEVELS).alias("level"),
            pl.col("words").str.splitn("\n", 2).struct.rename_fields(["first", "follows"]).alias("words"),
        )
        .unnest("words")
    )
    parsed = rows_of(with_all_columns(lines))
    return Parsed(rows=parsed.rows, rejects=None if rejects.is_empty() else rejects)


SOURCE = Source(
    name="celery_json",
    describes="A Celery worker's log as JSON, from python-json-logger or structlog",
    kind="log",
    system="celery",
    shows=frozenset({"starts", "ends", "errors", "arguments", "workers"}),
    cannot="A run that does not end; when a task was sent, its queue and worker.",
    claims=_claims,
    holds=("task_id", "celery"),
    parse=_parse,
)
