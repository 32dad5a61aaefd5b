"""What a stream is known again by: a digest of all its bytes so far, and a mark for each line end."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate, chain
from typing import Any
from zlib import crc32

MARK = 8
"""Bytes of a mark: the CRC-32 of the stream up to a line end, and its offset modulo 2**32, little endian."""


class StreamDigest:
    """The digest of a stream's bytes, and the checksum that marks are made of, as it is read on."""

    def __init__(self) -> None:
        self._digest: Any = blake2b(digest_size=16)
        self._checksum = 0
        self.position = 0
        """Bytes so far."""

    def update(self, data: bytes | memoryview) -> None:
        """Take these bytes in."""
        self._digest.update(data)
        self._checksum = crc32(data, self._checksum)
        self.position += len(data)

    def marks(self, data: memoryview, line_ends: Sequence[int]) -> bytes:
        """Take these bytes in; returns the marks of the line ends that lie in them, given as offsets in the stream."""
        starts = chain((self.position,), line_ends)
        begin = self.position
        lines = (data[start - begin : end - begin] for start, end in zip(starts, line_ends, strict=False))
        sums = list(accumulate(lines, lambda checksum, line: crc32(line, checksum), initial=self._checksum))[1:]
        marks = array("I", bytes(MARK * len(sums)))
        marks[0::2] = array("I", sums)
        marks[1::2] = array("I", [end & 0xFFFFFFFF for end in line_ends])
        self._digest.update(data)
        done = line_ends[-1] - begin if line_ends else 0
        self._checksum = crc32(data[done:], sums[-1] if sums else self._checksum)
        self.position += len(data)
        if sys.byteorder == "big":
            marks.byteswap()
        return marks.tobytes()

    def mark(self) -> bytes:
        """The mark of a line end that stands here."""
        return struct.pack("<II", self._checksum, self.position & 0xFFFFFFFF)

    def hexdigest(self) -> str:
        """The digest of all bytes so far: 16 bytes, hex."""
        return str(self._digest.hexdigest())

    def copy(self) -> StreamDigest:
        """One that stands here, too, and goes its own way."""
        twin = StreamDigest()
        twin._digest, twin._checksum, twin.position = self._digest.copy(), self._checksum, self.position
        return twin
