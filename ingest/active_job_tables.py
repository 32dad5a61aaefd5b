"""
Tables of a backend that keeps Active Jobs in a database, as they were exported: which rows, and what each tells.

Three shapes are read: one document that names its tables and when it was taken; the rows of one table as JSON, in an
array or a line each; the same as CSV. An export of the latter kinds tells in a column ``taken_at`` when it was taken,
or else the latest time at which anything happened to a row stands for it.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.active_job_arguments import plain_arguments
from ingest.snapshot_rows import Row, SnapshotRows
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_AT_ONCE = timedelta(seconds=1)
"""Between the making of a row and its time to run, where it was to run at once."""

EVENTS: Mapping[str, pl.DataType] = {
    "line_no": pl.Int64(),
    "record_no": pl.Int32(),
    "occurred_at": pl.Datetime("us"),
    "event": pl.String(),
    "system": pl.String(),
    "job_id": pl.String(),
    "provider_job_id": pl.String(),
    "job_class": pl.String(),
    "queue": pl.String(),
    "attempt": pl.Int32(),
    "arguments": pl.String(),
    "duration": pl.Float64(),
    "run_at": pl.Datetime("us"),
    "message": pl.String(),
    "attributes": pl.String(),
}
"""What rows of jobs that are over give of ``job_events``."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """The rows of each table, the rest of the document, and when it was taken, where it says so."""

    tables: dict[str, list[Row]]
    taken_at: datetime | None
    rest: Fields


def document_of(text: str, system: str) -> Export:
    """A document with a list of rows under each table's name. Raises ``ValueError``."""
    fields = Fields.of(read.decoded_object(text))
    if fields.take("system", read.text) != system:
        raise ValueError(f'"system" is not "{system}"')
    taken_at = fields.take("taken_at", read.iso)
    if taken_at is None:
        raise ValueError('"taken_at" is missing or no ISO 8601 time of the years 1970 to 2259')
    listed = {
        name: value for name, value in fields.left.items() if name.startswith(f"{system}_") or name == "good_jobs"
    }
    for name in listed:
        del fields.left[name]
    tables = {name: _objects(name, value) for name, value in listed.items()}
    return Export(tables=tables, taken_at=taken_at, rest=fields)


def table_of(text: str, name: str) -> Export:
    """The rows of one table as JSON or CSV. Raises ``ValueError``, and ``csv.Error`` for a broken CSV."""
    text = text.removeprefix("\ufeff")
    beginning = text.lstrip()[:1]
    if beginning == "[":
        rows = _objects(name, read.decoded(text))
    elif beginning == "{":
        rows = [read.decoded_object(line) for line in text.splitlines() if line.strip()]
    else:
        csv.field_size_limit(1 << 30)
        rows = [
            {column: value or None for column, value in row.items() if column is not None}
            for row in csv.DictReader(StringIO(text, newline=""))
        ]
    stated = next((moment for row in rows if (moment := read.iso(row.get("taken_at")))), None)
    return Export(tables={name: rows}, taken_at=stated, rest=Fields({}))


def _objects(name: str, value: Any) -> list[Row]:  # noqa: ANN401 - any JSON value
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError(f'"{name}" is no list of rows')
    return value


def object_of(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value
    """An object, or the text of one: a column of the type json is exported as either."""
    if isinstance(value, str):
        try:
            value = read.decoded(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


@dataclass(frozen=True, kw_only=True)
class StoredJob:
    """What the serialized Active Job in a row tells."""

    job_id: str | None
    job_class: str | None
    queue: str | None
    arguments: str | None
    executions: int | None
    """Runs that had begun when it was put on its queue."""
    left: Row | None


def stored_job(serialized: dict[str, Any] | None) -> StoredJob:
    job = Fields.of(serialized or {})
    arguments = job.left.pop("arguments", None)
    return StoredJob(
        job_id=job.take("job_id", read.text),
        job_class=job.take("job_class", read.text),
        queue=job.take("queue_name", read.text),
        arguments=read.json_value(plain_arguments(arguments)),
        executions=job.take("executions", read.integer),
        left={key: value for key, value in job.left.items() if value not in (None, {}, [])} or None,
    )


def enqueue_of(created_at: datetime | None, run_at: datetime | None, *, is_retry: bool) -> Row | None:
    """
    The event by which a job got onto its queue: when its row was made, or later where it was to run later.

    A row that is used again for retries tells of the last one when it was due.
    """
    if is_retry:
        return {"event": "enqueued", "occurred_at": run_at, "message": "due"} if run_at else None
    if created_at is None:
        return None
    if run_at and run_at - created_at > _AT_ONCE:
        return {"event": "scheduled", "occurred_at": created_at, "run_at": run_at, "message": "created"}
    return {"event": "enqueued", "occurred_at": created_at, "message": "created"}


def queue_rows(found_id: str, waiting: Iterable[Row], known: Iterable[str], paused: Mapping[str, bool]) -> list[Row]:
    """A row for each queue: how many of the jobs wait in it and since when, empty ones among those that are known."""
    since: dict[str, list[datetime | None]] = defaultdict(list)
    for job in waiting:
        if job["queue"]:
            since[job["queue"]].append(job["enqueued_at"])
    return [
        {
            "snapshot_id": found_id,
            "queue": queue,
            "depth": len(since[queue]),
            "oldest_at": min((at for at in since[queue] if at), default=None),
            "paused": paused.get(queue),
        }
        for queue in sorted({*since, *known, *paused})
    ]


def with_events(rows: SnapshotRows, events: list[Row]) -> dict[str, pl.DataFrame]:
    """The tables of a snapshot, and the events that it tells beside."""
    parsed = dict(rows.parsed().rows)
    if events:
        parsed["job_events"] = pl.DataFrame(events, schema=dict(EVENTS))
    return parsed
