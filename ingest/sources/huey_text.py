r"""
Huey's log, as its consumer writes it unless it was told to write simply (``-S``).

    [2026-03-01 22:00:05,120] INFO:huey:Worker-1:Executing shop.mail: 6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1 2 retries
    [2026-03-01 22:00:05,164] INFO:huey:Worker-1:shop.mail: 6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1 2 retries executed
     in 0.044s
    [2026-03-01 22:00:06,116] ERROR:huey:Worker-1:Unhandled exception in task 7a2d91be-11c3-4f60-8f0e-0c5b3f7d2a12.
    [2026-03-01 22:00:06,118] INFO:huey:Worker-1:Requeueing 7a2d91be-11c3-4f60-8f0e-0c5b3f7d2a12, 1 retries

(each on one line). Traps: times are local and name no zone. ``2 retries`` counts those that are left, also where a
task succeeds; a task that begins with none and fails is given up, and no line says so. A task that could not get its
lock, or that asks to be tried again, was taken up before. The time that a task waits for is said in UTC, unless Huey
was told otherwise. The third part is the thread, or with worker processes the process id. A consumer that is killed
leaves nothing behind, neither here nor in Redis. A task enqueued by the application leaves no line, and no line names
arguments or a queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.python_log import continuations, one_record_each, with_errors
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_LEVEL = "DEBUG|INFO|WARNING|ERROR|CRITICAL"
_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}
_STAMP = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] "
_OWN = rf"^{_STAMP}(?:{_LEVEL}):huey(?:\.[\w.]+)?:[^:]*:"
_ANY = rf"^{_STAMP}(?:{_LEVEL}):[\w.-]+:[^:]*:"
_PARTS = r"(?s)^\[(?P<at>[^\]]*)\] (?P<level>[A-Z]+):(?P<logger>[\w.-]+):(?P<thread>[^:]*):(?P<words>.*)$"  # of _ANY
_YEARS = (1970, 2259)
_TASK = r"(?P<job_class>[^\s:]+): (?P<job_id>\S+)"

_JOB_EVENTS = (
    (r"^Executing [^\s:]+: \S", "started"),
    (r"^[^\s:]+: \S.* executed in [\d.]+s$", "succeeded"),
    (r"^Unhandled exception in task \S+\.$", "failed"),
    (r"^Unhandled error during execution of task \S+\.$", "failed"),
    (r"^Task \S+ timed out after ", "failed"),
    (r"^Task \S+ rate-limited on ", "failed"),
    (r"^Task \S+ raised RetryTask", "failed"),
    (r"^Task \S+ not run, ", "discarded"),
    (r"^Task \S+ raised CancelExecution", "cancelled"),
    (r"^Task [^\s:]+: \S.* cancelled by .* \(pre-execute\)\.$", "cancelled"),
    (r"^Task [^\s:]+: \S.* was revoked, not executing$", "cancelled"),
    (r"^Task [^\s:]+: \S.* expired, not executing\.$", "discarded"),
    (r"^Received exit signal, \S+ did not finish\.$", "interrupted"),
    (r"^Requeueing \S+, \d+ retries$", "retry_scheduled"),
    (r"^Added task \S+ to schedule, eta ", "scheduled"),
    (r"^Enqueueing (?:periodic task )?[^\s:]+: \S", "enqueued"),
)
"""What a line about a task looks like, and what it tells."""

_WORKER_EVENTS = (
    ("Huey consumer started with ", "booted"),
    ("Received SIG", "stopping"),
    ("Received request to shut down now.", "stopping"),
    ("Shutting down", "stopping"),
    ("Consumer will restart.", "stopping"),
    ("All workers have stopped.", "stopped"),
    ("Consumer exiting.", "stopped"),
)
"""The same for the life of a consumer, by how a line begins."""


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_OWN)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = _lines(one_record_each(records, pl.col("text").str.contains(_ANY))).with_columns(_reason().alias("reason"))
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    lines = lines.filter(pl.col("reason").is_null()).with_columns(_told())
    told, of_worker = pl.col("job_event").is_not_null(), pl.col("worker_event").is_not_null()
    lives = with_errors(lines.filter(told))
    workers = lines.filter(of_worker)
    tables = {
        "job_events": _job_events(lives),
        "worker_events": _worker_events(workers),
        "log_lines": pl.concat(
            [
                _log_lines(lines.filter(~told & ~of_worker)),
                continuations(lives.filter(pl.col("backtrace").is_null()), "huey"),
                continuations(workers, "huey"),
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
    at, thread = pl.col("at").str.to_datetime("%Y-%m-%d %H:%M:%S,%3f", time_unit="us", strict=False), pl.col("thread")
    is_process = thread.str.contains(r"^\d{1,18}$")
    return (
        records.select("line_no", pl.col("text").str.extract_groups(_PARTS).alias("parts"), "text")
        .unnest("parts")
        .with_columns(
            pl.when(at.dt.year().is_between(*_YEARS)).then(at).alias("occurred_at_clock"),
            pl.col("level").replace_strict(_LEVELS, default=None, return_dtype=pl.String),
            pl.when(is_process).then(thread).cast(pl.Int64, strict=False).alias("pid"),
            pl.when(~is_process).then(thread).alias("thread"),
            pl.coalesce("words", "text").str.splitn("\n", 2).struct.rename_fields(["first", "follows"]).alias("words"),
        )
        .unnest("words")
    )


def _reason() -> pl.Expr:
    return pl.when(pl.col("occurred_at_clock").is_null()).then(pl.lit("its time is none of the years 1970 to 2259"))


def _told() -> list[pl.Expr]:
    """What a line of Huey itself tells of a task, or of its consumer."""
    first, logger = pl.col("first"), pl.col("logger")
    own = (logger == "huey") | logger.str.starts_with("huey.")
    about_task = pl.coalesce([pl.when(first.str.contains(words)).then(pl.lit(event)) for words, event in _JOB_EVENTS])
    about_worker = pl.coalesce(
        [pl.when(first.str.starts_with(words)).then(pl.lit(event)) for words, event in _WORKER_EVENTS]
    )
    return [pl.when(own).then(about_task).alias("job_event"), pl.when(own).then(about_worker).alias("worker_event")]


def _job_events(lives: pl.DataFrame) -> pl.DataFrame:
    first, event, words = pl.col("first"), pl.col("job_event"), pl.col("task_words")
    task = (
        first.str.strip_prefix("Executing ")
        .str.strip_prefix("Enqueueing ")
        .str.strip_prefix("periodic task ")
        .str.strip_prefix("Task ")
    )
    failed = event == "failed"
    lives = lives.with_columns(
        task.str.extract_groups(rf"^{_TASK}").alias("task"),
        # What is to run after this task has retries of its own.
        task.str.replace(r" -> .*$", "").alias("task_words"),
    ).unnest("task")
    named_alone = pl.coalesce(
        first.str.extract(r"^(?:Task|Requeueing|Added task|Received exit signal,) ([^\s,:]+)", 1),
        first.str.extract(r" task (\S+)\.$", 1),
    )
    eta = first.str.extract(r" to schedule, eta (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)$", 1).str.to_datetime(
        "%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False
    )
    retries_left = words.str.extract(r" (\d{1,9}) retries(?: |$)", 1)
    limited = first.str.extract(r"^Task \S+ (rate-limited on .*?)(?:, retrying in .*)?$", 1)
    ended_with = (
        pl.when(failed & first.str.contains(r"^Task \S+ timed out after "))
        .then(pl.lit("huey.exceptions.TaskTimeout"))
        .when(failed & limited.is_not_null())
        .then(pl.lit("huey.exceptions.RateLimitExceeded"))
        .when(failed & first.str.contains(r"^Task \S+ raised RetryTask"))
        .then(pl.lit("huey.exceptions.RetryTask"))
    )
    return lives.select(
        "line_no",
        "occurred_at_clock",
        event.alias("event"),
        pl.lit("huey").alias("system"),
        pl.coalesce("job_id", named_alone).str.strip_suffix(".").alias("job_id"),
        "job_class",
        "pid",
        "thread",
        first.str.extract(r" executed in (\d{1,12}(?:\.\d+)?)s$", 1).cast(pl.Float64).alias("duration"),
        pl.when(eta.dt.year().is_between(*_YEARS)).then(eta).alias("run_at"),
        # Said with the start of a run: what will be done if it fails.
        pl.when(event == "started")
        .then(retries_left.is_not_null())
        .when(failed & first.str.contains(r"RetryTask, retrying|, retrying in "))
        .then(pl.lit(value=True))
        .alias("will_retry"),
        pl.coalesce("error_class", ended_with).alias("error_class"),
        pl.coalesce("error_message", limited, first.str.extract(r"^Task \S+ (timed out after .*?)\.?$", 1)).alias(
            "error_message"
        ),
        "backtrace",
        first.alias("message"),
        pl.struct("logger", "level", retries_left.alias("retries_left")).struct.json_encode().alias("attributes"),
    )


def _worker_events(workers: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("first")
    return workers.select(
        "line_no",
        "occurred_at_clock",
        pl.col("worker_event").alias("event"),
        pl.lit("huey").alias("system"),
        "pid",  # with threads no other line tells it
        "thread",
        first.str.extract(r"^Huey consumer started with (\d{1,9}) ", 1).cast(pl.Int32).alias("concurrency"),
        first.alias("message"),
        pl.struct("logger", "level", first.str.extract(r", PID (\d{1,18}) at ", 1).alias("pid_of_consumer"))
        .struct.json_encode()
        .alias("attributes"),
    )


def _log_lines(lines: pl.DataFrame) -> pl.DataFrame:
    said = pl.when(pl.col("follows").is_null()).then(pl.col("first"))
    return lines.select(
        "line_no",
        "occurred_at_clock",
        "level",
        said.otherwise(pl.concat_str("first", pl.lit("\n"), "follows")).alias("message"),
        pl.lit("huey").alias("system"),
        "pid",
        "thread",
        pl.struct("logger").struct.json_encode().alias("attributes"),
    )


SOURCE = Source(
    name="huey_text",
    describes="Huey's log, as its consumer writes it",
    kind="log",
    system="huey",
    shows=frozenset({"starts", "ends", "errors", "workers"}),
    cannot="Arguments, queues, how long a task waited, and tasks that were enqueued and never taken up.",
    claims=_claims,
    holds=(":huey",),
    parse=_parse,
    goes_on=True,
)
