"""
The log of resque-scheduler, which puts scheduled and delayed Resque jobs on their queues.

    resque-scheduler: [INFO] 2026-03-01T22:00:05+00:00: queueing ReportJob (nightly_report)
    resque-scheduler: [DEBUG] 2026-03-01T22:00:06+00:00: finished queueing 4 total jobs for timestamp 1772402406

Traps: only jobs of the schedule are named, by class, without arguments or queue; delayed ones are only counted. Other
libraries write their warnings into the same stream, without a prefix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:?\d\d|Z)"
_BEGINNING = rf"^resque-scheduler: \[[A-Z]+\] {_TIME}: ?"
_YEARS = r"\] (?:19[7-9]\d|2[01]\d\d|22[0-5]\d)-"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.starts_with("resque-scheduler: [") & line.str.contains(_BEGINNING)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    text = pl.col("text")
    written = text.str.extract(rf"({_TIME})", 1).str.replace("Z", "+00:00", literal=True)
    lines = records.select(
        "line_no",
        written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
        .dt.convert_time_zone("UTC").dt.replace_time_zone(None).alias("occurred_at"),
        text.str.extract(r"^resque-scheduler: \[([A-Z]+)\]", 1).str.to_lowercase().alias("level"),
        text.str.replace(_BEGINNING, "").alias("message"),
        text.str.contains(_YEARS).alias("of_a_clock"),
        system=pl.lit("resque"),
    )  # fmt: skip
    no_time = pl.col("occurred_at").is_null() | ~pl.col("of_a_clock")
    rejects = lines.filter(no_time).select(
        "line_no", pl.lit("its time is no date of the years 1970 to 2259").alias("reason")
    )
    lines = (
        lines.filter(~no_time)
        .drop("of_a_clock")
        .with_columns(
            job_class=pl.col("message").str.extract(r"^queueing ([A-Z][\w:]*) \(.*\)$", 1),
            schedule=pl.col("message").str.extract(r"^queueing [A-Z][\w:]* \((.*)\)$", 1),
        )
    )
    queued = pl.col("job_class").is_not_null()
    rows = {
        "job_events": lines.filter(queued).select(
            "line_no", "occurred_at", "system", "job_class", "message",
            pl.lit("enqueued").alias("event"),
            pl.struct("schedule").struct.json_encode().alias("attributes"),
        ),
        "log_lines": lines.filter(~queued).select("line_no", "occurred_at", "system", "level", "message"),
    }  # fmt: skip
    return Parsed(
        rows={table: frame for table, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


SOURCE = Source(
    name="resque_scheduler",
    describes="The log of resque-scheduler",
    kind="log",
    system="resque",
    shows=frozenset({"enqueues"}),
    cannot="Which job a delayed one was, or the arguments of a scheduled one: it names classes and counts.",
    claims=_claims,
    holds=("resque-scheduler: [",),
    parse=_parse,
)
