"""
Resque's Redis keys at one moment, as a JSON document: queues, workers, failures, and what resque-scheduler delays.

    {"captured_at": "2026-03-01T22:00:05.1Z", "redis_time": [1772402405, 90000], "label": "backlog",
     "keys": {"resque:queues": {"type": "set", "ttl_ms": -1, "value": ["mailers"]},
              "resque:queue:mailers": {"type": "list", "ttl_ms": -1,
                                       "value": ["{\\"class\\":\\"WelcomeMail\\",\\"args\\":[7]}"]}}}

Traps: a queue is pushed at its end, so its first element runs next, the opposite of Sidekiq. Jobs have neither id nor
time, unless Active Job put its own inside. Times are written in four ways. ``failed`` keeps every failure, also of jobs
that were retried and succeeded since. A killed worker stays listed as working until another one starts and prunes it;
its job then fails with ``Resque::DirtyExit``, dated at the prune.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.redis_document import is_of_resque, is_redis_document, keys_of, taken_at
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_WORKER = re.compile(r"(?P<host>.+):(?P<pid>[0-9]{1,18}):(?P<queues>[^:]*)", re.DOTALL)
_FAILED_AT = re.compile(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?: (\S+))?")
_STARTED = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)")
_IN_UTC = {"UTC", "GMT", "Z", "+0000"}
_BEAT = 60.0
"""Seconds between two heartbeats, unless the application says otherwise."""
_ENDINGS = ("queues", "workers", "failed", "workers:heartbeat")
"""Keys that show the namespace of the others."""


def _claims(beginning: pl.Expr) -> pl.Expr:
    return is_redis_document(beginning) & is_of_resque(beginning)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    for line_no, document in records.select("line_no", "text").iter_rows():
        try:
            _read_document(line_no, read.decoded_object(document), rows)
        except ValueError as error:
            rows.reject(line_no, f"this Resque snapshot could not be read: {error}")
    return rows.parsed()


def _read_document(line_no: int, document: dict[str, Any], rows: SnapshotRows) -> None:
    fields = Fields.of(document)
    keys = keys_of(document)
    moment = taken_at(fields)
    found_id = snapshot_id(read.canonical(document))
    if rows.has(found_id):
        return
    fields.left["keys"] = _Look(line_no, found_id, keys, _prefix(keys), rows).read() or None
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": moment,
            "system": "resque",
            "scope": "",
            "version": None,
            "label": fields.take("label", read.text),
            "attributes": fields.attributes(),
        }
    )


def _prefix(keys: dict[str, Any]) -> str:
    """The namespace before every key, colon included: ``resque:`` unless the application chose another."""
    found = [
        key.removesuffix(ending)
        for ending in _ENDINGS
        for key in sorted(keys, key=len)
        if key == ending or key.endswith(f":{ending}")
    ]
    return found[0] if found else "resque:"


@dataclass(frozen=True)
class _Look:
    """One document while it is read."""

    line_no: int
    snapshot_id: str
    keys: dict[str, Any]
    prefix: str
    rows: SnapshotRows

    def read(self) -> dict[str, Any]:
        """Read every key; give back those that are about no queue, job or worker."""
        self._read_queues()
        self._read_workers()
        self._read_delayed()
        self._read_failed()
        return {key: entry for key, entry in self.keys.items() if not self._is_read(key, entry)}

    def _is_read(self, key: str, entry: Any) -> bool:  # noqa: ANN401 - any JSON value
        name = key.removeprefix(self.prefix)
        value = entry.get("value") if isinstance(entry, dict) else None
        if not key.startswith(self.prefix):
            return False
        if name in ("queues", "workers", "failed", "delayed_queue_schedule"):
            return isinstance(value, list)
        if name == "workers:heartbeat":
            return isinstance(value, dict)
        if name.startswith(("queue:", "delayed:")):
            return isinstance(value, list)
        return name.startswith("worker:") and isinstance(value, str)

    def _value(self, name: str, expected: type) -> Any:  # noqa: ANN401 - any JSON value
        """A key's value, where it is what this key must hold; else it is rejected and empty."""
        entry = self.keys.get(self.prefix + name)
        if entry is None:
            return expected()
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, expected):
            self._reject(name, f"its value is no {'list' if expected is list else 'object'}")
            return expected()
        return value

    def _reject(self, name: str, why: object) -> None:
        self.rows.reject(self.line_no, f'in key "{self.prefix}{name}": {why}')

    def _names(self, name: str) -> list[str]:
        members = self._value(name, list)
        for member in members:
            if not isinstance(member, str):
                self._reject(name, f"a member is no text: {read.encoded(member)[:80]}")
        return [member for member in members if isinstance(member, str)]

    def _beginning_with(self, beginning: str) -> list[str]:
        start = self.prefix + beginning
        return sorted(key.removeprefix(start) for key in self.keys if key.startswith(start))

    # Queues

    def _queue_names(self) -> list[str]:
        return sorted({*self._names("queues"), *self._beginning_with("queue:")})

    def _read_queues(self) -> None:
        for queue in self._queue_names():
            members = self._value(f"queue:{queue}", list)
            self.rows.queues.append({"snapshot_id": self.snapshot_id, "queue": queue, "depth": len(members)})
            for position, member in enumerate(members):
                self._read_job(f"queue:{queue}", member, {"held_in": "queued", "position": position, "queue": queue})

    def _read_delayed(self) -> None:
        position = 0
        for second in self._beginning_with("delayed:"):
            run_at = read.epoch_seconds(second)
            if run_at is None:  # delayed:last_enqueued_at, of the schedule
                continue
            for member in self._value(f"delayed:{second}", list):
                found = {"held_in": "scheduled", "position": position, "run_at": run_at}
                self._read_job(f"delayed:{second}", member, found)
                position += 1

    # Workers

    def _read_workers(self) -> None:
        beats = self._value("workers:heartbeat", dict)
        working = [name for name in self._beginning_with("worker:") if not name.endswith(":started")]
        for worker in sorted({*self._names("workers"), *working}):
            self._read_work(worker, worker in working)
            started = self.keys.get(f"{self.prefix}worker:{worker}:started")
            self.rows.processes.append(
                {
                    "snapshot_id": self.snapshot_id,
                    "worker": worker,
                    **_host_and_pid(worker),
                    "started_at": _started(started.get("value") if isinstance(started, dict) else None),
                    "heartbeat_at": read.iso(beats.get(worker)),
                    "heartbeat_period": _BEAT if read.iso(beats.get(worker)) else None,
                    "queues": self._queues_of(worker),
                    "concurrency": 1,
                    "busy": int(worker in working),
                }
            )

    def _queues_of(self, worker: str) -> list[str] | None:
        """The queues it reads, in its order; patterns such as ``*`` and ``!low`` stand for the queues there are."""
        named = _WORKER.fullmatch(worker)
        if named is None:
            return None
        patterns = named["queues"].split(",")
        excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
        found = []
        for pattern in patterns:
            if "*" in pattern and not pattern.startswith("!"):
                found += [name for name in self._queue_names() if fnmatchcase(name, pattern)]
            elif not pattern.startswith("!"):
                found.append(pattern)
        return [name for name in dict.fromkeys(found) if not any(fnmatchcase(name, pattern) for pattern in excluded)]

    def _read_work(self, worker: str, working: bool) -> None:  # noqa: FBT001 - a fact of the worker
        if not working:
            return
        name = f"worker:{worker}"
        try:
            entry = self.keys[self.prefix + name]
            work = Fields.of(read.decoded_object(entry.get("value") if isinstance(entry, dict) else None))
        except ValueError as error:
            self._reject(name, error)
            return
        found = {
            "held_in": "running",
            "started_at": work.take("run_at", read.iso),
            "queue": work.take("queue", read.text),
            "worker": worker,
            **_host_and_pid(worker),
        }
        self._read_job(name, work.left.pop("payload", None), found, work.left)

    # Failures

    def _read_failed(self) -> None:
        for position, member in enumerate(self._value("failed", list)):
            try:
                failure = Fields.of(read.decoded_object(member))
            except ValueError as error:
                self._reject("failed", f"a failure could not be read: {error}: {str(member)[:80]}")
                continue
            worker = failure.take("worker", read.text)
            found = {
                "held_in": "failed",
                "position": position,
                "queue": failure.take("queue", read.text),
                **_failed_at(failure),
                "error_class": failure.take("exception", read.text),
                "error_message": failure.take("error", read.text),
                "worker": worker,
                **_host_and_pid(worker or ""),
            }
            self._read_job("failed", failure.left.pop("payload", None), found, failure.left)

    def _read_job(self, name: str, payload: Any, found: Row, aside: Row | None = None) -> None:  # noqa: ANN401 - any JSON
        try:
            job = Fields.of(payload if isinstance(payload, dict) else read.decoded_object(payload))
        except ValueError as error:
            self._reject(name, f"a job could not be read: {error}: {str(payload)[:80]}")
            return
        active_job = _active_job(job)
        told = active_job or job
        row: Row = {
            "job_id": active_job.take("job_id", read.text) if active_job else None,
            "job_class": told.take("job_class" if active_job else "class", read.text),
            "arguments": told.take("arguments" if active_job else "args", read.json_value),
        }
        if active_job:
            executions = active_job.take("executions", read.integer)
            row["attempt"] = None if executions is None else executions + (found["held_in"] in ("running", "failed"))
            row["enqueued_at"] = active_job.take("enqueued_at", read.iso)
        queue = job.take("queue", read.text)
        job.aside = {**(aside or {}), "active_job": active_job.left or None if active_job else None}
        row = {**row, **found, "queue": found.get("queue") or queue, "attributes": job.attributes()}
        self.rows.jobs.append({"snapshot_id": self.snapshot_id, **row})


def _active_job(job: Fields) -> Fields | None:
    """The Active Job inside a wrapper's payload, which is then left without it."""
    arguments = job.left.get("args")
    inner = arguments[0] if isinstance(arguments, list) and len(arguments) == 1 else None
    wrapper = read.text(job.left.get("class")) or ""
    if not wrapper.endswith("JobWrapper") or not isinstance(inner, dict) or not read.text(inner.get("job_id")):
        return None
    del job.left["args"]
    return Fields.of(inner)


def _host_and_pid(worker: str) -> Row:
    named = _WORKER.fullmatch(worker)
    return {"host": named["host"] if named else None, "pid": int(named["pid"]) if named else None}


def _failed_at(failure: Fields) -> Row:
    """``2026/03/01 22:00:05 UTC``; another zone is only an abbreviation, so that the time is what a clock showed."""
    written = _FAILED_AT.fullmatch(read.text(failure.left.get("failed_at")) or "")
    moment = read.iso(written[1].replace("/", "-")) if written else None
    if written is None or moment is None:
        return {"failed_at": failure.take("failed_at", read.iso)}
    if written[2] in _IN_UTC:
        del failure.left["failed_at"]
        return {"failed_at": moment}
    return {"failed_at_clock": moment}


def _started(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    """``2026-03-01 22:00:05 +0000``."""
    written = _STARTED.fullmatch(value) if isinstance(value, str) else None
    return read.iso(f"{written[1]}T{written[2]}{written[3]}:{written[4]}") if written else read.iso(value)


SOURCE = Source(
    name="resque_snapshot",
    describes="Resque's Redis keys at one moment, as a JSON document",
    kind="snapshot",
    system="resque",
    shows=frozenset({"queues", "workers", "heartbeats", "arguments", "errors"}),
    cannot="Since when a job waits, or which of two jobs with the same class and arguments it is.",
    claims=_claims,
    holds=('"captured_at"',),
    parse=_parse,
    document=True,
)
