"""
What a stream is known again by: a mark of each line, and digests of the bytes between checkpoints.

A mark depends on its line alone, so that one sequence of them tells a file that begins like a stream, and one that
begins in the middle of it.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from zlib import crc32

MARK = 4
"""Bytes of a mark: the CRC-32 of a line without its line end, little endian."""

STRIDE = 1 << 20
"""Bytes of a stream that one checkpoint is about."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A place in a stream: the end of a line, or of a last line that has no end."""

    byte_offset: int
    digest: str
    """Of the bytes since the checkpoint before: blake2b, 16 bytes, hex."""
    line_ends: bytes = b""
    """The marks of the lines that end since the checkpoint before, in their order."""


class LineMarks:
    """The marks of lines, as bytes come in."""

    def __init__(self) -> None:
        self._marks = array("I")
        self._open = 0
        """Checksum of the line that has not ended."""

    def update(self, data: bytes) -> None:
        """Take these bytes in."""
        first, *others = data.split(b"\n")
        checksum = crc32(first, self._open)
        if others:
            last = others.pop()
            self._marks.append(checksum)
            self._marks.extend(map(crc32, others))
            checksum = crc32(last)
        self._open = checksum

    def take(self) -> bytes:
        """The marks of the lines that ended since this was asked last."""
        marks, self._marks = self._marks, array("I")
        if sys.byteorder == "big":
            marks.byteswap()
        return marks.tobytes()


class StreamDigest:
    """Makes the checkpoints of a stream as it is read on: one per ``STRIDE``, and where ``cut`` is called."""

    def __init__(self, position: int = 0) -> None:
        """Stand at a line's beginning, so many bytes into the stream."""
        self.position = position
        self._cut_at = position
        self._digest = _digest()
        self._marks = LineMarks()
        self._made: list[Checkpoint] = []

    def update(self, data: bytes) -> None:
        """Take these bytes in."""
        done = 0
        while (end := data.find(b"\n", done + max(STRIDE - (self.position - self._cut_at) - 1, 0)) + 1) > 0:
            self._take(data[done:end])
            self.cut()
            done = end
        self._take(data[done:])

    def cut(self) -> None:
        """Make a checkpoint here: at a line end, or behind a last line that has none."""
        if self.position > self._cut_at:
            digest, marks = str(self._digest.hexdigest()), self._marks.take()
            self._made.append(Checkpoint(byte_offset=self.position, digest=digest, line_ends=marks))
            self._cut_at, self._digest, self._marks = self.position, _digest(), LineMarks()

    def take(self) -> list[Checkpoint]:
        """The checkpoints made since this was asked last."""
        made, self._made = self._made, []
        return made

    def _take(self, data: bytes) -> None:
        self._digest.update(data)
        self._marks.update(data)
        self.position += len(data)


def _digest() -> Any:  # noqa: ANN401 - hashlib's objects have no public type
    return blake2b(digest_size=16)
