r"""
Delayed Job's log: the file that its script writes, and what a worker writes to standard output.

    I, [2026-03-01T22:00:05.120455 #80]  INFO -- : 2026-03-01T22:00:05+0000: [Worker(host:web1 pid:80)] Job WelcomeMail (id=7) (queue=mailers) RUNNING
    [Worker(host:web1 pid:80)] Job WelcomeMail (id=7) (queue=mailers) COMPLETED after 0.0348

With Active Job the name holds its id and arguments:

    [Worker(host:web1 pid:80)] Job WelcomeMail [1ee81c1e-02b1-4190-af24-370bc451e918] from DelayedJob(mailers) with arguments: [7] (id=7) (queue=mailers) RUNNING

Traps: the first of the two times names no zone, the second does, to the second only. Standard output has no time at all
and often repeats what the file holds. ``0 prior attempts`` is the first attempt. A failure is retried unless the line
after it says ``FAILED permanently``. On TERM a worker says ``Exiting...`` and then finishes its job.
"""  # noqa: E501 - lines as they are written

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.ruby_arguments import arguments_json
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_LOGGER = r"(?:[A-Z], \[[^\]]*\] +[A-Z]+ -- [^:]*: )?"
_TOLD = r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d: )?"
_BEGINNING = rf"^{_LOGGER}{_TOLD}\[Worker\("
_YEARS = r"^(?:19[7-9]\d|2[01]\d\d|22[0-5]\d)-"
_ENDED = r"(?:RUNNING|COMPLETED after|FAILED|REMOVED)\b"
_BEHIND = rf"^([^()\s]+)\)(?: \(queue=[^)]*\))? {_ENDED}"
"""What follows a job's name and `` (id=``."""
_NAME = rf"(?s)^(.*?) \(id=[^()\s]+\)(?: \(queue=[^)]*\))? {_ENDED}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LONGEST = 3e9
"""Seconds, about a century: a run that lasted longer is a misprint."""

_LEVELS = {"D": "debug", "I": "info", "W": "warn", "E": "error", "F": "fatal"}


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains("[Worker(", literal=True) & line.str.contains(_BEGINNING)


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = records.select("line_no", *_header()).select(pl.exclude("told", "logged"), *_times())
    lines = lines.with_columns(reason=_reason())
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    good = lines.filter(pl.col("reason").is_null()).drop("reason").with_columns(*_worker())
    of_job = good.filter(pl.col("name").is_not_null())
    of_worker = good.filter(pl.col("name").is_null() & pl.col("worker_event").is_not_null())
    others = good.filter(pl.col("name").is_null() & pl.col("worker_event").is_null())
    rows = {
        "job_events": _job_events(of_job, connection),
        "worker_events": of_worker.select(*_SHARED, "worker", pl.col("worker_event").alias("event"), message="words"),
        "log_lines": others.select(*_SHARED, "level", message="words", attributes=_named("worker")),
    }
    return Parsed(
        rows={table: frame for table, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


_SHARED = ["line_no", "occurred_at", "occurred_at_clock", "host", "pid", pl.lit("delayed_job").alias("system")]


def _header() -> list[pl.Expr]:
    """What stands before the worker's words: two times, the level and the worker's name."""
    text = pl.col("text")
    parts = text.str.splitn("[Worker(", 2)
    head = parts.struct.field("field_0")
    rest = parts.struct.field("field_1").str.splitn(")]", 2)
    return [
        head.str.extract(r"^[A-Z], \[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)", 1).alias("logged"),
        head.str.strip_suffix(": ").str.tail(25).str.extract(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d)$", 1)
        .alias("told"),
        head.str.slice(0, 1).replace_strict(_LEVELS, default=None, return_dtype=pl.String).alias("level"),
        rest.struct.field("field_0").alias("worker"),
        rest.struct.field("field_1").str.strip_prefix(" ").alias("words"),
    ]  # fmt: skip


def _times() -> list[pl.Expr]:
    """The logger's time to the microsecond, in the zone that the second time names; either alone is taken as it is."""
    logged = _moment(pl.col("logged"), "%Y-%m-%dT%H:%M:%S%.f")
    shown = _moment(pl.col("told").str.slice(0, 19), "%Y-%m-%dT%H:%M:%S")
    zone = pl.col("told").str.slice(19)
    minutes = zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.tail(2).cast(pl.Int64)
    offset = pl.duration(minutes=pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes))
    close = (logged - shown).abs() < pl.duration(minutes=1)
    in_zone = pl.when(close).then(logged).otherwise(shown) - offset
    return [
        in_zone.alias("occurred_at"),
        pl.when(pl.col("told").is_null()).then(logged).alias("occurred_at_clock"),
        pl.coalesce("told", "logged").alias("written"),
    ]


def _moment(text: pl.Expr, shape: str) -> pl.Expr:
    return text.str.to_datetime(shape, time_unit="us", strict=False)


def _reason() -> pl.Expr:
    written = pl.col("written")
    unread = written.is_not_null() & (
        ~written.str.contains(_YEARS) | (pl.col("occurred_at").is_null() & pl.col("occurred_at_clock").is_null())
    )
    return (
        pl.when(pl.col("words").is_null())
        .then(pl.lit("it begins like a line of Delayed Job's log, but the worker's name has no end"))
        .when(unread)
        .then(pl.lit("its time is no date of the years 1970 to 2259"))
    )


def _worker() -> list[pl.Expr]:
    worker, words = pl.col("worker"), pl.col("words")
    parts = words.str.strip_prefix("Job ").str.splitn(" (id=", 2)
    behind = parts.struct.field("field_1")
    name = (
        pl.when(behind.str.contains(_BEHIND)).then(parts.struct.field("field_0"))
        # Words such as these may stand in the name itself, which with Active Job holds the arguments.
        .when(behind.str.contains(" (id=", literal=True)).then(words.str.strip_prefix("Job ").str.extract(_NAME, 1))
    )  # fmt: skip
    return [
        worker.str.extract(r"host:(.+?) pid:\d+$", 1).alias("host"),
        worker.str.extract(r" ?pid:(\d{1,18})$", 1).cast(pl.Int64, strict=False).alias("pid"),
        pl.when(words.str.starts_with("Job ")).then(name).alias("name"),
        pl.when(words.str.starts_with("Starting job worker")).then(pl.lit("booted"))
        .when(words.str.starts_with("Exiting...")).then(pl.lit("stopping")).alias("worker_event"),
    ]  # fmt: skip


def _job_events(lines: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    name, outcome = pl.col("name"), pl.col("outcome")
    behind = pl.col("words").str.slice(name.str.len_chars() + len("Job "))
    lines = lines.with_columns(
        row_id=behind.str.extract(r"^ \(id=([^()\s]+)\)", 1),
        queue=behind.str.extract(r"^ \(id=[^()\s]+\) \(queue=([^)]*)\)", 1),
        outcome=behind.str.replace(r"^ \(id=[^()\s]+\)(?: \(queue=[^)]*\))? ", ""),
        active_job=name.str.extract(rf"\[({_UUID})\] from DelayedJob\(", 1),
    )
    failed = outcome.str.starts_with("FAILED (")
    final = outcome.str.contains(r"^(?:FAILED|REMOVED) permanently")
    event = (
        pl.when(outcome.str.starts_with("RUNNING")).then(pl.lit("started"))
        .when(outcome.str.starts_with("COMPLETED")).then(pl.lit("succeeded"))
        .when(failed).then(pl.lit("failed"))
        .when(final & outcome.str.contains(r"^\w+ permanently with ")).then(pl.lit("failed"))
        .when(final).then(pl.lit("retries_exhausted"))
    )  # fmt: skip
    duration = outcome.str.extract(r"^COMPLETED after (\d+(?:\.\d+)?)", 1).cast(pl.Float64, strict=False)
    prior = outcome.str.extract(r"^FAILED \((\d{1,8}) prior attempts?\)", 1).cast(pl.Int32, strict=False)
    consecutive = outcome.str.extract(r"because of (\d{1,8}) consecutive failures", 1).cast(pl.Int32, strict=False)
    error = outcome.str.extract(r"(?s)^(?:FAILED \([^)]*\)|\w+ permanently) with (.*)", 1)
    error_class = error.str.extract(r"^([A-Z]\w*(?:::\w+)*)", 1)
    inspected = name.str.extract(r"(?s)\] from DelayedJob\([^)]*\) with arguments: (.*)$", 1)
    events = lines.select(
        *_SHARED,
        "worker",
        "queue",
        event.fill_null("failed").alias("event"),
        pl.coalesce("active_job", "row_id").alias("job_id"),
        pl.when(pl.col("active_job").is_not_null()).then("row_id").alias("provider_job_id"),
        pl.when(pl.col("active_job").is_null()).then(name)
        .otherwise(name.str.extract(rf"^(.*?) \[{_UUID}\]", 1)).alias("job_class"),
        inspected.alias("arguments"),
        pl.when(duration <= _LONGEST).then(duration).alias("duration"),
        pl.coalesce(prior + 1, consecutive).alias("attempt"),
        pl.when(final).then(consecutive).alias("max_attempts"),
        pl.when(failed).then(pl.lit(True)).when(final).then(pl.lit(False)).alias("will_retry"),  # noqa: FBT003
        error_class.alias("error_class"),
        error.str.slice(error_class.str.len_chars()).str.strip_prefix(": ").alias("error_message"),
        outcome.alias("message"),
    )  # fmt: skip
    return events.with_columns(arguments_json(events["arguments"], connection).alias("arguments"))


def _named(column: str) -> pl.Expr:
    """A column as an object of that one key."""
    return pl.struct(column).struct.json_encode()


SOURCE = Source(
    name="delayed_job_text",
    describes="Delayed Job's log, the file and standard output",
    kind="log",
    system="delayed_job",
    shows=frozenset({"starts", "ends", "errors", "workers"}),
    cannot="When a job was put on its queue and, without Active Job, its arguments; standard output tells no time.",
    claims=_claims,
    holds=("[Worker(",),
    parse=_parse,
    goes_on=True,
)
