"""
Sidekiq's Redis keys at one moment, as a JSON document: every queue, set and process, typed as Redis types them.

The locks of the gem sidekiq-unique-jobs are read, too: a hash for each, from the id of the job that holds it to when it
took it or, from version 9 on, to a JSON object. Those of Sidekiq Enterprise are not: their form is not public.

    {"captured_at": "2026-03-01T22:00:05.100000Z", "redis_time": [1772402405, 90000], "label": "backlog",
     "keys": {"queues": {"type": "set", "ttl_ms": -1, "value": ["mailers"]},
              "queue:mailers": {"type": "list", "ttl_ms": -1, "value": ["{\"class\":\"WelcomeMail\",\"args\":[7],
                                \"jid\":\"0123456789abcdef01234567\",\"enqueued_at\":1772402400.5}"]}}}

Traps: a queue is pushed at index 0, so its last element runs next. Payload times are float seconds up to Sidekiq 7 and
integer milliseconds from 8; scores, beats and ``run_at`` are seconds in both. A work entry holds its payload as JSON
text inside JSON text. A killed process stays listed, and its work stays visible until its keys expire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.redis_document import is_of_resque, is_redis_document, keys_of, taken_at
from ingest.sidekiq_payload import job_row
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import duckdb
    import polars as pl

_IDENTITY = re.compile(r"(?P<host>.+):(?P<pid>[0-9]{1,18}):[0-9a-f]+", re.DOTALL)
_WORK_KEY = re.compile(r"(?P<identity>.+):(?:workers|work)", re.DOTALL)
_SORTED_SETS = {"schedule": "scheduled", "retry": "retry", "dead": "dead"}
_LOCKED, _RUN, _WHILE_EXECUTING = ":LOCKED", ":RUN", "while_executing"
_LONGEST_TTL = 100 * 365 * 86_400_000
"""Milliseconds: what is to last longer has no end that counts."""
_BEAT, _BEAT_FROM_7 = 5.0, 10.0


def _claims(beginning: pl.Expr) -> pl.Expr:
    return is_redis_document(beginning) & ~is_of_resque(beginning)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    for line_no, document in records.select("line_no", "text").iter_rows():
        try:
            _read_document(line_no, read.decoded_object(document), rows)
        except ValueError as error:
            rows.reject(line_no, f"this Sidekiq snapshot could not be read: {error}")
    return rows.parsed()


def _read_document(line_no: int, document: dict[str, Any], rows: SnapshotRows) -> None:
    fields = Fields.of(document)
    keys = keys_of(document)
    moment = taken_at(fields)
    found_id = snapshot_id(read.canonical(document))
    if rows.has(found_id):
        return
    look = _Look(line_no, found_id, moment, keys, rows)
    fields.left["keys"] = look.read() or None
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": moment,
            "system": "sidekiq",
            "scope": "",
            "version": look.version(),
            "label": fields.take("label", read.text),
            "attributes": fields.attributes(),
        }
    )


@dataclass(frozen=True)
class _Look:
    """One document while it is read."""

    line_no: int
    snapshot_id: str
    taken_at: datetime
    keys: dict[str, Any]
    rows: SnapshotRows

    def read(self) -> dict[str, Any]:
        """Read every key; give back those that are about no queue, job or process."""
        self._read_queues()
        self._read_processes()
        return {key: entry for key, entry in self.keys.items() if not self._read_key(key, entry)}

    def version(self) -> str | None:
        """The version that all processes run, where they agree."""
        versions = {row["version"] for row in self.rows.processes if row["snapshot_id"] == self.snapshot_id}
        return versions.pop() if len(versions) == 1 else None

    def _read_key(self, key: str, entry: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Read the jobs of one key, and tell whether the key is now wholly in the tables."""
        value = self._value(key, entry)
        if key in ("queues", "paused", "processes"):
            return isinstance(value, list)
        if key.startswith("queue:") and isinstance(value, list):
            self._read_queue(key, value)
            return True
        if key in _SORTED_SETS and isinstance(value, list):
            self._read_sorted_set(key, value)
            return True
        if isinstance(value, dict) and (work := _WORK_KEY.fullmatch(key)) and self._is_identity(work["identity"]):
            self._read_work(key, work["identity"], value)
            return True
        if isinstance(value, dict) and key.endswith(_LOCKED):
            self._read_lock(key.removesuffix(_LOCKED), value, read.long_integer(entry.get("ttl_ms")))
            return True
        return isinstance(value, dict) and self._is_process(key)

    def _value(self, key: str, entry: Any) -> Any:  # noqa: ANN401 - any JSON value
        if not isinstance(entry, dict) or "value" not in entry:
            self._reject(key, "it has no typed value")
            return None
        value = entry["value"]
        expected = _expected(key)
        if expected is not None and not isinstance(value, expected):
            self._reject(key, f"its value is no {'list' if expected is list else 'object'}")
        return value

    def _reject(self, key: str, why: object) -> None:
        self.rows.reject(self.line_no, f'in key "{key}": {why}')

    def _members(self, key: str) -> list[str]:
        """The readable members of a set; the others are rejected."""
        entry = self.keys.get(key)
        value = entry.get("value") if isinstance(entry, dict) else None
        members = value if isinstance(value, list) else []
        for member in members:
            if not isinstance(member, str):
                self._reject(key, f"a member is no text: {read.encoded(member)[:80]}")
        return [member for member in members if isinstance(member, str)]

    # Queues

    def _read_queues(self) -> None:
        lists = {
            key.removeprefix("queue:"): entry["value"]
            for key, entry in self.keys.items()
            if key.startswith("queue:") and isinstance(entry, dict) and isinstance(entry.get("value"), list)
        }
        paused = set(self._members("paused")) if "paused" in self.keys else None
        for queue in sorted({*self._members("queues"), *lists}):
            self.rows.queues.append(
                {
                    "snapshot_id": self.snapshot_id,
                    "queue": queue,
                    "depth": len(lists.get(queue, ())),
                    "oldest_at": _oldest_at(lists.get(queue, [])),
                    "paused": None if paused is None else queue in paused,
                }
            )

    # Jobs

    def _read_queue(self, key: str, members: list[Any]) -> None:
        for position, member in enumerate(reversed(members)):
            found = {"held_in": "queued", "position": position, "queue": key.removeprefix("queue:")}
            self._read_job(key, member, found)

    def _read_sorted_set(self, key: str, members: list[Any]) -> None:
        for position, scored in enumerate(sorted(members, key=_score)):
            if not isinstance(scored, dict):
                self._reject(key, f"a member has no score: {read.encoded(scored)[:80]}")
                continue
            at = read.epoch_seconds(scored.get("score"))
            found = {"held_in": _SORTED_SETS[key], "position": position, "died_at" if key == "dead" else "run_at": at}
            self._read_job(key, scored.get("member"), found)

    def _read_work(self, key: str, identity: str, threads: Mapping[str, Any]) -> None:
        for thread, entry in threads.items():
            try:
                work = Fields.of(read.decoded_object(entry))
            except ValueError as error:
                self._reject(key, f'thread "{thread}": {error}')
                continue
            found = {
                "held_in": "running",
                "started_at": work.take("run_at", read.epoch_seconds),
                "queue": work.take("queue", read.text),
                "thread": thread,
                "worker": identity,
                **_host_and_pid(identity),
            }
            self._read_job(key, work.left.pop("payload", None), found, work.left)

    def _read_job(self, key: str, payload: Any, found: Row, aside: Row | None = None) -> None:  # noqa: ANN401 - any JSON
        try:
            job = payload if isinstance(payload, dict) else read.decoded_object(payload)
            row = job_row(Fields.of(job), found, aside or {})
        except ValueError as error:
            self._reject(key, f"a job could not be read: {error}: {str(payload)[:80]}")
            return
        self.rows.jobs.append({"snapshot_id": self.snapshot_id, **row})

    # Locks

    def _read_lock(self, lock: str, holders: Mapping[str, Any], ttl_ms: int | None) -> None:
        lasts = ttl_ms is not None and 0 <= ttl_ms <= _LONGEST_TTL
        for holder_id, told in holders.items():
            about = _about_lock(told)
            self.rows.locks.append(
                {
                    "snapshot_id": self.snapshot_id,
                    "lock": lock,
                    "kind": about.take("type", read.text) or (_WHILE_EXECUTING if lock.endswith(_RUN) else None),
                    "job_class": about.take("worker", read.text),
                    "holder_id": holder_id,
                    "held_since": about.take("time", read.epoch_seconds),
                    "expires_at": self.taken_at + timedelta(milliseconds=ttl_ms) if ttl_ms and lasts else None,
                    "attributes": about.attributes(),
                }
            )

    # Processes

    def _is_process(self, key: str) -> bool:
        entry = self.keys.get(key)
        value = entry.get("value") if isinstance(entry, dict) else None
        return isinstance(value, dict) and "info" in value and self._is_identity(key)

    def _is_identity(self, name: str) -> bool:
        return _IDENTITY.fullmatch(name) is not None or name in self._listed()

    def _listed(self) -> Iterator[str]:
        entry = self.keys.get("processes")
        value = entry.get("value") if isinstance(entry, dict) else None
        return (member for member in value if isinstance(member, str)) if isinstance(value, list) else iter(())

    def _read_processes(self) -> None:
        alive = [key for key in self.keys if self._is_process(key)]
        for identity in sorted({*self._members("processes"), *alive}):
            entry = self.keys[identity] if identity in alive else {}
            row = self._process_row(identity, Fields.of(entry.get("value", {})), read.long_integer(entry.get("ttl_ms")))
            self.rows.processes.append({"snapshot_id": self.snapshot_id, "worker": identity, **row})

    def _process_row(self, identity: str, beat: Fields, ttl_ms: int | None) -> Row:
        info = Fields.of({})
        try:
            if "info" in beat.left:
                info = Fields.of(read.decoded_object(beat.left["info"]))
                del beat.left["info"]
        except ValueError as error:
            self._reject(identity, f'"info" could not be read: {error}')
        named = _host_and_pid(identity)
        version = info.take("version", read.text)
        period = _heartbeat_period(version, beat)
        info.take("identity", lambda value: identity if value == identity else None)
        row = {
            "host": info.take("hostname", read.text) or named["host"],
            "pid": info.take("pid", read.long_integer) or named["pid"],
            "started_at": info.take("started_at", read.epoch_seconds),
            "heartbeat_at": beat.take("beat", read.epoch_seconds),
            "queues": info.take("queues", read.names),
            "concurrency": _first(beat.take("concurrency", read.integer), info.take("concurrency", read.integer)),
            "busy": beat.take("busy", read.integer),
            "quiet": beat.take("quiet", read.flag),
            "version": version,
        }
        row["heartbeat_period"] = None if row["heartbeat_at"] is None else period
        info.aside = {**beat.left, "ttl_ms": ttl_ms}
        return {**row, "attributes": info.attributes()}


def _expected(key: str) -> type | None:
    if key in ("queues", "paused", "processes", *_SORTED_SETS) or key.startswith("queue:"):
        return list
    work = _WORK_KEY.fullmatch(key)
    return dict if work and _IDENTITY.fullmatch(work["identity"]) else None


def _about_lock(told: Any) -> Fields:  # noqa: ANN401 - any JSON value
    """What stands beside a holder: a JSON object, or only when it took the lock."""
    try:
        return Fields.of(read.decoded_object(told))
    except ValueError:
        return Fields.of({"time": told})


def _oldest_at(members: list[Any]) -> datetime | None:
    return min((at for member in members if (at := _enqueued_at(member)) is not None), default=None)


def _enqueued_at(member: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    try:
        return read.epoch(read.decoded_object(member).get("enqueued_at"))
    except ValueError:
        return None  # the job itself is rejected where jobs are read


def _score(scored: Any) -> float:  # noqa: ANN401 - any JSON value
    score = read.number(scored.get("score")) if isinstance(scored, dict) else None
    return float("inf") if score is None else score


def _host_and_pid(identity: str) -> Row:
    named = _IDENTITY.fullmatch(identity)
    return {"host": named["host"] if named else None, "pid": int(named["pid"]) if named else None}


def _heartbeat_period(version: str | None, beat: Fields) -> float:
    """Sidekiq beats every 5 s up to 6, every 10 s from 7, which is also where ``concurrency`` joined the heartbeat."""
    major = re.match(r"[0-9]{1,4}", version or "")
    from_7 = int(major[0]) >= 7 if major else "concurrency" in beat.left  # noqa: PLR2004 - the version
    return _BEAT_FROM_7 if from_7 else _BEAT


def _first(*values: Any) -> Any:  # noqa: ANN401 - whatever it is given
    return next((value for value in values if value is not None), None)


SOURCE = Source(
    name="sidekiq_snapshot",
    describes="Sidekiq's Redis keys at one moment, as a JSON document",
    kind="snapshot",
    system="sidekiq",
    shows=frozenset({"queues", "workers", "heartbeats", "arguments", "errors"}),
    cannot="What happened between two snapshots, and jobs that have succeeded: Sidekiq forgets them at once.",
    claims=_claims,
    holds=('"captured_at"',),
    parse=_parse,
    document=True,
)
