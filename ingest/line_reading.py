"""Read a file's lines block by block, and commit each block's rows with where the stream stands then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import polars as pl

from ingest.behind import Behind
from ingest.ledger import Ledger, Stream
from ingest.reading import Reader
from ingest.records import MAX_LINE, Block, Sorted, blocks, is_whole, physical_lines, sort_lines
from ingest.rows import Rows
from ingest.unknown_files import is_archive, is_binary, looks_like
from ingest.wrappers.envelopes import Envelopes
from ingest.wrappers.sorting import sort_inside

CHUNK = 16 << 20
"""Bytes that are read, sorted and committed at a time."""


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
class _Parted:
    """Whole lines and who reads which of them."""

    data: bytes
    lines: pl.DataFrame
    by_reader: Sorted

    @property
    def recognised(self) -> bool:
        """Whether any of these lines is of a known format, or there is nothing in them to judge by."""
        return not self.data.strip() or (bool(self.by_reader.records) and not is_archive(self.data))


@dataclass(frozen=True, kw_only=True)
class LineReading:
    """Reads the lines of one file after the other into the ledger."""

    ledger: Ledger
    rows: Rows
    chunk: int

    def read(
        self, stream: Stream, pieces: Iterator[bytes], reader: Reader, envelopes: Envelopes, *, closed: bool
    ) -> None:
        """
        Read the bytes of ``pieces``, which stand at the stream's position, to their end.

        ``closed`` says that a last line without its end counts.
        """
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
                    parts = None if known or not data else self._parted(reading, data)
                    if known or (parts.recognised if parts else not is_binary(stream.torn)):
                        known = known or bool(data)
                        carried = load_lines(reading, data, parts, hold_back=following is not None)
                    elif following is None or following.too_long or len(data) >= CHUNK:
                        self._reject_whole(stream, data, following, ahead)
                        return
                    else:
                        carried = data
                block = following
        if stream.begun and not stream.pending and not reader.damage:
            return
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

    def _parted(self, reading: _Reading, data: bytes) -> _Parted:
        """These whole lines, sorted by who reads them."""
        lines = physical_lines(data, line_no=reading.line_no, byte_offset=reading.position)
        return _Parted(data=data, lines=lines, by_reader=sort_lines(lines, self.rows.line_sources))

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

    def _load_lines(self, reading: _Reading, data: bytes, parts: _Parted | None = None, *, hold_back: bool) -> bytes:
        """
        Load whole lines in one transaction; returns the bytes of a last record that may go on in the next block.

        ``parts`` are these lines, where they are sorted already.
        """
        if not data:
            return b""
        parts = parts or self._parted(reading, data)
        lines, parted = parts.lines, parts.by_reader
        carried = b""
        cut = parted.last_record[1] - reading.position if parted.last_record and hold_back else len(data)
        if cut == 0 and len(data) <= MAX_LINE:
            return data
        if parted.last_record and 0 < cut < len(data):
            data, carried = data[:cut], data[cut:]
            lines = lines.filter(pl.col("byte_offset") < parted.last_record[1])
            parted = sort_lines(lines, self.rows.line_sources)
        told = self.rows.told(parted.records)
        last = parted.last_record or _last_line_without_end(data, lines)
        self._store(reading, partial(self.rows.add_parts, reading.stream, parted, told), data, lines.height, last)
        return carried

    def _load_wrapped_lines(
        self, reading: _Reading, data: bytes, _parts: _Parted | None = None, *, hold_back: bool
    ) -> bytes:
        """As ``_load_lines``, for lines within envelopes: records of several channels may be open at the end."""
        if not data:
            return b""
        lines = physical_lines(data, line_no=reading.line_no, byte_offset=reading.position)
        inner = reading.envelopes.peeled(lines)
        parted = sort_inside(inner, self.rows.line_sources)
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
        told = partial(self.rows.add_inside, reading.stream, inner, parted)
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
