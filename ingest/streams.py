"""
Which stream a file is: one that begins with the same bytes, whatever its name, its place or its compression.

A file that is shorter than the stream adds nothing if the stream has a line end where the file's last whole line ends,
after the same bytes. A file that parts from every stream, at whatever byte, is a stream of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ingest.clocks import Basis, Clock, zone_named
from ingest.files import InputFile
from ingest.ledger import Ledger, Stream
from ingest.reading import Reader
from ingest.records import MAX_LINE, is_whole
from ingest.stream_digest import MARK, StreamDigest


@dataclass(frozen=True, kw_only=True)
class _Match:
    """A known stream that a file agrees with as far as both go."""

    source_id: int
    known: int
    """Where the stream's last checkpoint stands."""
    size: int
    """The file's decompressed bytes."""
    tail: int
    """Its bytes after the last line end, which only a stream as long as the file can vouch for."""


def find_stream(ledger: Ledger, file: InputFile, reader: Reader, *, closed: bool) -> Stream:
    """
    The stream that this file is: a new one, or a known one ready to be read on from where it stands.

    ``complete`` is set where the file adds nothing. ``closed`` says that a last line without its end counts.
    """
    match = _match(ledger, file, reader)
    if match is None:
        return _new(ledger, file, reader.compression)
    stream, total = _known(ledger, match.source_id)
    if file.name not in (stream.name, *stream.also_seen_as):
        stream.also_seen_as = sorted([*stream.also_seen_as, file.name])
        ledger.db.execute(
            "update sources set also_seen_as = $names where source_id = $source",
            {"names": stream.also_seen_as, "source": stream.source_id},
        )
    counts_now = closed and stream.pending > 0
    as_damaged = match.known < total == match.size and reader.damage is not None
    stream.complete = match.size < match.known or as_damaged or (match.size == match.known and not counts_now)
    if match.tail and match.size < match.known:
        stream.note = (
            f"a beginning of {stream.name}; its last {match.tail:,} bytes have no line end and were not compared"
        )
    if not stream.complete:
        stream.position, stream.line_no = stream.resume_offset, stream.resume_line
        if stream.position == 0:
            stream.restart()
            stream.first_at, stream.last_at = None, None
            stream.clock = replace(stream.clock, stands_at=None, latest=None)
    return stream


def unread_stream(ledger: Ledger, file: InputFile) -> Stream:
    """The stream of a file of which nothing can be read: it takes the same place each time, and when it can be read."""
    known = _known_by_name(ledger, file)
    stream = _known(ledger, known)[0] if known else _new(ledger, file, None)
    stream.restart()
    return stream


def _new(ledger: Ledger, file: InputFile, compression: str | None) -> Stream:
    rows = ledger.db.execute("select coalesce(max(source_id), 0) + 1 from sources").fetchall()
    return Stream(source_id=rows[0][0], name=file.name, compression=compression)


def _known(ledger: Ledger, source_id: int) -> tuple[Stream, int]:
    row = ledger.db.execute(
        "select path, compression, format, also_seen_as, bytes_total, resume_offset, resume_line, resume_format,"
        " bytes_blank, bytes_pending, row_count, first_at, last_at, note, zone, zone_basis, resume_clock"
        " from sources where source_id = $source",
        {"source": source_id},
    ).fetchall()[0]
    (
        path,
        compression,
        formats,
        seen_as,
        total,
        offset,
        line,
        form,
        blank,
        pending,
        rows,
        first_at,
        last_at,
        note,
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
        blank=blank,
        pending=pending,
        row_count=rows,
        resume_offset=offset,
        resume_line=line,
        last_format=form,
        first_at=first_at,
        last_at=last_at,
        note=note,
        clock=_clock(*clock, latest=last_at),
        told_by_clock=clock[1] not in (None, "told"),
    )
    return stream, total


_OF_A_ZONE: dict[str | None, Basis] = {"stated": "stated", "worked out": "worked out"}


def _clock(zone: str | None, basis: str | None, stands_at: datetime | None, *, latest: datetime | None) -> Clock:
    if zone and basis in _OF_A_ZONE:
        return Clock(zone=zone_named(zone), basis=_OF_A_ZONE[basis], stands_at=stands_at, latest=latest)
    return Clock(stands_at=stands_at, latest=latest)


def _match(ledger: Ledger, file: InputFile, reader: Reader) -> _Match | None:
    marks: dict[int, dict[int, str]] = {}
    for source_id, offset, digest in ledger.db.execute(
        "select source_id, byte_offset, digest from source_checkpoints order by source_id, byte_offset"
    ).fetchall():
        marks.setdefault(source_id, {})[offset] = digest
    firsts = {next(iter(of_stream)) for of_stream in marks.values()}
    beginning = _Scan(ledger, firsts).read(reader, stop_after=max(firsts, default=0)).digests
    candidates = {
        source_id: of_stream
        for source_id, of_stream in marks.items()
        if beginning.get(next(iter(of_stream))) == next(iter(of_stream.values()))
    }
    if not candidates:
        return _without_a_line_end(ledger, file, reader)
    scan = _Scan(ledger, {offset for of_stream in candidates.values() for offset in of_stream}).read(reader)
    agreeing = [
        (max(offset for offset in of_stream if offset in scan.digests), -source_id)
        for source_id, of_stream in candidates.items()
        if all(scan.digests.get(offset, digest) == digest for offset, digest in of_stream.items())
        and (scan.size >= max(of_stream) or _is_line_end_of(ledger, source_id, scan))
    ]
    if not agreeing:
        return _without_a_line_end(ledger, file, reader)
    source_id = -max(agreeing)[1]
    return _Match(source_id=source_id, known=max(marks[source_id]), size=scan.size, tail=scan.position - scan.line_end)


def _is_line_end_of(ledger: Ledger, source_id: int, scan: _Scan) -> bool:
    """Whether the stream, which is longer than the file, has a line end after the file's last whole line, too."""
    rows = ledger.db.execute(
        "select digest, line_ends from source_checkpoints where source_id = $source and byte_offset >= $line_end"
        " order by byte_offset limit 1",
        {"source": source_id, "line_end": scan.line_end},
    ).fetchall()
    return any(
        scan.line_end_digest == digest or scan.line_end_mark in _marks(ledger.sealed_marks(line_ends, digest))
        for digest, line_ends in rows
    )


def _marks(line_ends: bytes) -> set[bytes]:
    return {line_ends[start : start + MARK] for start in range(0, len(line_ends), MARK)}


def _without_a_line_end(ledger: Ledger, file: InputFile, reader: Reader) -> _Match | None:
    known = _known_by_name(ledger, file)
    if known is None:
        return None
    size = sum(len(piece) for piece in reader.pieces())
    return _Match(source_id=known, known=0, size=size, tail=0)


def _known_by_name(ledger: Ledger, file: InputFile) -> int | None:
    """A stream of which no whole line was seen yet has no checkpoint: it is known by its name."""
    rows = ledger.db.execute(
        "select source_id from sources where path = $path"
        " and source_id not in (select source_id from source_checkpoints) order by source_id limit 1",
        {"path": file.name},
    ).fetchall()
    return int(rows[0][0]) if rows else None


class _Scan:
    """A file's bytes, read once: the digests of the beginnings asked for, and where its last line ends."""

    def __init__(self, ledger: Ledger, offsets: set[int]) -> None:
        self._sealed = ledger.sealed
        self.digests: dict[int, str] = {}
        self.size = 0
        self.position = 0
        """As ``size``, and one more where the last line is whole without its line end: it counts as if it had one."""
        self.line_end = 0
        self.line_end_digest = ""
        self.line_end_mark = b""
        self._wanted = sorted(offsets, reverse=True)
        self._digest = StreamDigest()

    def read(self, reader: Reader, *, stop_after: int | None = None) -> _Scan:
        """Read the file, or as much of it as reaches this offset."""
        tail = b""
        for piece in reader.pieces():
            cut = piece.rfind(b"\n") + 1
            tail = piece[cut:] if cut or len(tail) > MAX_LINE else tail + piece
            self._take(piece, cut)
            self.size = self.position
            if stop_after is not None and self.size >= stop_after:
                return self
        if is_whole(tail):
            self._take(b"\n", 1)
        return self

    def _take(self, piece: bytes, line_end: int) -> None:
        begin, done = self.position, 0
        self.position += len(piece)
        cuts = {begin + line_end} if line_end else set()
        while self._wanted and self._wanted[-1] <= self.position:
            cuts.add(self._wanted.pop())
        for cut in sorted(cuts):
            self._digest.update(piece[done : cut - begin])
            done = cut - begin
            self.digests[cut] = self._sealed(self._digest.hexdigest())
            if cut == begin + line_end:
                self.line_end, self.line_end_digest, self.line_end_mark = cut, self.digests[cut], self._digest.mark()
        self._digest.update(piece[done:])
