r"""
BullMQ's Redis keys at one moment, as a JSON document: what waits, runs, is put off or was given up, queue by queue.

    {"captured_at": "2026-03-01T22:00:05.1Z", "keys": [
      {"key": "bull:mailers:meta", "type": "hash", "hash": {"opts.maxLenEvents": "10000", "version": "bullmq:6.7.0"}},
      {"key": "bull:mailers:wait", "type": "list", "list": ["8", "7"]},
      {"key": "bull:mailers:7", "type": "hash", "hash": {"name": "welcome", "data": "{\"to\":7}",
        "opts": "{\"attempts\":3}", "timestamp": "1772402405120", "delay": "0", "priority": "0"}}]}

Traps: ids of jobs are small numbers that each queue counts for itself, so that the queue is part of the id here; those
of repeated jobs hold colons. Lists are read from their end. The score of a delayed job is its due time by 4096, and
what waits after a failure lies in the same set. ``atm`` counts ended attempts, ``ats`` starts, stalled ones among them,
``stc`` stalls. A running job whose lock is gone has lost its worker, and goes back to wait when another one notices.
Jobs that succeeded stay until they are trimmed: each is told as an end. All times are milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    import duckdb

_TYPES = {"list": list, "set": list, "zset": list, "hash": dict, "string": str}
_LISTS = {"wait": "queued", "paused": "queued", "active": "running"}
_SETS = {
    "prioritized": "queued",
    "delayed": "scheduled",
    "waiting-children": "scheduled",
    "failed": "dead",
    "completed": None,
}
"""Sorted sets of jobs, and what they hold; ``completed`` holds what is over."""
_BOOKKEEPING = frozenset(
    {
        *(
            "id",
            "meta",
            "events",
            "marker",
            "stalled",
            "stalled-check",
            "limiter",
            "pc",
            "priority",
            "repeat",
            "de",
            "",
        ),
        *_LISTS,
        *_SETS,
    }
)
_QUEUE = re.compile(
    r"(?P<base>.*[^:]:(?P<queue>[^:]+)):(?:meta|id|events|marker|stalled-check|wait|paused|active|prioritized|delayed"
    r"|waiting-children|failed|completed)",
    re.DOTALL,
)
_MARKER = "0:"
"""How older versions' notes to wake up begin, which lie between the jobs that wait."""
_LOCK = ":lock"
_PER_MILLISECOND = 4096
_STACK_LINE = re.compile(r"^(?P<error_class>[A-Za-z_$][\w$.]{0,200}): ")
_JOB_EVENTS: dict[str, pl.DataType] = {
    "line_no": pl.Int64(),
    "record_no": pl.Int32(),
    "occurred_at": pl.Datetime("us"),
    "event": pl.String(),
    "system": pl.String(),
    "job_id": pl.String(),
    "job_class": pl.String(),
    "queue": pl.String(),
    "attempt": pl.Int32(),
    "max_attempts": pl.Int32(),
    "arguments": pl.String(),
    "duration": pl.Float64(),
    "enqueued_at": pl.Datetime("us"),
    "message": pl.String(),
    "attributes": pl.String(),
}


def _claims(beginning: pl.Expr) -> pl.Expr:
    return (
        beginning.str.contains(r"^\x{feff}?\s*\{")
        & beginning.str.contains(r'"captured_at"\s*:')
        & (
            beginning.str.contains(
                r'"key"\s*:\s*"[^"\\]+:[^":\\]+:(?:meta|stalled-check|marker|wait|active|prioritized|delayed|waiting-children)"'
            )
            | (
                beginning.str.contains(r'"key"\s*:\s*"[^"\\]+:[^":\\]+:(?:\d+|repeat:[^"\\]+)"')
                & beginning.str.contains(r'"opts"\s*:')
                & beginning.str.contains(r'"timestamp"\s*:')
            )
        )
        & ~beginning.str.contains(r'"key"\s*:\s*"[^"]*:__(?:acks__\.|heartbeats__)')
    )


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    ends: list[Row] = []
    for line_no, document in records.select("line_no", "text").iter_rows():
        try:
            _read_document(line_no, read.decoded_object(document), rows, ends)
        except ValueError as error:
            rows.reject(line_no, f"this BullMQ snapshot could not be read: {error}")
    parsed = rows.parsed()
    if not ends:
        return parsed
    events = pl.DataFrame(ends, schema=_JOB_EVENTS)
    return Parsed(rows={**parsed.rows, "job_events": events}, rejects=parsed.rejects)


def _read_document(line_no: int, document: dict[str, Any], rows: SnapshotRows, ends: list[Row]) -> None:
    fields = Fields.of(document)
    taken_at = fields.take("redis_time_ms", read.epoch) or fields.take("captured_at", _moment)
    if taken_at is None:
        raise ValueError('"captured_at" is missing or no time')
    if not isinstance(document.get("keys"), list):
        raise ValueError('"keys" is missing or no array')  # noqa: TRY004 - bad input is one kind of error here
    found_id = snapshot_id(read.canonical(document))
    if rows.has(found_id):
        return
    look = _Look(line_no=line_no, snapshot_id=found_id, rows=rows, ends=ends)
    fields.left["keys"] = look.read(document["keys"]) or None
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": taken_at,
            "system": "bullmq",
            "scope": "",
            "version": look.version,
            "label": fields.take("label", read.text),
            "attributes": fields.attributes(),
        }
    )


def _moment(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    return read.iso(value) or read.epoch(value)


@dataclass(kw_only=True)
class _Queue:
    """One queue's keys while they are read."""

    name: str
    hashes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Id of a job to what is stored of it."""
    locked: set[str] = field(default_factory=set)
    held: dict[str, list[Any]] = field(default_factory=dict)
    """Name of a list or a sorted set to its members; of sorted sets with their scores."""
    paused: bool | None = None
    depth: int = 0
    oldest_at: datetime | None = None
    tells_locks: bool = False


@dataclass(kw_only=True)
class _Look:
    """One document while it is read."""

    line_no: int
    snapshot_id: str
    rows: SnapshotRows
    ends: list[Row]
    version: str | None = None
    queues: dict[str, _Queue] = field(default_factory=dict)

    def read(self, entries: list[Any]) -> list[Any]:
        """Read every key; give back what is of no queue."""
        typed = [entry for entry in entries if _is_typed(entry)]
        for entry in typed:
            if found := _QUEUE.fullmatch(entry["key"]):
                self.queues.setdefault(found["base"], _Queue(name=found["queue"]))
        left = [entry for entry in entries if not (_is_typed(entry) and self._sort(entry))]
        for _, queue in sorted(self.queues.items()):
            self._read_queue(queue)
        return left

    def _sort(self, entry: dict[str, Any]) -> bool:
        """Put a key with its queue, and tell whether it has one."""
        base, name = _parted(entry["key"], self.queues)
        queue = self.queues.get(base)
        if queue is None:
            return False
        kind, value = entry["type"], entry[entry["type"]]
        if name == "meta" and kind == "hash":
            queue.paused = "paused" in value and read.text(value["paused"]) != "0"
            version = read.text(value.get("version"))
            self.version = max(filter(None, (self.version, version)), default=None)
        elif (name in _LISTS and kind == "list") or (name in _SETS and kind == "zset"):
            queue.held[name] = value
        elif kind == "string" and name.endswith(_LOCK):
            queue.locked.add(name.removesuffix(_LOCK))
            queue.tells_locks = True
        elif kind == "hash" and "timestamp" in value and name not in _BOOKKEEPING:
            queue.hashes[name] = value
        else:
            return name in _BOOKKEEPING
        return True

    def _read_queue(self, queue: _Queue) -> None:
        for name, held_in in _LISTS.items():
            members = [each for each in queue.held.get(name, ()) if not str(each).startswith(_MARKER)]
            for place, member in enumerate(reversed(members)):
                self._read_job(queue, member, {"held_in": held_in, "position": place})
        for name, kind in _SETS.items():
            for place, (score, member) in enumerate(sorted(self._scored(queue, name), key=lambda pair: pair[0])):
                if kind is None:
                    self._read_end(queue, member)
                else:
                    self._read_job(queue, member, {"held_in": kind, "position": place, **_of_score(name, score)})
        row = {"queue": queue.name, "depth": queue.depth, "oldest_at": queue.oldest_at, "paused": queue.paused}
        self.rows.queues.append({"snapshot_id": self.snapshot_id, **row})

    def _scored(self, queue: _Queue, name: str) -> Iterator[tuple[float, str]]:
        """Members of a sorted set with their scores, however the pair is written."""
        for member in queue.held.get(name, ()):
            if isinstance(member, dict):
                pair = [member.get("member"), member.get("score")]
            else:
                pair = member if isinstance(member, list) and len(member) == 2 else [None, None]  # noqa: PLR2004 - a pair
            score = read.number(pair[1])
            if isinstance(pair[0], str) and pair[0].startswith(_MARKER):
                continue
            if not isinstance(pair[0], str) or score is None:
                reason = f'in queue "{queue.name}", "{name}": no member with a score: {read.encoded(member)[:80]}'
                self.rows.reject(self.line_no, reason)
            else:
                yield score, pair[0]

    def _read_job(self, queue: _Queue, member: Any, found: Row) -> None:  # noqa: ANN401 - any JSON value
        if not isinstance(member, str) or not member:
            reason = f'in queue "{queue.name}": no id of a job: {read.encoded(member)[:80]}'
            self.rows.reject(self.line_no, reason)
            return
        row = _job_row(Fields.of(queue.hashes.get(member, {})), found)
        lost = found["held_in"] == "running" and queue.tells_locks and member not in queue.locked
        attributes = Fields.of(read.decoded_object(row["attributes"]) if row["attributes"] else {})
        attributes.aside = {"lock": "gone" if lost else None}
        self.rows.jobs.append(
            {
                "snapshot_id": self.snapshot_id,
                **row,
                "job_id": f"{queue.name}:{member}",
                "queue": queue.name,
                "attributes": attributes.attributes(),
            }
        )
        if row["held_in"] == "queued":
            queue.depth += 1
            since = row["enqueued_at"] or row["created_at"]
            queue.oldest_at = min(filter(None, (queue.oldest_at, since)), default=None)

    def _read_end(self, queue: _Queue, member: str) -> None:
        """A job that has succeeded. Its hash may be gone: then nothing but its id is known."""
        job = Fields.of(queue.hashes.get(member, {}))
        finished_at = job.take("finishedOn", read.epoch)
        if finished_at is None:
            return
        row = _job_row(job, {"held_in": "completed"})
        started_at = row["started_at"]
        seconds = (finished_at - started_at).total_seconds() if started_at else None
        self.ends.append(
            {
                **{name: row.get(name) for name in ("job_class", "attempt", "max_attempts", "arguments", "attributes")},
                "line_no": self.line_no,
                "record_no": len(self.ends),
                "occurred_at": finished_at,
                "event": "acknowledged",
                "system": "bullmq",
                "job_id": f"{queue.name}:{member}",
                "queue": queue.name,
                "duration": seconds if seconds is not None and seconds >= 0 else None,
                "enqueued_at": row["enqueued_at"],
                "message": "completed",
            }
        )


def _parted(key: str, queues: dict[str, _Queue]) -> tuple[str, str]:
    """The queue's part of a key, and the rest: an id may hold colons, a queue's name does not."""
    at = key.find(":")
    while at >= 0:
        if key[:at] in queues:
            return key[:at], key[at + 1 :]
        at = key.find(":", at + 1)
    return "", key


def _is_typed(entry: Any) -> bool:  # noqa: ANN401 - any JSON value
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        return False
    kind = entry.get("type")
    expected = _TYPES.get(kind) if isinstance(kind, str) else None
    return expected is not None and isinstance(entry.get(entry["type"]), expected)


def _of_score(name: str, score: float) -> Row:
    """What a sorted set's score tells: when a delayed job is due, when a failed one was given up."""
    if name == "delayed":
        return {"run_at": read.epoch(score // _PER_MILLISECOND)}
    return {"died_at": read.epoch(score)} if name == "failed" else {}


def _job_row(job: Fields, found: Row) -> Row:
    """The columns of ``snapshot_jobs`` that a job's hash tells, which may be an empty one."""
    options = _options(job)
    made = job.take("atm", read.integer)
    made = job.take("attemptsMade", read.integer) if made is None else made
    waited = job.take("delay", read.long_integer) or 0
    allowed = read.integer(options.get("attempts"))
    created_at, started_at = job.take("timestamp", read.epoch), job.take("processedOn", read.epoch)
    held_in, failures = found["held_in"], made or 0
    if held_in == "scheduled" and failures and "run_at" in found:
        held_in = "retry"
    error_class, error_message = _error(job)
    is_first = not failures and started_at is None
    row = {
        **found,
        "held_in": held_in,
        "job_class": job.take("name", read.text),
        "attempt": None if made is None and job.left.get("ats") is None else failures + (held_in == "running"),
        "max_attempts": None if not options and allowed is None else max(allowed or 1, 1),
        "arguments": job.take("data", _arguments),
        "created_at": created_at,
        # when it went to its queue anew, nothing tells
        "enqueued_at": created_at if held_in in ("completed", "running") or (is_first and not waited) else None,
        "started_at": started_at if held_in in ("running", "completed") else None,
        "failed_at": job.take("finishedOn", read.epoch) or found.get("died_at"),
        "error_class": error_class,
        "error_message": error_message,
        "worker": job.take("pb", read.text) if held_in == "running" else None,
    }
    if held_in != "queued":
        job.left.pop("priority", None)
    return {**row, "attributes": job.attributes()}


def _options(job: Fields) -> dict[str, Any]:
    try:
        return read.decoded_object(job.left.get("opts"))
    except ValueError:
        return {}


def _arguments(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    try:
        return None if not isinstance(value, str) else read.json_value(read.decoded(value))
    except ValueError:
        return None


def _error(job: Fields) -> tuple[str | None, str | None]:
    """Class and message of the last error: the class stands in the stack only, where it begins with the message."""
    message = job.take("failedReason", read.text)
    if message is None:
        return None, None
    try:
        stacks = read.decoded(job.left.get("stacktrace") or "[]")
    except (ValueError, AttributeError):
        stacks = []
    last = stacks[-1] if isinstance(stacks, list) and stacks else None
    found = _STACK_LINE.match(last) if isinstance(last, str) else None
    fits = found is not None and isinstance(last, str) and last[found.end() :].startswith(message[:200])
    return (found["error_class"] if found and fits else None), message


SOURCE = Source(
    name="bullmq_snapshot",
    describes="BullMQ's Redis keys at one moment, as a JSON document",
    kind="snapshot",
    system="bullmq",
    shows=frozenset({"queues", "arguments", "errors"}),
    cannot="Which worker processes live; of jobs that succeeded only those that were not trimmed yet.",
    claims=_claims,
    holds=('"captured_at"',),
    parse=_parse,
    document=True,
)
