"""
Load files into the evidence tables, exactly once.

A stream is what was written, whatever file it is found in (``streams.py``). Rows are known by stream and line, never by
time or text. The rows, the ledger and the checkpoints of a chunk are committed together, so that the same command after
a crash goes on where the last commit stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import chain
from pathlib import Path

import duckdb
import polars as pl

from ingest.behind import Behind
from ingest.clocks import Clock, tells_by_clock
from ingest.database import open_for_writing, room_to_write
from ingest.files import InputError, InputFile, input_files
from ingest.known_streams import KnownStreams
from ingest.ledger import Join, Ledger, Stream
from ingest.reading import Reader, open_reader
from ingest.records import MAX_LINE, Block, Sorted, blocks, is_whole, physical_lines, sort_lines
from ingest.redaction import Redaction
from ingest.redaction_key import redactor_for
from ingest.seams import seam
from ingest.sources import SOURCES, Parsed, Source
from ingest.splicing import absorb, splice, take_over
from ingest.streams import find_stream, note_name, stream_by_number, unread_stream
from ingest.unknown_files import is_archive, is_binary, looks_like
from ingest.wrappers.documents import HEAD
from ingest.wrappers.envelopes import Envelopes
from ingest.wrappers.native_ids import ids_of, not_read_before
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


@dataclass(frozen=True, kw_only=True)
class Options:
    """How files are read, whichever they are."""

    sources: Sequence[Source] = SOURCES
    formats: Sequence[str] = ()
    """Names of the formats to try where it should not be all."""
    zone: tzinfo | None = None
    """That of times which name none."""
    first_day: date | None = None
    """The day of the first line of a log that writes the time of day alone."""
    final: bool = False
    """No file will grow: a last line without its end counts."""
    redaction: Redaction | None = None
    """What is secret and must not be stored."""
    chunk: int = CHUNK


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
    Load files and folders into a database, which is made where there is none; the options are those of ``Options``.

    ``now`` (aware) is noted in the ledger and nowhere else. Raises ``InputError`` for a path or format that does not
    exist and ``DatabaseError`` for a database that cannot be used, also because it was loaded with redaction and this
    is without. What stands in the files raises nothing: what cannot be read is in ``rejected_lines``.
    """
    options = Options(
        sources=sources,
        formats=formats,
        zone=zone,
        first_day=first_day,
        final=final,
        redaction=redaction,
        chunk=chunk,
    )
    chosen(options)
    files = input_files(paths)
    with room_to_write(database), open_for_writing(database) as db, loader(db, database, options, now=now) as reading:
        loaded = tuple(reading.load(file, progress or _silent) for file in files)
        return LoadReport(files=loaded, redacted=reading.redacted)


@contextmanager
def loader(db: duckdb.DuckDBPyConnection, database: Path, options: Options, *, now: datetime) -> Iterator[Loader]:
    """What reads files into a database that is open for writing, and knows its key."""
    with duckdb.connect() as scratch:
        redactor = redactor_for(db, database, options.redaction)
        if redactor:
            scratch.execute("set temp_directory = ''")  # what it has no room for would lie on the disk as it is
        ledger = Ledger(db, now=now, sources=options.sources, redactor=redactor)
        zone, first_day = options.zone, options.first_day
        yield Loader(
            ledger=ledger,
            known=KnownStreams(ledger),
            sources=chosen(options),
            scratch=scratch,
            clock=Clock(zone=zone, basis="stated", first_day=first_day) if zone else Clock(first_day=first_day),
            final=options.final,
            chunk=options.chunk,
        )


def _silent(_: Progress) -> None:
    pass


def chosen(options: Options) -> tuple[Source, ...]:
    """The formats to try. Raises ``InputError`` for one that does not exist."""
    known = {source.name for source in options.sources}
    for name in options.formats:
        if name not in known:
            raise InputError(f"there is no format {name}; there are {', '.join(sorted(known))}")
    return tuple(source for source in options.sources if not options.formats or source.name in options.formats)


_TRIES = 5
"""Times that a file is begun with which is truncated while it is read."""


class _TruncatedError(Exception):
    """A file is shorter than it was a moment ago."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a file was read to that is read on as it grows, without looking at its beginning again."""

    source_id: int
    origin: int
    """Where in the stream the file begins."""
    size: int
    """Bytes of the file that were dealt with, those of an unfinished line included."""
    last: bytes
    """The last of them: when others stand in their place, it is another file."""
    envelopes: Envelopes | None
    """What is around its lines; None where that was not looked at yet."""
    pending: bool
    """Whether it ends with an unfinished line."""


_LAST = 1024


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a source made of records."""

    source: Source
    records: pl.DataFrame
    parsed: Parsed


class _Reading:
    """Lines being read: ``position`` and ``line_no`` run ahead of the stream's own, which are what was stored."""

    def __init__(self, stream: Stream, *, envelopes: Envelopes, behind: Behind) -> None:
        self.stream = stream
        self.envelopes = envelopes
        self.behind = behind
        self.stand()

    def stand(self) -> None:
        """Stand where the stream stands."""
        self.position, self.line_no = self.stream.position, self.stream.line_no


@dataclass(frozen=True, kw_only=True)
class Loader:
    """Reads one file after the other into the ledger."""

    ledger: Ledger
    known: KnownStreams
    sources: tuple[Source, ...]
    scratch: duckdb.DuckDBPyConnection
    clock: Clock
    final: bool
    chunk: int

    @property
    def redacted(self) -> int | None:
        """Values that were replaced because they are secret; None where all is stored as it is."""
        return self.ledger.redactor.count if self.ledger.redactor else None

    def load(self, file: InputFile, progress: Callable[[Progress], None]) -> Loaded:
        """Read what of a file is new."""
        return self.load_and_stand(file, progress)[0]

    def load_and_stand(self, file: InputFile, progress: Callable[[Progress], None]) -> tuple[Loaded, Standing | None]:
        """As ``load``, and where ``read_on`` can go on; None where only the whole file tells what it is."""
        if file.problem:
            return self._unread(file, file.problem), None
        for _ in range(_TRIES):
            try:
                return self._load(file, progress)
            except _TruncatedError:  # by a rotation: what is in it now is another stream
                continue
            except OSError as error:  # it was taken away, or its disk fails: the other files are not lost for it
                return self._unread(file, error.strerror or str(error)), None
        return self._unread(file, "it is truncated again and again while it is read"), None

    def read_on(
        self, file: InputFile, standing: Standing, progress: Callable[[Progress], None], *, closed: bool
    ) -> tuple[Loaded, Standing | None]:
        """
        Read what a file has behind where it stood; all of it where it is another file, or was read by someone else.

        ``closed`` says that its last line will not grow. Raises ``OSError``.
        """
        reader = open_reader(file)
        stream = stream_by_number(self.ledger, standing.source_id)
        begins = standing.size - len(standing.last)
        same = (
            stream is not None
            and stream.position + stream.pending - standing.origin == standing.size
            and reader.compression is None
            and b"".join(reader.stored_from(begins, len(standing.last))) == standing.last
        )
        if stream is None or not same:
            return self.load_and_stand(file, progress)
        stream.origin, stream.file_size, stream.note = standing.origin, standing.size, None
        stream.stand(stream.resume_offset, line_no=stream.resume_line)
        stream.clock = self.clock.going_on_from(stream.clock)
        note_name(self.ledger, stream, file.name)
        rows_before = stream.row_count
        envelopes = self._envelopes(reader, standing.envelopes)
        pieces = _read_from(reader, stream, progress)
        try:
            self._read_lines(stream, pieces, reader, envelopes, closed=closed or self.final)
        except _TruncatedError:
            return self.load_and_stand(file, progress)
        loaded = self._loaded(file, stream, rows=max(stream.row_count - rows_before, 0))
        return loaded, self._standing(stream, reader, envelopes)

    def _load(self, file: InputFile, progress: Callable[[Progress], None]) -> tuple[Loaded, Standing | None]:
        reader = open_reader(file)
        closed = self.final or reader.compression is not None
        stream = find_stream(self.ledger, self.known, file, reader, closed=closed)
        stream.clock = self.clock.going_on_from(stream.clock)
        others = [join.source_id for join in (*stream.encloses, stream.join) if join]
        rows_before = stream.row_count + self.ledger.rows_of(others)
        envelopes = None
        if stream.complete:
            self._absorb(stream)
        else:
            envelopes = self._read(stream, reader, closed=closed, progress=progress)
        loaded = self._loaded(file, stream, rows=max(stream.row_count - rows_before, 0))
        by_lines = stream.complete or envelopes is not None
        return loaded, self._standing(stream, reader, envelopes) if by_lines else None

    def _standing(self, stream: Stream, reader: Reader, envelopes: Envelopes | None) -> Standing | None:
        size = stream.position + stream.pending - stream.origin
        plain = not reader.translated and reader.damage is None
        settled = plain and stream.overlap is None and stream.join is None and stream.resume_offset > stream.origin
        if not settled or size > reader.size or (stream.complete and size != stream.file_size):
            return None
        return Standing(
            source_id=stream.source_id,
            origin=stream.origin,
            size=size,
            last=b"".join(reader.stored_from(max(size - _LAST, 0), min(size, _LAST))),
            envelopes=envelopes,
            pending=stream.pending > 0,
        )

    def _envelopes(self, reader: Reader, known: Envelopes | None) -> Envelopes:
        if known is None:
            head = b"".join(reader.stored_from(0, HEAD))
            return Envelopes.of(head, reader.written_at, sources=self._line_sources(), connection=self.scratch)
        return replace(known, connection=self.scratch, not_after=reader.written_at)

    def _loaded(self, file: InputFile, stream: Stream, *, rows: int) -> Loaded:
        return Loaded(
            name=file.name,
            format=stream.format,
            rows=rows,
            rejects=self.ledger.reject_count(stream),
            pending_bytes=stream.pending,
            known_already=stream.complete,
            note=stream.told,
        )

    def _unread(self, file: InputFile, problem: str) -> Loaded:
        stream = unread_stream(self.ledger, file)
        stream.note = f"could not be read: {problem}"
        with self.ledger.transaction(stream):
            self.ledger.forget_from(stream, line_no=1)
            self.ledger.reject(stream, line_no=1, byte_offset=0, size=0, reason=stream.note, start="")
        return self._loaded(file, stream, rows=0)

    def _read(
        self, stream: Stream, reader: Reader, *, closed: bool, progress: Callable[[Progress], None]
    ) -> Envelopes | None:
        """Read on; returns what is around the lines, None of a file that was read as a whole."""
        head = reader.head(HEAD)
        stream.note = None
        beginning_of_it = head[:4096].decode("utf-8", "replace").removeprefix("\ufeff")
        for source in self.sources:
            if stream.origin == 0 and source.document and pl.select(source.claims(pl.lit(beginning_of_it))).item():
                self._read_document(stream, reader, source)
                return None
        envelopes = Envelopes.of(head, reader.written_at, sources=self._line_sources(), connection=self.scratch)
        if envelopes.events:
            self._read_events(stream, reader, envelopes)
            return None
        self._absorb(stream)
        if stream.join is None:
            pieces = _from_where_it_stands(stream, reader, progress)
            self._read_lines(stream, pieces, reader, envelopes, closed=closed)
        else:
            self._read_to_seam(stream, stream.join, reader, envelopes, progress)
        return envelopes

    def _absorb(self, stream: Stream) -> None:
        if stream.encloses:
            with self.ledger.transaction(stream):
                for enclosed in stream.encloses:
                    absorb(self.ledger, stream, enclosed)

    def _read_to_seam(
        self,
        stream: Stream,
        join: Join,
        reader: Reader,
        envelopes: Envelopes,
        progress: Callable[[Progress], None],
    ) -> None:
        """Read on to where the stream that the file ends in takes over, and make one stream of the two."""
        shared = _lines_from(reader, join.byte_offset - stream.origin, join.lines)
        lines = physical_lines(shared, line_no=0, byte_offset=join.byte_offset)
        inner = envelopes.peeled(lines) if envelopes.wrappers else lines
        cut = seam(inner, self._line_sources(), after=join.told)
        told = join.told if cut is None else cut
        earlier = inner.filter(pl.col("line_no") < told)
        sort = sort_inside if envelopes.wrappers else sort_lines
        blank = sort(earlier, self._line_sources()).blank_bytes if told else 0
        end = int(lines.filter(pl.col("line_no") < told)["bytes"].sum()) + join.byte_offset - stream.origin
        with self.ledger.transaction(stream):
            take_over(self.ledger, stream, join, lines=told)
        pieces = _from_where_it_stands(stream, reader, progress, end=end)
        self._read_lines(stream, pieces, reader, envelopes, closed=True)
        with self.ledger.transaction(stream):
            splice(self.ledger, stream, join, blank=blank)

    # --- documents

    def _read_document(self, stream: Stream, reader: Reader, source: Source) -> None:
        def rows_of(text: str, size: int) -> None:
            record = {"line_no": [1], "byte_offset": [0], "bytes": [size], "text": [text]}
            for told in self._told({source.name: pl.DataFrame(record)}):
                self._add_told(stream, told)

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
            self.ledger.forget_from(stream, line_no=1)
            if len(data) > _MAX_DOCUMENT:
                reason = f"the document has more than {_MAX_DOCUMENT:,} bytes"
                self.ledger.reject(stream, line_no=1, byte_offset=0, size=len(data), reason=reason, start=data)
            else:
                rows_of(data.decode("utf-8", "replace").removeprefix("\ufeff"), len(data))
            stream.note = reader.damage
            lines = data.count(b"\n") + (not data.endswith(b"\n"))
            stream.advance(data, lines=lines, last_record=(1, 0))

    # --- lines

    def _read_lines(
        self, stream: Stream, pieces: Iterator[bytes], reader: Reader, envelopes: Envelopes, *, closed: bool
    ) -> None:
        with Behind() as behind:
            load_lines = self._load_wrapped_lines if envelopes.wrappers else self._load_lines
            reading = _Reading(stream, envelopes=envelopes, behind=behind)
            stream.pending = 0
            known = stream.begun or bool(stream.formats or envelopes.wrappers or stream.join)
            carried = b""
            ahead = blocks(pieces, about=self.chunk)
            block = next(ahead, None)
            while block is not None:
                following = next(ahead, None)
                if block.too_long:
                    carried = load_lines(reading, carried, hold_back=False)
                    behind.wait()
                    self._skip_part(stream, block)
                    reading.stand()
                    known = True
                else:
                    data = carried + block.data if carried else block.data
                    if following is None:
                        behind.wait()
                        data = self._without_torn_line(stream, data, closed=closed, damage=reader.damage)
                    if not known and (not self._recognised(data) if data else is_binary(stream.torn)):
                        if following is None or following.too_long or len(data) >= CHUNK:
                            self._reject_whole(stream, data, following, ahead)
                            return
                        carried = data
                    else:
                        known = known or bool(data)
                        carried = load_lines(reading, data, hold_back=following is not None)
                block = following
        with self.ledger.transaction(stream):
            self._begin(stream)
            if stream.pending:
                stream.mark_pending()
            if reader.damage and stream.join is None:
                self._note_damage(stream, reader.damage)

    def _begin(self, stream: Stream) -> None:
        if not stream.begun:
            self.ledger.forget_from(stream, line_no=stream.line_no)

    def _without_torn_line(self, stream: Stream, data: bytes, *, closed: bool, damage: str | None) -> bytes:
        cut = data.rfind(b"\n") + 1
        if cut == len(data) or (closed and damage is None) or is_whole(data[cut:]):
            return data
        stream.torn = data[cut:]
        if damage is None:
            stream.pending = len(stream.torn)
            stream.note = "the last line has no end yet: it is read once the file has grown, or with --final"
        return data[:cut]

    def _recognised(self, data: bytes) -> bool:
        """Whether any of these lines is of a known format, or there is nothing in them to judge by."""
        if not data.strip():
            return True
        if is_archive(data):
            return False
        return bool(sort_lines(physical_lines(data, line_no=1, byte_offset=0), self._line_sources()).records)

    def _line_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if not source.document)

    def _reject_whole(self, stream: Stream, data: bytes, following: Block | None, ahead: Iterator[Block]) -> None:
        """No line of the first chunk is of a known format: the file is one reject, however long it is."""
        stream.restart()
        with self.ledger.transaction(stream):
            self.ledger.forget_from(stream, line_no=1)
            start, size, lines = data + stream.torn, 0, 0
            rest = chain([following] if following else [], ahead)
            for part in chain([start], (block.data for block in rest)):
                stream.digest.update(part)
                size += len(part)
                lines += part.count(b"\n")
            stream.pending, stream.torn = 0, b""
            reason = f"not a format jobtrail knows: it looks like {looks_like(start)}"
            self.ledger.reject(stream, line_no=1, byte_offset=0, size=size, reason=reason, start=start)
            stream.note = reason
            stream.stand_at(size, lines=lines, ended=start.endswith(b"\n"))

    def _load_lines(self, reading: _Reading, data: bytes, *, hold_back: bool) -> bytes:
        """Load whole lines in one transaction; returns the bytes of a last record that may go on in the next block."""
        if not data:
            return b""
        lines = physical_lines(data, line_no=reading.line_no, byte_offset=reading.position)
        parted = sort_lines(lines, self._line_sources())
        carried = b""
        cut = parted.last_record[1] - reading.position if parted.last_record and hold_back else len(data)
        if cut == 0 and len(data) <= MAX_LINE:
            return data
        if parted.last_record and 0 < cut < len(data):
            data, carried = data[:cut], data[cut:]
            lines = lines.filter(pl.col("byte_offset") < parted.last_record[1])
            parted = sort_lines(lines, self._line_sources())
        told = self._told(parted.records)
        last = parted.last_record or _last_line_without_end(data, lines)
        self._store(reading, partial(self._add_parts, reading.stream, parted, told), data, lines.height, last)
        return carried

    def _load_wrapped_lines(self, reading: _Reading, data: bytes, *, hold_back: bool) -> bytes:
        """As ``_load_lines``, for lines within envelopes: records of several channels may be open at the end."""
        if not data:
            return b""
        lines = physical_lines(data, line_no=reading.line_no, byte_offset=reading.position)
        inner = reading.envelopes.peeled(lines)
        parted = sort_inside(inner, self._line_sources())
        carried, cut = b"", parted.whole_before
        if hold_back and cut is not None:
            held_from = cut - reading.position
            if held_from == 0 and len(data) <= MAX_LINE:
                return data
            if held_from > 0:
                data, carried = data[:held_from], data[held_from:]
                lines = lines.filter(pl.col("byte_offset") < cut)
                inner, parted = inner.filter(pl.col("byte_offset") < cut), parted.before(cut)
        last = None if cut is None or carried else inner.filter(pl.col("byte_offset") >= cut)
        resume = (last["line_no"][0], cut) if cut is not None and last is not None else None
        reading.behind.wait()  # which of them another export told before is known when it is stored
        reading.stream.note_formats(reading.envelopes.names)
        told = partial(self._load_inside, reading.stream, inner, parted)
        self._store(reading, told, data, lines.height, resume)
        reading.behind.wait()
        return carried

    def _store(
        self, reading: _Reading, add: Callable[[], None], data: bytes, lines: int, last: tuple[int, int] | None
    ) -> None:
        """Have rows added in one transaction with where the stream stands then, while the next lines are read."""

        def store() -> None:
            with self.ledger.transaction(reading.stream):
                self._begin(reading.stream)
                add()
                reading.stream.advance(data, lines=lines, last_record=last)

        reading.behind.do(store)
        reading.position += len(data)
        reading.line_no += lines

    def _load_inside(self, stream: Stream, inner: pl.DataFrame, parted: SortedInside | None = None) -> None:
        """Load the lines that lie in envelopes, but those that another export told before."""
        if self.ledger.redactor:
            inner = inner.with_columns(self.ledger.redactor.names(inner["native_id"]))
        new = not_read_before(self.ledger.db, inner)
        if parted is None or new.height < inner.height:
            inner, parted = new, sort_inside(new, self._line_sources())
        self.ledger.add(stream, "native_ids", ids_of(inner))
        self._add_parts(stream, parted, self._told(parted.records), inner)

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

    def _told(self, records: Mapping[str, pl.DataFrame]) -> list[_Told]:
        """What each source makes of its records."""
        return [
            _Told(source=source, records=records[source.name], parsed=parsed)
            for source in self.sources
            if source.name in records
            for parsed in self._parsed(source, records[source.name])
        ]

    def _add_parts(
        self,
        stream: Stream,
        parted: Sorted | SortedInside,
        told: Sequence[_Told],
        inner: pl.DataFrame | None = None,
    ) -> None:
        for each in told:
            self._add_told(stream, each, inner)
        if not parted.loose.is_empty():
            systems = {source.name: source.system for source in self.sources}
            before = pl.col("follows").fill_null(pl.lit(stream.last_format, pl.String))
            rows = parted.loose.select(
                "line_no",
                pl.col("text").alias("message"),
                before.replace_strict(systems, return_dtype=pl.String, default=None).alias("system"),
            )
            self._add(stream, Parsed(rows={"log_lines": rows}), inner)
        self._reject_lines(stream, parted.rejected, inner)
        stream.blank += parted.blank_bytes
        stream.last_format = parted.last_format or stream.last_format

    def _add_told(self, stream: Stream, told: _Told, inner: pl.DataFrame | None = None) -> None:
        stream.note_formats([told.source.name])
        stream.clock = stream.clock.stated_by(told.source.zone)
        self._add(stream, told.parsed, inner)
        if told.parsed.rejects is not None:
            reasons = told.parsed.rejects.select("line_no", "reason")
            placed = reasons.join(told.records, on="line_no", how="inner", maintain_order="left")
            self._reject_lines(stream, placed, inner)

    def _reject_lines(self, stream: Stream, lines: pl.DataFrame, inner: pl.DataFrame | None) -> None:
        if not lines.is_empty():
            line_no = lines["line_no"] if inner is None else inner["line_no"].gather(lines["line_no"])
            self.ledger.reject_lines(stream, lines.with_columns(line_no.alias("line_no")))

    def _add(self, stream: Stream, parsed: Parsed, inner: pl.DataFrame | None) -> None:
        told = parsed if inner is None else told_by_envelope(parsed, inner)
        stream.told_by_clock |= tells_by_clock(told.rows)
        stream.clock, frames = stream.clock.told_by(told.moments).read(told.rows)
        for table, rows in frames.items():
            self.ledger.add(stream, table, rows)

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


def _last_line_without_end(data: bytes, lines: pl.DataFrame) -> tuple[int, int] | None:
    """Where reading goes on once a last line that counted without its end has grown."""
    if data.endswith(b"\n"):
        return None
    line_no, byte_offset, text = lines.select("line_no", "byte_offset", "text").row(-1)
    return (line_no, byte_offset) if text.strip() else (1, 0)  # blank bytes are not counted by line


def _from_where_it_stands(
    stream: Stream, reader: Reader, progress: Callable[[Progress], None], *, end: int | None = None
) -> Iterator[bytes]:
    """The file's bytes from the stream's position on, up to ``end`` where it is given."""
    start, position = stream.position - stream.origin, 0
    for piece in reader.pieces():
        known = max(0, min(start - position, len(piece)))
        wanted = piece[known:] if end is None else piece[known : max(end - position, 0)]
        position += len(piece)
        progress(Progress(name=stream.name, bytes_read=position))
        if wanted:
            yield wanted
        if end is not None and position >= end:
            return
    if position < max(stream.file_size, start) or reader.was_truncated():
        raise _TruncatedError


def _read_from(reader: Reader, stream: Stream, progress: Callable[[Progress], None]) -> Iterator[bytes]:
    """The file's bytes from the stream's position on, without reading those before it."""
    position = stream.position - stream.origin
    for piece in reader.stored_from(position):
        position += len(piece)
        progress(Progress(name=stream.name, bytes_read=position))
        yield piece
    if position < stream.file_size or reader.size < position:
        raise _TruncatedError


_MOST_OF_OVERLAP = 4 << 20
"""Bytes of an overlap that are looked through for the beginning of a record."""


def _lines_from(reader: Reader, begin: int, count: int) -> bytes:
    """Whole lines of a file from this byte on: so many, or as many as are looked through."""
    position, held = 0, bytearray()
    for piece in reader.pieces():
        held += piece[max(begin - position, 0) :]
        position += len(piece)
        if len(held) > _MOST_OF_OVERLAP:
            break
    lines = bytes(held).split(b"\n", count)[:count]
    return b"".join(line + b"\n" for line in lines)
