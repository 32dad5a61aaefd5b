"""
An export of Procrastinate's table of workers, as CSV with its column names.

    id,last_heartbeat
    1,2026-03-01 22:00:05.02594+00

Traps: nothing in it says when it was exported. Without a column ``taken_at`` it counts as taken at its latest
heartbeat, which is less than a heartbeat too early while any worker lives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest import untrusted_json as read
from ingest.procrastinate_tables import id_of, moment_of, processes, rows_of_csv, snapshot_row
from ingest.snapshot_rows import SnapshotRows
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb
    import polars as pl


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r"^\x{feff}?(?:taken_at,)?id,last_heartbeat(?:,taken_at)?\r?(?:\n|$)")


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    for line_no, text in records.select("line_no", "text").iter_rows():
        exported = list(rows_of_csv(text))
        beats = [at for row in exported if (at := read.iso(row.get("last_heartbeat")))]
        noted = moment_of(exported)
        taken_at = noted or max(beats, default=None)
        if taken_at is None:
            rows.reject(line_no, "no worker in it has a heartbeat, so that nothing says when it was exported")
            continue
        basis = None if noted else read.encoded({"taken_at": "its latest heartbeat: the export has no time of its own"})
        processes(line_no, id_of(text), exported, rows)
        rows.snapshots.append(snapshot_row(line_no, id_of(text), taken_at, basis))
    return rows.parsed()


SOURCE = Source(
    name="procrastinate_workers",
    describes="Procrastinate's table procrastinate_workers as CSV",
    kind="snapshot",
    system="procrastinate",
    shows=frozenset({"workers", "heartbeats"}),
    cannot="Names and machines of the workers, the queues they read, and workers that shut down in order.",
    claims=_claims,
    holds=("id,last_heartbeat",),
    parse=_parse,
    document=True,
)
