r"""
Active Job's lines in a Rails log, versions 6.1 to 8, over whichever backend.

As production writes them, with the process and its local time, and as development does, with neither:

    I, [2026-03-01T22:00:05.120000 #80]  INFO -- : [ActiveJob] [WelcomeMail] [0f8a3b52-7c0e-4f0b-9b0e-0123456789ab] Performed WelcomeMail (Job ID: 0f8a3b52-7c0e-4f0b-9b0e-0123456789ab) from Sidekiq(mailers) in 44.1ms
    [ActiveJob] Enqueued WelcomeMail (Job ID: 0f8a3b52-7c0e-4f0b-9b0e-0123456789ab) to Async(mailers) with arguments: 7, {:to=>"a"}

Traps: the time has no zone. Web and worker processes append to the same file, so the lines behind a record are often
not its own. A worker may log ``Performing`` before the enqueuer has logged ``Enqueued``. In 6.1 ``Retrying``, ``Stopped
retrying`` and ``Discarded`` name neither job nor tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.active_job_messages import UNTAGGED, clock_of, level_of, pid_of, rows_of
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_PREFIX = r"[DIWEFA], \[\d{4}-\d\d-\d\dT[\d:.]+ #\d+\] +[A-Z]+ -- [^:\n]*: "
_TAGGED = r"(?:\[[^\]\n]*\] )*?\[ActiveJob\] "


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(rf"^(?:{_PREFIX})?(?:{_TAGGED}|{UNTAGGED})")


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    text, prefix = pl.col("text"), pl.col("prefix")
    lines = records.select("line_no", "text", text.str.extract(rf"^({_PREFIX})", 1).alias("prefix"))
    lines = lines.select(
        "line_no",
        pl.lit(None, pl.Datetime("us")).alias("occurred_at"),
        clock_of(prefix).alias("occurred_at_clock"),
        level_of(prefix).alias("level"),
        pid_of(prefix).alias("pid"),
        *(pl.lit(None, pl.String).alias(name) for name in ("thread", "provider_job_id", "trace_id", "span_id")),
        text.str.slice(prefix.str.len_chars().fill_null(0)).alias("words"),
        pl.when(prefix.is_not_null() & clock_of(prefix).is_null())
        .then(pl.struct(prefix.str.extract(r"\[(\S+) #", 1).alias("time")).struct.json_encode())
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
    shows=frozenset({"enqueues", "starts", "ends", "errors", "arguments"}),
    cannot="which worker process lives, and in 6.1 to which of two like jobs that failed at once a retry belongs",
    claims=_claims,
    parse=_parse,
    goes_on=True,
)
