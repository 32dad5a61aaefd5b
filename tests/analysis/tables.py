"""Databases for tests of the rules: the tables of the storage contract, filled with a few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from ingest.schema import DERIVED, EVIDENCE, table

SHOWS = ["starts", "ends", "errors", "enqueues", "queues", "workers"]

_USUAL: dict[str, dict[str, Any]] = {
    "jobs": {"job_class": "Job", "queue": "default", "queue_basis": "seen"},
    "attempts": {"job_class": "Job", "queue": "default", "attempt": 1, "last_seen_at": datetime(2026, 1, 5)},  # noqa: DTZ001 - naive UTC as the table
    "workers": {"state_basis": "a heartbeat", "confidence": "high"},
    "class_baselines": {"job_class": "Job", "queue": "default"},
    "attempt_evidence": {"evidence_table": "log_lines", "event": "line", "source_id": 1},
    "sources": {"source_id": 1, "shows": SHOWS},
}

_OF_TYPE: dict[str, Any] = {"VARCHAR": "", "VARCHAR[]": [], "BOOLEAN": False, "TIMESTAMP": datetime(2026, 1, 5)}  # noqa: DTZ001 - the same


def empty_database() -> duckdb.DuckDBPyConnection:
    """Every public table, without a row."""
    db = duckdb.connect()
    for name in (*EVIDENCE, *DERIVED):
        db.execute(table(name).statement)
    return db


def database(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], shows: Sequence[str] = SHOWS
) -> duckdb.DuckDBPyConnection:
    """Every public table, with these rows and one input that shows what ``shows`` says."""
    db = empty_database()
    insert(db, "sources", [{"path": "worker.log", "shows": list(shows)}])
    for name, of_table in rows.items():
        insert(db, name, of_table)
    return db


def insert(db: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put rows into a table; what they leave out and must not be null gets a value that says nothing."""
    needed = db.execute(
        "select column_name, data_type from information_schema.columns where table_name = ? and is_nullable = 'NO'",
        [name],
    ).fetchall()
    nothing = {column: _OF_TYPE.get(kind, 0) for column, kind in needed}
    for row in rows:
        key = {"job_key": row["job_id"]} if "job_id" in row else {}
        full = nothing | key | _USUAL.get(name, {}) | row
        places = ", ".join(f"${column}" for column in full)
        db.execute(f"insert into {name} ({', '.join(full)}) values ({places})", full)
