"""Make one stream of two, where a file has shown that the second goes on with the first."""

from __future__ import annotations

from ingest.known_streams import seamless
from ingest.ledger import OF_LINES, OF_SNAPSHOTS, Ledger, Stream
from ingest.stream_digest import MARK
from ingest.streams import known_stream


def absorb(ledger: Ledger, stream: Stream, source_id: int) -> None:
    """
    Take back all of a stream that the file at hand holds whole: it is read as part of ``stream``.

    To be called within the transaction of ``stream``.
    """
    other, _ = known_stream(ledger, source_id)
    ledger.forget_first(source_id, lines=other.line_no)
    _take_name(ledger, stream, other)
    ledger.db.execute("delete from source_checkpoints where source_id = $source", {"source": source_id})


def splice(ledger: Ledger, stream: Stream, *, blank: int) -> None:
    """
    Make the stream named by ``stream.join`` the rest of this one, which stands at its seam: the line from which on the
    other's rows are kept. ``blank`` are bytes of empty lines that the other had before the seam.

    To be called within the transaction of ``stream``.
    """
    join = stream.join
    if join is None:
        return
    other, total = known_stream(ledger, join.source_id)
    places = {"stream": stream.source_id, "other": join.source_id, "lines": join.line, "bytes": join.byte_offset}
    told = stream.line_no - 1 - join.line
    for table in OF_SNAPSHOTS:
        _execute(ledger, f"update {table} set source_id = $stream where source_id = $other", places)
    for table in OF_LINES:
        shift = ", byte_offset = byte_offset + $bytes" if table == "rejected_lines" else ""
        moved = f"set source_id = $stream, line_no = line_no + $lines{shift}"
        _execute(ledger, f"update {table} {moved} where source_id = $other", places)
    _splice_checkpoints(ledger, places, told)
    _take_name(ledger, stream, other)
    stream.note_formats(other.formats)
    stream.blank += other.blank - blank
    stream.row_count += other.row_count
    stream.pending, stream.position = other.pending, join.byte_offset + total - other.pending
    stream.line_no = join.line + other.line_no
    stream.resume_offset = join.byte_offset + other.resume_offset
    stream.resume_line = join.line + other.resume_line
    stream.last_format = other.last_format or stream.last_format
    stream.first_at = min(filter(None, (stream.first_at, other.first_at)), default=None)
    stream.last_at = max(filter(None, (stream.last_at, other.last_at)), default=None)
    stream.clock, stream.told_by_clock = other.clock, stream.told_by_clock or other.told_by_clock
    stream.note = other.note


def _splice_checkpoints(ledger: Ledger, places: dict[str, int], told: int) -> None:
    """Move the other's behind the stream's own; of what both tell, so many lines, the stream's are kept."""
    query = "select byte_offset, digest, line_ends from source_checkpoints where source_id = $other order by all"
    for offset, digest, sealed in ledger.db.execute(query, {"other": places["other"]}).fetchall():
        if told <= 0:
            break
        marks = ledger.sealed_marks(sealed, digest)
        key = {"other": places["other"], "offset": offset}
        cut, told = marks[told * MARK :], told - len(marks) // MARK
        if not cut:
            _execute(ledger, "delete from source_checkpoints where source_id = $other and byte_offset = $offset", key)
            continue
        renamed = seamless(digest, told + len(marks) // MARK)
        _execute(
            ledger,
            "update source_checkpoints set digest = $digest, line_ends = $marks"
            " where source_id = $other and byte_offset = $offset",
            {**key, "digest": renamed, "marks": ledger.sealed_marks(cut, renamed)},
        )
    _execute(
        ledger,
        "update source_checkpoints set source_id = $stream, byte_offset = byte_offset + $bytes"
        " where source_id = $other",
        places,
    )


def _take_name(ledger: Ledger, stream: Stream, other: Stream) -> None:
    names = {stream.name, *stream.also_seen_as, other.name, *other.also_seen_as}
    stream.also_seen_as = sorted(names - {stream.name})
    doubts = [doubt for doubt in (stream.overlap, other.overlap) if doubt]
    stream.overlap = next((doubt for doubt in doubts if not any(f" {name}," in doubt for name in names)), None)
    ledger.db.execute("delete from sources where source_id = $other", {"other": other.source_id})
    ledger.note_change(other.source_id)


def _execute(ledger: Ledger, statement: str, values: dict[str, object] | dict[str, int]) -> None:
    named = {name: value for name, value in values.items() if f"${name}" in statement}
    ledger.db.execute(statement, named)
