"""
The log of Celery's scheduler, ``celery beat``, or of the one inside a worker.

    [2026-03-01 22:00:05,027: INFO/MainProcess] Scheduler: Sending due task digest-every-15s (shop.digest)
    [2026-03-01 22:00:05,031: DEBUG/MainProcess] shop.digest sent. id->6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1

Traps: times are local and name no zone. The line of a due task names no id, queue or arguments; the one after it, at
the level of debugging, has the id, and looks like a worker's line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.sources.celery_text import OF_BEAT, PREFIX, prefixed_lines
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_STARTING = r"^celery beat v\d\S* \([^)]*\) is starting\."
_DUE = r"^\w*Scheduler: Sending due task (.*) \(([^\s()]+)\)$"
_FAILED = r"^Message Error: Couldn't apply scheduled task ([^:]+): "


def _claims(line: pl.Expr) -> pl.Expr:
    return (line.str.contains(f"^{PREFIX}") & line.str.contains(OF_BEAT)) | line.str.contains(_STARTING)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    first, logged = pl.col("first"), pl.col("text").str.starts_with("[")
    lines = prefixed_lines(records).with_columns(
        pl.lit("celery").alias("system"),
        pl.coalesce(first.str.extract(_DUE, 2), first.str.extract(r"^(\S+) sent\. id->", 1)).alias("job_class"),
        first.str.extract(r"^\S+ sent\. id->(\S+)$", 1).alias("job_id"),
        pl.coalesce(first.str.extract(_DUE, 1), first.str.extract(_FAILED, 1)).alias("schedule"),
    )
    unread = logged & pl.col("occurred_at_clock").is_null()
    rejects = lines.filter(unread).select(
        "line_no", pl.lit("its time is no date of the years 1970 to 2259").alias("reason")
    )
    lines = lines.filter(~unread).with_columns(
        pl.when(logged & first.str.starts_with("Message Error: "))
        .then(pl.lit("enqueue_failed"))
        .when(logged & pl.col("job_class").is_not_null())
        .then(pl.lit("enqueued"))
        .alias("event")
    )
    told = lines.filter(pl.col("event").is_not_null())
    rows = {
        "job_events": told.select(
            "line_no", "occurred_at_clock", "event", "system", "job_id", "job_class",
            first.alias("message"),
            pl.when(pl.col("event") == "enqueue_failed")
            .then(first.str.extract(r"scheduled task [^:]+: (.*)$", 1))
            .alias("error_message"),
            pl.when(pl.col("schedule").is_not_null())
            .then(pl.struct("schedule").struct.json_encode())
            .alias("attributes"),
        ),
        "log_lines": pl.concat(
            [
                lines.filter(pl.col("event").is_null()).select(
                    "line_no", "occurred_at_clock", "level", "system", "thread",
                    pl.concat_str("first", pl.coalesce(pl.concat_str(pl.lit("\n"), "follows"), pl.lit("")))
                    .alias("message"),
                ),
                told.filter(pl.col("follows").is_not_null()).select(
                    pl.col("line_no") + 1, pl.col("follows").alias("message"), "system"
                ),
            ],
            how="diagonal",
        ),
    }  # fmt: skip
    return Parsed(
        rows={name: frame for name, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


SOURCE = Source(
    name="celery_beat",
    describes="The log of Celery's scheduler",
    kind="log",
    system="celery",
    shows=frozenset({"enqueues"}),
    cannot="Which tasks it sent: without the level of debugging a due task has no id, and never arguments or queue.",
    claims=_claims,
    holds=("beat: ", "Scheduler: ", "Couldn't apply scheduled task ", " sent. id->", "celery beat v"),
    parse=_parse,
    goes_on=True,
)
