"""
From evidence to the derived tables: what happened to each job, at an explicit moment.

Nearly everything here is SQL over the evidence tables; the files run in the order of ``STEPS``. At another moment than
the stored one the same files run over views that hide all later evidence, into temporary tables that hide the stored
ones.
"""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from ingest import schema
from ingest.derive import change_points

if TYPE_CHECKING:
    import duckdb

STEPS = (
    "copied_lines",
    "placed_lines",
    "forks",
    "worker_lines",
    "recorded_failures",
    "nameless_lines",
    "nameless_runs",
    "nameless_ids",
    "inferred_snapshot_ids",
    "ids_named_next",
    "row_ids",
    "ids_of_queues",
    "told_events",
    "told_snapshot_jobs",
    "handler_words",
    "twin_ids",
    "job_keys",
    "error_reports",
    "run_lines",
    "untimed_run_lines",
    "celery_run_lines",
    "bullmq_run_lines",
    "repeated_ends",
    "runs",
    "worker_places",
    "process_signs",
    "incarnations",
    "workers",
    "process_looks",
    "enqueues",
    "executions",
    "attempts",
    "worker_attempts",
    "jobs",
    "worker_pools",
    "queue_minutes",
    "log_gaps",
    "host_clocks",
    "told_times",
    "failed_enqueues",
    "lock_conflicts",
    "held_locks",
    "job_ids",
    "attempt_evidence",
    "changes",
    "run_points",
    "class_changes",
    "class_baselines",
    "class_errors",
    "class_hours",
    "work_paces",
    "class_schedules",
    "class_silences",
    "coverage",
    "pool_minutes",
    "depth_checks",
    "span_shares",
    "limit_checks",
)
"""
The derivations, each in the file of its name. After ``runs`` the runs are fused; after ``run_points``, which has a few
rows for each class, changes of their level are found in Python.
"""

_SCRATCH = (
    "copied_lines",
    "inferred_ids",
    "placed_lines",
    "forks",
    "worker_lines",
    "recorded_failures",
    "nameless_lines",
    "nameless_runs",
    "inferred_snapshot_ids",
    "twin_ids",
    "job_keys",
    "error_reports",
    "worker_places",
    "process_looks",
    "run_points",
    "change_points",
    "usual_runs",
)

_LAST_READ_BY = {
    "run_lines": "runs",
    "executions": "log_gaps",
    "incarnations": "log_gaps",
    "enqueues": "queue_minutes",
    "fused_runs": "host_clocks",
    "process_signs": "host_clocks",
    "runs": "told_times",
}
"""Of the tables of the way those that have a row per line or run, to the step after which they are dropped: memory."""

_SEEN_BY = {
    "job_events": "occurred_at is null or occurred_at <= $as_of",
    "worker_events": "occurred_at is null or occurred_at <= $as_of",
    "log_lines": "occurred_at is null or occurred_at <= $as_of",
    "spans": "coalesce(ended_at, started_at) <= $as_of",
    "marks": "occurred_at <= $as_of",
    "snapshots": "taken_at <= $as_of",
    "snapshot_jobs": "snapshot_id in (select snapshot_id from snapshots where taken_at <= $as_of)",
    "snapshot_queues": "snapshot_id in (select snapshot_id from snapshots where taken_at <= $as_of)",
    "snapshot_processes": "snapshot_id in (select snapshot_id from snapshots where taken_at <= $as_of)",
    "snapshot_locks": "snapshot_id in (select snapshot_id from snapshots where taken_at <= $as_of)",
}
"""Evidence table to the condition under which it was known at a moment. A span is known once it has ended."""


def watermark(db: duckdb.DuckDBPyConnection) -> datetime | None:
    """The latest credible observation, naive UTC; None where there is none."""
    row = db.execute(_sql("watermark")).fetchone()
    return row[0] if row else None


def derive(db: duckdb.DuckDBPyConnection, as_of: datetime | None = None) -> datetime | None:
    """
    Fill the stored derived tables anew, as of a moment (naive UTC; the watermark where none is given).

    Returns the moment, or None where there is no evidence with a time; the derived tables are then empty.
    """
    moment = as_of or watermark(db)
    db.execute("begin")
    try:
        _empty(db)
        if moment is not None:
            _run_steps(db, moment)
        db.execute("delete from meta where key in ('as_of', 'derived_version')")
        db.execute(
            "insert into meta select 'derived_version', value from meta where key = 'evidence_version'"
            " union all select 'as_of', $moment where $moment is not null",
            {"moment": moment.isoformat(sep=" ") if moment else None},
        )
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")
    return moment


def derive_temporarily(db: duckdb.DuckDBPyConnection, as_of: datetime) -> datetime:
    """Fill temporary derived tables as of a moment (naive UTC), for this connection only; it may be read-only."""
    catalog = str(db.execute("select current_database()").fetchall()[0][0])
    db.execute("create or replace temp table moment as select $as_of::timestamp as as_of", {"as_of": as_of})
    for name, condition in _SEEN_BY.items():
        known = condition.replace("$as_of", "(select as_of from moment)").replace(
            "from snapshots", f'from "{catalog}".main.snapshots'
        )
        db.execute(f'create or replace temp view {name} as select * from "{catalog}".main.{name} where {known}')
    for name in schema.DERIVED:
        db.execute(f"create or replace temp table {name} {schema.table(name).definition}")
    _run_steps(db, as_of)
    return as_of


def _empty(db: duckdb.DuckDBPyConnection) -> None:
    """Tables that stand as they should are kept: writing their comments takes longer than many a step."""
    standing = {name: (comment, columns) for name, comment, columns in db.execute(_sql("standing")).fetchall()}
    for name in schema.DERIVED:
        table = schema.table(name)
        columns = [[column.name, column.type.upper(), column.comment] for column in table.columns]
        if standing.get(name) == (table.comment, columns):
            db.execute(f"truncate {name}")
            continue
        db.execute(f"create or replace table {name} {table.definition}")
        for statement in table.comment_statements:
            db.execute(statement)


def _run_steps(db: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    db.execute(_sql("macros"))
    db.execute(_sql("scratch"))
    idle = {step for (step,) in db.execute(_sql("idle")).fetchall()}
    for step in STEPS:
        if step not in idle:
            _run(db, step, as_of)
        for name, last in _LAST_READ_BY.items():
            if step == last:
                db.execute(f"drop table temp.{name}")
    for name in ("told_events", "told_snapshot_jobs"):
        db.execute(f"drop view temp.{name}")
    for name in _SCRATCH:
        db.execute(f"drop table temp.{name}")


def _run(db: duckdb.DuckDBPyConnection, step: str, as_of: datetime) -> None:
    statement = _sql(step)
    db.execute(statement, {"as_of": as_of} if "$as_of" in statement else None)
    if step == "runs":
        _fuse(db)
    if step == "run_points":
        change_points.find(db)


def _fuse(db: duckdb.DuckDBPyConnection) -> None:
    observers = db.execute(_sql("observers")).fetchall()
    for observer, _ in observers:
        db.execute(_sql("fuse"), {"observer": observer})
    if any(has_untimed for _, has_untimed in observers):
        db.execute(_sql("fuse_untimed"))


def _sql(name: str) -> str:
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
