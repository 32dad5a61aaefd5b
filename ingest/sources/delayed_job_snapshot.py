"""
Delayed Job's table at one moment, as CSV with a header: every job that waits, runs or was given up.

    taken_at,id,priority,attempts,handler,last_error,run_at,locked_at,failed_at,locked_by,queue,created_at,updated_at
    2026-03-01 22:00:05+00,7,0,0,"--- !ruby/struct:WelcomeMail
    user_id: 7
    ",,2026-03-01 22:00:00.1,,,,mailers,2026-03-01 22:00:00.1,2026-03-01 22:00:00.1

Traps: times are UTC and say no zone. Handlers are YAML with Ruby tags, which are never revived, and hold line ends. A
job that succeeded is deleted, and one that was given up may be. Locking does not touch ``updated_at``, and a lock may
be a dead worker's; a row that was given up may still be locked. Where the export has no column ``taken_at``, the latest
time at which anything happened to a row stands for it.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

import polars as pl

from ingest import untrusted_json as read
from ingest.ruby_yaml import RubyObject, read_object
from ingest.snapshot_rows import Row, SnapshotRows, snapshot_id
from ingest.sources.source import Parsed, Source
from ingest.untrusted_json import Fields

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

_COLUMNS = ("id", "attempts", "handler", "run_at", "locked_at", "locked_by", "failed_at")
_HAPPENED = ("created_at", "updated_at", "locked_at", "failed_at")
_LONGEST_FIELD = 1 << 28
_LOCKED_BY = re.compile(r"(?:.* )?host:(?P<host>.+) pid:(?P<pid>[0-9]{1,18})", re.DOTALL)
_CALLED_AT = re.compile(r"^\S.*:\d+:in [`']", re.MULTILINE)
_PROXY = "ruby/object:Delayed::PerformableM"
"""What ``.delay`` enqueues: a PerformableMethod, or a PerformableMailer."""


def _claims(beginning: pl.Expr) -> pl.Expr:
    header = beginning.str.extract(r"^\x{feff}?([^\n]*)", 1)
    return pl.all_horizontal(header.str.contains(rf'(?:^|[,"]){name}(?:[,"\r]|$)') for name in _COLUMNS)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = SnapshotRows()
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            _read_table(line_no, text, rows)
        except (ValueError, csv.Error) as error:
            rows.reject(line_no, f"this Delayed Job snapshot could not be read: {error}")
    return rows.parsed()


def _read_table(line_no: int, text: str, rows: SnapshotRows) -> None:
    found_id = snapshot_id(text)
    if rows.has(found_id):
        return
    table = _rows_of(line_no, text, rows)
    stated = next((moment for row in table if (moment := read.iso(row.get("taken_at")))), None)
    seen = [moment for row in table for name in _HAPPENED if (moment := read.iso(row.get(name)))]
    taken_at = stated or max(seen, default=None)
    if taken_at is None:
        raise ValueError("it holds no row, and nothing tells when it was taken; add a column taken_at")
    look = _Look(line_no, found_id, taken_at, rows)
    for row in table:
        if row.get("id"):  # an export that adds the time has one row without a job where the table is empty
            look.read(row)
    look.count_queues()
    basis = None if stated else "no column taken_at: the latest time at which anything happened to a row"
    rows.snapshots.append(
        {
            "line_no": line_no,
            "snapshot_id": found_id,
            "taken_at": taken_at,
            "system": "delayed_job",
            "scope": "",
            "version": None,
            "label": None,
            "attributes": read.encoded({"taken_at_basis": basis}) if basis else None,
        }
    )


def _rows_of(line_no: int, text: str, rows: SnapshotRows) -> list[dict[str, str]]:
    """The table's rows by their columns, empty fields left out; a row of another width is rejected."""
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""))
    header = next(reader, [])
    table = []
    for fields in reader:
        if len(fields) == len(header):
            table.append({name: field for name, field in zip(header, fields, strict=True) if field})
        elif fields:
            start = ",".join(fields)[:80]
            rows.reject(line_no, f"a row has {len(fields)} fields where the header has {len(header)}: {start}")
    return table


@dataclass
class _Look:
    """One table while it is read."""

    line_no: int
    snapshot_id: str
    taken_at: datetime
    rows: SnapshotRows

    def read(self, row: dict[str, str]) -> None:
        fields = Fields.of(row)
        row_id = fields.take("id", read.text)
        fields.left.pop("taken_at", None)
        handler = self._handler(row_id, fields)
        locked_at, locked_by = fields.take("locked_at", read.iso), fields.take("locked_by", read.text)
        failed_at, run_at = fields.take("failed_at", read.iso), fields.take("run_at", read.iso)
        failures = fields.take("attempts", read.integer)
        held_in = _held_in(failed_at, locked_at if locked_by else None, failures, run_at, self.taken_at)
        named = _LOCKED_BY.fullmatch(locked_by or "") if held_in == "running" else None
        error_message, backtrace = _error(fields.take("last_error", read.text))
        fields.aside = {"backtrace": backtrace, **handler.pop("aside")}
        if held_in != "running":
            fields.aside["locked_by"] = locked_by
        self.rows.jobs.append(
            {
                "snapshot_id": self.snapshot_id,
                "held_in": held_in,
                "job_id": row_id,
                "provider_job_id": None,
                **handler,
                "queue": fields.take("queue", read.text),
                "attempt": None if failures is None else failures + (held_in == "running"),
                "created_at": (created_at := fields.take("created_at", read.iso)),
                "enqueued_at": created_at,
                "run_at": run_at,
                "started_at": locked_at if held_in == "running" else None,
                "failed_at": failed_at,
                "died_at": failed_at,
                "error_message": error_message,
                "worker": locked_by if held_in == "running" else None,
                "host": named["host"] if named else None,
                "pid": int(named["pid"]) if named else None,
                "attributes": fields.attributes(),
            }
        )

    def _handler(self, row_id: str | None, fields: Fields) -> Row:
        """What the handler tells of the job; one that cannot be read is kept as it stands."""
        text = fields.left.pop("handler", "")
        try:
            told = _of_handler(read_object(text))
        except ValueError as error:
            self.rows.reject(self.line_no, f"the handler of row {row_id} could not be read: {error}: {text[:80]}")
            return {"aside": {"handler": text or None}}
        return told | {"provider_job_id": row_id if "job_id" in told else None}

    def count_queues(self) -> None:
        waiting: dict[str, list[datetime]] = defaultdict(list)
        for job in self.rows.jobs:
            if job["snapshot_id"] == self.snapshot_id and job["queue"]:
                due = job["run_at"] or job["created_at"]
                is_waiting = job["held_in"] == "queued" or (job["held_in"] == "retry" and due and due <= self.taken_at)
                waiting[job["queue"]] += [due] if is_waiting and due else []
        for queue, dues in sorted(waiting.items()):
            self.rows.queues.append(
                {
                    "snapshot_id": self.snapshot_id,
                    "queue": queue,
                    "depth": len(dues),
                    "oldest_at": min(dues, default=None),
                }
            )


def _held_in(
    failed_at: datetime | None,
    locked_at: datetime | None,
    failures: int | None,
    run_at: datetime | None,
    taken_at: datetime,
) -> str:
    if failed_at:
        return "dead"
    if locked_at:
        return "running"
    if failures:
        return "retry"
    return "scheduled" if run_at and run_at > taken_at else "queued"


def _of_handler(handler: RubyObject) -> Row:
    value = handler.value if isinstance(handler.value, dict) else {}
    job = value.get("job_data")
    if isinstance(job, dict) and read.text(job.get("job_id")):
        active_job = Fields.of(job)
        return {
            "job_id": active_job.take("job_id", read.text),
            "job_class": active_job.take("job_class", read.text),
            "arguments": active_job.take("arguments", read.json_value),
            "aside": {"active_job": active_job.left or None},
        }
    if handler.tag.startswith(_PROXY):
        left = {name: inner for name, inner in value.items() if name not in ("args", "method_name")}
        return {
            "job_class": _proxied(handler),
            "arguments": read.json_value(value.get("args")),
            "aside": {"receiver": left or None},
        }
    return {
        "job_class": handler.tag.partition(":")[2] or None,
        "arguments": read.json_value(handler.value),
        "aside": {},
    }


def _proxied(handler: RubyObject) -> str:
    """As the log names it: ``Account#method`` of an object, ``Account.method`` of a class."""
    receiver, method = handler.value.get("object"), handler.value.get("method_name")
    kind, _, name = handler.tags.get("object", "").partition(":")
    if kind == "ruby/class" and isinstance(receiver, str):
        return f"{receiver}.{method}"
    return f"{name or receiver}#{method}"


def _error(last_error: str | None) -> tuple[str | None, str | None]:
    """Message and backtrace, which stand in one text."""
    if last_error is None:
        return None, None
    called_at = _CALLED_AT.search(last_error)
    cut = called_at.start() if called_at else len(last_error)
    return last_error[:cut].rstrip("\n"), last_error[cut:] or None


SOURCE = Source(
    name="delayed_job_snapshot",
    describes="Delayed Job's table at one moment, as CSV",
    kind="snapshot",
    system="delayed_job",
    shows=frozenset({"queues", "arguments", "errors"}),
    cannot="Jobs that succeeded, which workers live, and the class of an error.",
    claims=_claims,
    holds=("locked_by",),
    parse=_parse,
    document=True,
)
