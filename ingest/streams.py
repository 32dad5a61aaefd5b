"""
Which stream a file is: one that holds the same lines, whatever its name, its place or its compression.

Mostly it begins like the stream, or is its beginning. It may also begin or end in the middle of one (``overlaps.py``):
what it has behind the stream's end is read on as the stream's, and what it has before the stream's first line makes the
stream begin earlier. A file that parts from every stream, at whatever byte, is a stream of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from zlib import crc32

from ingest.clocks import Basis, Clock, zone_named
from ingest.files import InputFile
from ingest.known_streams import KnownStream, KnownStreams, compares
from ingest.ledger import Join, Ledger, Stream
from ingest.overlaps import LEAST_BYTES, LEAST_LINES, overlap, shared_lines
from ingest.reading import Reader
from ingest.records import MAX_LINE, is_whole
from ingest.stream_digest import MARK, LineMarks


@dataclass(frozen=True, kw_only=True)
class _Match:
    """A known stream that a file agrees with as far as both go."""

    source_id: int
    known: int
    """How many of the file's bytes, and maybe more, the stream has."""
    size: int
    """The file's decompressed bytes."""
    tail: int
    """Its bytes after the last line end, which only a stream as long as the file can vouch for."""
    origin: int = 0
    """Where in the stream the file begins."""
    first_line: int = 0
    """And which of its lines, counted from 0, that is."""
    lines: int = 0
    """The stream's whole lines from there on."""
    lines_end: tuple[int, int] = (0, 1)
    """Where the stream's last whole line ends, and the number of the line after it."""


def find_stream(ledger: Ledger, known: KnownStreams, file: InputFile, reader: Reader, *, closed: bool) -> Stream:
    """
    The stream that this file is: a new one, or a known one ready to be read on from where it stands.

    ``complete`` is set where the file adds nothing; otherwise ``encloses`` and ``join`` name other streams whose lines
    it has, too. ``closed`` says that a last line without its end counts.
    """
    streams = known.all()
    scan = _Scan(ledger, streams).read(reader)
    match = _match(ledger, streams, scan, file, reader)
    stream = (
        _new(ledger, file, reader.compression) if match is None else _at(ledger, match, file, reader, closed=closed)
    )
    stream.file_size = scan.size
    others = [known for known in streams if known.source_id != stream.source_id]
    if match and match.origin:
        stream.encloses = tuple(_seen_before(file, match, others, scan))
    if not stream.complete and scan.marks:
        seen = {join.source_id for join in stream.encloses}
        _relate(ledger, stream, match, [known for known in others if known.source_id not in seen], scan, reader)
    return stream


def _seen_before(file: InputFile, match: _Match, others: Sequence[KnownStream], scan: _Scan) -> Iterator[Join]:
    """What was a stream of its own when this file was shorter, too short to tell that it begins within another one."""
    its_beginnings = {beginning.source_id for beginning in scan.beginnings()}
    for known in others:
        if known.source_id in its_beginnings and known.name == file.name and known.joins:
            yield Join(
                source_id=known.source_id,
                line=match.first_line,
                byte_offset=match.origin,
                lines=known.line_count,
                told=known.line_count,
            )


def _at(ledger: Ledger, match: _Match, file: InputFile, reader: Reader, *, closed: bool) -> Stream:
    stream, total = known_stream(ledger, match.source_id)
    stream.origin = match.origin
    note_name(ledger, stream, file.name)
    counts_now = closed and stream.pending > 0
    as_damaged = match.known < total - match.origin == match.size and reader.damage is not None
    stream.complete = match.size < match.known or as_damaged or (match.size == match.known and not counts_now)
    if match.tail and match.size < match.known:
        stream.note = f"part of {stream.name}; its last {match.tail:,} bytes have no line end and were not compared"
    if not stream.complete:
        _take_up(stream, match)
    return stream


def note_name(ledger: Ledger, stream: Stream, name: str) -> None:
    """Note under which further name a stream was seen."""
    if name in (stream.name, *stream.also_seen_as):
        return
    stream.also_seen_as = sorted([*stream.also_seen_as, name])
    ledger.db.execute(
        "update sources set also_seen_as = $names where source_id = $source",
        {"names": stream.also_seen_as, "source": stream.source_id},
    )


def _take_up(stream: Stream, match: _Match) -> None:
    """Stand where the stream's last record begins; behind its last line where the file begins within that record."""
    if stream.resume_offset >= match.origin:
        stream.stand(stream.resume_offset, line_no=stream.resume_line)
    else:
        position, line_no = match.lines_end
        stream.stand(position, line_no=line_no)
    if match.origin:
        stream.joined = f"begins within {stream.name}, which goes on with it: {match.lines:,} lines were known"
    if stream.position == 0:
        stream.restart()
        stream.first_at, stream.last_at = None, None
        stream.clock = replace(stream.clock, stands_at=None, latest=None)


def _match(
    ledger: Ledger, streams: Sequence[KnownStream], scan: _Scan, file: InputFile, reader: Reader
) -> _Match | None:
    """The stream that has most of the file's first lines."""
    found = [*scan.beginnings(), *_within(ledger, streams, scan, reader)]
    if found:
        return max(found, key=lambda match: (min(match.lines, scan.line_count), -match.source_id))
    known = _known_by_name(ledger, file)
    if known is None:
        return None
    size = sum(len(piece) for piece in reader.pieces())
    return _Match(source_id=known, known=0, size=size, tail=0)


def _within(ledger: Ledger, streams: Sequence[KnownStream], scan: _Scan, reader: Reader) -> Iterator[_Match]:
    """The streams that the file begins in the middle of."""
    for known in streams:
        shared = overlap(scan.marks, known.marks) if known.joins else None
        if shared is None or shared.in_file or not shared.in_stream:
            continue
        size, tail = _line_begins(reader, shared.lines, then=known.size - known.lines_end)
        if size < LEAST_BYTES:
            continue
        ends_within = shared.in_stream + shared.lines < known.line_count
        if not ends_within and not _goes_on_like(ledger, known, tail, ended=scan.line_count > shared.lines):
            continue
        origin = known.lines_end - size
        yield _Match(
            source_id=known.source_id,
            known=scan.size + 1 if ends_within else known.size - origin,
            size=scan.size,
            tail=scan.tail,
            origin=origin,
            first_line=shared.in_stream,
            lines=known.line_count - shared.in_stream,
            lines_end=(known.lines_end, known.line_count + 1),
        )


def _goes_on_like(ledger: Ledger, known: KnownStream, tail: bytes, *, ended: bool) -> bool:
    """Whether these bytes, which follow the stream's last whole line in a file, are what the stream has there."""
    size = known.size - known.lines_end
    if not size or (len(tail) < size and not ended):
        return True
    return ledger.sealed(blake2b(tail, digest_size=16).hexdigest()) == known.checkpoints[-1][1]


def _line_begins(reader: Reader, line: int, *, then: int = 0) -> tuple[int, bytes]:
    """Where a line of a file begins, counted from 0, and so many bytes from there on, or as many as there are."""
    position, left, held = 0, line, bytearray()
    for piece in reader.pieces():
        done = 0
        if left:
            ends = piece.count(b"\n")
            if ends < left:
                left -= ends
                position += len(piece)
                continue
            for _ in range(left):
                done = piece.index(b"\n", done) + 1
            left = 0
            position += done
        held += piece[done : done + then - len(held)]
        if len(held) >= then:
            break
    return position, bytes(held)


def _relate(  # noqa: PLR0913, PLR0917 - what is known of the file, and what it is compared with
    ledger: Ledger,
    stream: Stream,
    match: _Match | None,
    others: Sequence[KnownStream],
    scan: _Scan,
    reader: Reader,
) -> None:
    """Say which other streams the file has lines of, behind those that its own stream has."""
    begins_at = match.lines if match else 0
    unrelated = []
    for known in others:
        shared = overlap(scan.marks, known.marks) if known.joins else None
        if shared is None or not shared.in_file or shared.in_file + shared.lines <= begins_at:
            unrelated.append(known)
            continue
        position, _ = _line_begins(reader, shared.in_file)
        if min(scan.size - scan.tail - position, known.lines_end) < LEAST_BYTES:
            unrelated.append(known)
            continue
        end = shared.in_file + shared.lines
        _, tail = _line_begins(reader, end, then=known.size - known.lines_end)
        join = Join(
            source_id=known.source_id,
            line=shared.in_file + (match.first_line if match else 0),
            byte_offset=position + stream.origin,
            lines=shared.lines,
            told=max(begins_at - shared.in_file, 0),
        )
        if shared.lines < known.line_count:
            stream.join = join
            stream.joined = f"ends within {known.name}, which begins with it now: {shared.lines:,} lines were known"
        elif _goes_on_like(ledger, known, tail, ended=scan.line_count > end):
            stream.encloses = (*stream.encloses, join)
        else:
            unrelated.append(known)
    if match is None and stream.join is None and not stream.encloses:
        stream.overlap = _doubt(unrelated, scan.marks)


def _doubt(others: Sequence[KnownStream], marks: bytes) -> str | None:
    """What to say of lines that two streams may have both."""
    for known in others:
        lines = shared_lines(marks, known.marks) if known.joins else 0
        if lines >= LEAST_LINES and overlap(marks, known.marks) is None:
            return f"shares about {lines:,} lines with {known.name}, too alike to tell which: events may count twice"
        if lines:
            return (
                f"shares {lines:,} lines with {known.name}, less than the {LEAST_LINES} lines and {LEAST_BYTES:,} bytes"
                " that tell an overlap: events may count twice"
            )
    return None


def unread_stream(ledger: Ledger, file: InputFile) -> Stream:
    """The stream of a file of which nothing can be read: it takes the same place each time, and when it can be read."""
    known = _known_by_name(ledger, file)
    stream = known_stream(ledger, known)[0] if known else _new(ledger, file, None)
    stream.restart()
    return stream


def _new(ledger: Ledger, file: InputFile, compression: str | None) -> Stream:
    rows = ledger.db.execute("select coalesce(max(source_id), 0) + 1 from sources").fetchall()
    return Stream(source_id=rows[0][0], name=file.name, compression=compression)


def stream_by_number(ledger: Ledger, source_id: int) -> Stream | None:
    """As ``known_stream``; None where it has become part of another one."""
    query = "select 1 from sources where source_id = $source"
    found = ledger.db.execute(query, {"source": source_id}).fetchall()
    return known_stream(ledger, source_id)[0] if found else None


def known_stream(ledger: Ledger, source_id: int) -> tuple[Stream, int]:
    """A stream as the ledger has it, behind its last line, and its bytes in all."""
    row = ledger.db.execute(
        "select path, compression, format, also_seen_as, bytes_total, line_count, resume_offset, resume_line,"
        " resume_format, bytes_blank, bytes_pending, row_count, first_at, last_at, note, overlap, zone, zone_basis,"
        " resume_clock"
        " from sources where source_id = $source",
        {"source": source_id},
    ).fetchall()[0]
    (
        path,
        compression,
        formats,
        seen_as,
        total,
        lines,
        offset,
        line,
        form,
        blank,
        pending,
        rows,
        first_at,
        last_at,
        note,
        overlapping,
        *clock,
    ) = row
    stream = Stream(
        source_id=source_id,
        name=path,
        compression=compression,
        recorded=True,
        may_have_rejects=True,
        formats=[name for name in formats.split(", ") if name != "unrecognised"],
        also_seen_as=seen_as,
        position=total - pending,
        line_no=lines + 1,
        blank=blank,
        pending=pending,
        row_count=rows,
        resume_offset=offset,
        resume_line=line,
        last_format=form,
        first_at=first_at,
        last_at=last_at,
        note=note,
        overlap=overlapping,
        clock=_clock(*clock, latest=last_at),
        told_by_clock=clock[1] not in (None, "told"),
    )
    return stream, total


_OF_A_ZONE: dict[str | None, Basis] = {"stated": "stated", "worked out": "worked out"}


def _clock(zone: str | None, basis: str | None, stands_at: datetime | None, *, latest: datetime | None) -> Clock:
    if zone and basis in _OF_A_ZONE:
        return Clock(zone=zone_named(zone), basis=_OF_A_ZONE[basis], stands_at=stands_at, latest=latest)
    return Clock(stands_at=stands_at, latest=latest)


def _known_by_name(ledger: Ledger, file: InputFile) -> int | None:
    """A stream of which no whole line was seen yet has no checkpoint: it is known by its name."""
    rows = ledger.db.execute(
        "select source_id from sources where path = $path"
        " and source_id not in (select source_id from source_checkpoints) order by source_id limit 1",
        {"path": file.name},
    ).fetchall()
    return int(rows[0][0]) if rows else None


class _Scan:
    """A file's bytes, read once: the marks of its lines, and which streams it begins like."""

    def __init__(self, ledger: Ledger, streams: Sequence[KnownStream]) -> None:
        self._ledger = ledger
        self._streams = streams
        self._candidates: list[_Beginning] = []
        self._any_joins = any(known.joins for known in streams)
        self.size = 0
        self.marks = b""
        """A last line that is whole without its end counts as if it had one."""
        self.tail = 0
        """Bytes of a last line that is not whole."""

    @property
    def line_count(self) -> int:
        return len(self.marks) // MARK

    def read(self, reader: Reader) -> _Scan:
        """Read the file, as far as that can tell anything."""
        if not self._streams:
            return self
        lines, marks, tail, head = LineMarks(), bytearray(), b"", bytearray()
        begun = False
        for piece in reader.pieces():
            self.size += len(piece)
            lines.update(piece)
            marks += lines.take()
            cut = piece.rfind(b"\n") + 1
            tail = piece[cut:] if cut or len(tail) > MAX_LINE else tail + piece
            self.tail = len(piece) - cut if cut else self.tail + len(piece)
            if begun:
                self._feed(piece, marks)
            else:
                head += piece
                if marks or len(head) > MAX_LINE:
                    begun = True
                    self._begin(bytes(head), marks)
            if begun and not self._candidates and not self._any_joins:
                return self
        if is_whole(tail):
            self.tail = 0
            marks += crc32(tail).to_bytes(MARK, "little")
        if not begun:
            self._begin(bytes(head), marks)
        self.marks = bytes(marks)
        return self

    def beginnings(self) -> Iterator[_Match]:
        """The streams that agree with the file from the first line on."""
        for candidate in self._candidates:
            known = candidate.known
            if candidate.agrees_with(self.marks):
                yield _Match(
                    source_id=known.source_id,
                    known=known.size,
                    size=self.size,
                    tail=self.tail,
                    lines=known.line_count,
                    lines_end=(known.lines_end, known.line_count + 1),
                )

    def _begin(self, head: bytes, marks: bytearray) -> None:
        end = head.find(b"\n")
        first, ended = bytes(marks[:MARK]), end >= 0 or bool(marks)
        digests = _digests(head, {known.size for known in self._streams if not known.marks and known.size <= len(head)})
        for known in self._streams:
            if known.marks:
                likely = known.marks.startswith(first) if ended else known.checkpoints[0][0] > len(head)
            elif known.size <= len(head):
                likely = self._ledger.sealed(digests[known.size]) == known.checkpoints[0][1]
            else:
                likely = not ended
            if likely:
                self._candidates.append(_Beginning(self._ledger, known))
        self._feed(head, marks)

    def _feed(self, piece: bytes, marks: bytearray) -> None:
        self._candidates = [each for each in self._candidates if each.goes_on(piece, marks)]


def _digests(head: bytes, sizes: set[int]) -> dict[int, str]:
    """The digests of the beginnings of these sizes."""
    digest, done, found = blake2b(digest_size=16), 0, {}
    for size in sorted(sizes):
        digest.update(head[done:size])
        done, found[size] = size, digest.hexdigest()
    return found


class _Beginning:
    """A stream that a file may begin like, while the file is read."""

    def __init__(self, ledger: Ledger, known: KnownStream) -> None:
        self.known = known
        self._sealed = ledger.sealed
        self._left = list(reversed(known.checkpoints))
        self._position = 0
        self._lines = 0
        self._digest = blake2b(digest_size=16)

    def goes_on(self, piece: bytes, marks: bytearray) -> bool:
        """Whether the stream has this piece of the file, too, as far as can be told; ``marks`` are those up to here."""
        both = min(len(marks), len(self.known.marks))
        if self.known.marks[self._lines : both] != marks[self._lines : both]:
            return False
        self._lines = both
        begin, done = self._position, 0
        self._position += len(piece)
        while self._left and self._left[-1][0] <= self._position:
            offset, known_digest = self._left.pop()
            self._digest.update(piece[done : offset - begin])
            if compares(known_digest) and self._sealed(self._digest.hexdigest()) != known_digest:
                return False
            done, self._digest = offset - begin, blake2b(digest_size=16)
        self._digest.update(piece[done:])
        return True

    def agrees_with(self, marks: bytes) -> bool:
        """Whether a file with these marks, of which ``goes_on`` was asked, is like the stream as far as both go."""
        both = min(len(marks), len(self.known.marks))
        if self.known.marks[self._lines : both] != marks[self._lines : both]:
            return False
        if len(marks) > len(self.known.marks) or not self.known.marks:
            return not self._left
        return both > 0
