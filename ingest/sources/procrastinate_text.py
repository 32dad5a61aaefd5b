r"""
Procrastinate's log in the format of its command, and the like with a time in front.

    INFO:procrastinate.worker.w1:Starting job shop.mail[12](to='a')
    INFO:procrastinate.worker:Job shop.mail[12](to='a') ended with status: Success, lasted 0.184 s - Result: sent
    2026-03-01 22:00:05 INFO procrastinate.worker: Job shop.mail[13](to='b') ended with status: Error, lasted 0.051 s

Traps: by default no line has a time, so that only the order of lines within one file is known; an export of the table
``procrastinate_events`` has the times. Only the line of the start names the worker. The application's own lines stand
between, in the same format. ``Error, to retry`` and ``Aborted, to retry`` come again, ``Error`` and ``Aborted`` do not.
A result is cut after 250 characters and may hold line ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.python_calls import arguments_of_calls
from ingest.python_log import continuations, one_record_each, with_errors
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_LEVEL = r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)"
_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}
_CLOCK = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?"
_TIME = rf"\[?{_CLOCK}(?: ?(?:Z|[+-]\d\d:?\d\d))?\]?"
_BETWEEN = r"[ :|-]"


def _beginning(logger: str) -> str:
    """How a line of that logger begins: level and name in either order, perhaps after a time, perhaps in brackets."""
    level, name = rf"\[?{_LEVEL}\]?", rf"\[?{logger}\]?"
    either = rf"(?:{level}{_BETWEEN}*{name}|{name}{_BETWEEN}*{level})"
    return rf"^(?:{_TIME}{_BETWEEN}*)?{either}(?:{_BETWEEN}+|$)"


_OWN = _beginning(r"procrastinate(?:\.[^\s:|\]]+)*")
_ANY = _beginning(r"[A-Za-z_][\w.]*")

_STATUSES = {
    "Success": "succeeded",
    "Error, to retry": "failed",
    "Error": "failed",
    "Aborted, to retry": "interrupted",
    "Aborted": "cancelled",
}
_WORKER_EVENTS = (
    (r"^Starting worker on ", "booted"),
    (r"^Stop requested$", "stopping"),
    (r"^No job found\. Stopping worker ", "stopping"),
    (r"^\d+ jobs still running after graceful timeout", "stopping"),
    (r"^Stopped worker on ", "stopped"),
    (r"^Updating heartbeat of worker ", "heartbeat"),
)
_ABOUT_JOBS = "Loaded job info, about to start job|Acknowledged job completion|Waiting for job to finish: worker:"
"""How lines begin that name a job and tell no event."""

_YEARS = (1970, 2259)


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_OWN)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = _with_meaning(_lines(one_record_each(records, pl.col("text").str.contains(_ANY))))
    known = pl.col("event").is_not_null()
    lives = with_errors(lines.filter(known & ~pl.col("of_worker")))
    workers = lines.filter(known & pl.col("of_worker"))
    tables = {
        "job_events": _job_events(lives),
        "worker_events": _worker_events(workers),
        "log_lines": pl.concat(
            [
                _log_lines(lines.filter(~known)),
                continuations(lives.filter(pl.col("backtrace").is_null()), "procrastinate"),
                continuations(workers, "procrastinate"),
            ],
            how="diagonal",
        ),
    }
    return Parsed(rows={name: frame for name, frame in tables.items() if not frame.is_empty()})


def _lines(records: pl.DataFrame) -> pl.DataFrame:
    """The prefix of each line in columns, and its words: ``first`` line and what ``follows`` it."""
    text, stamp, ahead = pl.col("text"), pl.col("stamp"), pl.col("ahead")
    clock = stamp.str.extract(f"({_CLOCK})", 1).str.replace("T", " ").str.replace(",", ".")
    lines = (
        records.select(
            "line_no",
            text.str.extract(f"^({_TIME}{_BETWEEN}*)", 1).alias("stamp"),
            text.str.extract(f"({_OWN}|{_ANY})", 1).fill_null("").alias("prefix"),
            "text",
        )
        .with_columns(
            clock.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False).alias("at"),
            _minutes_ahead(stamp).alias("ahead"),
            pl.col("prefix").str.slice(stamp.str.len_chars().fill_null(0)).alias("logged_as"),
            text.str.slice(pl.col("prefix").str.len_chars()).str.splitn("\n", 2)
            .struct.rename_fields(["first", "follows"]).alias("words"),
        )
        .unnest("words")
        .drop("text", "stamp", "prefix")
    )  # fmt: skip
    at = pl.when(pl.col("at").dt.year().is_between(*_YEARS)).then(pl.col("at"))
    return lines.join(_loggers(lines), on="logged_as", how="left", maintain_order="left").with_columns(
        (at - pl.duration(minutes=ahead)).alias("occurred_at"),
        pl.when(ahead.is_null()).then(at).alias("occurred_at_clock"),
    )


def _minutes_ahead(stamp: pl.Expr) -> pl.Expr:
    """How far a time's own zone is ahead of UTC, in minutes; null where it names none."""
    zone = stamp.str.extract(rf"{_CLOCK} ?(Z|[+-]\d\d:?\d\d)", 1).str.replace("Z", "+0000").str.replace(":", "")
    hours, minutes = zone.str.slice(0, 3), zone.str.slice(0, 1) + zone.str.slice(3)
    return hours.cast(pl.Int64) * 60 + minutes.cast(pl.Int64)


def _loggers(lines: pl.DataFrame) -> pl.DataFrame:
    """Logger and level of each way in which lines begin after their time: there are few."""
    logged_as = pl.col("logged_as")
    level = logged_as.str.extract(rf"\b({_LEVEL})\b", 1)
    name = logged_as.str.replace(rf"\b{_LEVEL}\b", "").str.extract(r"([A-Za-z_][\w.]*)", 1)
    return lines.select(logged_as.unique()).with_columns(
        pl.coalesce(logged_as.str.extract(r"(procrastinate(?:\.[^\s:|\]]+)*)", 1), name).alias("logger"),
        level.replace_strict(_LEVELS, default=None, return_dtype=pl.String).alias("level"),
    )


def _with_meaning(lines: pl.DataFrame) -> pl.DataFrame:
    """With the ``event`` that a line of Procrastinate itself tells, and the ``call`` that it names."""
    first = pl.col("first")
    own = pl.col("logger").str.starts_with("procrastinate")
    ended = first.str.starts_with("Job ") & first.str.contains(") ended with status: ", literal=True)
    periodic = first.str.starts_with("Periodic job ")
    status = first.str.extract(r"\) ended with status: ((?:Success|Error|Aborted)(?:, to retry)?)", 1)
    of_worker = pl.coalesce([pl.when(first.str.contains(words)).then(pl.lit(event)) for words, event in _WORKER_EVENTS])
    of_job = (
        pl.when(first.str.starts_with("Starting job "))
        .then(pl.lit("started"))
        .when(ended)
        .then(status.replace_strict(_STATUSES, default=None, return_dtype=pl.String))
        .when(periodic & first.str.contains(r"\) deferred for timestamp -?\d+ with id \d+$"))
        .then(pl.lit("enqueued"))
        .when(periodic & first.str.contains(") cannot be enqueued: ", literal=True))
        .then(pl.lit("lock_conflict"))
    )
    call = (
        pl.when(first.str.starts_with("Starting job "))
        .then(first.str.strip_prefix("Starting job "))
        .when(ended)
        .then(first.str.extract(r"^Job (.*?\)) ended with status: ", 1))
        .when(periodic)
        .then(first.str.extract(r"^Periodic job (.*?\)) (?:deferred|cannot|skipped) ", 1))
        .otherwise(first.str.extract(rf"^(?:{_ABOUT_JOBS}) (.*\))", 1))
    )
    return (
        lines.with_columns(pl.when(own).then(of_job).alias("of_job"), pl.when(own).then(of_worker).alias("of_worker"))
        .with_columns(
            pl.coalesce("of_job", "of_worker").alias("event"),
            pl.col("of_job").is_null().alias("of_worker"),
            status.str.ends_with("retry").alias("will_retry"),
            pl.when(own).then(call).alias("call"),
        )
        .with_columns(
            pl.col("call").str.extract(r"^([^\[\s]+)\[(?:\d+|None)\]\(", 1).alias("job_class"),
            pl.col("call").str.extract(r"^[^\[\s]+\[(\d+)\]\(", 1).alias("job_id"),
        )
    )


def _job_events(lives: pl.DataFrame) -> pl.DataFrame:
    call, first = pl.col("call"), pl.col("first")
    arguments = call.str.replace(r"^[^\[\s]+\[(?:\d+|None)\]\(", "").str.strip_suffix(")")
    return lives.select(
        "line_no",
        "occurred_at",
        "occurred_at_clock",
        "event",
        pl.lit("procrastinate").alias("system"),
        "job_id",
        "job_class",
        pl.when(arguments == "").then(pl.lit("{}")).otherwise(arguments_of_calls(arguments)).alias("arguments"),
        _worker().alias("worker"),
        first.str.extract(r"\) ended with status: [A-Z][a-z, ]+, lasted (\d{1,9}\.\d{3}) s", 1)
        .cast(pl.Float64)
        .alias("duration"),
        pl.when(pl.col("event").is_in(["failed", "interrupted"])).then("will_retry").alias("will_retry"),
        "error_class",
        "error_message",
        "backtrace",
        first.alias("message"),
        _attributes("logger", "level").alias("attributes"),
    )


def _worker() -> pl.Expr:
    """The worker's name, where the logger is its own and not that of all workers."""
    return pl.col("logger").str.extract(r"^procrastinate\.worker\.(.+)$", 1)


def _worker_events(workers: pl.DataFrame) -> pl.DataFrame:
    first, event = pl.col("first"), pl.col("event")
    queues = first.str.extract(r"^Starting worker on queues (.+)$", 1).str.split(", ")
    return workers.select(
        "line_no",
        "occurred_at",
        "occurred_at_clock",
        event.alias("event"),
        pl.lit("procrastinate").alias("system"),
        pl.coalesce(_worker(), first.str.extract(r"^Updating heartbeat of worker (\d+)$", 1)).alias("worker"),
        pl.when(first == "Starting worker on all queues").then(pl.concat_list(pl.lit("*"))).otherwise(queues)
        .alias("queues"),
        first.str.extract(r"^(\d{1,9}) jobs still running", 1).cast(pl.Int32).alias("job_count"),
        first.alias("message"),
        _attributes("logger", "level").alias("attributes"),
    )  # fmt: skip


def _log_lines(lines: pl.DataFrame) -> pl.DataFrame:
    said = pl.when(pl.col("follows").is_null()).then(pl.col("first"))
    return lines.select(
        "line_no",
        "occurred_at",
        "occurred_at_clock",
        "level",
        said.otherwise(pl.concat_str("first", pl.lit("\n"), "follows")).alias("message"),
        pl.lit("procrastinate").alias("system"),
        "job_id",
        "job_class",
        pl.when(pl.col("logger").is_not_null()).then(_attributes("logger")).alias("attributes"),
    )


def _attributes(*names: str) -> pl.Expr:
    return pl.struct(*names).struct.json_encode()


SOURCE = Source(
    name="procrastinate_text",
    describes="Procrastinate's log, as its command writes it",
    kind="log",
    system="procrastinate",
    shows=frozenset({"starts", "ends", "errors", "arguments", "workers"}),
    cannot="When anything happened, unless the format was given a time; the queue of a job.",
    claims=_claims,
    holds=("procrastinate",),
    parse=_parse,
    goes_on=True,
)
