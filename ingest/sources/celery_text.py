r"""
A Celery worker's log in its default format, and what the worker shows on its console.

    [2026-03-01 22:00:05,120: INFO/MainProcess] Task shop.mail[6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1] received
    [2026-03-01 22:00:05,131: INFO/ForkPoolWorker-3] shop.mail[6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1]: sending to 7
    [2026-03-01 22:00:05,280: INFO/ForkPoolWorker-3] Task shop.mail[6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1] succeeded in
     0.1593s: 'sent'

(each on one line). Traps: times are local and name no zone. No line names the worker but the one that says it is
``ready`` and the banner on the console; none names the queue, the arguments or the number of the run. A task that is
delivered anew is ``received`` a second time. Messages of exceptions and prints go on over several lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from ingest.celery_messages import LEVELS, rows_of, with_all_columns
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

PREFIX = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: [A-Z]+/[^\]\n]+\](?: |$)"
"""How a line of Celery's default format begins, the scheduler's and the worker's."""

OF_BEAT = (
    r"^\[[^\]\n]+\] "
    r"(?:beat: |[A-Za-z]*Scheduler: |Message Error: Couldn't apply scheduled task |[^\s\[]+ sent\. id->)"
)
"""How a line of that format begins that the scheduler wrote."""

_BANNER = r" ?-{14} \S+@\S+ v\d"
_SHUTDOWN = r"worker: (?:Warm|Cold) shutdown \(|worker: Hitting Ctrl\+C again will terminate all running tasks!"
_WARNING = r"/\S+/(?:celery|kombu|billiard)/\S+\.py:\d+: [A-Z]\w*Warning: "
_BEGINNING = rf"^(?:{PREFIX}|{_BANNER}|{_SHUTDOWN}|{_WARNING})"
_CONTEXT = r"^([^\s\[\]]+)\[([^\s\]]+)\]: "
_AT, _REST = 1, len("[2026-03-01 22:00:05,120: ")
_YEARS = (1970, 2259)
"""A time outside of them is no clock's: it would stretch everything that is counted by time."""


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_BEGINNING) & ~line.str.contains(OF_BEAT)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = prefixed_lines(records)
    logged, clock = pl.col("text").str.starts_with("["), pl.col("occurred_at_clock")
    unread = logged & clock.is_null()
    rejects = lines.filter(unread).select(
        "line_no", pl.lit("its time is no date of the years 1970 to 2259").alias("reason")
    )
    lines = lines.filter(~unread)
    context = pl.when(logged).then(pl.col("first").str.extract_groups(_CONTEXT))
    lines = lines.with_columns(context.struct.rename_fields(["job_class", "job_id"]).alias("context")).unnest("context")
    said_in_task = pl.col("job_id").is_not_null()
    inside = pl.when(said_in_task).then(
        pl.col("first").str.slice(pl.col("job_class").str.len_chars() + pl.col("job_id").str.len_chars() + 4)
    )
    lines = lines.with_columns((~said_in_task).alias("own"), pl.coalesce(inside, "first").alias("first"))
    parsed = rows_of(with_all_columns(lines))
    return Parsed(rows=parsed.rows, rejects=None if rejects.is_empty() else rejects)


def prefixed_lines(records: pl.DataFrame) -> pl.DataFrame:
    """Lines of the default format: time, level, process, the ``first`` line of the words and what ``follows``."""
    text = pl.col("text")
    logged = text.str.starts_with("[")
    clock = text.str.slice(_AT, 23).str.to_datetime("%Y-%m-%d %H:%M:%S,%3f", time_unit="us", strict=False)
    parts = text.str.slice(_REST).str.splitn("]", 2).struct.rename_fields(["place", "words"])
    return (
        records.select("line_no", "text", pl.when(logged).then(clock).alias("at"), parts.alias("part"))
        .unnest("part")
        .with_columns(
            pl.when(logged).then(pl.col("words").str.strip_prefix(" ")).otherwise(text).fill_null("")
            .str.splitn("\n", 2).struct.rename_fields(["first", "follows"]).alias("words"),
            pl.when(logged).then(pl.col("place"))
            .str.splitn("/", 2).struct.rename_fields(["level", "thread"]).alias("place"),
        )
        .unnest("words", "place")
        .with_columns(
            pl.when(pl.col("at").dt.year().is_between(*_YEARS)).then(pl.col("at")).alias("occurred_at_clock"),
            pl.col("level").replace_strict(LEVELS, default=None, return_dtype=pl.String).alias("level"),
        )
        .drop("at")
    )  # fmt: skip


SOURCE = Source(
    name="celery_text",
    describes="A Celery worker's log in its default format, and its console",
    kind="log",
    system="celery",
    shows=frozenset({"starts", "ends", "errors", "workers"}),
    cannot="A run that does not end; when a task was sent, its queue, arguments and worker.",
    claims=_claims,
    begins=re.compile(r"\[\d{4}-| ?-{14} |worker: |/"),
    parse=_parse,
    goes_on=True,
)
