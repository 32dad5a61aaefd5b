"""
Load files into the evidence tables, exactly once.

A stream is what was written, whatever file it is found in (``streams.py``). Rows are known by stream and line, never by
time or text. The rows, the ledger and the checkpoints of a chunk are committed together, so that the same command after
a crash goes on where the last commit stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from pathlib import Path

import duckdb
import polars as pl

from ingest.clocks import Clock
from ingest.database import open_for_writing, room_to_write
from ingest.files import InputError, InputFile, input_files
from ingest.known_streams import KnownStreams
from ingest.ledger import Join, Ledger, Stream
from ingest.line_reading import CHUNK, LineReading
from ingest.reading import Reader, open_reader
from ingest.records import physical_lines, sort_lines
from ingest.redaction import Redaction
from ingest.redaction_key import redactor_for
from ingest.rows import Rows
from ingest.seams import seam
from ingest.sources import SOURCES, Source
from ingest.splicing import absorb, splice, take_over
from ingest.streams import find_stream, note_name, stream_by_number, unread_stream
from ingest.wrappers.documents import HEAD
from ingest.wrappers.envelopes import Envelopes
from ingest.wrappers.native_ids import with_made_up_ids
from ingest.wrappers.sorting import sort_inside

_MAX_DOCUMENT = 1 << 30

_ROOM = "400MB"
"""Memory for the database while files are loaded: without a bound what was written stays there while there is any."""


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
            for connection in (scratch, db):  # what it has no room for would lie on the disk as it is
                connection.execute("set temp_directory = ''")
        else:
            db.execute("set memory_limit = $limit", {"limit": _ROOM})
        ledger = Ledger(db, now=now, sources=options.sources, redactor=redactor)
        rows = Rows(ledger=ledger, sources=chosen(options), scratch=scratch)
        zone, first_day = options.zone, options.first_day
        yield Loader(
            ledger=ledger,
            known=KnownStreams(ledger),
            rows=rows,
            lines=LineReading(ledger=ledger, rows=rows, chunk=options.chunk),
            clock=Clock(zone=zone, basis="stated", first_day=first_day) if zone else Clock(first_day=first_day),
            final=options.final,
        )
        db.execute("reset memory_limit")


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
class Loader:
    """Reads one file after the other into the ledger."""

    ledger: Ledger
    known: KnownStreams
    rows: Rows
    lines: LineReading
    clock: Clock
    final: bool

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
            self.lines.read(stream, pieces, reader, envelopes, closed=closed or self.final)
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
            return Envelopes.of(head, reader.written_at, sources=self.rows.line_sources, connection=self.rows.scratch)
        return replace(known, connection=self.rows.scratch, not_after=reader.written_at)

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
        for source in self.rows.sources:
            if not (stream.origin == 0 and source.document and source.may_claim(beginning_of_it)):
                continue
            if pl.select(source.claims(pl.lit(beginning_of_it))).item():
                self._read_document(stream, reader, source)
                return None
        envelopes = Envelopes.of(head, reader.written_at, sources=self.rows.line_sources, connection=self.rows.scratch)
        if envelopes.events:
            self._read_events(stream, reader, envelopes)
            return None
        self._absorb(stream)
        if stream.join is None:
            pieces = _from_where_it_stands(stream, reader, progress)
            self.lines.read(stream, pieces, reader, envelopes, closed=closed)
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
        cut = seam(inner, self.rows.line_sources, after=join.told)
        told = join.told if cut is None else cut
        earlier = inner.filter(pl.col("line_no") < told)
        sort = sort_inside if envelopes.wrappers else sort_lines
        blank = sort(earlier, self.rows.line_sources).blank_bytes if told else 0
        end = int(lines.filter(pl.col("line_no") < told)["bytes"].sum()) + join.byte_offset - stream.origin
        with self.ledger.transaction(stream):
            take_over(self.ledger, stream, join, lines=told)
        pieces = _from_where_it_stands(stream, reader, progress, end=end)
        self.lines.read(stream, pieces, reader, envelopes, closed=True)
        with self.ledger.transaction(stream):
            splice(self.ledger, stream, join, blank=blank)

    # --- documents

    def _read_document(self, stream: Stream, reader: Reader, source: Source) -> None:
        def rows_of(text: str, size: int) -> None:
            record = {"line_no": [1], "byte_offset": [0], "bytes": [size], "text": [text]}
            for told in self.rows.told({source.name: pl.DataFrame(record)}):
                self.rows.add_told(stream, told)

        self._read_whole(stream, reader, rows_of)

    def _read_events(self, stream: Stream, reader: Reader, envelopes: Envelopes) -> None:
        """A document of many log events, whatever their formats."""
        stream.note_formats(envelopes.names)

        def rows_of(text: str, _: int) -> None:
            inner, shared = with_made_up_ids(self.ledger.db, envelopes.lines_of(text), self.ledger.sealed)
            stream.joined, stream.overlap = shared.joined, shared.overlap
            self.rows.add_inside(stream, inner)

        self._read_whole(stream, reader, rows_of)

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
