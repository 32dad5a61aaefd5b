"""
An export of what Procrastinate notes of its jobs' lives: ``procrastinate_events`` as CSV with its column names.

    id,job_id,type,at
    253,85,scheduled,2026-03-01 22:00:17.772706+00
    254,85,deferred_for_retry,2026-03-01 22:00:15.774537+00

Read with it: ``procrastinate_periodic_defers`` as CSV, and the list ``[[85, "shop.mail"]]`` of stalled jobs that an
application's own health check may have printed. Traps: see ``ingest/procrastinate_tables.py``. Events go away with
their job where ``delete_jobs`` is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest import untrusted_json as read
from ingest.procrastinate_tables import (
    job_events,
    parted,
    periodic_lines,
    rows_of_csv,
    stalled_lines,
)
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_COLUMNS = ("id", "job_id", "type", "at")
_TYPES = "deferred|started|deferred_for_retry|failed|succeeded|cancelled|abort_requested|aborted|scheduled|retried"
_EVENTS = rf"^\x{{feff}}?id,job_id,type,at\r?(?:\n(?:\d+,\d+,(?:{_TYPES}),\d{{4}}-|$)|$)"
_PERIODIC = r"^\x{feff}?id,task_name,defer_timestamp,job_id,periodic_id\r?(?:\n|$)"
_STALLED = r'^\x{feff}?\s*\[\s*\[\d+, ?"[A-Za-z_][\w.]*"\](?:,|\s*\]\s*$)'


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(_EVENTS) | beginning.str.contains(_PERIODIC) | beginning.str.contains(_STALLED)


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    tables: dict[str, list[pl.DataFrame]] = {"job_events": [], "log_lines": [], "rejects": []}
    for line_no, text in records.select("line_no", "text").iter_rows():
        for name, frame in _read_document(line_no, text.removeprefix("\ufeff"), connection).items():
            tables[name].append(frame)
    frames = {name: pl.concat(found, how="diagonal") for name, found in tables.items() if found}
    rejects = frames.pop("rejects", None)
    return Parsed(
        rows={name: frame for name, frame in frames.items() if not frame.is_empty()},
        rejects=None if rejects is None or rejects.is_empty() else rejects,
    )


def _read_document(line_no: int, text: str, connection: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    if text.startswith("id,job_id,"):
        told, rejects = job_events(_lines(text).with_columns(pl.col("line_no") + line_no), connection)
        found = parted(told)
        names = {
            "line_no": [line_no],
            "record_no": [0],
            "message": [text.split("\n", 1)[0]],
            "system": ["procrastinate"],
        }
        return {
            **found,
            "log_lines": pl.concat(
                [pl.DataFrame(names, schema_overrides={"record_no": pl.Int32}), found["log_lines"]], how="diagonal"
            ),
            "rejects": rejects.with_columns(pl.lit(line_no, pl.Int64).alias("line_no")),
        }
    reason = "this export has no rows"
    if text.startswith("id,task_name,"):
        lines = periodic_lines(line_no, rows_of_csv(text))
    else:
        try:
            lines = stalled_lines(line_no, read.decoded(text))
        except ValueError as error:
            lines, reason = stalled_lines(line_no, []), f"this list of stalled jobs could not be read: {error}"
    return (
        {"log_lines": lines} if lines.height else {"rejects": pl.DataFrame({"line_no": [line_no], "reason": [reason]})}
    )


def _lines(text: str) -> pl.DataFrame:
    """The rows below the names, in columns of text, with the number of each row."""
    lines = pl.Series("line", text.split("\n")[1:], dtype=pl.String).str.strip_chars_end("\r")
    parts = pl.col("line").str.splitn(",", len(_COLUMNS)).struct.rename_fields(list(_COLUMNS))
    return (
        lines.to_frame()
        .select((pl.int_range(pl.len(), dtype=pl.Int64) + 1).alias("line_no"), parts.alias("part"), "line")
        .filter(pl.col("line") != "")
        .unnest("part")
        .drop("line")
    )


SOURCE = Source(
    name="procrastinate_events",
    describes="Procrastinate's table procrastinate_events as CSV",
    kind="log",
    system="procrastinate",
    shows=frozenset({"enqueues", "starts", "ends"}),
    cannot="Task, queue and arguments of a job, its errors, and which worker ran it.",
    claims=_claims,
    holds=("id,job_id,type,at", "id,task_name,defer_timestamp,", '"]'),
    parse=_parse,
    document=True,
)
