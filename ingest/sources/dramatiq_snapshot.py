r"""
Dramatiq's Redis keys at one moment, as a JSON document: queues, delayed and dead messages, what workers hold.

    {"captured_at": "2026-03-01T22:00:05.1Z", "keys": [
      {"key": "dramatiq:__acks__.8c1e.mailers", "type": "set", "set": ["0b7a"]},
      {"key": "dramatiq:__heartbeats__", "type": "zset", "zset": [["8c1e", 1772402404950]]},
      {"key": "dramatiq:mailers", "type": "list", "list": ["5d2f"]},
      {"key": "dramatiq:mailers.msgs", "type": "hash", "hash": {"5d2f": "{\"queue_name\":\"mailers\",\"actor_name\":
        \"mail\",\"args\":[7],\"kwargs\":{},\"options\":{\"redis_message_id\":\"5d2f\"},\"message_id\":\"a31c\",
        \"message_timestamp\":1772402400500}"}}]}

Traps: lists hold ids that are new with each enqueue, a retry's included; the message's own id stands in its body. What
a worker has fetched but not acknowledged may run or wait in its memory: Redis does not tell, so it is ``reserved``. A
dead message's body is that of its last enqueue: its ``retries`` and ``traceback`` speak of the failure before the last
one. Whatever talks to the broker sends heartbeats, so that who only enqueues is listed among the workers. All times are
milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.python_tracebacks import error_of
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import duckdb
    import polars as pl

_NAMESPACE = re.compile(r"(?P<space>.+?):__(?:heartbeats__$|acks__\.)", re.DOTALL)
_HEARTBEATS = "__heartbeats__"
_ACKS = re.compile(r"__acks__\.(?P<worker>[^.]+)\.(?P<queue>.+)", re.DOTALL)
_DELAYED, _DEAD, _BODIES = ".DQ", ".XQ", ".msgs"
_TYPES = {"list": list, "set": list, "zset": list, "hash": dict}


def _claims(beginning: pl.Expr) -> pl.Expr:
    return (
        beginning.str.contains(r"^\x{feff}?\s*\{")
        & beginning.str.contains(r'"captured_at"\s*:')
        & beginning.str.contains(r'"key"\s*:\s*"[^"]*:__(?:acks__\.|heartbeats__)')
    )


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    for line_no, document in records.select("line_no", "text").iter_rows():
        try:
            _read_document(line_no, read.decoded_object(document), rows)
        except ValueError as error:
            rows.reject(line_no, f"this Dramatiq snapshot could not be read: {error}")
    return rows.parsed()


def _read_document(line_no: int, document: dict[str, Any], rows: SnapshotRows) -> None:
    fields = Fields.of(document)
    taken_at = fields.take("captured_at", _moment)
    if taken_at is None:
        raise ValueError('"captured_at" is missing or no time')
    if not isinstance(document.get("keys"), list):
        raise ValueError('"keys" is missing or no array')  # noqa: TRY004 - bad input is one kind of error here
    found_id = snapshot_id(read.canonical(document))
    if rows.has(found_id):
        return
    look = _Look(line_no=line_no, snapshot_id=found_id, rows=rows)
    fields.left["keys"] = look.read(document["keys"]) or None
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": taken_at,
            "system": "dramatiq",
            "scope": "",
            "label": fields.take("label", read.text),
            "attributes": fields.attributes(),
        }
    )


def _moment(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    return read.iso(value) or read.epoch(value)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One document while it is read."""

    line_no: int
    snapshot_id: str
    rows: SnapshotRows
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Name of a queue, with ``.DQ`` or ``.XQ``, to the bodies of its messages by their ids in Redis."""
    depths: dict[str, int] = field(default_factory=dict)
    oldest: dict[str, datetime] = field(default_factory=dict)

    def read(self, entries: list[Any]) -> list[Any]:
        """Read every key; give back what is about no queue, message or process."""
        keys = {entry["key"]: entry for entry in entries if _is_typed(entry)}
        spaces = {found["space"] for key in keys if (found := _NAMESPACE.match(key))}
        names = {key: key.removeprefix(f"{space}:") for space in spaces for key in keys if key.startswith(f"{space}:")}
        for key, name in names.items():
            if keys[key]["type"] == "hash" and name.endswith(_BODIES):
                self.bodies[name.removesuffix(_BODIES)] = dict(keys[key]["hash"])
        read_keys = {key for key in names if self._read_key(names[key], keys[key])}
        self._read_queues()
        left = [entry for entry in entries if not (_is_typed(entry) and entry["key"] in read_keys)]
        return left + [{"queue": name, "in_no_list": held} for name, held in self.bodies.items() if held]

    def _read_key(self, name: str, entry: dict[str, Any]) -> bool:
        """Read what one key holds, and tell whether that is now wholly in the tables."""
        kind, value = entry["type"], entry[entry["type"]]
        held = _ACKS.fullmatch(name)
        if kind == "zset" and name == _HEARTBEATS:
            for worker, heartbeat_at in self._scored(name, value):
                self.rows.processes.append(
                    {"snapshot_id": self.snapshot_id, "worker": worker, "heartbeat_at": heartbeat_at}
                )
        elif kind == "set" and held:
            for message in value:
                self._read_message(held["queue"], message, {"held_in": "reserved", "worker": held["worker"]})
        elif kind == "zset" and name.endswith(_DEAD):
            for place, (message, died_at) in enumerate(self._scored(name, value)):
                self._read_message(name, message, {"held_in": "dead", "position": place, "died_at": died_at})
        elif kind == "list":
            for place, message in enumerate(value):
                self._read_message(name, message, {"held_in": "queued", "position": place})
            if not name.endswith(_DELAYED):
                self.depths[name] = max(len(value), read.long_integer(entry.get("llen")) or 0)
        else:
            return kind == "hash" and name.endswith(_BODIES)
        return True

    def _read_message(self, name: str, message: Any, found: Row) -> None:  # noqa: ANN401 - any JSON value
        queue = _queue_of(name)
        self.depths.setdefault(queue, 0)
        body = self.bodies.get(name, {}).pop(message, "") if isinstance(message, str) else ""
        try:
            row = _message_row(read.decoded_object(body), found, delayed=name.endswith(_DELAYED))
        except ValueError as error:
            self.rows.reject(self.line_no, f'in queue "{name}": message {read.encoded(message)[:80]}: {error}')
            return
        self.rows.jobs.append({"snapshot_id": self.snapshot_id, **row, "queue": queue})
        if row["held_in"] == "queued" and row["created_at"]:
            self.oldest[queue] = min(self.oldest.get(queue, row["created_at"]), row["created_at"])

    def _scored(self, name: str, members: list[Any]) -> Iterator[tuple[str, datetime]]:
        """Members of a sorted set with the moments that their scores are, the earliest first."""
        scored = []
        for member in members:
            pair = member if isinstance(member, list) and len(member) == 2 else [None, None]  # noqa: PLR2004 - a pair
            at = read.epoch(pair[1])
            if not isinstance(pair[0], str) or at is None:
                self.rows.reject(self.line_no, f'in "{name}": no member with a time: {read.encoded(member)[:80]}')
            else:
                scored.append((at, pair[0]))
        return ((member, at) for at, member in sorted(scored))

    def _read_queues(self) -> None:
        """Every queue that any key names; an empty one has no list."""
        for queue in sorted({*self.depths, *map(_queue_of, self.bodies)}):
            row = {"queue": queue, "depth": self.depths.get(queue, 0), "oldest_at": self.oldest.get(queue)}
            self.rows.queues.append({"snapshot_id": self.snapshot_id, **row})


def _is_typed(entry: Any) -> bool:  # noqa: ANN401 - any JSON value
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        return False
    expected = _TYPES.get(entry["type"]) if isinstance(entry.get("type"), str) else None
    return expected is not None and isinstance(entry.get(entry["type"]), expected)


def _queue_of(name: str) -> str:
    return name.removesuffix(_DELAYED).removesuffix(_DEAD)


def _message_row(body: dict[str, Any], found: Row, *, delayed: bool) -> Row:
    """
    The columns of ``snapshot_jobs`` that a message's body tells; the queue's name in it is left to the key.

    Raises ``ValueError`` for a body without an id.
    """
    message = Fields.of(body)
    options = Fields.of(message.left.pop("options")) if isinstance(body.get("options"), dict) else Fields.of({})
    job_id = message.take("message_id", read.text)
    if not job_id:
        raise ValueError('no "message_id"')
    message.left.pop("queue_name", None)
    retries = read.integer(options.left.get("retries")) or 0
    sent_at = message.take("message_timestamp", read.epoch)
    failed_at = options.take("requeue_timestamp", read.epoch)
    allowed = options.take("max_retries", read.integer)
    traceback = options.left.get("traceback")
    error = error_of(traceback) if isinstance(traceback, str) else None
    held_in = ("retry" if retries else "scheduled") if delayed else found["held_in"]
    row = {
        **found,
        "held_in": held_in,
        "job_id": job_id,
        "provider_job_id": options.take("redis_message_id", read.text),
        "job_class": message.take("actor_name", read.text),
        "attempt": {"dead": retries + 1, "reserved": None}.get(held_in, retries),
        "max_attempts": None if allowed is None else read.integer(allowed + 1),
        "arguments": _arguments(message),
        "created_at": sent_at,
        "enqueued_at": None if retries or delayed else sent_at,
        "run_at": options.take("eta", read.epoch),
        "failed_at": found.get("died_at", failed_at),
        "error_class": error.error_class if error else None,
        "error_message": error.error_message if error else None,
    }
    message.aside = {"options": options.left or None}
    return {**row, "attributes": message.attributes()}


def _arguments(message: Fields) -> str | None:
    """As the log writes them: an array, or an object of named ones, or an array that ends with that object."""
    values, named = message.left.get("args"), message.left.get("kwargs")
    if not isinstance(values, list) or not isinstance(named, dict):
        return None
    del message.left["args"], message.left["kwargs"]
    return read.encoded([*values, named] if values and named else named or values)


SOURCE = Source(
    name="dramatiq_snapshot",
    describes="Dramatiq's Redis keys at one moment, as a JSON document",
    kind="snapshot",
    system="dramatiq",
    shows=frozenset({"queues", "workers", "heartbeats", "arguments", "errors"}),
    cannot="Whether a message that a worker holds runs or waits in its memory, since when, and what has succeeded.",
    claims=_claims,
    holds=('"captured_at"',),
    parse=_parse,
    document=True,
)
