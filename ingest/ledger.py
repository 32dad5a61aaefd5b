"""The ledger: which stream was read how far, and the rows that came of it, in one transaction each time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import duckdb
import polars as pl

from ingest import schema
from ingest.arrow_frame import ArrowFrame
from ingest.sources import Source

FINE = 64 << 10
"""Within so many first bytes every line end is a checkpoint, so that short files are told apart to the line."""

_COARSE = 1 << 20

_OF_LINES = ("job_events", "worker_events", "log_lines", "spans", "snapshots", "rejected_lines")
_OF_SNAPSHOTS = ("snapshot_jobs", "snapshot_queues", "snapshot_processes")
_TIMES = {"job_events": "occurred_at", "worker_events": "occurred_at", "log_lines": "occurred_at",
          "spans": "started_at", "snapshots": "taken_at"}  # fmt: skip
_NEW = {
    "spans": "where not exists (select 1 from spans as known"
    " where known.trace_id = rows.trace_id and known.span_id = rows.span_id)",
    "snapshots": "where snapshot_id not in (select snapshot_id from snapshots)",
}
"""Tables whose rows carry a native identity: a row that is known already is not added again."""

_KINDS = ("log", "span", "snapshot")


def _digest() -> Any:  # noqa: ANN401 - hashlib names no public type
    return hashlib.blake2b(digest_size=16)


@dataclass
class Stream:
    """One stream while it is read: where it stands, and what the ledger says of it."""

    source_id: int
    name: str
    compression: str | None
    formats: list[str] = field(default_factory=list)
    also_seen_as: list[str] = field(default_factory=list)
    complete: bool = False
    """Whether the file at hand adds nothing."""
    begun: bool = False
    """Whether what stood behind ``position`` was taken back, so that reading goes on from there."""
    position: int = 0
    """Decompressed bytes that were dealt with."""
    line_no: int = 1
    """Number of the line at ``position``."""
    blank: int = 0
    pending: int = 0
    damaged: int = 0
    """Bytes of an unfinished line at the end of a damaged archive."""
    row_count: int = 0
    resume_offset: int = 0
    resume_line: int = 1
    first_at: datetime | None = None
    last_at: datetime | None = None
    note: str | None = None
    digest: Any = field(default_factory=_digest)
    torn: bytes = b""
    long_line: int = 0
    long_line_start: str = ""
    checkpoints: list[tuple[int, str]] = field(default_factory=list)
    """Made since the last commit."""

    @property
    def format(self) -> str:
        """The formats found, as the ledger names them."""
        return ", ".join(self.formats) or "unrecognised"

    def system(self, sources: Sequence[Source]) -> str | None:
        """The job system whose stream it is, where a format tells."""
        return next((source.system for source in sources if source.name in self.formats and source.system), None)

    def restart(self) -> None:
        """Stand at the beginning again."""
        self.position, self.line_no, self.blank, self.digest = 0, 1, 0, _digest()

    def advance(
        self, data: bytes, *, lines: int, line_ends: Sequence[int], last_record: tuple[int, int] | None = None
    ) -> None:
        """Go on over bytes that were dealt with; a grown file is read again from ``last_record`` (line, byte)."""
        base = self.position
        done = 0
        for end in _checkpoint_ends(line_ends):
            self.digest.update(data[done : end - base])
            done = end - base
            self.checkpoints.append((end, self.digest.hexdigest()))
        self.digest.update(data[done:])
        self.position += len(data)
        self.line_no += lines
        self._resume_at(*(last_record or (self.line_no, self.position)), ended=data.endswith(b"\n"))

    def stand_at(self, position: int, *, lines: int, ended: bool) -> None:
        """Go on over bytes that are in the digest already; ``ended`` says whether they end with a line end."""
        self.position = position
        self.line_no += lines
        self.checkpoints.append((position, self.digest.hexdigest()))
        self._resume_at(self.line_no, position, ended=ended)

    def _resume_at(self, line_no: int, position: int, *, ended: bool) -> None:
        """What has no format yet, or ended within a line, is read again from its beginning when it grows."""
        self.resume_line, self.resume_offset = (line_no, position) if self.formats and ended else (1, 0)


def _checkpoint_ends(line_ends: Sequence[int]) -> Iterator[int]:
    """Every line end in the fine part, then one per mebibyte, and the last."""
    previous = 0
    for end in line_ends:
        if end <= FINE or end // _COARSE != previous // _COARSE or end == line_ends[-1]:
            yield end
        previous = end


class Ledger:
    """The evidence tables and what was read into them. One transaction per chunk."""

    def __init__(self, db: duckdb.DuckDBPyConnection, *, now: datetime, sources: Sequence[Source]) -> None:
        self.db = db
        self._now = now.astimezone(UTC).replace(tzinfo=None)
        self._sources = {source.name: source for source in sources}

    @contextmanager
    def transaction(self, stream: Stream) -> Iterator[None]:
        """Commit what is done inside, together with where the stream stands then."""
        self.db.execute("begin")
        try:
            yield
            self._note(stream)
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")
        stream.checkpoints.clear()

    def forget_from(self, stream: Stream, *, line_no: int) -> None:
        """Take back what was read from this line on: the file has grown and is read again from there."""
        key = {"source": stream.source_id, "line": line_no}
        for name in _OF_SNAPSHOTS:
            deleted = self.db.execute(
                f"delete from {name} where source_id = $source and snapshot_id in"
                " (select snapshot_id from snapshots where source_id = $source and line_no >= $line)",
                key,
            ).fetchall()
            stream.row_count -= deleted[0][0]
        for name in _OF_LINES:
            deleted = self.db.execute(
                f"delete from {name} where source_id = $source and line_no >= $line", key
            ).fetchall()
            stream.row_count -= deleted[0][0] if name != "rejected_lines" else 0
        self.db.execute(
            "delete from source_checkpoints where source_id = $source and byte_offset > $position",
            {"source": stream.source_id, "position": stream.position},
        )
        stream.damaged = 0
        stream.begun = True

    def add(self, stream: Stream, table: str, frame: pl.DataFrame) -> None:
        """Add rows to an evidence table; a column that the table lacks is an error of the source that made them."""
        columns = {column.name for column in schema.table(table).columns}
        if unknown := set(frame.columns) - columns:
            raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
        given = {"source_id": pl.lit(stream.source_id, pl.Int32)}
        given |= {name: value for name, value in _DEFAULTS.items() if name in columns and name not in frame.columns}
        if "scope" in frame.columns:
            given["scope"] = pl.col("scope").fill_null("")
        rows = ArrowFrame(frame.with_columns(**given))  # noqa: F841 - the statement reads it under its name
        self._note_times(stream, table, frame)
        condition = _NEW.get(table, "")
        if table in _OF_SNAPSHOTS:
            condition = (
                "where snapshot_id in (select snapshot_id from snapshots where source_id = $source)"
                f" and snapshot_id not in (select snapshot_id from {table})"
            )
        added = self.db.execute(
            f"insert into {table} by name select * from rows {condition}",
            {"source": stream.source_id} if "$source" in condition else None,
        ).fetchall()
        stream.row_count += added[0][0]

    def reject(  # noqa: PLR0913 - a place, a size and two texts
        self, stream: Stream, *, line_no: int, byte_offset: int, size: int, reason: str, start: str
    ) -> None:
        """Note a line that could not become a row."""
        self.db.execute(
            "insert into rejected_lines values ($source, $line, $offset, $size, $reason, $beginning)",
            {
                "source": stream.source_id,
                "line": line_no,
                "offset": byte_offset,
                "size": size,
                "reason": reason,
                "beginning": start,
            },
        )

    def reject_count(self, stream: Stream) -> int:
        """How many lines of a stream were rejected."""
        key = {"source": stream.source_id}
        row = self.db.execute("select count(*) from rejected_lines where source_id = $source", key).fetchall()[0]
        return int(row[0])

    def _note_times(self, stream: Stream, table: str, frame: pl.DataFrame) -> None:
        column = _TIMES.get(table)
        if column is None or column not in frame.columns:
            return
        times = frame[column].drop_nulls()
        if times.is_empty():
            return
        first, last = times.min(), times.max()
        if isinstance(first, datetime) and isinstance(last, datetime):
            stream.first_at = min(first, stream.first_at or first)
            stream.last_at = max(last, stream.last_at or last)

    def _note(self, stream: Stream) -> None:
        found = [self._sources[name] for name in stream.formats if name in self._sources]
        kinds = {source.kind for source in found}
        rejected, reject_count = self.db.execute(
            "select coalesce(sum(bytes), 0), count(*) from rejected_lines where source_id = $source",
            {"source": stream.source_id},
        ).fetchall()[0]
        total = stream.position + stream.pending + stream.damaged
        self.db.execute("delete from sources where source_id = $source", {"source": stream.source_id})
        row = {
            "source_id": stream.source_id,
            "path": stream.name,
            "also_seen_as": stream.also_seen_as,
            "format": stream.format,
            "compression": stream.compression,
            "kind": next((kind for kind in _KINDS if kind in kinds), "none"),
            "system": stream.system(list(self._sources.values())),
            "shows": sorted({word for source in found for word in source.shows}),
            "bytes_total": total,
            "bytes_accepted": total - stream.blank - int(rejected) - stream.pending,
            "bytes_blank": stream.blank,
            "bytes_rejected": int(rejected),
            "bytes_pending": stream.pending,
            "line_count": stream.line_no - 1,
            "row_count": stream.row_count,
            "reject_count": reject_count,
            "first_at": stream.first_at,
            "last_at": stream.last_at,
            "zone": "UTC" if found else None,
            "resume_offset": stream.resume_offset,
            "resume_line": stream.resume_line,
            "note": stream.note,
            "loaded_at": self._now,
            "loader_version": _version(),
        }
        self.db.execute(f"insert into sources ({', '.join(row)}) values ({', '.join('$' + name for name in row)})", row)
        for offset, digest in stream.checkpoints:
            self.db.execute(
                "insert into source_checkpoints values ($source, $offset, $digest)",
                {"source": stream.source_id, "offset": offset, "digest": digest},
            )
        self.db.execute(
            "update meta set value = cast(cast(value as bigint) + 1 as varchar) where key = 'evidence_version'"
        )


_DEFAULTS = {"record_no": pl.lit(0, pl.Int32), "scope": pl.lit("")}


def _version() -> str:
    try:
        return version("jobtrail")
    except PackageNotFoundError:
        return "0"
