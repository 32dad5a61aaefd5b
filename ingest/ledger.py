"""The ledger: which stream was read how far, and the rows that came of it, in one transaction each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import duckdb
import polars as pl

from ingest import schema
from ingest.arrow_frame import ArrowFrame
from ingest.clocks import Clock
from ingest.records import BEGINNING, beginning
from ingest.redaction import REDACTED, Redactor
from ingest.sources import Source
from ingest.stream_digest import MARK, StreamDigest

_STRIDE = 1 << 20
"""Bytes of a stream that one checkpoint is about."""

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

_READ_OF_REJECTS = 1 << 16
"""Of a line that is not read, how much of its beginning is looked through for secrets."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A place in a stream, the digest of all before it, and the line ends since the checkpoint before."""

    byte_offset: int
    digest: str
    line_ends: bytes = b""
    """Their marks, in their order."""


@dataclass
class Stream:
    """One stream while it is read: where it stands, and what the ledger says of it."""

    source_id: int
    name: str
    compression: str | None
    formats: list[str] = field(default_factory=list)
    also_seen_as: list[str] = field(default_factory=list)
    recorded: bool = False
    """Whether the ledger says anything of it yet; of others nothing is there that could be taken back."""
    may_have_rejects: bool = False
    """Whether the ledger is to be asked for its rejected lines: of most streams there are none."""
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
    clock: Clock = field(default_factory=Clock)
    told_by_clock: bool = False
    """Whether any of its times names no zone."""
    digest: StreamDigest = field(default_factory=StreamDigest)
    torn: bytes = b""
    long_line: int = 0
    long_line_start: bytes = b""
    last_format: str | None = None
    """The format of the last record before ``position``: lines of no format after it are of its system."""
    checkpoints: list[Checkpoint] = field(default_factory=list)
    """Made since the last commit."""

    @property
    def format(self) -> str:
        """The formats found, as the ledger names them."""
        return ", ".join(self.formats) or "unrecognised"

    def note_formats(self, names: Iterable[str]) -> None:
        """Add formats that were found; their order does not tell in which chunk that was."""
        self.formats = sorted({*self.formats, *names})

    def restart(self) -> None:
        """Stand at the beginning again."""
        self.position, self.line_no, self.blank, self.digest, self.last_format = 0, 1, 0, StreamDigest(), None

    def advance(
        self, data: bytes, *, lines: int, line_ends: Sequence[int], last_record: tuple[int, int] | None = None
    ) -> None:
        """Go on over bytes that were dealt with; a grown file is read again from ``last_record`` (line, byte)."""
        resume = last_record or (self.line_no + lines, self.position + len(data))
        self._digest_lines(data, line_ends, checkpoints={resume[1], line_ends[-1]})
        self.position += len(data)
        self.line_no += lines
        self._resume_at(*resume)

    def _digest_lines(self, data: bytes, line_ends: Sequence[int], *, checkpoints: set[int]) -> None:
        """A checkpoint at these ends, at the stream's first one and per stride; a mark at every other."""
        view, done, first = memoryview(data), 0, 0
        before = [self.position, *line_ends]
        for place, end in enumerate(line_ends):
            if before[place] == 0 or end in checkpoints or end // _STRIDE != before[place] // _STRIDE:
                marks = self.digest.marks(view[done : end - self.position], line_ends[first : place + 1])
                self.checkpoints.append(
                    Checkpoint(byte_offset=end, digest=self.digest.hexdigest(), line_ends=marks[:-MARK])
                )
                done, first = end - self.position, place + 1

    def stand_at(self, position: int, *, lines: int, ended: bool) -> None:
        """Go on over bytes that are in the digest already; ``ended`` says whether they end with a line end."""
        begin = self.line_no, self.position
        self.position = position
        self.line_no += lines
        self.checkpoints.append(Checkpoint(byte_offset=position, digest=self.digest.hexdigest()))
        self._resume_at(*((self.line_no, position) if ended else begin))

    def mark_pending(self) -> None:
        """Make a checkpoint behind the unfinished line, so that a copy of the file is known by it."""
        digest = self.digest.copy()
        digest.update(self.torn)
        self.checkpoints.append(Checkpoint(byte_offset=self.position + self.pending, digest=digest.hexdigest()))

    def _resume_at(self, line_no: int, position: int) -> None:
        """What has no format yet is read again from its beginning when it grows."""
        self.resume_line, self.resume_offset = (line_no, position) if self.formats else (1, 0)


class Ledger:
    """The evidence tables and what was read into them. One transaction per chunk."""

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        *,
        now: datetime,
        sources: Sequence[Source],
        redactor: Redactor | None = None,
    ) -> None:
        self.db = db
        self.redactor = redactor
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
        stream.recorded = True
        stream.checkpoints.clear()

    def forget_from(self, stream: Stream, *, line_no: int) -> None:
        """Take back what was read from this line on: the file has grown and is read again from there."""
        stream.damaged = 0
        stream.begun = True
        if not stream.recorded:
            return
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

    def add(self, stream: Stream, table: str, frame: pl.DataFrame) -> None:
        """Add rows to an evidence table; a column that the table lacks is an error of the source that made them."""
        columns = {column.name for column in schema.table(table).columns}
        if unknown := set(frame.columns) - columns:
            raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
        given = {"source_id": pl.lit(stream.source_id, pl.Int32)}
        given |= {name: value for name, value in _DEFAULTS.items() if name in columns and name not in frame.columns}
        if "scope" in frame.columns:
            given["scope"] = pl.col("scope").fill_null("")
        told = frame if self.redactor is None else self.redactor.frame(table, frame)
        rows = ArrowFrame(told.with_columns(**given))  # noqa: F841 - the statement reads it under its name
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
        self, stream: Stream, *, line_no: int, byte_offset: int, size: int, reason: str, start: str | bytes
    ) -> None:
        """Note a line that could not become a row; of its ``start`` the first characters are kept."""
        stream.may_have_rejects = True
        self.db.execute(
            "insert into rejected_lines values ($source, $line, $offset, $size, $reason, $beginning)",
            {
                "source": stream.source_id,
                "line": line_no,
                "offset": byte_offset,
                "size": size,
                "reason": self._without_secrets(reason),
                "beginning": self._beginning(start),
            },
        )

    def sealed(self, digest: str) -> str:
        """A digest of an input's bytes as it is stored: of redacted inputs one that only the key's owner can make."""
        return digest if self.redactor is None else self.redactor.digest(digest.encode())

    def sealed_marks(self, marks: bytes, digest: str) -> bytes:
        """Marks of line ends as they are stored beside this sealed digest, and the other way round."""
        if self.redactor is None or not marks:
            return marks
        stream = self.redactor.keystream(digest, len(marks))
        return (int.from_bytes(marks) ^ int.from_bytes(stream)).to_bytes(len(marks))

    def _without_secrets(self, text: str) -> str:
        return text if self.redactor is None else self.redactor.text(text)

    def _beginning(self, start: str | bytes) -> str:
        """Cut only after what is secret was taken out: half a secret is not recognised as one."""
        if self.redactor is None:
            return beginning(start)
        text = start[:_READ_OF_REJECTS]
        words = text if isinstance(text, str) else text.decode("utf-8", "replace")
        clean = self.redactor.text(words)
        if len(text) < len(start) and len(clean) < BEGINNING:
            return REDACTED
        return beginning(clean)

    def reject_count(self, stream: Stream) -> int:
        """How many lines of a stream were rejected."""
        return self._rejected(stream)[1]

    def _rejected(self, stream: Stream) -> tuple[int, int]:
        """The bytes of a stream's rejected lines, and how many rejects there are."""
        if not stream.may_have_rejects:
            return 0, 0
        size, count = self.db.execute(
            "select coalesce(sum(bytes), 0), coalesce(sum(rejects), 0) from ("
            "select max(bytes) as bytes, count(*) as rejects from rejected_lines"
            " where source_id = $source group by byte_offset)",
            {"source": stream.source_id},
        ).fetchall()[0]
        return int(size), int(count)

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
        rejected, reject_count = self._rejected(stream)
        total = stream.position + stream.pending + stream.damaged
        if stream.recorded:
            self.db.execute("delete from sources where source_id = $source", {"source": stream.source_id})
        row = {
            "source_id": stream.source_id,
            "path": stream.name,
            "also_seen_as": stream.also_seen_as,
            "format": stream.format,
            "compression": stream.compression,
            "kind": next((kind for kind in _KINDS if kind in kinds), "none"),
            "system": next((source.system for source in found if source.system), None),
            "shows": sorted({word for source in found for word in source.shows}),
            "bytes_total": total,
            "bytes_accepted": total - stream.blank - rejected - stream.pending,
            "bytes_blank": stream.blank,
            "bytes_rejected": rejected,
            "bytes_pending": stream.pending,
            "line_count": stream.line_no - 1,
            "row_count": stream.row_count,
            "reject_count": reject_count,
            "first_at": stream.first_at,
            "last_at": stream.last_at,
            "zone": (stream.clock.name if stream.told_by_clock else "UTC") if found else None,
            "zone_basis": (stream.clock.basis if stream.told_by_clock else "told") if found else None,
            "resume_clock": stream.clock.stands_at,
            "resume_offset": stream.resume_offset,
            "resume_line": stream.resume_line,
            "resume_format": stream.last_format,
            "note": None if stream.note is None else self._without_secrets(stream.note),
            "loaded_at": self._now,
            "loader_version": _version(),
        }
        self.db.execute(f"insert into sources ({', '.join(row)}) values ({', '.join('$' + name for name in row)})", row)
        digests = [self.sealed(made.digest) for made in stream.checkpoints]
        marks = [
            self.sealed_marks(made.line_ends, digest) for made, digest in zip(stream.checkpoints, digests, strict=True)
        ]
        if digests:
            self.db.execute(
                "insert into source_checkpoints"
                " select $source, unnest($offsets::bigint[]), unnest($digests), unnest($line_ends::blob[])",
                {
                    "source": stream.source_id,
                    "offsets": [made.byte_offset for made in stream.checkpoints],
                    "digests": digests,
                    "line_ends": marks,
                },
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
