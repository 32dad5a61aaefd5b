r"""
Celery at one moment, as a JSON document: what waits in the broker's Redis, and what the workers say when asked.

    {"captured_at": "2026-03-01T22:00:05.1Z", "system": "celery",
     "broker": {"queues": {"mailers": ["{\"body\":\"W1s3XSx7fSx7fV0=\",\"headers\":{\"task\":\"shop.mail\",
                                        \"id\":\"6f1e0c4a\",\"retries\":0,\"eta\":null}}"]},
                "unacked": {"382e8f47": "[{\"headers\":{\"task\":\"shop.mail\",\"id\":\"7a2d91be\"}},\"\",\"mail\"]"},
                "unacked_index": [["382e8f47", 1772402404.9]]},
     "inspect": {"active": {"a@host-1": []}, "reserved": {"a@host-1": []}, "scheduled": {"a@host-1": []},
                 "stats": {"a@host-1": {"pid": 80, "pool": {"max-concurrency": 4}}},
                 "active_queues": {"a@host-1": [{"name": "mailers"}]}},
     "results": {"celery-task-meta-1b0d7c4e": "{\"status\":\"FAILURE\",\"task_id\":\"1b0d7c4e\",\"result\":
                                             {\"exc_type\":\"KeyError\",\"exc_message\":[\"sku\"]}}"}}

Traps: a list's last message is the next to be taken. No message tells when it was sent. What workers have taken, be it
running, prefetched or due later, has left the list and stands in ``unacked``, unless it was acknowledged as it began;
which of them it is only the workers can tell. A priority has a list of its own beside its queue's. An ignored task's
result says STARTED for ever, a task that succeeded after retries says SUCCESS only.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read
from ingest.python_literals import read_literal
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    import polars as pl

_PRIORITY = re.compile(r"\x06\x16\d+$")
"""What the list of a priority has behind the name of its queue."""
_REPLIES = ("active", "reserved", "scheduled", "stats", "active_queues", "revoked")
_FIRST_YEAR = 2000
"""Some versions tell the start of a task by a clock that begins with the machine."""


def _claims(beginning: pl.Expr) -> pl.Expr:
    return (
        beginning.str.contains(r"^\x{feff}?\s*\{")
        & beginning.str.contains(r'"captured_at"\s*:')
        & beginning.str.contains(r'"system"\s*:\s*"celery"')
    )


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    for line_no, document in records.select("line_no", "text").iter_rows():
        try:
            _read_document(line_no, read.decoded_object(document), rows)
        except ValueError as error:
            rows.reject(line_no, f"this Celery snapshot could not be read: {error}")
    return rows.parsed()


def _read_document(line_no: int, document: dict[str, Any], rows: SnapshotRows) -> None:
    fields = Fields.of(document)
    taken_at = fields.take("captured_at", _moment)
    if taken_at is None:
        raise ValueError('"captured_at" is missing or no time')
    replies = fields.take("inspect", _object)
    if replies is None:
        # Every worker would be taken for dead.
        raise ValueError('"inspect" is missing or no object: it does not tell which workers live')
    found_id = snapshot_id(read.canonical(document))
    if rows.has(found_id):
        return
    look = _Look(line_no=line_no, snapshot_id=found_id, taken_at=taken_at, rows=rows)
    fields.left.pop("system", None)
    look.read_replies(replies)
    look.read_broker(fields.take("broker", _object) or {})
    look.read_results(fields.take("results", _object) or {})
    look.read_queues()
    fields.aside = {"revoked": replies.get("revoked") or None}
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": taken_at,
            "system": "celery",
            "scope": "",
            "version": fields.take("version", read.text),
            "label": fields.take("label", read.text),
            "attributes": fields.attributes(),
        }
    )


def _moment(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    return read.iso(value) or read.epoch(value)


def _object(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else None


def _objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """The objects of a list; None where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


@dataclass(kw_only=True)
class _Look:
    """One document while it is read."""

    line_no: int
    snapshot_id: str
    taken_at: datetime
    rows: SnapshotRows
    depths: dict[str, int] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    """Ids of tasks that a worker says it has: the broker's word on them is the lesser one."""

    def read_replies(self, replies: dict[str, Any]) -> None:
        by_name = {name: _object(replies.get(name)) or {} for name in _REPLIES}
        for worker, tasks in by_name["active"].items():
            for task in _objects(tasks):
                self._read_task(worker, task, {"held_in": "running"})
        for worker, tasks in by_name["reserved"].items():
            for task in _objects(tasks):
                self._read_task(worker, task, {"held_in": "reserved"})
        for worker, entries in by_name["scheduled"].items():
            for entry in _objects(entries):
                request = _object(entry.get("request"))
                if request is not None:
                    self._read_task(worker, request, {"held_in": "scheduled", "run_at": read.iso(entry.get("eta"))})
        for worker in sorted({worker for reply in by_name.values() for worker in reply}):
            self._read_worker(worker, {name: reply.get(worker) for name, reply in by_name.items()})

    def _read_task(self, worker: str, task: dict[str, Any], found: Row) -> None:
        fields = Fields.of(task)
        job_id = fields.take("id", read.text)
        if not job_id:
            self.rows.reject(self.line_no, f"a task of {worker[:80]} without an id")
            return
        if job_id in self.held and found["held_in"] != "running":
            return  # delivered again to a worker that has it
        self.held.add(job_id)
        delivery = _object(task.get("delivery_info")) or {}
        started_at = fields.take("time_start", read.epoch)
        self._add(
            {
                **found,
                "job_id": job_id,
                "job_class": fields.take("name", read.text) or fields.take("type", read.text),
                "queue": read.text(delivery.get("routing_key")),
                "arguments": _arguments(fields, "args", "kwargs"),
                "worker": worker,
                "started_at": started_at if started_at and started_at.year >= _FIRST_YEAR else None,
                "attributes": fields.attributes(),
            }
        )

    def _read_worker(self, worker: str, told: dict[str, Any]) -> None:
        stats = Fields.of(_object(told["stats"]) or {})
        pool = _object(stats.left.get("pool")) or {}
        queues = [name for queue in _objects(told["active_queues"]) if (name := read.text(queue.get("name")))]
        for queue in queues:
            self.depths.setdefault(queue, 0)
        self.rows.processes.append(
            {
                "snapshot_id": self.snapshot_id,
                "worker": worker,
                "heartbeat_at": self.taken_at,
                "queues": queues or None,
                "concurrency": read.integer(pool.get("max-concurrency")),
                "busy": len(_objects(told["active"])),
                "attributes": stats.attributes(),
            }
        )

    def read_broker(self, broker: dict[str, Any]) -> None:
        for name, messages in (_object(broker.get("queues")) or {}).items():
            queue = _PRIORITY.sub("", name)
            waiting = messages if isinstance(messages, list) else []
            self.depths[queue] = self.depths.get(queue, 0) + len(waiting)
            for place, message in enumerate(reversed(waiting)):
                self._read_message(queue, message, {"held_in": "queued", "position": place})
        delivered = _scored(broker.get("unacked_index"))
        for tag, message in (_object(broker.get("unacked")) or {}).items():
            try:
                parts = read.decoded(message) if isinstance(message, str) else message
            except ValueError as error:
                self.rows.reject(self.line_no, f"in unacked: message {tag[:80]}: {error}")
                continue
            if not isinstance(parts, list) or not parts:
                self.rows.reject(self.line_no, f"in unacked: message {tag[:80]}: no list that begins with a message")
                continue
            routed_to = read.text(parts[2]) if len(parts) > 2 else None  # noqa: PLR2004 - exchange, then routing key
            self._read_message(routed_to, parts[0], {"held_in": "reserved"}, delivered_at=delivered.get(tag))

    def _read_message(
        self, queue: str | None, message: Any, found: Row, *, delivered_at: datetime | None = None  # noqa: ANN401
    ) -> None:  # fmt: skip
        try:
            row = _message_row(read.decoded_object(message) if isinstance(message, str) else message, found)
        except ValueError as error:
            self.rows.reject(self.line_no, f"in queue {queue or '?'}: message {read.encoded(message)[:80]}: {error}")
            return
        if row["job_id"] in self.held and not (
            found["held_in"] == "queued" and row["attributes"].left.get("redelivered")
        ):
            return  # taken since: the workers were asked after the broker
        attributes = row.pop("attributes")
        attributes.aside |= {"delivered_at": delivered_at.isoformat() if delivered_at else None}
        self._add({**row, "queue": queue, "attributes": attributes.attributes()})

    def read_results(self, results: dict[str, Any]) -> None:
        for key, told in results.items():
            try:
                row = _result_row(key, read.decoded_object(told) if isinstance(told, str) else told)
            except ValueError as error:
                self.rows.reject(self.line_no, f"result {key[:80]}: {error}")
                continue
            if row is not None:
                self._add(row)

    def read_queues(self) -> None:
        for queue, depth in sorted(self.depths.items()):
            self.rows.queues.append({"snapshot_id": self.snapshot_id, "queue": queue, "depth": depth})

    def _add(self, row: Row) -> None:
        self.rows.jobs.append({"snapshot_id": self.snapshot_id, **row})


def _scored(members: Any) -> dict[str, datetime | None]:  # noqa: ANN401 - any JSON value
    """The members of a sorted set with the moments that their scores are."""
    pairs = [pair for pair in members if isinstance(pair, list)] if isinstance(members, list) else []
    return {pair[0]: read.epoch(pair[1]) for pair in pairs if len(pair) == 2 and isinstance(pair[0], str)}  # noqa: PLR2004 - a pair


def _message_row(message: Any, found: Row) -> Row:  # noqa: ANN401 - any JSON value
    """What a message tells of its task, of either version of the protocol. Raises ``ValueError`` where it has no id."""
    if not isinstance(message, dict):
        raise ValueError("no object")  # noqa: TRY004 - bad input is one kind of error here
    body = _body(message)
    told = body if isinstance(body, dict) else _object(message.get("headers")) or {}
    headers = Fields.of(told)
    job_id = headers.take("id", read.text)
    if not job_id:
        raise ValueError("no id of a task")
    retries = headers.take("retries", read.integer) or 0
    run_at = headers.take("eta", read.iso)
    by_body = isinstance(body, list) and len(body) > 1 and isinstance(body[0], list) and isinstance(body[1], dict)
    if by_body:
        headers.left.pop("argsrepr", None)
        headers.left.pop("kwargsrepr", None)
    arguments = (
        _joined(body[0], body[1])
        if by_body
        else _arguments(headers, *(("args", "kwargs") if isinstance(body, dict) else ("argsrepr", "kwargsrepr")))
    )
    delayed = run_at is not None
    return {
        **found,
        "held_in": ("retry" if retries else "scheduled") if delayed else found["held_in"],
        "job_id": job_id,
        "job_class": headers.take("task", read.text),
        "attempt": None if found["held_in"] == "reserved" and not delayed else retries,
        "arguments": arguments,
        "run_at": run_at,
        "attributes": headers,
    }


def _body(message: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """The body of a message where it is JSON, in base64 as a rule; None for what other serialisers wrote."""
    body = message.get("body")
    if not isinstance(body, str):
        return None
    for text in (body, _plain(body)):
        try:
            return read.decoded(text)
        except ValueError:
            continue
    return None


def _plain(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:
        return ""


def _result_row(key: str, told: Any) -> Row | None:  # noqa: ANN401 - any JSON value
    """A final failure or a retry, as the result backend holds it; None for what is neither."""
    if not isinstance(told, dict):
        raise ValueError("no object")  # noqa: TRY004 - bad input is one kind of error here
    result = Fields.of(told)
    status = result.take("status", read.text)
    if status not in ("FAILURE", "RETRY"):
        return None
    job_id = result.take("task_id", read.text) or key.rsplit("celery-task-meta-", 1)[-1]
    error = _object(told.get("result")) or {}
    words = error.get("exc_message")
    done_at = result.take("date_done", read.iso)
    return {
        "held_in": "dead" if status == "FAILURE" else "retry",
        "job_id": job_id,
        "job_class": result.take("name", read.text),
        "queue": result.take("queue", read.text),
        "attempt": (retries + 1) if (retries := result.take("retries", read.integer)) is not None else None,
        "arguments": _arguments(result, "args", "kwargs"),
        "failed_at": done_at,
        "died_at": done_at if status == "FAILURE" else None,
        "error_class": read.text(error.get("exc_type")),
        "error_message": (read.text(words[0]) if isinstance(words, list) and words else read.text(words)) or None,
        "attributes": result.attributes(),
    }


def _arguments(fields: Fields, positional: str, named: str) -> str | None:
    """The arguments that two fields hold, as values or as texts in Python's way; what cannot be read is left there."""
    values, keywords = _value(fields.left.get(positional)), _value(fields.left.get(named, {}))
    if not isinstance(values, list) or not isinstance(keywords, dict):
        return None
    fields.left.pop(positional, None)
    fields.left.pop(named, None)
    return _joined(values, keywords)


def _value(written: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(written, str):
        return written
    try:
        return read_literal(written)
    except ValueError:
        return None


def _joined(values: list[Any], keywords: dict[str, Any]) -> str:
    return read.encoded([*values, keywords] if values and keywords else keywords or values)


SOURCE = Source(
    name="celery_snapshot",
    describes="Celery at one moment: its broker's Redis and its workers' answers, as a JSON document",
    kind="snapshot",
    system="celery",
    shows=frozenset({"queues", "workers", "heartbeats", "arguments", "errors"}),
    cannot="Since when a task waits; a worker that was too busy to answer in time looks dead.",
    claims=_claims,
    holds=('"captured_at"',),
    parse=_parse,
    document=True,
)
