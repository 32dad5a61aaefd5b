"""
What the hash of an RQ job in Redis tells, ``rq:job:ID``, however it was exported.

Traps: times are ISO 8601 with a ``Z``, and an empty text where there is none. ``started_at``, ``ended_at`` and
``worker_name`` are those of the last run; a retry writes ``enqueued_at`` anew. A killed run leaves no worker's name.
``data`` is a pickle, which must not be loaded: the function and its arguments stand in ``description``, cut after 75
characters each. An old worker writes its error as ``exc_info``, a new one beside the job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.python_tracebacks import error_of
from ingest.rq_descriptions import calls_of
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ingest.snapshot_rows import Row

JOB_KEY = "rq:job:"

_JOB_EVENTS = {
    "line_no": pl.Int64(),
    "record_no": pl.Int32(),
    "occurred_at": pl.Datetime("us"),
    "event": pl.String(),
    "system": pl.String(),
    "job_id": pl.String(),
    "job_class": pl.String(),
    "queue": pl.String(),
    "arguments": pl.String(),
    "worker": pl.String(),
    "thread": pl.String(),
    "duration": pl.Float64(),
    "message": pl.String(),
    "attributes": pl.String(),
}
_UNREADABLE = ("data", "result")
"""Pickles."""


@dataclass(frozen=True, kw_only=True)
class JobHash:
    """One job as its hash tells of it; its function and arguments are read for many at once, see ``with_calls``."""

    job_id: str
    status: str | None
    description: str | None
    queue: str | None
    worker: str | None
    created_at: datetime | None
    enqueued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    error_class: str | None
    error_message: str | None
    attributes: str | None

    @classmethod
    def of(cls, job_id: str, found: dict[str, Any]) -> JobHash:
        fields = Fields.of({name: value for name, value in found.items() if value != "" and name not in _UNREADABLE})
        traceback = fields.left.get("exc_info")
        error = error_of(traceback) if isinstance(traceback, str) else None
        fields.left.pop("id", None)
        return cls(
            job_id=job_id,
            status=fields.take("status", read.text),
            description=fields.take("description", read.text),
            queue=fields.take("origin", read.text),
            worker=fields.take("worker_name", read.text),
            created_at=fields.take("created_at", read.iso),
            enqueued_at=fields.take("enqueued_at", read.iso),
            started_at=fields.take("started_at", read.iso),
            ended_at=fields.take("ended_at", read.iso),
            heartbeat_at=fields.take("last_heartbeat", read.iso),
            error_class=error.error_class if error else None,
            # What is no traceback is the reason that RQ gives itself: the work horse was killed, the job abandoned.
            error_message=error.error_message if error else traceback.strip() if isinstance(traceback, str) else None,
            attributes=fields.attributes(),
        )

    @property
    def lasted(self) -> float | None:
        """Seconds of the last run; None where a run began after the last one has ended, or none has."""
        if self.started_at is None or self.ended_at is None or self.ended_at < self.started_at:
            return None
        return (self.ended_at - self.started_at).total_seconds()


def events_of(job: JobHash) -> Iterable[Row]:
    """
    What became of a job, as rows of ``job_events`` without a place: its enqueue, the end of a run that succeeded, a
    sign of life of one under way. ``with_calls`` adds class and arguments.
    """
    told = {"system": "rq", "job_id": job.job_id, "queue": job.queue, "description": job.description}
    yield {
        **told,
        "occurred_at": job.enqueued_at,
        "event": "enqueued",
        "message": job.status or "no status",
        "attributes": job.attributes,
    }
    run = {**told, "worker": job.worker, "thread": job.worker, "message": job.status}
    if job.status == "finished" and job.ended_at:
        yield {**run, "occurred_at": job.ended_at, "event": "acknowledged", "duration": job.lasted}
    elif job.status == "started" and (alive_at := job.heartbeat_at or job.started_at):
        yield {**run, "occurred_at": alive_at, "event": "heartbeat"}


def with_calls(rows: list[Row]) -> list[Row]:
    """The same rows with ``job_class`` and ``arguments`` in place of ``description``."""
    calls = calls_of([row.pop("description", None) for row in rows])
    return [
        {**row, "job_class": job_class, "arguments": arguments}
        for row, (job_class, arguments) in zip(rows, calls, strict=True)
    ]


def events_frame(rows: list[Row]) -> pl.DataFrame:
    """Rows of ``job_events`` as a frame."""
    return pl.DataFrame(with_calls(rows), schema=_JOB_EVENTS)
