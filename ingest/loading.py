"""
Load files into the evidence tables, exactly once.

A stream is what was written, whatever file it is found in (``streams.py``). Rows are known by stream and line, never by
time or text. The rows, the ledger and the checkpoints of a chunk are committed together, so that the same command after
a crash goes on where the last commit stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import chain
from pathlib import Path

import duckdb
import polars as pl

from ingest.arguments import Digest, plain_digest, with_arguments_digest
from ingest.clocks import Clock, tells_by_clock
from ingest.database import open_for_writing, room_to_write
from ingest.files import InputError, InputFile, input_files
from ingest.ledger import Ledger, Stream
from ingest.reading import Reader, open_reader
from ingest.records import MAX_LINE, Block, Sorted, blocks, is_whole, physical_lines, sort_lines
from ingest.redaction import Redaction
from ingest.redaction_key import redactor_for
from ingest.sources import SOURCES, Parsed, Source
from ingest.streams import find_stream, unread_stream
from ingest.wrappers.documents import HEAD
from ingest.wrappers.envelopes import Envelopes
from ingest.wrappers.native_ids import forget_ids, ids_of, not_read_before
from ingest.wrappers.sorting import SortedInside, sort_inside
from ingest.wrappers.telling import told_by_envelope

CHUNK = 32 << 20
"""Bytes that are read, sorted and committed at a time."""

_MAX_DOCUMENT = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What became of one file."""

    name: str
    format: str
    rows: int
    rejects: int
    pending_bytes: int
    known_already: bool
    note: str | None


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What became of all files, in the order they were read."""

    files: tuple[Loaded, ...]
    redacted: int | None = None
    """Values that were replaced because they are secret; None where all was stored as it is."""

    @property
    def rows(self) -> int:
        """Evidence rows that were added."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a load has come: bytes of this file, decompressed."""

    name: str
    bytes_read: int


def load(  # noqa: PLR0913 - the options of a command
    database: Path,
    paths: Sequence[Path],
    *,
    now: datetime,
    sources: Sequence[Source] = SOURCES,
    formats: Sequence[str] = (),
    zone: tzinfo | None = None,
    first_day: date | None = None,
    final: bool = False,
    redaction: Redaction | None = None,
    chunk: int = CHUNK,
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """
    Load files and folders into a database, which is made where there is none.

    ``formats`` names the formats to try where it should not be all; ``zone`` is that of times which name none, and
    ``first_day`` the day of the first line of a log that writes the time of day alone; ``final`` says that no file will
    grow, so that a last line without its end counts; ``redaction`` says what is secret and must not be stored. ``now``
    (aware) is noted in the ledger and nowhere else. Raises ``InputError`` for a path or format that does not exist and
    ``DatabaseError`` for a database that cannot be used, also because it was loaded with redaction and this is without.
    What stands in the files raises nothing: what cannot be read is in ``rejected_lines``.
    """
    chosen = _chosen(sources, formats)
    files = input_files(paths)
    with room_to_write(database), open_for_writing(database) as db, duckdb.connect() as scratch:
        redactor = redactor_for(db, database, redaction)
        if redactor:
            scratch.execute("set temp_directory = ''")  # what it has no room for would lie on the disk as it is
        loader = _Loader(
            ledger=Ledger(db, now=now, sources=sources, redactor=redactor),
            sources=chosen,
            scratch=scratch,
            clock=Clock(zone=zone, basis="stated", first_day=first_day) if zone else Clock(first_day=first_day),
            final=final,
            chunk=chunk,
        )
        loaded = tuple(loader.load(file, progress or _silent) for file in files)
        return LoadReport(files=loaded, redacted=redactor.count if redactor else None)


def _silent(_: Progress) -> None:
    pass


def _chosen(sources: Sequence[Source], formats: Sequence[str]) -> tuple[Source, ...]:
    known = {source.name for source in sources}
    for name in formats:
        if name not in known:
            raise InputError(f"there is no format {name}; there are {', '.join(sorted(known))}")
    return tuple(source for source in sources if not formats or source.name in formats)


@dataclass(frozen=True, kw_only=True)
class _Loader:
    """Reads one file after the other into the ledger."""

    ledger: Ledger
    sources: tuple[Source, ...]
    scratch: duckdb.DuckDBPyConnection
    clock: Clock
    final: bool
    chunk: int

    def load(self, file: InputFile, progress: Callable[[Progress], None]) -> Loaded:
        if file.problem:
            return self._unread(file, file.problem)
        try:
            reader = open_reader(file)
            closed = self.final or reader.compression is not None
            stream = find_stream(self.ledger, file, reader, closed=closed)
            stream.clock = self.clock.going_on_from(stream.clock)
            rows_before = stream.row_count
            if not stream.complete:
                self._read(stream, reader, closed=closed, progress=progress)
        except OSError as error:  # it was taken away, or its disk fails: the other files are not lost for it
            return self._unread(file, error.strerror or str(error))
        return self._loaded(file, stream, rows=max(stream.row_count - rows_before, 0))

    def _loaded(self, file: InputFile, stream: Stream, *, rows: int) -> Loaded:
        return Loaded(
            name=file.name,
            format=stream.format,
            rows=rows,
            rejects=self.ledger.reject_count(stream),
            pending_bytes=stream.pending,
            known_already=stream.complete,
            note=stream.note,
        )

    def _unread(self, file: InputFile, problem: str) -> Loaded:
        stream = unread_stream(self.ledger, file)
        stream.note = f"could not be read: {problem}"
        with self.ledger.transaction(stream):
            self._forget_from(stream, line_no=1)
            self.ledger.reject(stream, line_no=1, byte_offset=0, size=0, reason=stream.note, start="")
        return self._loaded(file, stream, rows=0)

    def _read(self, stream: Stream, reader: Reader, *, closed: bool, progress: Callable[[Progress], None]) -> None:
        head = reader.head(HEAD)
        stream.note = None
        beginning_of_it = head[:4096].decode("utf-8", "replace").removeprefix("\ufeff")
        for source in self.sources:
            if not (source.document and source.may_claim(beginning_of_it)):
                continue
            if pl.select(source.claims(pl.lit(beginning_of_it))).item():
                self._read_document(stream, reader, source)
                return
        envelopes = Envelopes.of(head, reader.written_at, sources=self._line_sources(), connection=self.scratch)
        if envelopes.events:
            self._read_events(stream, reader, envelopes)
            return
        pieces = _from_where_it_stands(stream, reader, progress)
        self._read_lines(stream, pieces, reader, envelopes, closed=closed)

    # --- documents

    def _read_document(self, stream: Stream, reader: Reader, source: Source) -> None:
        def rows_of(text: str, size: int) -> None:
            record = {"line_no": [1], "byte_offset": [0], "bytes": [size], "text": [text]}
            self._parse(stream, source, pl.DataFrame(record))

        self._read_whole(stream, reader, rows_of)

    def _read_events(self, stream: Stream, reader: Reader, envelopes: Envelopes) -> None:
        """A document of many log events, whatever their formats."""
        stream.note_formats(envelopes.names)
        self._read_whole(stream, reader, lambda text, _: self._load_inside(stream, envelopes.lines_of(text)))

    def _read_whole(self, stream: Stream, reader: Reader, rows_of: Callable[[str, int], None]) -> None:
        """Read a file as one text; ``rows_of`` makes rows of it, within the transaction."""
        held = bytearray()
        for piece in reader.pieces():
            held += piece
            if len(held) > _MAX_DOCUMENT:
                break
        data = bytes(held)
        stream.restart()
        with self.ledger.transaction(stream):
            self._forget_from(stream, line_no=1)
            if len(data) > _MAX_DOCUMENT:
                reason = f"the document has more than {_MAX_DOCUMENT:,} bytes"
                self.ledger.reject(stream, line_no=1, byte_offset=0, size=len(data), reason=reason, start=data)
            else:
                rows_of(data.decode("utf-8", "replace").removeprefix("\ufeff"), len(data))
            stream.note = reader.damage
            lines = data.count(b"\n") + (not data.endswith(b"\n"))
            stream.advance(data, lines=lines, line_ends=[len(data)], last_record=(1, 0))

    # --- lines

    def _read_lines(
        self, stream: Stream, pieces: Iterator[bytes], reader: Reader, envelopes: Envelopes, *, closed: bool
    ) -> None:
        load_lines = partial(self._load_wrapped_lines, envelopes) if envelopes.wrappers else self._load_lines
        stream.pending = 0
        carried = b""
        ahead = blocks(pieces, about=self.chunk)
        block = next(ahead, None)
        while block is not None:
            following = next(ahead, None)
            if block.too_long:
                carried = load_lines(stream, carried, hold_back=False)
                self._skip_part(stream, block)
            else:
                data = carried + block.data
                if following is None:
                    data = self._without_torn_line(stream, data, closed=closed, damage=reader.damage)
                if not stream.begun and not stream.formats and not envelopes.wrappers:
                    parts = self._parted(stream, data) if data else None
                    if parts.recognised if parts else not _is_binary(stream.torn):
                        carried = self._load_lines(stream, data, parts, hold_back=following is not None)
                    elif following is None or following.too_long or len(data) >= CHUNK:
                        self._reject_whole(stream, data, following, ahead)
                        return
                    else:
                        carried = data
                else:
                    carried = load_lines(stream, data, hold_back=following is not None)
            block = following
        if stream.begun and not stream.pending and not reader.damage:
            return
        with self.ledger.transaction(stream):
            self._begin(stream)
            if stream.pending:
                stream.mark_pending()
            if reader.damage:
                self._note_damage(stream, reader.damage)

    def _begin(self, stream: Stream) -> None:
        if not stream.begun:
            self._forget_from(stream, line_no=stream.line_no)

    def _forget_from(self, stream: Stream, *, line_no: int) -> None:
        self.ledger.forget_from(stream, line_no=line_no)
        if stream.recorded:
            forget_ids(self.ledger.db, stream.source_id, line_no=line_no)

    def _without_torn_line(self, stream: Stream, data: bytes, *, closed: bool, damage: str | None) -> bytes:
        cut = data.rfind(b"\n") + 1
        if cut == len(data) or (closed and damage is None) or is_whole(data[cut:]):
            return data
        stream.torn = data[cut:]
        if damage is None:
            stream.pending = len(stream.torn)
            stream.note = "the last line has no end yet: it is read once the file has grown, or with --final"
        return data[:cut]

    def _parted(self, stream: Stream, data: bytes) -> _Parted:
        """These whole lines from where the stream stands, sorted by who reads them."""
        lines = physical_lines(data, line_no=stream.line_no, byte_offset=stream.position)
        return _Parted(data=data, lines=lines, by_reader=sort_lines(lines, self._line_sources()))

    def _line_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if not source.document)

    def _reject_whole(self, stream: Stream, data: bytes, following: Block | None, ahead: Iterator[Block]) -> None:
        """No line of the first chunk is of a known format: the file is one reject, however long it is."""
        stream.restart()
        with self.ledger.transaction(stream):
            self._forget_from(stream, line_no=1)
            start, size, lines = data + stream.torn, 0, 0
            rest = chain([following] if following else [], ahead)
            for part in chain([start], (block.data for block in rest)):
                stream.digest.update(part)
                size += len(part)
                lines += part.count(b"\n")
            stream.pending, stream.torn = 0, b""
            reason = f"not a format jobtrail knows: it looks like {_looks_like(start)}"
            self.ledger.reject(stream, line_no=1, byte_offset=0, size=size, reason=reason, start=start)
            stream.note = reason
            stream.stand_at(size, lines=lines, ended=start.endswith(b"\n"))

    def _load_lines(self, stream: Stream, data: bytes, parts: _Parted | None = None, *, hold_back: bool) -> bytes:
        """
        Load whole lines in one transaction; returns the bytes of a last record that may go on in the next block.

        ``parts`` are these lines, where they are sorted already.
        """
        if not data:
            return b""
        parts = parts or self._parted(stream, data)
        lines, parted = parts.lines, parts.by_reader
        carried = b""
        cut = parted.last_record[1] - stream.position if parted.last_record and hold_back else len(data)
        if cut == 0 and len(data) <= MAX_LINE:
            return data
        if parted.last_record and 0 < cut < len(data):
            data, carried = data[:cut], data[cut:]
            lines = lines.filter(pl.col("byte_offset") < parted.last_record[1])
            parted = sort_lines(lines, self._line_sources())
        with self.ledger.transaction(stream):
            self._begin(stream)
            self._load_parts(stream, parted)
            stream.blank += parted.blank_bytes
            stream.last_format = parted.last_format or stream.last_format
            ends = (lines["byte_offset"] + lines["bytes"]).to_list()
            last = parted.last_record or _last_line_without_end(data, lines)
            stream.advance(data, lines=lines.height, line_ends=ends, last_record=last)
        return carried

    def _load_wrapped_lines(self, envelopes: Envelopes, stream: Stream, data: bytes, *, hold_back: bool) -> bytes:
        """As ``_load_lines``, for lines within envelopes: records of several channels may be open at the end."""
        if not data:
            return b""
        stream.note_formats(envelopes.names)
        lines = physical_lines(data, line_no=stream.line_no, byte_offset=stream.position)
        inner = envelopes.peeled(lines)
        parted = sort_inside(inner, self._line_sources())
        carried, cut = b"", parted.whole_before
        if hold_back and cut is not None:
            held_from = cut - stream.position
            if held_from == 0 and len(data) <= MAX_LINE:
                return data
            if held_from > 0:
                data, carried = data[:held_from], data[held_from:]
                lines = lines.filter(pl.col("byte_offset") < cut)
                inner, parted = inner.filter(pl.col("byte_offset") < cut), parted.before(cut)
        with self.ledger.transaction(stream):
            self._begin(stream)
            self._load_inside(stream, inner, parted)
            ends = (lines["byte_offset"] + lines["bytes"]).to_list()
            last = None if cut is None or carried else inner.filter(pl.col("byte_offset") >= cut)
            resume = (last["line_no"][0], cut) if cut is not None and last is not None else None
            stream.advance(data, lines=lines.height, line_ends=ends, last_record=resume)
        return carried

    def _load_inside(self, stream: Stream, inner: pl.DataFrame, parted: SortedInside | None = None) -> None:
        """Load the lines that lie in envelopes, but those that another export told before."""
        if self.ledger.redactor:
            inner = inner.with_columns(self.ledger.redactor.names(inner["native_id"]))
        new = not_read_before(self.ledger.db, inner)
        if parted is None or new.height < inner.height:
            inner, parted = new, sort_inside(new, self._line_sources())
        self.ledger.add(stream, "native_ids", ids_of(inner))
        self._load_parts(stream, parted, inner)
        stream.blank += parted.blank_bytes
        stream.last_format = parted.last_format or stream.last_format

    def _skip_part(self, stream: Stream, block: Block) -> None:
        with self.ledger.transaction(stream):
            self._begin(stream)
            if not stream.long_line:
                stream.long_line_start = block.data
            stream.long_line += len(block.data)
            stream.digest.update(block.data)
            if block.ends:
                reason = f"the line has {stream.long_line:,} bytes; at most {MAX_LINE:,} are read"
                self.ledger.reject(
                    stream,
                    line_no=stream.line_no,
                    byte_offset=stream.position,
                    size=stream.long_line,
                    reason=reason,
                    start=stream.long_line_start,
                )
                ended = block.data.endswith(b"\n")
                stream.stand_at(stream.position + stream.long_line, lines=1, ended=ended)
                stream.long_line = 0

    def _load_parts(self, stream: Stream, parted: Sorted | SortedInside, inner: pl.DataFrame | None = None) -> None:
        for source in self.sources:
            if source.name in parted.records:
                self._parse(stream, source, parted.records[source.name], inner)
        if not parted.loose.is_empty():
            systems = {source.name: source.system for source in self.sources}
            before = pl.col("follows").fill_null(pl.lit(stream.last_format, pl.String))
            rows = parted.loose.select(
                "line_no",
                pl.col("text").alias("message"),
                before.replace_strict(systems, return_dtype=pl.String, default=None).alias("system"),
            )
            self._add(stream, Parsed(rows={"log_lines": rows}), inner)
        for line in parted.rejected.iter_rows(named=True):
            self.ledger.reject(
                stream,
                line_no=line["line_no"] if inner is None else inner["line_no"][line["line_no"]],
                byte_offset=line["byte_offset"],
                size=line["bytes"],
                reason=line["reason"],
                start=line["text"],
            )

    def _parse(self, stream: Stream, source: Source, records: pl.DataFrame, inner: pl.DataFrame | None = None) -> None:
        stream.note_formats([source.name])
        stream.clock = stream.clock.stated_by(source.zone)
        for parsed in self._parsed(source, records):
            self._add(stream, parsed, inner)
            if parsed.rejects is not None:
                self._reject_records(stream, parsed.rejects, records, inner)

    def _add(self, stream: Stream, parsed: Parsed, inner: pl.DataFrame | None) -> None:
        told = parsed if inner is None else told_by_envelope(parsed, inner)
        stream.told_by_clock |= tells_by_clock(told.rows)
        stream.clock, frames = stream.clock.told_by(told.moments).read(told.rows)
        for table, rows in frames.items():
            digested = with_arguments_digest(rows, self._digest) if "arguments" in rows.columns else rows
            self.ledger.add(stream, table, digested)

    @property
    def _digest(self) -> Digest:
        return self.ledger.redactor.digest if self.ledger.redactor else plain_digest

    def _parsed(self, source: Source, records: pl.DataFrame) -> Iterator[Parsed]:
        """A batch that a source cannot read is halved until the one record is found that it stumbles over."""
        try:
            yield source.parse(records.select("line_no", "text"), self.scratch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other lines of the file are not lost for it
            if records.height == 1:
                reason = f"could not be read as {source.name}: {type(error).__name__}"
                yield Parsed(rejects=records.select("line_no").with_columns(pl.lit(reason).alias("reason")))
                return
            middle = records.height // 2
            yield from self._parsed(source, records[:middle])
            yield from self._parsed(source, records[middle:])

    def _reject_records(
        self, stream: Stream, rejects: pl.DataFrame, records: pl.DataFrame, inner: pl.DataFrame | None
    ) -> None:
        placed = rejects.select("line_no", "reason").join(records, on="line_no", how="inner", maintain_order="left")
        for line in placed.iter_rows(named=True):
            self.ledger.reject(
                stream,
                line_no=line["line_no"] if inner is None else inner["line_no"][line["line_no"]],
                byte_offset=line["byte_offset"],
                size=line["bytes"],
                reason=line["reason"],
                start=line["text"],
            )

    def _note_damage(self, stream: Stream, damage: str) -> None:
        size = len(stream.torn)
        reason = f"{damage}: {size:,} bytes of an unfinished line" if size else damage
        self.ledger.reject(
            stream,
            line_no=stream.line_no,
            byte_offset=stream.position,
            size=size,
            reason=reason,
            start=stream.torn,
        )
        stream.note = damage
        stream.damaged = size
        stream.torn = b""


@dataclass(frozen=True, kw_only=True)
class _Parted:
    """Whole lines and who reads which of them."""

    data: bytes
    lines: pl.DataFrame
    by_reader: Sorted

    @property
    def recognised(self) -> bool:
        """Whether any of these lines is of a known format, or there is nothing in them to judge by."""
        return not self.data.strip() or (bool(self.by_reader.records) and _looks_like(self.data) not in _ARCHIVES)


def _last_line_without_end(data: bytes, lines: pl.DataFrame) -> tuple[int, int] | None:
    """Where reading goes on once a last line that counted without its end has grown."""
    if data.endswith(b"\n"):
        return None
    line_no, byte_offset, text = lines.select("line_no", "byte_offset", "text").row(-1)
    return (line_no, byte_offset) if text.strip() else (1, 0)  # blank bytes are not counted by line


def _from_where_it_stands(stream: Stream, reader: Reader, progress: Callable[[Progress], None]) -> Iterator[bytes]:
    """The bytes from the stream's position on; those before it go into its digest only."""
    start, position = stream.position, 0
    for piece in reader.pieces():
        known = max(0, min(start - position, len(piece)))
        stream.digest.update(piece[:known])
        position += len(piece)
        progress(Progress(name=stream.name, bytes_read=position))
        if piece[known:]:
            yield piece[known:]


_ZIP, _TAR = "a ZIP archive: unpack it first", "a tar archive: unpack it first"
_ARCHIVES = (_ZIP, _TAR)
_LOOKS = (
    (b"\x89PNG", "a PNG image"),
    (b"PK\x03\x04", _ZIP),
    (b"%PDF", "a PDF document"),
    (b"REDIS", "a Redis dump"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


def _looks_like(start: bytes) -> str:
    if start[257:262] == b"ustar":
        return _TAR
    for magic, name in _LOOKS:
        if start.lstrip().startswith(magic):
            return name
    return "binary data" if _is_binary(start) else "text"


def _is_binary(data: bytes) -> bool:
    return b"\0" in data[:4096]
