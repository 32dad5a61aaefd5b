"""
What the rows of Procrastinate's tables tell, however they were exported.

Traps: ``attempts`` counts finished runs, so that it is 0 while the first one runs, and a retry by hand counts, too. A
row of ``procrastinate_jobs`` has no time but ``scheduled_at``, which may be long past or yet to come. Who retries a
stalled job by hand makes the same event ``deferred_for_retry`` as a run that failed.
"""

from __future__ import annotations

import csv
from collections import Counter
from importlib.resources import files
from io import StringIO
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.arrow_frame import ArrowFrame
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    import duckdb

_EVENTS_SQL = files("ingest").joinpath("procrastinate_events.sql").read_text(encoding="utf-8")
_JOB_EVENTS: Mapping[str, pl.DataType] = {
    "line_no": pl.Int64(),
    "record_no": pl.Int32(),
    "event": pl.String(),
    "system": pl.String(),
    "job_id": pl.String(),
    "job_class": pl.String(),
    "queue": pl.String(),
    "attempt": pl.Int32(),
    "arguments": pl.String(),
    "worker": pl.String(),
    "message": pl.String(),
    "attributes": pl.String(),
}
_LOG_LINES: Mapping[str, pl.DataType] = {
    "line_no": pl.Int64(),
    "record_no": pl.Int32(),
    "message": pl.String(),
    "system": pl.String(),
    "job_id": pl.String(),
    "job_class": pl.String(),
    "attributes": pl.String(),
}
_HEARTBEAT_PERIOD = 10.0
"""Seconds between two heartbeats, unless ``update_heartbeat_interval`` says otherwise."""


def rows_of_csv(text: str) -> Iterator[Row]:
    """The rows of an exported table by the names in its first line; an empty field is None."""
    csv.field_size_limit(1 << 30)
    for row in csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")):
        yield {name: value or None for name, value in row.items() if name is not None}


def moment_of(rows: Iterable[Row]) -> datetime | None:
    """When they were exported, where a column ``taken_at`` tells."""
    return next((at for row in rows if (at := read.iso(row.get("taken_at")))), None)


def job_events(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    The rows of ``job_events`` and ``log_lines`` together, and the rejects, that rows of ``procrastinate_events`` are.

    The frame has ``line_no``, and ``id``, ``job_id``, ``type`` and ``at`` as text, all rows of an export: which attempt
    an event belongs to is counted from the job's deferral on. An event that no job event stands for has none.
    """
    connection.execute("set timezone = 'UTC'")
    connection.register("records", ArrowFrame(records.rename({"at": "told_at"})))
    told = pl.DataFrame(connection.sql(_EVENTS_SQL))
    unread = pl.col("reason").is_not_null()
    return told.filter(~unread).drop("reason"), told.filter(unread).select("line_no", "reason")


def parted(told: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Of what ``job_events`` gives, the events, and what is none (a request to abort) as lines."""
    lines = ["line_no", "record_no", "occurred_at", "message", "system", "job_id", "attributes"]
    is_event = pl.col("event").is_not_null()
    return {"job_events": told.filter(is_event), "log_lines": told.filter(~is_event).select(lines)}


def frame_of(rows: Iterable[Row], columns: Iterable[str]) -> pl.DataFrame:
    """These columns of rows as text, with the ``line_no`` that each row says or 1."""
    names = list(columns)
    values = [[row.get("line_no", 1), *(_as_text(row.get(name)) for name in names)] for row in rows]
    return pl.DataFrame(values, schema={"line_no": pl.Int64, **dict.fromkeys(names, pl.String)}, orient="row")


def _as_text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    return value if value is None or isinstance(value, str) else read.encoded(value)


class JobTable:
    """The rows of ``procrastinate_jobs``: what was held at a moment, and what is known of jobs without one."""

    def __init__(self, line_no: int, found_id: str, taken_at: datetime | None) -> None:
        self._line_no, self._snapshot_id, self._taken_at = line_no, found_id, taken_at
        self.events: list[Row] = []
        """Rows of ``job_events`` without a time: that a job was put on its queue, and which worker has it."""

    def read(self, rows: Iterable[Row], into: SnapshotRows) -> None:
        """Add each row to the snapshot, where the moment is known, and what is over to the events."""
        waiting: Counter[str] = Counter()
        for number, row in enumerate(rows, start=1):
            try:
                job = self._job(Fields.of(row), into)
            except ValueError as error:
                into.reject(self._line_no, f'row {number:,} of "procrastinate_jobs": {error}')
                continue
            if job["queue"] is not None:
                waiting[job["queue"]] += job.get("held_in") == "queued"
        if self._taken_at:
            into.queues += [
                {"snapshot_id": self._snapshot_id, "queue": queue, "depth": depth}
                for queue, depth in sorted(waiting.items())
            ]

    def _job(self, row: Fields, into: SnapshotRows) -> Row:
        job_id, status = row.take("id", read.text), row.left.get("status")
        if not job_id or not isinstance(status, str):
            raise ValueError(f"it has no id or status: {read.encoded(row.left)[:80]}")
        row.left.pop("taken_at", None)
        worker = row.take("worker_id", read.text)
        job = {
            "job_id": job_id,
            "job_class": row.take("task_name", read.text),
            "queue": row.take("queue_name", read.text),
            "arguments": row.take("args", _arguments),
        }
        finished = read.integer(row.left.get("attempts"))
        attempt = None if finished is None else read.integer(finished + (status == "doing"))
        held = _held_in(status, row.left, self._taken_at) if self._taken_at else None
        if held is None:
            self._note(job, status, worker, attempt, row.attributes())
            return job
        found = {
            **job,
            "held_in": held,
            "attempt": attempt,
            "run_at": row.take("scheduled_at", read.iso) if held in ("scheduled", "retry") else None,
            "worker": worker if held == "running" else None,
        }
        into.jobs.append({"snapshot_id": self._snapshot_id, **found, "attributes": row.attributes()})
        return found

    def _note(self, job: Row, status: str, worker: str | None, attempt: int | None, attributes: str | None) -> None:
        told = {"line_no": self._line_no, "system": "procrastinate", "message": status, "attributes": attributes}
        self.events.append({**told, **job, "record_no": len(self.events), "event": "enqueued"})
        if worker and status != "todo":
            run = {"record_no": len(self.events), "event": "started", "worker": worker, "attempt": attempt}
            self.events.append({**told, **job, **run})


def _held_in(status: str, row: Mapping[str, Any], taken_at: datetime | None) -> str | None:
    """Where a job is; None for one that is over. What is due waits on its queue: nothing has to move it there."""
    due_at = read.iso(row.get("scheduled_at"))
    if status == "todo" and due_at and taken_at and due_at > taken_at:
        return "retry" if read.integer(row.get("attempts")) else "scheduled"
    return {"todo": "queued", "doing": "running", "failed": "failed"}.get(status)


def _arguments(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    if not isinstance(value, str):
        return read.json_value(value)
    try:
        return read.encoded(read.decoded(value))
    except ValueError:
        return read.encoded(value)


def untimed_events(events: list[Row]) -> pl.DataFrame:
    """As the rows of ``job_events`` that they are."""
    return pl.DataFrame(events, schema=dict(_JOB_EVENTS))


def processes(line_no: int, found_id: str, rows: Iterable[Row], into: SnapshotRows) -> None:
    """Add the rows of ``procrastinate_workers``; a worker that shuts down takes its row away."""
    for number, row in enumerate(rows, start=1):
        worker = Fields.of(row)
        name = worker.take("id", read.text)
        if not name:
            into.reject(line_no, f'row {number:,} of "procrastinate_workers" has no id: {read.encoded(row)[:80]}')
            continue
        worker.left.pop("taken_at", None)
        found = {
            "worker": name,
            "heartbeat_at": worker.take("last_heartbeat", read.iso),
            "heartbeat_period": _HEARTBEAT_PERIOD,
        }
        into.processes.append({"snapshot_id": found_id, **found, "attributes": worker.attributes()})


def periodic_lines(line_no: int, rows: Iterable[Row]) -> pl.DataFrame:
    """What rows of ``procrastinate_periodic_defers`` say: for which tick of its timetable a job was made."""
    lines = []
    for number, row in enumerate(rows):
        defer = Fields.of(row)
        told = {
            "line_no": line_no,
            "record_no": number,
            "system": "procrastinate",
            "job_id": defer.take("job_id", read.text),
            "job_class": defer.take("task_name", read.text),
        }
        tick = read.text(row.get("defer_timestamp")) or "unknown"
        lines.append({**told, "message": f"deferred for the tick {tick}", "attributes": defer.attributes()})
    return pl.DataFrame(lines, schema=dict(_LOG_LINES))


def stalled_lines(line_no: int, jobs: Any) -> pl.DataFrame:  # noqa: ANN401 - any JSON value
    """What a list of stalled jobs says, pairs of id and task name."""
    listed = jobs if isinstance(jobs, list) else []
    pairs = [job for job in listed if isinstance(job, list) and len(job) == 2]  # noqa: PLR2004 - a pair
    lines = [
        {
            "line_no": line_no,
            "record_no": number,
            "system": "procrastinate",
            "job_id": read.text(job_id),
            "job_class": read.text(task),
            "message": "listed as stalled: its worker has stopped sending heartbeats",
        }
        for number, (job_id, task) in enumerate(pairs)
    ]
    return pl.DataFrame(lines, schema=dict(_LOG_LINES))


def snapshot_row(line_no: int, found_id: str, taken_at: datetime, attributes: str | None = None) -> Row:
    """The row of ``snapshots`` for an export."""
    told = {"line_no": line_no, "snapshot_id": found_id, "taken_at": taken_at}
    return {**told, "system": "procrastinate", "scope": "", "attributes": attributes}


def id_of(text: str) -> str:
    """The id of a snapshot that is one exported text."""
    return snapshot_id(text)
