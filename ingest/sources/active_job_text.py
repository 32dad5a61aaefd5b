r"""
Active Job's lines in a Rails log, versions 6.1 to 8, over whichever backend.

As production writes them, with the process and its local time, and as development does, with neither:

    I, [2026-03-01T22:00:05.120000 #80]  INFO -- : [ActiveJob] [Mail] [0f8a3b52-7c0e-4f0b-9b0e-0123456789ab] Performed
     Mail (Job ID: 0f8a3b52-7c0e-4f0b-9b0e-0123456789ab) from Sidekiq(mailers) in 44.1ms
    [ActiveJob] Enqueued Mail (Job ID: 0f8a3b52-7c0e-4f0b-9b0e-0123456789ab) to Async(mailers) with arguments: 7, nil

(the first on one line).

Traps: the time has no zone. Web and worker processes append to the same file, so the lines behind a record are often
not its own. A worker may log ``Performing`` before the enqueuer has logged ``Enqueued``. In 6.1 ``Retrying``, ``Stopped
retrying`` and ``Discarded`` name neither job nor tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.active_job_messages import TAGGED, UNTAGGED, clock_of, level_of, pid_of, rows_of
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_PREFIX = r"[DIWEFA], \[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} #\d{1,18}\] +[A-Z]+ -- [^:\n]*: "


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(rf"^(?:{_PREFIX})?(?:{TAGGED}|{UNTAGGED})")


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    text, logged = pl.col("text"), pl.col("logged")
    lines = records.select(
        "line_no",
        "text",
        pl.when(text.str.contains(r"^[DIWEFA], \[")).then(text.str.slice(0, 60)).alias("logged"),
    )
    lines = lines.with_columns(clock_of(logged).alias("occurred_at_clock")).select(
        "line_no",
        pl.lit(None, pl.Datetime("us")).alias("occurred_at"),
        "occurred_at_clock",
        level_of(logged).alias("level"),
        pid_of(logged).alias("pid"),
        *(pl.lit(None, pl.String).alias(name) for name in ("thread", "provider_job_id", "trace_id", "span_id")),
        # A colon and a blank end what the logger writes, and stand nowhere in it.
        pl.when(logged.is_null()).then(text).otherwise(text.str.splitn(": ", 2).struct.field("field_1")).alias("words"),
        pl.when(logged.is_not_null() & pl.col("occurred_at_clock").is_null())
        .then(pl.concat_str(pl.lit('{"time":"'), text.str.slice(4, 26), pl.lit('"}')))
        .alias("attributes"),
    )
    rows = rows_of(lines)
    return Parsed(rows=rows, moments=_moments(rows))


def _moments(rows: dict[str, pl.DataFrame]) -> pl.DataFrame | None:
    """A start follows the enqueue that its line repeats in UTC, mostly within seconds: that tells the log's zone."""
    events = rows.get("job_events")
    if events is None:
        return None
    started = (pl.col("event") == "started") & pl.col("occurred_at_clock").is_not_null()
    return events.filter(started & pl.col("enqueued_at").is_not_null()).select(
        pl.col("occurred_at_clock").alias("clock"), pl.col("enqueued_at").alias("utc")
    )


SOURCE = Source(
    name="active_job_text",
    describes="Active Job's lines in a Rails log, versions 6.1 to 8",
    kind="log",
    system="active_job",
    shows=frozenset({"enqueues", "starts", "ends", "errors", "arguments", "workers"}),
    cannot="Whether a process that fell silent lives, unless it broke off in its work; when anything happened, in the "
    "development format; in 6.1 sometimes which of two like jobs that failed at once is retried.",
    claims=_claims,
    holds=("[ActiveJob] ", "etrying ", "Discarded "),
    parse=_parse,
    goes_on=True,
)
