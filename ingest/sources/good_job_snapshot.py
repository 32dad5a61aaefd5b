"""
GoodJob's tables at one moment: a JSON document of them, or ``good_jobs`` alone as JSON or CSV. Versions 3 and 4.

    {"system": "good_job", "taken_at": "2026-03-01T22:00:05.12Z",
     "good_jobs": [{"id": "0f8a3b52-7c0e-4f0b-9b0e-0123456789ab", "active_job_id": "0f8a3b52-7c0e-4f0b-9b0e-0123456789ab",
       "queue_name": "mailers", "job_class": "Mail", "serialized_params": {"job_id": "0f8a3b52-7c0e-4f0b-9b0e-0123456789ab",
       "arguments": [7], "executions": 0}, "performed_at": "2026-03-01T22:00:04", "finished_at": null,
       "locked_by_id": "5d2f0c1b-9a43-4a4c-a4b7-6a3c5a2f6e11", "executions_count": 1}],
     "good_job_processes": [{"id": "5d2f0c1b-9a43-4a4c-a4b7-6a3c5a2f6e11", "state": {"hostname": "web1", "pid": 80},
       "updated_at": "2026-03-01T22:00:00"}]}

Traps: times are UTC and say no zone. A job that was given up is finished, too, and has an error; one that will be retried
keeps the error of its last run. A row whose process has gone is unlocked and waits again, ``performed_at`` still set.
Before version 4 each retry was a row of its own, and no column told who had locked a row.
"""  # noqa: E501 - lines as they are written

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.active_job_tables import (
    Export,
    document_of,
    enqueue_of,
    object_of,
    queue_rows,
    stored_job,
    table_of,
    with_events,
)
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    import polars as pl

_SYSTEM, _JOBS, _PROCESSES = "good_job", "good_jobs", "good_job_processes"
_HAPPENED = ("created_at", "updated_at", "performed_at", "finished_at", "locked_at")
_HEARTBEAT_PERIOD = 30.0
"""Seconds after which a process renews its row."""
_BETWEEN = ": "
"""Stands between class and message of an error."""


def _claims(beginning: pl.Expr) -> pl.Expr:
    document = beginning.str.contains(r'^\x{feff}?\s*\{\s*"system"\s*:\s*"good_job"\s*,')
    row = (
        beginning.str.contains(r'^\x{feff}?\s*(?:\[\s*)?\{\s*"')
        & beginning.str.contains(r'"serialized_params"\s*:')
        & beginning.str.contains(r'"performed_at"\s*:')
        & ~document
    )
    header = beginning.str.extract(r"^\x{feff}?([^\n]*)", 1)
    return document | row | (
        header.str.contains(r'(?:^|[,"])serialized_params(?:[,"\r]|$)')
        & header.str.contains(r'(?:^|[,"])performed_at(?:[,"\r]|$)')
    )  # fmt: skip


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows, events = SnapshotRows(), []
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            events += _read(line_no, text, rows)
        except (ValueError, csv.Error) as error:
            rows.reject(line_no, f"this GoodJob export could not be read: {error}")
    return Parsed(rows=with_events(rows, events), rejects=rows.parsed().rejects)


def _read(line_no: int, text: str, rows: SnapshotRows) -> list[Row]:
    is_document = text[:200].lstrip("\ufeff \t\r\n").startswith("{") and '"system"' in text[:200]
    export = document_of(text, _SYSTEM) if is_document else table_of(text, _JOBS)
    jobs = export.tables.get(_JOBS, [])
    seen = [moment for row in jobs for name in _HAPPENED if (moment := read.iso(row.get(name)))]
    taken_at = export.taken_at or max(seen, default=None)
    if taken_at is None:
        raise ValueError("it holds no row, and nothing tells when it was taken; add a column taken_at")
    found_id = snapshot_id(read.canonical([taken_at.isoformat(), export.tables]))
    if rows.has(found_id):
        return []
    basis = None if export.taken_at else "no column taken_at: the latest time at which anything happened to a row"
    look = _Look(line_no, found_id, taken_at, rows)
    look.read(export)
    export.rest.aside = {"taken_at_basis": basis, "rows_of_retried_runs": look.retried or None, **look.unread}
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": taken_at,
            "system": _SYSTEM,
            "scope": "",
            "attributes": export.rest.attributes(),
        }
    )
    return look.events


class _Look:
    """One export while it is read."""

    def __init__(self, line_no: int, found_id: str, taken_at: datetime, rows: SnapshotRows) -> None:
        self._line_no, self._id, self._taken_at, self._rows = line_no, found_id, taken_at, rows
        self._processes: dict[str, Row] = {}
        self.events: list[Row] = []
        self.retried = 0
        self.unread: dict[str, Any] = {}

    def read(self, export: Export) -> None:
        self._read_processes(export.tables.get(_PROCESSES, []))
        self.unread = {name: rows for name, rows in export.tables.items() if name not in (_JOBS, _PROCESSES) and rows}
        queues = set()
        for number, row in enumerate(export.tables.get(_JOBS, []), start=1):
            try:
                self._read_job(Fields.of(row))
            except ValueError as error:
                self._rows.reject(self._line_no, f'row {number:,} of "{_JOBS}": {error}')
            queues.add(read.text(row.get("queue_name")) or "")
        waiting = [job for job in self._rows.jobs if job["snapshot_id"] == self._id and job["held_in"] == "queued"]
        self._rows.queues += queue_rows(self._id, waiting, queues - {""}, {})

    def _read_job(self, row: Fields) -> None:
        row.left.pop("taken_at", None)
        serialized = object_of(row.left.get("serialized_params"))
        if serialized is not None:
            del row.left["serialized_params"]
        stored, row_id = stored_job(serialized), row.take("id", read.text)
        job_id = row.take("active_job_id", read.text) or stored.job_id or row_id
        if not job_id:
            raise ValueError(f"it has no id: {read.encoded(row.left)[:80]}")
        if row.take("retried_good_job_id", read.text):
            self.retried += 1
            return
        job = {
            "job_id": job_id,
            "provider_job_id": row_id if row_id != job_id else None,
            "job_class": row.take("job_class", read.text) or stored.job_class,
            "queue": row.take("queue_name", read.text) or stored.queue,
            "arguments": stored.arguments,
        }
        row.aside = {"active_job": stored.left}
        counted = row.take("executions_count", read.integer)
        finished_at, error = row.take("finished_at", read.iso), row.take("error", read.text)
        if finished_at and error is None:
            self._note_finished(job, row, counted, finished_at)
        else:
            self._hold(job, row, counted, finished_at, error)

    def _hold(
        self, job: Row, row: Fields, counted: int | None, finished_at: datetime | None, error: str | None
    ) -> None:
        performed_at, run_at = row.take("performed_at", read.iso), row.take("scheduled_at", read.iso)
        # Version 3 has no such column: there a row that was begun runs, as far as it tells.
        unlocked = "locked_by_id" in row.left and row.left["locked_by_id"] is None
        locked_by = row.take("locked_by_id", read.text)
        held_in = _held_in(finished_at, None if unlocked else performed_at, run_at, self._taken_at, tried=bool(counted))
        created_at = row.take("created_at", read.iso)
        error_class, _, message = (error or "").partition(_BETWEEN)
        if held_in != "running":
            row.aside |= {"locked_by_id": locked_by, "performed_at": performed_at and performed_at.isoformat()}
        process = self._processes.get(locked_by or "", {})
        on_its_way = held_in in ("queued", "running")
        self._rows.jobs.append(
            {
                "snapshot_id": self._id,
                "held_in": held_in,
                **job,
                "attempt": counted,
                "created_at": created_at,
                # A retry is put on its queue when it is due.
                "enqueued_at": max(filter(None, (created_at, run_at)), default=None) if on_its_way else None,
                "run_at": run_at,
                "started_at": performed_at if held_in == "running" else None,
                "failed_at": finished_at,
                "died_at": finished_at,
                "error_class": error_class or None,
                "error_message": message or None,
                **({"worker": locked_by, **process} if held_in == "running" else {}),
                "attributes": row.attributes(),
            }
        )

    def _note_finished(self, job: Row, row: Fields, counted: int | None, finished_at: datetime) -> None:
        """What is over is in no set: that it was enqueued, and that its last run has ended."""
        performed_at, run_at = row.take("performed_at", read.iso), row.take("scheduled_at", read.iso)
        duration = (finished_at - performed_at).total_seconds() if performed_at else None
        way = enqueue_of(row.take("created_at", read.iso), run_at, is_retry=(counted or 1) > 1)
        told = {"line_no": self._line_no, "system": _SYSTEM, **job, "attributes": row.attributes()}
        if way:
            self.events.append({**told, **way, "record_no": len(self.events)})
        end = {"record_no": len(self.events), "event": "acknowledged", "occurred_at": finished_at, "attempt": counted}
        took = duration if duration is not None and duration >= 0 else None
        self.events.append({**told, **end, "duration": took, "message": "finished"})

    def _read_processes(self, processes: list[Row]) -> None:
        for number, row in enumerate(processes, start=1):
            fields = Fields.of(row)
            name = fields.take("id", read.text)
            if not name:
                self._rows.reject(self._line_no, f'row {number:,} of "{_PROCESSES}" has no id')
                continue
            state = Fields.of(object_of(fields.left.pop("state", None)) or {})
            place = {"host": state.take("hostname", read.text), "pid": state.take("pid", read.long_integer)}
            self._processes[name] = place
            schedulers = [each for each in state.left.get("schedulers") or [] if isinstance(each, dict)]
            fields.aside = {"state": state.left or None}
            self._rows.processes.append(
                {
                    "snapshot_id": self._id,
                    "worker": name,
                    **place,
                    "started_at": fields.take("created_at", read.iso),
                    "heartbeat_at": fields.take("updated_at", read.iso),
                    "heartbeat_period": _HEARTBEAT_PERIOD,
                    "queues": _queues(schedulers),
                    "concurrency": _sum(schedulers, "max_threads"),
                    "busy": _sum(schedulers, "active_threads"),
                    "attributes": fields.attributes(),
                }
            )


def _held_in(
    finished_at: datetime | None,
    performed_at: datetime | None,
    run_at: datetime | None,
    taken_at: datetime,
    *,
    tried: bool,
) -> str:
    if finished_at:
        return "dead"
    if performed_at:
        return "running"
    if run_at and run_at > taken_at:
        return "retry" if tried else "scheduled"
    return "queued"


def _queues(schedulers: list[Row]) -> list[str] | None:
    """The queues that its schedulers read; None where one of them reads all but some."""
    said = [read.text(each.get("queues")) for each in schedulers]
    if not said or any(each is None or each.startswith("-") for each in said):
        return None
    return sorted({queue for each in said if each for queue in each.removeprefix("+").split(",")})


def _sum(schedulers: list[Row], name: str) -> int | None:
    counts = [count for each in schedulers if (count := read.integer(each.get(name))) is not None]
    return read.integer(sum(counts)) if counts else None


SOURCE = Source(
    name="good_job_snapshot",
    describes="GoodJob's tables at one moment, as JSON, or good_jobs as CSV",
    kind="snapshot",
    system=_SYSTEM,
    shows=frozenset({"enqueues", "ends", "errors", "arguments", "queues", "workers", "heartbeats"}),
    cannot="The runs before a job's last one, when a job failed that waits for its retry, jobs whose rows were deleted "
    "and, in good_jobs alone, which workers live.",
    claims=_claims,
    holds=('"good_job"', "serialized_params"),
    parse=_parse,
    document=True,
)
