"""A small evidence database for tests: rows are given as dictionaries, everything not said is null."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb

from ingest import schema
from ingest.derive import derive

NOON = datetime(2026, 3, 17, 12, 0, 0)  # noqa: DTZ001 - the database speaks naive UTC

_ALWAYS: dict[str, dict[str, Any]] = {
    "job_events": {"source_id": 1, "record_no": 0, "system": "sidekiq", "scope": ""},
    "worker_events": {"source_id": 1, "record_no": 0, "system": "sidekiq", "scope": ""},
    "log_lines": {"source_id": 1, "record_no": 0, "system": "sidekiq", "scope": ""},
    "spans": {
        "source_id": 2,
        "record_no": 0,
        "system": "sidekiq",
        "scope": "",
        "kind": "consumer",
        "operation": "run",
        "status": "unset",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    },
    "snapshots": {"source_id": 3, "line_no": 1, "record_no": 0, "system": "sidekiq", "scope": ""},
    "marks": {"source_id": 1, "record_no": 0, "scope": ""},
    "declared": {"source_id": 1, "record_no": 0, "scope": ""},
    "snapshot_jobs": {"source_id": 3},
    "snapshot_queues": {"source_id": 3},
    "snapshot_processes": {"source_id": 3},
    "snapshot_locks": {"source_id": 3},
}


def at(seconds: float) -> datetime:
    """So many seconds past noon."""
    return NOON + timedelta(seconds=seconds)


class EvidenceDatabase:
    """Evidence in memory. Lines are numbered in the order they are given."""

    def __init__(self) -> None:
        self.db = duckdb.connect(config={"threads": 1})  # for a handful of rows a second thread only costs
        for name in schema.EVIDENCE:
            self.db.execute(schema.table(name).statement)
        for source_id, path, kind in (
            (1, "worker.log", "log"),
            (2, "traces.jsonl", "span"),
            (3, "snapshot.json", "snapshot"),
        ):
            self.add(
                "sources",
                source_id=source_id,
                path=path,
                also_seen_as=[],
                format="test",
                kind=kind,
                system="sidekiq",
                shows=["workers", "starts", "ends", "queues"],
                **dict.fromkeys(("bytes_total", "bytes_accepted", "bytes_blank", "bytes_rejected", "bytes_pending"), 0),
                **dict.fromkeys(("line_count", "row_count", "reject_count", "resume_offset", "resume_line"), 0),
                loaded_at=NOON,
                loader_version="test",
            )
        self._line_no = 0

    def add(self, table: str, **values: Any) -> EvidenceDatabase:
        """Put one row into a table."""
        row = _ALWAYS.get(table, {}) | values
        if table in {"job_events", "worker_events", "log_lines", "spans", "marks", "declared"}:
            self._line_no += 1
            row.setdefault("line_no", self._line_no)
        columns = ", ".join(row)
        places = ", ".join(f"${name}" for name in row)
        self.db.execute(f"insert into {table} ({columns}) values ({places})", row)
        return self

    def event(self, seconds: float, event: str, job_id: str = "job-a", **values: Any) -> EvidenceDatabase:
        """Add an event of a job, by default on thread t1 of process 100."""
        given = {"pid": 100, "thread": "t1", "job_class": "Export"} | values
        return self.add("job_events", occurred_at=at(seconds), event=event, job_id=job_id, **given)

    def snapshot(
        self,
        seconds: float,
        *,
        jobs: list[dict[str, Any]] = [],  # noqa: B006 - only read
        pids: list[int] = [],  # noqa: B006 - only read
        busy: int | None = None,
    ) -> EvidenceDatabase:
        """Add a snapshot that holds these jobs and these live processes, each with a sign of life three seconds old."""
        snapshot_id = f"snapshot-{seconds}"
        self.add("snapshots", snapshot_id=snapshot_id, taken_at=at(seconds))
        for job in jobs:
            self.add("snapshot_jobs", snapshot_id=snapshot_id, **job)
        for pid in pids:
            self.add(
                "snapshot_processes",
                snapshot_id=snapshot_id,
                worker=f"vm:{pid}:aa",
                host="vm",
                pid=pid,
                heartbeat_at=at(seconds - 3),
                heartbeat_period=5.0,
                busy=busy,
            )
        return self

    def derive(self, seconds: float | None = None) -> EvidenceDatabase:
        """Fill the derived tables, as of so many seconds past noon or the watermark."""
        derive(self.db, None if seconds is None else at(seconds))
        return self

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask."""
        return self.db.execute(query).fetchall()
