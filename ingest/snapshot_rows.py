"""The rows of snapshots, collected one by one and handed over as frames, whatever system they are of."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest.sources.source import Parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT, _MOMENT, _SMALL, _LONG, _FLAG = pl.String(), pl.Datetime("us"), pl.Int32(), pl.Int64(), pl.Boolean()

SNAPSHOTS: Mapping[str, pl.DataType] = {
    "line_no": _LONG,
    "snapshot_id": _TEXT,
    "taken_at": _MOMENT,
    "system": _TEXT,
    "scope": _TEXT,
    "version": _TEXT,
    "label": _TEXT,
    "attributes": _TEXT,
}
QUEUES: Mapping[str, pl.DataType] = {
    "snapshot_id": _TEXT,
    "queue": _TEXT,
    "depth": _LONG,
    "oldest_at": _MOMENT,
    "paused": _FLAG,
}
JOBS: Mapping[str, pl.DataType] = {
    "snapshot_id": _TEXT,
    "held_in": _TEXT,
    "position": _SMALL,
    "job_id": _TEXT,
    "provider_job_id": _TEXT,
    "job_class": _TEXT,
    "queue": _TEXT,
    "attempt": _SMALL,
    "max_attempts": _SMALL,
    "arguments": _TEXT,
    "idempotency_key": _TEXT,
    "created_at": _MOMENT,
    "enqueued_at": _MOMENT,
    "run_at": _MOMENT,
    "started_at": _MOMENT,
    "failed_at": _MOMENT,
    "failed_at_clock": _MOMENT,
    "died_at": _MOMENT,
    "error_class": _TEXT,
    "error_message": _TEXT,
    "host": _TEXT,
    "pid": _LONG,
    "thread": _TEXT,
    "worker": _TEXT,
    "attributes": _TEXT,
}
PROCESSES: Mapping[str, pl.DataType] = {
    "snapshot_id": _TEXT,
    "worker": _TEXT,
    "host": _TEXT,
    "pid": _LONG,
    "started_at": _MOMENT,
    "heartbeat_at": _MOMENT,
    "heartbeat_period": pl.Float64(),
    "queues": pl.List(pl.String()),
    "concurrency": _SMALL,
    "busy": _SMALL,
    "quiet": _FLAG,
    "version": _TEXT,
    "attributes": _TEXT,
}
LOCKS: Mapping[str, pl.DataType] = {
    "snapshot_id": _TEXT,
    "lock": _TEXT,
    "kind": _TEXT,
    "job_class": _TEXT,
    "holder_id": _TEXT,
    "held_since": _MOMENT,
    "expires_at": _MOMENT,
    "attributes": _TEXT,
}
REJECTS: Mapping[str, pl.DataType] = {"line_no": _LONG, "reason": _TEXT}

Row = dict[str, Any]


def snapshot_id(canonical: str) -> str:
    """The digest of a snapshot's canonical text: the same snapshot is the same id."""
    return blake2b(canonical.encode(), digest_size=16).hexdigest()


@dataclass
class SnapshotRows:
    """What was found so far."""

    snapshots: list[Row] = field(default_factory=list)
    queues: list[Row] = field(default_factory=list)
    jobs: list[Row] = field(default_factory=list)
    processes: list[Row] = field(default_factory=list)
    locks: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)

    def has(self, found_id: str) -> bool:
        """Whether the same snapshot was already seen in this batch."""
        return any(row["snapshot_id"] == found_id for row in self.snapshots)

    def reject(self, line_no: int, reason: str) -> None:
        self.rejects.append({"line_no": line_no, "reason": reason})

    def parsed(self) -> Parsed:
        tables = {
            "snapshots": (self.snapshots, SNAPSHOTS),
            "snapshot_queues": (self.queues, QUEUES),
            "snapshot_jobs": (self.jobs, JOBS),
            "snapshot_processes": (self.processes, PROCESSES),
            "snapshot_locks": (self.locks, LOCKS),
        }
        rows = {table: pl.DataFrame(found, schema=dict(columns)) for table, (found, columns) in tables.items() if found}
        rejects = pl.DataFrame(self.rejects, schema=dict(REJECTS)) if self.rejects else None
        return Parsed(rows=rows, rejects=rejects)
