"""The ledger: which stream was read how far, and the rows that came of it, in one transaction each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import duckdb
import polars as pl

from ingest import schema
from ingest.arguments import arguments_digests
from ingest.arrow_frame import ArrowFrame
from ingest.clocks import Clock
from ingest.records import BEGINNING, beginning
from ingest.redaction import REDACTED, Redactor
from ingest.sources import Source
from ingest.stream_digest import StreamDigest

OF_LINES = (
    "job_events",
    "worker_events",
    "log_lines",
    "spans",
    "snapshots",
    "marks",
    "declared",
    "rejected_lines",
    "native_ids",
)
"""Tables whose rows are known by stream and line."""

OF_SNAPSHOTS = ("snapshot_jobs", "snapshot_queues", "snapshot_processes", "snapshot_locks")
"""Tables whose rows are known by stream and snapshot."""

_TIMES = {"job_events": "occurred_at", "worker_events": "occurred_at", "log_lines": "occurred_at",
          "spans": "started_at", "snapshots": "taken_at", "marks": "occurred_at"}  # fmt: skip
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
class Join:
    """Another stream whose first lines a file has: the two become one."""

    source_id: int
    line: int
    """The line of this stream, counted from 0, that the other begins with."""
    byte_offset: int
    """Where that line begins."""
    lines: int
    """How many lines of the other the file has."""
    told: int
    """How many of these this stream has told already."""


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
    """Of what was read since it was taken up."""
    origin: int = 0
    """Where in the stream the file at hand begins."""
    file_size: int = 0
    """Bytes that the file at hand had when its stream was found: fewer than that, and it is another file now."""
    overlap: str | None = None
    """Lines that it seems to share with other streams and that may count twice, in words."""
    joined: str | None = None
    """How the file at hand was joined to other streams, in words."""
    encloses: tuple[Join, ...] = ()
    """Streams that the file at hand holds whole, to be told by this one."""
    join: Join | None = None
    """The stream whose beginning the file at hand ends in."""
    torn: bytes = b""
    long_line: int = 0
    long_line_start: bytes = b""
    last_format: str | None = None
    """The format of the last record before ``position``: lines of no format after it are of its system."""

    @property
    def format(self) -> str:
        """The formats found, as the ledger names them."""
        return ", ".join(self.formats) or "unrecognised"

    @property
    def told(self) -> str | None:
        """What a person should know."""
        return "; ".join(filter(None, (self.note, self.joined, self.overlap))) or None

    def note_formats(self, names: Iterable[str]) -> None:
        """Add formats that were found; their order does not tell in which chunk that was."""
        self.formats = sorted({*self.formats, *names})

    def restart(self) -> None:
        """Stand at the beginning again."""
        self.stand(0, line_no=1)
        self.blank, self.last_format = 0, None

    def stand(self, position: int, *, line_no: int) -> None:
        """Stand at the beginning of this line."""
        self.position, self.line_no, self.digest = position, line_no, StreamDigest(position)

    def advance(self, data: bytes, *, lines: int, last_record: tuple[int, int] | None = None) -> None:
        """Go on over bytes that were dealt with; a grown file is read again from ``last_record`` (line, byte)."""
        resume = last_record or (self.line_no + lines, self.position + len(data))
        end = data.rfind(b"\n") + 1
        done = 0
        for cut in sorted({resume[1] - self.position, end, len(data)}):
            if done < cut <= len(data):
                self.digest.update(data[done:cut])
                self.digest.cut()
                done = cut
        self.position += len(data)
        self.line_no += lines
        self._resume_at(*resume)

    def stand_at(self, position: int, *, lines: int, ended: bool) -> None:
        """Go on over bytes that are in the digest already; ``ended`` says whether they end with a line end."""
        begin = self.line_no, self.position
        self.position = position
        self.line_no += lines
        self.digest.cut()
        self._resume_at(*((self.line_no, position) if ended else begin))

    def mark_pending(self) -> None:
        """Make a checkpoint behind the unfinished line, so that a copy of the file is known by it."""
        self.digest.update(self.torn)
        self.digest.cut()

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
        self._changed: set[int] = set()
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
        self.note_change(stream.source_id)

    def changed_streams(self) -> list[int]:
        """The streams that were read on since this was asked last."""
        changed, self._changed = sorted(self._changed), set()
        return changed

    def forget_from(self, stream: Stream, *, line_no: int) -> None:
        """Take back what was read from this line on: the file has grown and is read again from there."""
        stream.damaged = 0
        stream.begun = True
        if not stream.recorded:
            return
        stream.row_count -= self._forget(stream.source_id, "line_no >= $line", line_no)
        self.db.execute(
            "delete from source_checkpoints where source_id = $source and byte_offset > $position",
            {"source": stream.source_id, "position": stream.position},
        )

    def note_change(self, source_id: int) -> None:
        """Have it known that a stream is no longer what it was."""
        self._changed.add(source_id)

    def rows_of(self, source_ids: Sequence[int]) -> int:
        """How many rows came of these streams."""
        if not source_ids:
            return 0
        query = "select coalesce(sum(row_count), 0) from sources where list_contains($ids, source_id)"
        return int(self.db.execute(query, {"ids": list(source_ids)}).fetchall()[0][0])

    def forget_first(self, source_id: int, *, lines: int) -> None:
        """Take back what was read from a stream's first lines, which another one tells from now on."""
        forgotten = self._forget(source_id, "line_no <= $line", lines)
        self.db.execute(
            "update sources set row_count = row_count - $rows where source_id = $source",
            {"rows": forgotten, "source": source_id},
        )

    def hand_over(self, stream: Stream, join: Join) -> None:
        """
        Give a stream the rows of those lines of another one that it has, too, but did not load: what has an identity of
        its own was known by it.
        """
        key = {"stream": stream.source_id, "other": join.source_id, "told": join.told}
        its_first = "source_id = $other and line_no <= $told"
        moved = 0
        for name in OF_SNAPSHOTS:
            which = f"source_id = $other and snapshot_id in (select snapshot_id from snapshots where {its_first})"
            moved += self.db.execute(f"update {name} set source_id = $stream where {which}", key).fetchall()[0][0]
        for name in OF_LINES:
            which = its_first
            if name not in {"spans", "snapshots", "native_ids"}:
                which += f" and line_no in (select line_no from native_ids where {its_first})"
            moved += self.move_lines(name, join, which, key) if name != "rejected_lines" else 0
        self.db.execute(
            "update sources set row_count = row_count - $rows where source_id = $source",
            {"rows": moved, "source": join.source_id},
        )
        stream.row_count += moved

    def move_lines(self, table: str, join: Join, which: str, key: dict[str, int]) -> int:
        """Make rows of the other stream, ``$other``, those of ``$stream`` that they are; returns how many."""
        changes, places = "source_id = $stream, line_no = line_no + $line", {**key, "line": join.line}
        if table == "rejected_lines":
            changes, places = f"{changes}, byte_offset = byte_offset + $bytes", {**places, "bytes": join.byte_offset}
        return int(self.db.execute(f"update {table} set {changes} where {which}", places).fetchall()[0][0])

    def _forget(self, source_id: int, which: str, line_no: int) -> int:
        """Delete the rows of these lines; returns how many, rejects not counted."""
        key, forgotten = {"source": source_id, "line": line_no}, 0
        for name in OF_SNAPSHOTS:
            deleted = self.db.execute(
                f"delete from {name} where source_id = $source and snapshot_id in"
                f" (select snapshot_id from snapshots where source_id = $source and {which})",
                key,
            ).fetchall()
            forgotten += deleted[0][0]
        for name in OF_LINES:
            deleted = self.db.execute(f"delete from {name} where source_id = $source and {which}", key).fetchall()
            forgotten += deleted[0][0] if name != "rejected_lines" else 0
        return forgotten

    def add(self, stream: Stream, table: str, frame: pl.DataFrame) -> None:
        """
        Add rows to an evidence table, with the digests of their arguments where they have any.

        A column that the table lacks is an error of the source that made them.
        """
        columns = {column.name for column in schema.table(table).columns}
        if unknown := set(frame.columns) - columns:
            raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
        given = {"source_id": pl.lit(stream.source_id, pl.Int32)}
        given |= {name: value for name, value in _DEFAULTS.items() if name in columns and name not in frame.columns}
        if "scope" in frame.columns:
            given["scope"] = pl.col("scope").fill_null("")
        if "arguments" in frame.columns:
            given["arguments_digest"] = pl.lit(self._sealed_each(arguments_digests(frame, self.db)))
        told = frame if self.redactor is None else self.redactor.frame(table, frame)
        rows = ArrowFrame(told.with_columns(**given))  # noqa: F841 - the statement reads it under its name
        self._note_times(stream, table, frame)
        condition = _NEW.get(table, "")
        if table in OF_SNAPSHOTS:
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

    def reject_lines(self, stream: Stream, lines: pl.DataFrame) -> None:
        """The same for many: ``line_no``, ``byte_offset``, ``bytes``, ``reason`` and ``text`` of each."""
        stream.may_have_rejects = True
        rows = ArrowFrame(  # noqa: F841 - the statement reads it under its name
            lines.select(
                pl.lit(stream.source_id, pl.Int32).alias("source_id"),
                "line_no",
                "byte_offset",
                "bytes",
                _each(lines["reason"], self._without_secrets),
                _each(lines["text"], self._beginning).alias("beginning"),
            )
        )
        self.db.execute("insert into rejected_lines select * from rows")

    def sealed(self, digest: str) -> str:
        """A digest of an input's bytes as it is stored: of redacted inputs one that only the key's owner can make."""
        return digest if self.redactor is None else self.redactor.digest(digest.encode())

    def _sealed_each(self, digests: pl.Series) -> pl.Series:
        if self.redactor is None:
            return digests
        sealed = {digest: self.sealed(digest) for digest in digests.unique().drop_nulls()}
        return digests.replace_strict(sealed, return_dtype=pl.String, default=None)

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
        if not (stream.may_have_rejects or stream.encloses or stream.join):
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
            "overlap": None if stream.overlap is None else self._without_secrets(stream.overlap),
            "loaded_at": self._now,
            "loader_version": _version(),
        }
        self.db.execute(f"insert into sources ({', '.join(row)}) values ({', '.join('$' + name for name in row)})", row)
        self._note_checkpoints(stream)
        self.db.execute(
            "update meta set value = cast(cast(value as bigint) + 1 as varchar) where key = 'evidence_version'"
        )

    def _note_checkpoints(self, stream: Stream) -> None:
        made = stream.digest.take()
        if not made:
            return
        digests = [self.sealed(each.digest) for each in made]
        rows = ArrowFrame(  # noqa: F841 - the statement reads it under its name
            pl.DataFrame(
                {
                    "source_id": [stream.source_id] * len(made),
                    "byte_offset": [each.byte_offset for each in made],
                    "digest": digests,
                    "line_ends": [
                        self.sealed_marks(each.line_ends, digest) for each, digest in zip(made, digests, strict=True)
                    ],
                }
            )
        )
        self.db.execute("insert into source_checkpoints select * from rows")


def _each(texts: pl.Series, change: Callable[[str], str]) -> pl.Series:
    return pl.Series(texts.name, [change(text) for text in texts.to_list()], dtype=pl.String)


_DEFAULTS = {"record_no": pl.lit(0, pl.Int32), "scope": pl.lit("")}


def _version() -> str:
    try:
        return version("jobtrail")
    except PackageNotFoundError:
        return "0"
