r"""
Dramatiq's log, as the ``dramatiq`` command writes it: one stream for all worker processes of a command.

    [2026-03-01 22:00:05,120] [PID 80] [Thread-8] [dramatiq.worker.WorkerThread] [DEBUG] Received message
     mail('a', 7) with id '6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1'.
    [2026-03-01 22:00:05,164] [PID 80] [Thread-8] [dramatiq.worker.ConsumerThread(mailers)] [DEBUG] Acknowledging
     message '6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1'.

(each on one line). Traps: times are local and name no zone. At the default level a message that succeeds leaves no line
at all; its start and end need ``-v``. ``Completed after`` is said of runs that failed, too, and of actors that are
called like functions: a run has succeeded where its message is acknowledged and no failure was told before. The line of
a failure has no id; the next line of its thread that has one means the same message. A message with a delay, be it a
retry, waits in ``QUEUE.DQ``, is acknowledged there and put on its queue anew: that acknowledgement is no success.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.python_calls import arguments_of_calls
from ingest.python_log import continuations, with_errors
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_BEGINNING = r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] \[PID \d+\] \["
_PARTS = ["at", "pid", "thread", "logger", "level", "words"]
_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}
_YEARS = (1970, 2259)
"""A time outside of them is no clock's: it would stretch everything that is counted by time."""

_JOB_EVENTS = (
    ("Received message for undefined actor ", "discarded"),
    ("Received message ", "started"),
    ("Acknowledging message ", "acknowledged"),
    ("Failed to process message ", "failed"),
    ("Rate limit exceeded in message ", "failed"),
    ("Retrying message ", "retry_scheduled"),
    ("Retries exceeded for message ", "retries_exhausted"),
    ("Aborting message ", "discarded"),
    ("Message ", "discarded"),
    ("Enqueueing message ", "enqueued"),
    ("Pushing message ", "reserved"),
)
"""How a line about a message begins, and what it tells. ``Message ...`` was skipped or has exceeded its age limit."""

_WORKER_EVENTS = (
    ("Worker process is ready for action.", "booted"),
    ("Running consumer thread", "reading"),
    ("Stopping worker process", "stopping"),
    ("Killing worker process", "stopping"),
    ("Shutting down...", "stopping"),
    ("Worker has been shut down.", "stopped"),
    ("Worker with PID ", "died"),
)
"""The same for the life of a worker process."""

_SHUTDOWN = "dramatiq.middleware.shutdown.Shutdown"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_BEGINNING)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = _lines(records).with_columns(_reason().alias("reason"))
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    lines = lines.filter(pl.col("reason").is_null()).with_columns(
        _told(_JOB_EVENTS).alias("job_event"), _told(_WORKER_EVENTS).alias("worker_event")
    )
    told, of_worker = pl.col("job_event").is_not_null(), pl.col("worker_event").is_not_null()
    lives = with_errors(lines.filter(told))
    workers = lines.filter(of_worker)
    tables = {
        "job_events": _job_events(lives),
        "worker_events": _worker_events(workers),
        "log_lines": pl.concat(
            [
                _log_lines(lines.filter(~told & ~of_worker)),
                continuations(lives.filter(pl.col("backtrace").is_null()), "dramatiq"),
                continuations(workers, "dramatiq"),
            ],
            how="diagonal",
        ),
    }
    return Parsed(
        rows={name: frame for name, frame in tables.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _lines(records: pl.DataFrame) -> pl.DataFrame:
    """The prefix of each line in columns, and its words: ``first`` line and what ``follows`` it."""
    at, words = pl.col("at").str.slice(1), pl.col("words").fill_null("").str.splitn("\n", 2)
    parts = pl.col("text").str.splitn("] ", len(_PARTS)).struct.rename_fields(_PARTS)
    return (
        records.select("line_no", parts.alias("part"))
        .unnest("part")
        .with_columns(
            at.str.to_datetime("%Y-%m-%d %H:%M:%S,%3f", time_unit="us", strict=False).alias("occurred_at_clock"),
            pl.col("pid").str.slice(len("[PID ")).cast(pl.Int64, strict=False),
            pl.col("thread").str.slice(1),
            pl.col("logger").str.slice(1),
            pl.col("level").str.slice(1).replace_strict(_LEVELS, default=None, return_dtype=pl.String),
            words.struct.rename_fields(["first", "follows"]).alias("words"),
        )
        .unnest("words")
    )


def _reason() -> pl.Expr:
    clock = pl.col("occurred_at_clock")
    return (
        pl.when(pl.col("level").is_null())
        .then(pl.lit("it begins like a line of Dramatiq's log, but names no logger and level"))
        .when(clock.is_null() | ~clock.dt.year().is_between(*_YEARS))
        .then(pl.lit("its time is none of the years 1970 to 2259"))
        .when(pl.col("pid").is_null())
        .then(pl.lit("its process id is no number that fits 64 bits"))
    )


def _told(beginnings: tuple[tuple[str, str], ...]) -> pl.Expr:
    """What a line of Dramatiq itself tells, by how it begins; who only passes on delayed messages runs none."""
    first, logger = pl.col("first"), pl.col("logger")
    told = pl.coalesce([pl.when(first.str.starts_with(words)).then(pl.lit(event)) for words, event in beginnings])
    passes_on = logger.str.ends_with(".DQ)") & ~first.str.starts_with("Pushing message ")
    return pl.when(logger.str.starts_with("dramatiq.") & ~passes_on).then(told)


def _job_events(lives: pl.DataFrame) -> pl.DataFrame:
    first, clock, event = pl.col("first"), pl.col("occurred_at_clock"), pl.col("job_event")
    expected = first.str.extract(r" with expected exception (\S+)\.$", 1)
    limited = first.str.extract(r"^Rate limit exceeded in message .*?\): (.*)\.$", 1)
    delay = first.str.extract(r"' in (\d{1,12}) milliseconds\.$", 1).cast(pl.Int64)
    queue = pl.coalesce(
        first.str.extract(r"^Enqueueing message '.*' on queue '([^']+)'\.$", 1),
        pl.col("logger").str.extract(r"ConsumerThread\(([^)]+)\)$", 1),
    )
    lives = lives.with_columns(
        _call().alias("call"),
        pl.coalesce(
            first.str.extract(r"^(?:[A-Z][a-z]+ (?:exceeded for )?m|M)essage '([^']+)'", 1),
            pl.when(event == "started").then(first.str.extract(r" with id '([^']+)'\.$", 1)),
        ).alias("job_id"),
        queue.alias("queue"),
    ).with_columns(pl.col("call").str.extract(r"^([^(]+)\(", 1).alias("called"))
    arguments = pl.col("call").str.slice(pl.col("called").str.len_chars() + 1).str.head(-1)
    return lives.select(
        "line_no",
        "occurred_at_clock",
        pl.when(event.is_in(["enqueued", "reserved"]) & pl.col("queue").str.ends_with(".DQ"))
        .then(pl.lit("scheduled"))
        .when(pl.col("error_class") == _SHUTDOWN)
        .then(pl.lit("interrupted"))
        .otherwise(event)
        .alias("event"),
        pl.lit("dramatiq").alias("system"),
        "job_id",
        pl.coalesce("called", first.str.extract(r"^Received message for undefined actor '([^']+)'", 1))
        .alias("job_class"),
        pl.col("queue").str.strip_suffix(".DQ"),
        arguments_of_calls(arguments).alias("arguments"),
        "pid",
        "thread",
        (clock + pl.duration(milliseconds=delay)).alias("run_at_clock"),
        pl.when(expected.is_not_null()).then(pl.lit(value=False)).alias("will_retry"),
        pl.coalesce("error_class", expected, pl.when(limited.is_not_null()).then(pl.lit("RateLimitExceeded")))
        .alias("error_class"),
        pl.coalesce("error_message", limited).alias("error_message"),
        "backtrace",
        first.alias("message"),
        _attributes("logger", "level").alias("attributes"),
    )  # fmt: skip


def _call() -> pl.Expr:
    """The call that a message stands for, as the lines write it that name one: ``mail('a', 7)``."""
    first, event = pl.col("first"), pl.col("job_event")
    failed = first.str.strip_prefix("Failed to process message ")
    return (
        pl.when((event == "started") & first.str.ends_with("'."))
        .then(first.str.strip_prefix("Received message ").str.extract(r"^(.*\)) with id '", 1))
        .when(first.str.ends_with(") with unhandled exception."))
        .then(failed.str.strip_suffix(" with unhandled exception."))
        .when((event == "failed") & first.str.contains(r"\) with expected exception \S+\.$"))
        .then(failed.str.extract(r"^(.*\)) with expected exception ", 1))
        .when((event == "failed") & first.str.starts_with("Rate limit exceeded"))
        .then(first.str.extract(r"^Rate limit exceeded in message (.*?\)): ", 1))
        .when((event == "discarded") & first.str.ends_with(") was skipped."))
        .then(first.str.strip_prefix("Message ").str.strip_suffix(" was skipped."))
    )


def _worker_events(workers: pl.DataFrame) -> pl.DataFrame:
    """A worker process's own lines, and its parent's about its death: that one has the pid of the dead."""
    first, event = pl.col("first"), pl.col("worker_event")
    dead = pl.when(event == "died").then(first.str.extract(r"^Worker with PID (\d{1,18}) ", 1).cast(pl.Int64))
    queue = pl.when(event == "reading").then(pl.col("logger").str.extract(r"ConsumerThread\(([^)]+)\)$", 1))
    return workers.select(
        "line_no",
        "occurred_at_clock",
        event.alias("event"),
        pl.lit("dramatiq").alias("system"),
        pl.coalesce(dead, "pid").alias("pid"),
        "thread",
        pl.when(queue.is_not_null()).then(pl.concat_list(queue)).alias("queues"),
        first.alias("message"),
        _attributes("logger", "level").alias("attributes"),
    )


def _log_lines(lines: pl.DataFrame) -> pl.DataFrame:
    said = pl.when(pl.col("follows").is_null()).then(pl.col("first"))
    return lines.select(
        "line_no",
        "occurred_at_clock",
        "level",
        said.otherwise(pl.concat_str("first", pl.lit("\n"), "follows")).alias("message"),
        pl.lit("dramatiq").alias("system"),
        "pid",
        "thread",
        pl.when(pl.col("logger").str.starts_with("dramatiq."))
        .then(pl.col("first").str.extract(r"^[A-Z][a-z]+ message '([^']+)'", 1))
        .alias("job_id"),
        _attributes("logger").alias("attributes"),
    )


def _attributes(*names: str) -> pl.Expr:
    return pl.struct(*names).struct.json_encode()


SOURCE = Source(
    name="dramatiq_text",
    describes="Dramatiq's log, as its command writes it",
    kind="log",
    system="dramatiq",
    shows=frozenset({"starts", "ends", "errors", "arguments", "workers", "queues"}),
    cannot="At the default level any run that did not fail; at every level how long a message waited.",
    claims=_claims,
    holds=("] [PID ",),
    parse=_parse,
    goes_on=True,
)
