"""
An export of Procrastinate's table of jobs, as CSV with its column names.

    id,queue_name,task_name,priority,lock,queueing_lock,args,status,scheduled_at,attempts,abort_requested,worker_id
    12,mailers,shop.mail,0,,,"{""to"": ""a""}",todo,,0,f,

Traps: nothing in it says when it was exported. With a column ``taken_at`` it is a snapshot; without one it still tells
class, queue and arguments of each job and which worker has it, but not since when or until when that held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.procrastinate_tables import JobTable, id_of, moment_of, rows_of_csv, snapshot_row, untimed_events
from ingest.snapshot_rows import SnapshotRows
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb
    import polars as pl


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r'^\x{feff}?[a-z_",]*\btask_name\b[a-z_",]*\bqueueing_lock\b[a-z_",]*\r?(?:\n|$)')


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows, events = SnapshotRows(), []
    for line_no, text in records.select("line_no", "text").iter_rows():
        exported = list(rows_of_csv(text))
        if not exported:
            rows.reject(line_no, "this export has no rows")
        taken_at = moment_of(exported)
        table = JobTable(line_no, id_of(text), taken_at)
        table.read(exported, rows)
        events += table.events
        if taken_at:
            rows.snapshots.append(snapshot_row(line_no, id_of(text), taken_at))
    found = rows.parsed()
    told = {"job_events": untimed_events(events)} if events else {}
    return Parsed(rows={**found.rows, **told}, rejects=found.rejects)


SOURCE = Source(
    name="procrastinate_jobs",
    describes="Procrastinate's table procrastinate_jobs as CSV",
    kind="snapshot",
    system="procrastinate",
    shows=frozenset({"queues", "arguments"}),
    cannot="When anything happened and, without a column taken_at, of which moment its rows speak.",
    claims=_claims,
    holds=("queueing_lock",),
    parse=_parse,
    document=True,
)
