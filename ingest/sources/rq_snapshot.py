"""
RQ's Redis keys at one moment, as a JSON document: queues, registries, jobs and workers.

    {"system": "rq", "captured_at": "2026-03-01T22:00:10.100000Z", "keys": [
      {"key": "rq:queues", "type": "set", "value": ["rq:queue:mailers"]},
      {"key": "rq:queue:mailers", "type": "list", "value": ["6f1e0c4a"]},
      {"key": "rq:wip:mailers", "type": "zset", "value": [["7a2d91be:0b7a5d2f", 1772402495.0]]},
      {"key": "rq:worker:w1", "type": "hash", "value": {"birth": "2026-03-01T21:00:00.000000Z", "state": "busy"}},
      {"key": "rq:job:6f1e0c4a", "type": "hash", "value": {"status": "queued", "origin": "mailers"}}]}

Also what a script with RQ's own classes prints of each queue's registries:

    {"captured_at": 1772402410.1, "queues": {"mailers": {"count": 1, "job_ids": ["6f1e0c4a"], "registries":
     {"started": {"count": 1, "entries": [["7a2d91be:0b7a5d2f", 1772402495.0]]}}}},
     "workers": [{"key": "rq:worker:w1", "birth": "2026-03-01T21:00:00.000000Z", "state": "busy"}]}

Traps: the score of a registry is when its entry expires, of ``failed`` and ``finished`` long after the event and of
``wip`` the end of its heartbeat; only of ``scheduled`` it is when the job is due, and of ``canceled`` when that
happened. Members of ``wip`` carry the id of the run behind that of the job, from version 2 on. A job that is due
stays ``scheduled`` where no worker runs a scheduler for that queue. Jobs and the workers' hashes go away when they
expire, so that a registry may name a job that is gone. An idle worker shows a sign of life every seven minutes only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.rq_hashes import JOB_KEY, JobHash, events_frame, events_of, with_calls
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    import polars as pl

_KEYS = r'^\x{feff}?\s*\{\s*"system"\s*:\s*"rq"\s*,'
_REGISTRIES = (
    r'^\x{feff}?\s*\{\s*"captured_at"\s*:\s*[^,]{1,40},\s*"queues"\s*:\s*\{\s*"[^"]+"\s*:\s*\{'
    r'\s*"count"\s*:\s*\d+,\s*"job_ids"'
)
_QUEUE_KEY, _WORKER_KEY, _WAITING_TO_START = "rq:queue:", "rq:worker:", ":intermediate"
_REGISTRY_KEY = re.compile(r"rq:(wip|scheduled|failed|finished|deferred|ready|canceled):(.+)", re.DOTALL)
_RUN_ID = re.compile(r":[0-9a-f-]{32,36}$")
_HEARTBEAT_PERIOD = 120.0
"""Seconds: a quarter of the longest time after which the keys of a worker that went silent expire."""


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(_KEYS) | beginning.str.contains(_REGISTRIES)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows, events = SnapshotRows(), []
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            events += _read_document(line_no, read.decoded_object(text), rows)
        except ValueError as error:
            rows.reject(line_no, f"this RQ snapshot could not be read: {error}")
    rows.jobs = with_calls(rows.jobs)
    parsed = rows.parsed()
    told = {"job_events": events_frame(events)} if events else {}
    return Parsed(rows={**parsed.rows, **told}, rejects=parsed.rejects)


def _read_document(line_no: int, document: dict[str, Any], rows: SnapshotRows) -> list[Row]:
    fields = Fields.of(document)
    taken_at = fields.take("captured_at", _moment)
    if taken_at is None:
        raise ValueError('"captured_at" is missing or no time')
    found_id = snapshot_id(read.canonical(document))
    if rows.has(found_id):
        return []
    look = _Look(line_no=line_no, snapshot_id=found_id, rows=rows)
    fields.left.pop("system", None)
    if isinstance(document.get("keys"), list):
        fields.left["keys"] = look.read_keys(document["keys"]) or None
    elif isinstance(document.get("queues"), dict):
        fields.left["queues"] = look.read_registries(document["queues"]) or None
        workers = document.get("workers")
        for worker in workers if isinstance(workers, list) else []:
            look.read_worker(worker.get("key") if isinstance(worker, dict) else None, worker)
        fields.left.pop("workers", None)
    else:
        raise ValueError('neither "keys" nor "queues" is there')  # noqa: TRY004 - bad input is one kind of error here
    look.read_queues()
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": taken_at,
            "system": "rq",
            "scope": "",
            "label": fields.take("label", read.text),
            "attributes": fields.attributes(),
        }
    )
    return [{"line_no": line_no, "record_no": number, **event} for number, event in enumerate(look.events)]


def _moment(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    return read.iso(value) or read.epoch(value)


@dataclass(kw_only=True)
class _Look:
    """One document while it is read."""

    line_no: int
    snapshot_id: str
    rows: SnapshotRows
    jobs: dict[str, JobHash] = field(default_factory=dict)
    """Jobs by id, as their hashes tell of them."""
    runs_on: dict[str, str] = field(default_factory=dict)
    """Job that a worker says it is at, to the worker's name."""
    depths: dict[str, int] = field(default_factory=dict)
    oldest: dict[str, datetime] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    paused: bool = False
    events: list[Row] = field(default_factory=list)

    def read_keys(self, entries: list[Any]) -> list[Any]:
        """Read every key; give back what is about no queue, job or worker."""
        typed = {
            entry["key"]: entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("key"), str)
        }
        for key, entry in typed.items():
            value = entry.get("value")
            if key.startswith(JOB_KEY) and isinstance(value, dict):
                self.jobs[key.removeprefix(JOB_KEY)] = JobHash.of(key.removeprefix(JOB_KEY), value)
            if key.startswith(_WORKER_KEY) and isinstance(value, dict):
                self.read_worker(key, value)
        self.paused = "rq:suspended" in typed
        read_keys = {key for key, entry in typed.items() if self._read_key(key, entry.get("value"))}
        for job in self.jobs.values():
            if job.job_id not in self.held or job.status == "finished":
                self.events += events_of(job)
        return [
            entry
            for entry in entries
            if not (isinstance(entry, dict) and isinstance(entry.get("key"), str) and entry["key"] in read_keys)
        ]

    def _read_key(self, key: str, value: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Read what one key holds, and tell whether that is now wholly in the tables."""
        registry = _REGISTRY_KEY.fullmatch(key)
        if key.startswith((JOB_KEY, _WORKER_KEY)):
            return isinstance(value, dict)
        if key == "rq:queues" and isinstance(value, list):
            for name in filter(None, map(read.text, value)):
                self.depths.setdefault(name.removeprefix(_QUEUE_KEY), 0)
        elif key == "rq:workers":
            return True
        elif not isinstance(value, list):
            return False
        elif key.startswith(_QUEUE_KEY) and key.endswith(_WAITING_TO_START):
            queue = key.removeprefix(_QUEUE_KEY).removesuffix(_WAITING_TO_START)
            self._hold_all(queue, "reserved", [[job_id, None] for job_id in value])
        elif key.startswith(_QUEUE_KEY):
            self._queue(key.removeprefix(_QUEUE_KEY), value)
        elif registry:
            self._registry(registry[2], registry[1], value)
        else:
            return False
        return True

    def read_registries(self, queues: dict[str, Any]) -> dict[str, Any]:
        """The same for queues with their registries; gives back what is none."""
        left = {}
        for queue, found in queues.items():
            if not isinstance(found, dict) or not isinstance(found.get("job_ids"), list):
                left[queue] = found
                continue
            self._queue(queue, found["job_ids"])
            registries = found.get("registries")
            for name, registry in registries.items() if isinstance(registries, dict) else ():
                entries = registry.get("entries") if isinstance(registry, dict) else None
                self._registry(
                    queue, "wip" if name == "started" else name, entries if isinstance(entries, list) else []
                )
        return left

    def read_worker(self, key: Any, found: Any) -> None:  # noqa: ANN401 - any JSON value
        """
        A worker's own hash. It is known by its name, as in its log, which tells no process id but in two of its lines.
        """
        if not isinstance(key, str) or not isinstance(found, dict):
            self.rows.reject(self.line_no, f"no worker with a key: {read.encoded(found)[:80]}")
            return
        name, worker = key.removeprefix(_WORKER_KEY), Fields.of(found)
        worker.left.pop("key", None)
        job_id = read.text(found.get("current_job"))
        if job_id:
            self.runs_on[job_id] = name
        if found.get("death"):
            return
        state = worker.take("state", read.text)
        self.rows.processes.append(
            {
                "snapshot_id": self.snapshot_id,
                "worker": name,
                "started_at": worker.take("birth", read.iso),
                "heartbeat_at": worker.take("last_heartbeat", read.iso),
                "heartbeat_period": _HEARTBEAT_PERIOD,
                "queues": worker.take("queues", lambda value: value.split(",") if isinstance(value, str) else None),
                "concurrency": 1,
                "busy": None if state is None else int(state == "busy"),
                "quiet": None if state is None else state == "suspended",
                "version": worker.take("version", read.text),
                "attributes": worker.attributes(),
            }
        )

    def _queue(self, queue: str, job_ids: list[Any]) -> None:
        self.depths[queue] = len(job_ids)
        self._hold_all(queue, "queued", [[job_id, None] for job_id in job_ids])

    def _registry(self, queue: str, name: str, entries: list[Any]) -> None:
        self.depths.setdefault(queue, 0)
        if name == "canceled":
            self._cancel(queue, entries)
        elif name != "finished":
            held_in = {"wip": "running", "failed": "dead", "ready": "queued"}.get(name, "scheduled")
            self._hold_all(queue, held_in, entries, registry=name)

    def _cancel(self, queue: str, entries: list[Any]) -> None:
        for entry in entries:
            job_id, at = _scored(entry)
            if job_id and at:
                description = self.jobs[job_id].description if job_id in self.jobs else None
                told = {"system": "rq", "job_id": job_id, "queue": queue, "description": description}
                self.events.append({**told, "occurred_at": at, "event": "cancelled", "message": "canceled"})
            else:
                self.rows.reject(self.line_no, f'in queue "{queue}": no canceled job with a time')

    def _hold_all(self, queue: str, held_in: str, entries: list[Any], *, registry: str | None = None) -> None:
        for place, entry in enumerate(entries):
            job_id, score = _scored(entry)
            if not job_id:
                self.rows.reject(self.line_no, f'in queue "{queue}": no id of a job: {read.encoded(entry)[:80]}')
                continue
            if held_in == "running":
                job_id = _RUN_ID.sub("", job_id)
            self.held.add(job_id)
            self._hold(queue, held_in, job_id, score, registry=registry, place=None if held_in == "running" else place)

    def _hold(  # noqa: PLR0913 - what a registry tells of a job
        self, queue: str, held_in: str, job_id: str, score: datetime | None, *, registry: str | None, place: int | None
    ) -> None:
        job = self.jobs.get(job_id)
        row: Row = {"snapshot_id": self.snapshot_id, "job_id": job_id, "queue": queue, "position": place}
        if registry == "scheduled":
            held_in = "retry" if job and job.ended_at else "scheduled"
            row["run_at"] = score
        if registry == "deferred":
            row["attributes"] = read.encoded({"registry": registry})
        row["held_in"] = held_in
        if job:
            row |= {
                "description": job.description,
                "created_at": job.created_at,
                "enqueued_at": job.enqueued_at,
                "attributes": job.attributes or row.get("attributes"),
            }
            if held_in in ("dead", "retry"):
                row |= {
                    "failed_at": job.ended_at,
                    "died_at": job.ended_at if held_in == "dead" else None,
                    "error_class": job.error_class,
                    "error_message": job.error_message,
                }
            if held_in == "queued" and job.enqueued_at:
                self.oldest[queue] = min(self.oldest.get(queue, job.enqueued_at), job.enqueued_at)
        if held_in == "running":
            worker = job.worker if job and job.worker else self.runs_on.get(job_id)
            row |= {"worker": worker, "thread": worker, "started_at": job.started_at if job else None}
        self.rows.jobs.append(row)

    def read_queues(self) -> None:
        for queue, depth in sorted(self.depths.items()):
            row = {"queue": queue, "depth": depth, "oldest_at": self.oldest.get(queue), "paused": self.paused or None}
            self.rows.queues.append({"snapshot_id": self.snapshot_id, **row})


def _scored(entry: Any) -> tuple[str | None, datetime | None]:  # noqa: ANN401 - any JSON value
    """A member of a sorted set and the moment that its score is."""
    if not isinstance(entry, list) or len(entry) != 2:  # noqa: PLR2004 - a pair
        return None, None
    return read.text(entry[0]) or None, read.epoch_seconds(entry[1])


SOURCE = Source(
    name="rq_snapshot",
    describes="RQ's Redis keys at one moment, as a JSON document",
    kind="snapshot",
    system="rq",
    shows=frozenset({"enqueues", "ends", "errors", "queues", "workers", "heartbeats", "arguments"}),
    cannot="Any run but a job's last, arguments of more than 75 characters, and jobs that have expired.",
    claims=_claims,
    holds=('"rq"', '"captured_at"'),
    parse=_parse,
    document=True,
)
