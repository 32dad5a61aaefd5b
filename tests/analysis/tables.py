"""Databases for tests of the rules: the tables of the storage contract, filled with a few rows."""

from __future__ import annotations

import atexit
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from analysis.check import check
from analysis.finding import Investigation
from ingest.schema import DERIVED, EVIDENCE, table

SHOWS = ["starts", "ends", "errors", "enqueues", "queues", "workers"]

CASE_TABLES = (
    "jobs",
    "attempts",
    "workers",
    "class_baselines",
    "class_changes",
    "class_periods",
    "class_schedules",
    "class_silences",
    "work_paces",
    "class_errors",
    "class_hours",
    "failed_enqueues",
    "lock_conflicts",
    "held_locks",
    "attempt_evidence",
    "queue_minutes",
    "pool_queues",
    "pool_minutes",
    "coverage",
    "log_gaps",
    "host_clocks",
    "depth_checks",
    "span_shares",
    "told_times",
    "limit_checks",
)
"""The tables that a case may fill."""

_USUAL: dict[str, dict[str, Any]] = {
    "jobs": {"job_class": "Job", "queue": "default", "queue_basis": "seen"},
    "attempts": {"job_class": "Job", "queue": "default", "attempt": 1, "last_seen_at": datetime(2026, 1, 5)},  # noqa: DTZ001 - naive UTC as the table
    "workers": {"state_basis": "a heartbeat", "confidence": "high"},
    "class_baselines": {"job_class": "Job", "queue": "default"},
    "class_changes": {"job_class": "Job", "queue": "default"},
    "class_periods": {"job_class": "Job", "queue": "default"},
    "work_paces": {"job_class": "Job"},
    "class_errors": {"job_class": "Job"},
    "class_hours": {"job_class": "Job"},
    "lock_conflicts": {"job_class": "Job", "source_id": 1},
    "held_locks": {"job_class": "Job", "source_id": 1},
    "failed_enqueues": {"job_class": "Job", "source_id": 1},
    "queue_minutes": {"queue": "default"},
    "pool_queues": {"pool": "default", "queue": "default"},
    "pool_minutes": {"pool": "default", "processes": 1, "capacity": 300.0, "is_known": True},
    "log_gaps": {"to_at": datetime(2026, 1, 5, 1), "usual_gap": 60.0, "records": 5000},  # noqa: DTZ001 - the same
    "host_clocks": {"basis": "enqueued, started", "cause_clock": "web-1", "effect_clock": "app-1", "pairs": 300},
    "depth_checks": {"queue": "default", "from_at": datetime(2026, 1, 5, 10), "to_at": datetime(2026, 1, 5, 11)},  # noqa: DTZ001 - the same
    "span_shares": {"job_class": "Job", "part": "run"},
    "told_times": {"log": "worker.log", "what": "duration"},
    "limit_checks": {"job_class": "Job", "queue": "default", "basis": "declared", "source_id": 1},
    "attempt_evidence": {"evidence_table": "log_lines", "event": "line", "source_id": 1},
    "sources": {"source_id": 1, "shows": SHOWS},
}

_OF_TYPE: dict[str, Any] = {"VARCHAR": "", "VARCHAR[]": [], "BOOLEAN": False, "TIMESTAMP": datetime(2026, 1, 5)}  # noqa: DTZ001 - the same


@cache
def _tables() -> duckdb.DuckDBPyConnection:
    """Made once, because making them costs more than a case; they stay empty, as nothing is ever committed to them."""
    db = duckdb.connect()
    for name in (*EVIDENCE, *DERIVED):
        db.execute(table(name).statement)
    atexit.register(_tables.cache_clear)  # DuckDB complains of connections that outlive the interpreter
    return db


@cache
def _nothing(name: str) -> Mapping[str, Any]:
    """For the columns of a table that must not be null, values that say nothing."""
    needed = (
        _tables()
        .execute(
            "select column_name, data_type from information_schema.columns where table_name = ? and is_nullable = 'NO'",
            [name],
        )
        .fetchall()
    )
    return {column: _OF_TYPE.get(kind, 0) for column, kind in needed}


def empty_database() -> duckdb.DuckDBPyConnection:
    """Every public table, without a row, in a transaction that is undone when the connection is closed."""
    return _tables().cursor().begin()


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
    for row in rows:
        key = {"job_key": row["job_id"]} if "job_id" in row else {}
        full = _nothing(name) | key | _USUAL.get(name, {}) | row
        places = ", ".join(f"${column}" for column in full)
        db.execute(f"insert into {name} ({', '.join(full)}) values ({places})", full)


@dataclass(frozen=True)
class Case:
    """One case of a rule's table: rows, the moment, and the jobs that the rule flags then."""

    rule: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.rule}: {self.values['name']}"

    def database(self) -> duckdb.DuckDBPyConnection:
        """The case's rows in the public tables."""
        return database({name: self.values[name] for name in CASE_TABLES if name in self.values})


def checked(case: Case, db: duckdb.DuckDBPyConnection | None = None) -> Investigation:
    """What the case's rule finds in its rows, or in those of ``db``."""
    settings = {f"{case.rule}.{param}": str(value) for param, value in case.values.get("settings", {}).items()}
    as_of = case.values["as_of"].replace(tzinfo=UTC)
    if db is not None:
        return check(db, as_of=as_of, settings=settings, only=[case.rule])
    with case.database() as db_of_case:
        return check(db_of_case, as_of=as_of, settings=settings, only=[case.rule])


CASES = tuple(
    Case(path.stem.replace("_", "-"), case)
    for path in sorted(Path(__file__).with_name("rules").glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
)
