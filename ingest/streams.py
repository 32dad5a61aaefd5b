"""Which stream a file is: one that begins with the same bytes, whatever its name, its place or its compression."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ingest.files import InputFile
from ingest.ledger import FINE, Ledger, Stream
from ingest.reading import Reader


@dataclass(frozen=True, kw_only=True)
class _Match:
    """A known stream that a file agrees with as far as both go, and the file's size in decompressed bytes."""

    source_id: int
    size: int


def find_stream(ledger: Ledger, file: InputFile, reader: Reader, *, closed: bool) -> Stream:
    """
    The stream that this file is: a new one, or a known one ready to be read on from where it stands.

    ``complete`` is set where the file adds nothing. ``closed`` says that a last line without its end counts.
    """
    match = _match(ledger, file, reader)
    if match is None:
        rows = ledger.db.execute("select coalesce(max(source_id), 0) + 1 from sources").fetchall()
        return Stream(source_id=rows[0][0], name=file.name, compression=reader.compression)
    stream, total = _known(ledger, match.source_id)
    if file.name not in (stream.name, *stream.also_seen_as):
        stream.also_seen_as = sorted([*stream.also_seen_as, file.name])
        ledger.db.execute(
            "update sources set also_seen_as = $names where source_id = $source",
            {"names": stream.also_seen_as, "source": stream.source_id},
        )
    counts_now = closed and stream.pending > 0
    stream.complete = match.size < total or (match.size == total and not counts_now)
    if not stream.complete:
        stream.position, stream.line_no = stream.resume_offset, stream.resume_line
        if stream.position == 0:
            stream.blank, stream.first_at, stream.last_at = 0, None, None
    return stream


def _known(ledger: Ledger, source_id: int) -> tuple[Stream, int]:
    row = ledger.db.execute(
        "select path, compression, format, also_seen_as, bytes_total, resume_offset, resume_line, bytes_blank,"
        " bytes_pending, row_count, first_at, last_at, note from sources where source_id = $source",
        {"source": source_id},
    ).fetchall()[0]
    path, compression, formats, seen_as, total, offset, line, blank, pending, rows, first_at, last_at, note = row
    stream = Stream(
        source_id=source_id,
        name=path,
        compression=compression,
        formats=[name for name in formats.split(", ") if name != "unrecognised"],
        also_seen_as=seen_as,
        blank=blank,
        pending=pending,
        row_count=rows,
        resume_offset=offset,
        resume_line=line,
        first_at=first_at,
        last_at=last_at,
        note=note,
    )
    return stream, total


def _match(ledger: Ledger, file: InputFile, reader: Reader) -> _Match | None:
    marks: dict[int, dict[int, str]] = {}
    for source_id, offset, digest in ledger.db.execute(
        "select source_id, byte_offset, digest from source_checkpoints order by source_id, byte_offset"
    ).fetchall():
        marks.setdefault(source_id, {})[offset] = digest
    firsts = {next(iter(of_stream)) for of_stream in marks.values()}
    found, _ = _digests(reader, firsts, stop_after=max(firsts, default=0))
    candidates = {
        source_id: of_stream
        for source_id, of_stream in marks.items()
        if found.get(next(iter(of_stream))) == next(iter(of_stream.values()))
    }
    if candidates:
        offsets = {offset for of_stream in candidates.values() for offset in of_stream}
        found, size = _digests(reader, offsets, stop_after=None)
        matches = [
            (max(offset for offset in of_stream if offset <= size), -source_id)
            for source_id, of_stream in candidates.items()
            if all(found[offset] == digest for offset, digest in of_stream.items() if offset <= size)
            and _ends_on_a_line_of(of_stream, reader, size)
        ]
        if matches:
            return _Match(source_id=-max(matches)[1], size=size)
    return _without_a_line_end(ledger, file, reader)


def _ends_on_a_line_of(marks: dict[int, str], reader: Reader, size: int) -> bool:
    """Whether a file that is shorter than the stream ends its last whole line where the stream ends one, too."""
    if size >= max(marks) or size > FINE:
        return True
    return b"".join(reader.pieces()).rfind(b"\n") + 1 in marks


def _without_a_line_end(ledger: Ledger, file: InputFile, reader: Reader) -> _Match | None:
    """A stream of which no whole line was seen yet has no checkpoint: it is known by its name."""
    rows = ledger.db.execute(
        "select source_id from sources where path = $path"
        " and source_id not in (select source_id from source_checkpoints) order by source_id",
        {"path": file.name},
    ).fetchall()
    if not rows:
        return None
    return _Match(source_id=rows[0][0], size=sum(len(piece) for piece in reader.pieces()))


def _digests(reader: Reader, offsets: set[int], *, stop_after: int | None) -> tuple[dict[int, str], int]:
    """Digests of the prefixes that end at these offsets, as far as the file reaches, and the bytes read."""
    found: dict[int, str] = {}
    digest, position, wanted = hashlib.blake2b(digest_size=16), 0, sorted(offsets)
    for piece in reader.pieces():
        done = 0
        while wanted and wanted[0] <= position + len(piece):
            end = wanted.pop(0)
            digest.update(piece[done : end - position])
            done = end - position
            found[end] = digest.hexdigest()
        digest.update(piece[done:])
        position += len(piece)
        if stop_after is not None and position >= stop_after:
            break
    return found, position
