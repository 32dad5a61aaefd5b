"""
Procrastinate's tables at one moment, as one JSON document.

    {"system": "procrastinate", "taken_at": "2026-03-01T22:00:05.12+00:00",
     "procrastinate_jobs": [{"id": 12, "queue_name": "mailers", "task_name": "shop.mail", "priority": 0, "lock": null,
       "queueing_lock": null, "args": {"to": "a"}, "status": "doing", "scheduled_at": null, "attempts": 0,
       "abort_requested": false, "worker_id": 1}],
     "procrastinate_workers": [{"id": 1, "last_heartbeat": "2026-03-01T22:00:03.02594+00:00"}],
     "procrastinate_events": [{"id": 30, "job_id": 12, "type": "started", "at": "2026-03-01T22:00:02.5+00:00"}]}

One statement reads all of it, so that the tables speak of the same moment. Traps: see
``ingest/procrastinate_tables.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.procrastinate_tables import (
    JobTable,
    frame_of,
    id_of,
    job_events,
    parted,
    periodic_lines,
    processes,
    snapshot_row,
    untimed_events,
)
from ingest.snapshot_rows import SnapshotRows
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    import duckdb

    from ingest.snapshot_rows import Row

_TABLES = ("procrastinate_jobs", "procrastinate_workers", "procrastinate_events", "procrastinate_periodic_defers")


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r'^\x{feff}?\s*\{\s*"system"\s*:\s*"procrastinate"\s*,')


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    beside: dict[str, list[pl.DataFrame]] = {"job_events": [], "log_lines": []}
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            found = _read_document(line_no, read.decoded_object(text), rows, connection)
        except ValueError as error:
            rows.reject(line_no, f"this Procrastinate export could not be read: {error}")
            continue
        for name, frame in found.items():
            beside[name].append(frame)
    parsed = rows.parsed()
    frames = {name: pl.concat(found, how="diagonal") for name, found in beside.items() if found}
    told = {name: frame for name, frame in frames.items() if not frame.is_empty()}
    return Parsed(rows={**parsed.rows, **told}, rejects=parsed.rejects)


def _read_document(
    line_no: int, document: dict[str, Any], rows: SnapshotRows, connection: duckdb.DuckDBPyConnection
) -> dict[str, pl.DataFrame]:
    fields = Fields.of(document)
    fields.take("system", read.text)
    taken_at = fields.take("taken_at", read.iso)
    if taken_at is None:
        raise ValueError('"taken_at" is missing or no ISO 8601 time of the years 1970 to 2259')
    found_id = id_of(read.canonical(document))
    if rows.has(found_id):
        return {}
    tables = {name: _rows(line_no, name, fields.left.pop(name, None), rows) for name in _TABLES}
    jobs = JobTable(line_no, found_id, taken_at)
    jobs.read(tables["procrastinate_jobs"], rows)
    processes(line_no, found_id, tables["procrastinate_workers"], rows)
    rows.snapshots.append(snapshot_row(line_no, found_id, taken_at, fields.attributes()))
    frame = frame_of(tables["procrastinate_events"], ("id", "job_id", "type", "at"))
    told, unread = job_events(frame.with_columns(pl.int_range(1, pl.len() + 1).alias("line_no")), connection)
    for (reason,) in unread.select("reason").iter_rows():
        rows.reject(line_no, f'in "procrastinate_events": {reason}')
    return _on_one_line(line_no, parted(told), jobs, tables["procrastinate_periodic_defers"])


def _on_one_line(
    line_no: int, told: dict[str, pl.DataFrame], jobs: JobTable, defers: list[Row]
) -> dict[str, pl.DataFrame]:
    """All that is no snapshot, with the document's line and a number of its own for each row of a table."""
    found = {
        "job_events": pl.concat([told["job_events"], untimed_events(jobs.events)], how="diagonal"),
        "log_lines": pl.concat([told["log_lines"], periodic_lines(line_no, defers)], how="diagonal"),
    }
    numbered = pl.int_range(pl.len(), dtype=pl.Int32).alias("record_no")
    return {
        name: frame.with_columns(pl.lit(line_no, pl.Int64).alias("line_no"), numbered) for name, frame in found.items()
    }


def _rows(line_no: int, name: str, table: Any, rows: SnapshotRows) -> list[Row]:  # noqa: ANN401 - any JSON value
    if table is None:
        return []
    if not isinstance(table, list):
        rows.reject(line_no, f'"{name}" is no list of rows')
        return []
    for number, row in enumerate(table, start=1):
        if not isinstance(row, dict):
            rows.reject(line_no, f'row {number:,} of "{name}" is no object')
    return [row for row in table if isinstance(row, dict)]


SOURCE = Source(
    name="procrastinate_snapshot",
    describes="Procrastinate's tables at one moment, as a JSON document",
    kind="snapshot",
    system="procrastinate",
    shows=frozenset({"enqueues", "starts", "ends", "queues", "workers", "heartbeats", "arguments"}),
    cannot="Errors, names and machines of the workers, and the queues they read.",
    claims=_claims,
    holds=('"procrastinate"',),
    parse=_parse,
    document=True,
)
