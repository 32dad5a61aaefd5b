"""
Solid Queue's tables at one moment, as one JSON document.

    {"system": "solid_queue", "taken_at": "2026-03-01T22:00:05.12Z",
     "solid_queue_jobs": [{"id": 12, "queue_name": "mailers", "class_name": "Mail", "arguments": {"job_id":
       "0f8a3b52-7c0e-4f0b-9b0e-0123456789ab", "arguments": [7], "executions": 0}, "active_job_id":
       "0f8a3b52-7c0e-4f0b-9b0e-0123456789ab", "finished_at": null, "created_at": "2026-03-01T22:00:00.12"}],
     "solid_queue_claimed_executions": [{"job_id": 12, "process_id": 3, "created_at": "2026-03-01T22:00:04"}],
     "solid_queue_processes": [{"id": 3, "kind": "Worker", "pid": 80, "hostname": "web1", "name": "worker-8c1e",
       "last_heartbeat_at": "2026-03-01T22:00:00", "metadata": {"queues": "mailers", "thread_pool_size": 3}}]}

Traps: times are UTC and say no zone. Where a job is, other tables tell: one that waits for a lock is blocked, which is no
queue. With ``retry_on`` each attempt is a row of its own with the same Active Job's id, and a row whose run failed so is
finished like one that succeeded. A failed execution is final: nothing runs it again unless somebody asks for it. A claim
whose process has no row is that of a lost worker. A semaphore counts down: at 0 it is held, by whom it does not say.
"""  # noqa: E501 - lines as they are written

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.active_job_tables import (
    Export,
    document_of,
    enqueue_of,
    object_of,
    queue_rows,
    stored_job,
    with_events,
)
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    import polars as pl

_SYSTEM = "solid_queue"
_JOBS, _PROCESSES, _PAUSES = "solid_queue_jobs", "solid_queue_processes", "solid_queue_pauses"
_SEMAPHORES = "solid_queue_semaphores"
_EXECUTIONS = ("ready", "scheduled", "claimed", "blocked", "failed")
_HEARTBEAT_PERIOD = 60.0
"""Seconds between two heartbeats, unless ``process_heartbeat_interval`` says otherwise."""


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r'^\x{feff}?\s*\{\s*"system"\s*:\s*"solid_queue"\s*,')


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows, events = SnapshotRows(), []
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            events += _read(line_no, document_of(text, _SYSTEM), rows)
        except ValueError as error:
            rows.reject(line_no, f"this Solid Queue export could not be read: {error}")
    return Parsed(rows=with_events(rows, events), rejects=rows.parsed().rejects)


def _read(line_no: int, export: Export, rows: SnapshotRows) -> list[Row]:
    found_id = snapshot_id(read.canonical([str(export.taken_at), export.tables]))
    if export.taken_at is None or rows.has(found_id):
        return []
    look = _Look(line_no, found_id, export.taken_at, rows)
    look.read(export.tables)
    export.rest.aside = look.unread
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": export.taken_at,
            "system": _SYSTEM,
            "scope": "",
            "attributes": export.rest.attributes(),
        }
    )
    return look.events


class _Look:
    """One document while it is read."""

    def __init__(self, line_no: int, found_id: str, taken_at: datetime, rows: SnapshotRows) -> None:
        self._line_no, self._id, self._taken_at, self._rows = line_no, found_id, taken_at, rows
        self._executions: dict[str, dict[str, Row]] = {}
        self._processes: dict[str, Row] = {}
        self._latest: dict[str, int] = {}
        """Active Job's id to the highest number of a row of that job."""
        self.events: list[Row] = []
        self.unread: dict[str, Any] = {}

    def read(self, tables: dict[str, list[Row]]) -> None:
        self._read_processes(tables.get(_PROCESSES, []))
        names = {kind: f"solid_queue_{kind}_executions" for kind in _EXECUTIONS}
        self._executions = {
            kind: {job_id: row for row in tables.get(name, []) if (job_id := read.text(row.get("job_id")))}
            for kind, name in names.items()
        }
        jobs = [Fields.of(row) for row in tables.get(_JOBS, [])]
        for job in jobs:
            job_id, number = read.text(job.left.get("active_job_id")), read.long_integer(job.left.get("id"))
            if job_id and number is not None:
                self._latest[job_id] = max(number, self._latest.get(job_id, number))
        known = {read.text(job.left.get("queue_name")) or "" for job in jobs}
        for number, job in enumerate(jobs, start=1):
            try:
                self._read_job(job)
            except ValueError as error:
                self._rows.reject(self._line_no, f'row {number:,} of "{_JOBS}": {error}')
        pauses = {queue: True for row in tables.get(_PAUSES, []) if (queue := read.text(row.get("queue_name")))}
        waiting = [job for job in self._rows.jobs if job["snapshot_id"] == self._id and job["held_in"] == "queued"]
        queues = queue_rows(self._id, waiting, known - {""}, pauses)
        self._rows.queues += [
            queue | {"paused": queue["queue"] in pauses if _PAUSES in tables else None} for queue in queues
        ]
        free = self._read_semaphores(tables.get(_SEMAPHORES, []))
        read_tables = {_JOBS, _PROCESSES, _PAUSES, _SEMAPHORES, *names.values()}
        self.unread = {_SEMAPHORES: free} if free else {}
        self.unread |= {name: rows for name, rows in tables.items() if name not in read_tables and rows}
        self.unread |= {names[kind]: list(left.values()) for kind, left in self._executions.items() if left}

    def _read_job(self, row: Fields) -> None:
        row_id = row.take("id", read.text)
        if not row_id:
            raise ValueError(f"it has no id: {read.encoded(row.left)[:80]}")
        serialized = object_of(row.left.get("arguments"))
        if serialized is not None:
            del row.left["arguments"]
        stored = stored_job(serialized)
        job = {
            "job_id": row.take("active_job_id", read.text) or stored.job_id or row_id,
            "provider_job_id": row_id,
            "job_class": row.take("class_name", read.text) or stored.job_class,
            "queue": row.take("queue_name", read.text) or stored.queue,
            "arguments": stored.arguments,
        }
        row.aside = {"active_job": stored.left}
        found = {kind: held for kind in _EXECUTIONS if (held := self._executions[kind].pop(row_id, None))}
        finished_at = row.take("finished_at", read.iso)
        if finished_at and not found:
            self._note_finished(job, row, stored.executions, finished_at)
        else:
            self._hold(job, row, stored.executions or 0, found)

    def _hold(self, job: Row, row: Fields, executions: int, found: dict[str, Row]) -> None:
        created_at, run_at = row.take("created_at", read.iso), row.take("scheduled_at", read.iso)
        kind = next((each for each in ("failed", "claimed", "blocked", "scheduled", "ready") if each in found), None)
        execution = Fields.of(found.get(kind or "", {}))
        since = execution.take("created_at", read.iso)
        for name in ("id", "job_id", "queue_name", "priority", "scheduled_at"):
            execution.left.pop(name, None)
        told: Row
        if kind == "failed":
            told = {"held_in": "dead", "attempt": read.integer(executions + 1), "failed_at": since, "died_at": since}
            told |= _error(execution)
        elif kind == "claimed":
            process_id = read.text(execution.left.get("process_id")) or ""
            told = {"held_in": "running", "attempt": read.integer(executions + 1), "started_at": since}
            told |= self._processes.get(process_id, {})
            told["enqueued_at"] = max(filter(None, (created_at, run_at)), default=None)
        elif kind == "blocked":
            told = {"held_in": "scheduled", "run_at": execution.take("expires_at", read.iso)}
        elif kind == "scheduled" or (kind is None and run_at and run_at > self._taken_at):
            told = {"held_in": "retry" if executions else "scheduled", "run_at": run_at}
        else:
            told = {"held_in": "queued", "enqueued_at": since or created_at}
        row.aside |= {f"{kind}_execution": execution.left or None} if kind else {"in_no_set": True}
        self._rows.jobs.append(
            {
                "snapshot_id": self._id,
                "attempt": executions,
                **job,
                "created_at": created_at,
                **told,
                "attributes": row.attributes(),
            }
        )

    def _note_finished(self, job: Row, row: Fields, executions: int | None, finished_at: datetime) -> None:
        """What is over is in no set: that it was enqueued, and that its run has ended."""
        way = enqueue_of(row.take("created_at", read.iso), row.take("scheduled_at", read.iso), is_retry=False)
        told = {"line_no": self._line_no, "system": _SYSTEM, **job, "attributes": row.attributes()}
        if way:
            self.events.append({**told, **way, "record_no": len(self.events)})
        number = read.long_integer(job["provider_job_id"])
        if number is not None and number < self._latest.get(job["job_id"], number):
            return  # it was put on its queue again, in a row of its own: how this run ended is not told
        attempt = None if executions is None else read.integer(executions + 1)
        end = {"record_no": len(self.events), "event": "acknowledged", "occurred_at": finished_at, "attempt": attempt}
        self.events.append({**told, **end, "message": "finished"})

    def _read_semaphores(self, semaphores: list[Row]) -> list[Row]:
        """Read those that keep jobs waiting; give back the others."""
        free = []
        for row in semaphores:
            lock, left = read.text(row.get("key")), read.long_integer(row.get("value"))
            if not lock or left is None or left > 0:
                free.append(row)
                continue
            fields = Fields.of(row)
            del fields.left["key"]
            self._rows.locks.append(
                {
                    "snapshot_id": self._id,
                    "lock": lock,
                    "kind": "semaphore",
                    "expires_at": fields.take("expires_at", read.iso),
                    "attributes": fields.attributes(),
                }
            )
        return free

    def _read_processes(self, processes: list[Row]) -> None:
        for number, row in enumerate(processes, start=1):
            fields = Fields.of(row)
            row_id = fields.take("id", read.text)
            name = fields.take("name", read.text) or row_id
            if not row_id or not name:
                self._rows.reject(self._line_no, f'row {number:,} of "{_PROCESSES}" has no id')
                continue
            metadata = Fields.of(object_of(fields.left.pop("metadata", None)) or {})
            place = {
                "worker": name,
                "host": fields.take("hostname", read.text),
                "pid": fields.take("pid", read.long_integer),
            }
            self._processes[row_id] = place
            queues = metadata.take("queues", read.text)
            fields.aside = {"process_id": row_id, "metadata": metadata.left or None}
            self._rows.processes.append(
                {
                    "snapshot_id": self._id,
                    **place,
                    "started_at": fields.take("created_at", read.iso),
                    "heartbeat_at": fields.take("last_heartbeat_at", read.iso),
                    "heartbeat_period": _HEARTBEAT_PERIOD,
                    "queues": queues.split(",") if queues else None,
                    "concurrency": metadata.take("thread_pool_size", read.integer),
                    "attributes": fields.attributes(),
                }
            )


def _error(execution: Fields) -> Row:
    """Class and message of a failure; its backtrace stays with the execution."""
    told = Fields.of(object_of(execution.left.get("error")) or {})
    if not told.left:
        return {}
    error = {
        "error_class": told.take("exception_class", read.text),
        "error_message": told.take("message", read.text),
    }
    execution.left["error"] = told.left
    return error


SOURCE = Source(
    name="solid_queue_snapshot",
    describes="Solid Queue's tables at one moment, as a JSON document",
    kind="snapshot",
    system=_SYSTEM,
    shows=frozenset({"enqueues", "ends", "errors", "arguments", "queues", "workers", "heartbeats"}),
    cannot="When a run that is over began, whether a finished one succeeded or was handled by retry_on or discard_on, "
    "and jobs whose rows were deleted.",
    claims=_claims,
    holds=('"solid_queue"',),
    parse=_parse,
    document=True,
)
