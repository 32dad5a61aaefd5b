"""
A snapshot our own workers' queues were given: one JSON line each, with the queues, the jobs and the processes.

    {"format":"jobrunner.snapshot/1","taken_at":"2026-03-01T22:00:05.120000Z","system":"jobrunner","scope":"",
     "label":"after the deploy","queues":[{"queue":"mailers","depth":1,"oldest_at":"2026-03-01T22:00:00Z"}],
     "jobs":[{"held_in":"queued","job_id":"b6f1","job_class":"WelcomeMail","queue":"mailers","position":0}],
     "processes":[]}

(on one line). An entry that cannot be read is rejected by its place in the line; the rest is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields
from jobrunner.contract import SNAPSHOT_FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import polars as pl

_HELD_IN = frozenset({"queued", "scheduled", "retry", "dead", "running", "failed"})


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.slice(0, 400).str.contains(r'^\x{feff}?\s*\{.*"format"\s*:\s*"jobrunner\.snapshot/')


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    for line_no, line in records.select("line_no", "text").iter_rows():
        try:
            _read_snapshot(line_no, read.decoded_object(line), rows)
        except ValueError as error:
            rows.reject(line_no, f"this snapshot could not be read: {error}")
    return rows.parsed()


def _read_snapshot(line_no: int, snapshot: dict[str, Any], rows: SnapshotRows) -> None:
    fields = Fields.of(snapshot)
    if fields.left.pop("format", None) != SNAPSHOT_FORMAT:
        raise ValueError(
            f'its "format" is not {SNAPSHOT_FORMAT}: written by another version; upgrade jobtrail to read it'
        )
    taken_at = fields.take("taken_at", read.iso)
    if taken_at is None:
        raise ValueError('"taken_at" is missing or no ISO 8601 time')
    found_id = snapshot_id(read.canonical(snapshot))
    if rows.has(found_id):
        return
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": taken_at,
            "system": fields.take("system", read.text) or "jobrunner",
            "scope": fields.take("scope", read.text) or "",
            "version": fields.take("version", read.text),
            "label": fields.take("label", read.text),
        }
    )
    if fields.left.get("locks") is None:  # a system without locks
        fields.left.pop("locks", None)
    for name, collected, row_of in (
        ("queues", rows.queues, _queue_row),
        ("jobs", rows.jobs, _job_row),
        ("processes", rows.processes, _process_row),
        ("locks", rows.locks, _lock_row),
    ):
        for row in _entries(line_no, name, fields.left.pop(name, []), rows, row_of):
            collected.append({"snapshot_id": found_id, **row})
    rows.snapshots[-1]["attributes"] = fields.attributes()


def _entries(
    line_no: int,
    name: str,
    entries: Any,  # noqa: ANN401 - any JSON value
    rows: SnapshotRows,
    row_of: Callable[[Fields], Row],
) -> list[Row]:
    if not isinstance(entries, list):
        rows.reject(line_no, f'"{name}" is no list')
        return []
    found = []
    for position, entry in enumerate(entries):
        try:
            if not isinstance(entry, dict):
                raise ValueError("no object")  # noqa: TRY004, TRY301 - bad input is one kind of error here
            found.append(row_of(Fields.of(entry)))
        except ValueError as error:
            rows.reject(line_no, f"in {name}[{position}]: {error}")
    return found


def _queue_row(queue: Fields) -> Row:
    return {
        "queue": _needed(queue, "queue", read.text),
        "depth": _needed(queue, "depth", read.long_integer),
        "oldest_at": queue.take("oldest_at", read.iso),
        "paused": queue.take("paused", read.flag),
    }


def _job_row(job: Fields) -> Row:
    held_in = _needed(job, "held_in", read.text)
    if held_in not in _HELD_IN:
        raise ValueError(f'"held_in" is "{held_in[:40]}", not one of {", ".join(sorted(_HELD_IN))}')
    job_class = job.take("job_class", read.text)
    arguments = job.take("arguments", read.json_value)
    row = {
        "held_in": held_in,
        "job_id": _needed(job, "job_id", read.text),
        "job_class": job_class,
        "arguments": arguments,
    }
    row |= {name: job.take(name, read.integer) for name in ("position", "attempt", "max_attempts")}
    row |= {name: job.take(name, read.iso) for name in ("created_at", "enqueued_at", "run_at", "started_at")}
    row |= {name: job.take(name, read.iso) for name in ("failed_at", "died_at")}
    row |= {name: job.take(name, read.text) for name in ("provider_job_id", "queue", "idempotency_key")}
    row |= {name: job.take(name, read.text) for name in ("error_class", "error_message", "worker", "host", "thread")}
    row["pid"] = job.take("pid", read.long_integer)
    return {**row, "attributes": job.attributes()}


def _process_row(process: Fields) -> Row:
    row: Row = {"worker": _needed(process, "worker", read.text)}
    row |= {name: process.take(name, read.text) for name in ("host", "version")}
    row |= {name: process.take(name, read.iso) for name in ("started_at", "heartbeat_at")}
    row |= {name: process.take(name, read.integer) for name in ("concurrency", "busy")}
    row["pid"] = process.take("pid", read.long_integer)
    row["heartbeat_period"] = process.take("heartbeat_period", read.number)
    row["queues"] = process.take("queues", read.names)
    row["quiet"] = process.take("quiet", read.flag)
    return {**row, "attributes": process.attributes()}


def _lock_row(lock: Fields) -> Row:
    row: Row = {"lock": _needed(lock, "lock", read.text)}
    row |= {name: lock.take(name, read.text) for name in ("kind", "job_class", "holder_id")}
    row |= {name: lock.take(name, read.iso) for name in ("held_since", "expires_at")}
    return {**row, "attributes": lock.attributes()}


def _needed(fields: Fields, key: str, reader: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - what the reader gives
    found = fields.take(key, reader)
    if found is None:
        raise ValueError(f'"{key}" is missing or of the wrong type')
    return found


SOURCE = Source(
    name="jobrunner_snapshot",
    describes="jobrunner's snapshots of its queues, JSON lines",
    kind="snapshot",
    system="jobrunner",
    shows=frozenset({"queues", "workers", "heartbeats", "arguments", "errors"}),
    cannot="What happened between two snapshots.",
    claims=_claims,
    holds=("jobrunner.snapshot/",),
    parse=_parse,
)
