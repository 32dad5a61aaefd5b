"""Make one stream of two, where a file has shown that the second goes on with the first."""

from __future__ import annotations

from ingest.known_streams import seamless
from ingest.ledger import OF_LINES, OF_SNAPSHOTS, Join, Ledger, Stream
from ingest.stream_digest import MARK
from ingest.streams import known_stream


def absorb(ledger: Ledger, stream: Stream, join: Join) -> None:
    """
    Take back all of a stream that the file at hand holds whole: it is read as part of ``stream``.

    To be called within the transaction of ``stream``.
    """
    other, _ = known_stream(ledger, join.source_id)
    ledger.hand_over(stream, join)
    ledger.forget_first(join.source_id, lines=other.line_no)
    _take_name(ledger, stream, other)
    ledger.db.execute("delete from source_checkpoints where source_id = $source", {"source": join.source_id})


def take_over(ledger: Ledger, stream: Stream, join: Join, *, lines: int) -> None:
    """
    Take back the first lines, so many, of the stream that the file at hand ends in: ``stream`` is read up to there.

    To be called within the transaction of ``stream``.
    """
    ledger.hand_over(stream, join)
    ledger.forget_first(join.source_id, lines=lines)


def splice(ledger: Ledger, stream: Stream, join: Join, *, blank: int) -> None:
    """
    Make the other stream the rest of this one, which stands at its seam: the line from which on the other's rows are
    kept. ``blank`` are bytes of empty lines that the other had before the seam.

    To be called within the transaction of ``stream``.
    """
    other, total = known_stream(ledger, join.source_id)
    places = {"stream": stream.source_id, "other": join.source_id}
    told = stream.line_no - 1 - join.line
    for table in OF_SNAPSHOTS:
        ledger.db.execute(f"update {table} set source_id = $stream where source_id = $other", places)
    for table in OF_LINES:
        ledger.move_lines(table, join, "source_id = $other", places)
    _splice_checkpoints(ledger, stream.source_id, join, told)
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


def _splice_checkpoints(ledger: Ledger, source_id: int, join: Join, told: int) -> None:
    """Move the other's behind the stream's own; of what both tell, so many lines, the stream's are kept."""
    query = "select byte_offset, digest, line_ends from source_checkpoints where source_id = $other order by all"
    for offset, digest, sealed in ledger.db.execute(query, {"other": join.source_id}).fetchall():
        if told <= 0:
            break
        key = {"other": join.source_id, "offset": offset}
        marks = ledger.sealed_marks(sealed, digest)
        left = marks[told * MARK :]
        if left:
            renamed = seamless(digest, told)
            ledger.db.execute(
                "update source_checkpoints set digest = $digest, line_ends = $marks"
                " where source_id = $other and byte_offset = $offset",
                {**key, "digest": renamed, "marks": ledger.sealed_marks(left, renamed)},
            )
        else:
            ledger.db.execute("delete from source_checkpoints where source_id = $other and byte_offset = $offset", key)
        told -= len(marks) // MARK
    ledger.db.execute(
        "update source_checkpoints set source_id = $stream, byte_offset = byte_offset + $bytes"
        " where source_id = $other",
        {"stream": source_id, "other": join.source_id, "bytes": join.byte_offset},
    )


def _take_name(ledger: Ledger, stream: Stream, other: Stream) -> None:
    names = {stream.name, *stream.also_seen_as, other.name, *other.also_seen_as}
    stream.also_seen_as = sorted(names - {stream.name})
    doubts = [doubt for doubt in (stream.overlap, other.overlap) if doubt]
    stream.overlap = next((doubt for doubt in doubts if not any(f" {name}," in doubt for name in names)), None)
    ledger.db.execute("delete from sources where source_id = $other", {"other": other.source_id})
    ledger.note_change(other.source_id)
