"""
Bytes of a file, decompressed by what it is and not by its name, in bounded pieces.

OTLP in protobuf is read as the lines of OTLP/JSON that it says, as if they stood in the file: ``otlp_protobuf.py``.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from ingest import otlp_protobuf

_PIECE = 1 << 20

_MAGIC = {
    b"\x1f\x8b": "gz",
    b"\x28\xb5\x2f\xfd": "zst",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
}

_MAKE: dict[str, Callable[[], Any]] = {
    "gz": lambda: zlib.decompressobj(wbits=31),
    "zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
    "bz2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}

_NAMES = {"gz": "gzip", "zst": "zstd", "bz2": "bzip2", "xz": "xz"}


@dataclass
class Reader:
    """A file being read: how it is compressed, and what was wrong with it once it has been read to its end."""

    path: Path
    compression: str | None
    damage: str | None = None

    def pieces(self) -> Iterator[bytes]:
        """
        The decompressed bytes, about a mebibyte at a time. A damaged archive yields what it holds; ``damage`` then
        says in words what happened.
        """
        written = self._as_written()
        head = b"".join(_until(otlp_protobuf.HEAD, written))
        lines = otlp_protobuf.framing(head)
        everything = chain([head] if head else [], written)
        if lines is None:
            yield from everything
            return
        cut = otlp_protobuf.Cut()
        yield from _gathered(lines(everything, cut))
        if cut.size and self.damage is None:
            self.damage = f"the file ends in the middle of an OTLP message: {cut.size:,} bytes of it are there"

    def _as_written(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            if self.compression is None:
                while piece := file.read(_PIECE):
                    yield piece
            else:
                yield from self._decompressed(file, self.compression)

    def _decompressed(self, file: BinaryIO, compression: str) -> Iterator[bytes]:
        decoder, fresh = _MAKE[compression](), True
        errors = (zlib.error, OSError, EOFError, lzma.LZMAError, zstandard.ZstdError)
        while raw := file.read(_PIECE >> 2):
            while raw:
                try:
                    piece = decoder.decompress(raw)
                except errors:
                    if not (fresh and not raw.strip(b"\0")):  # archives may be padded with zeros
                        self.damage = f"the {_NAMES[compression]} data is damaged from here on"
                    return
                if piece:
                    yield piece
                fresh = False
                raw = decoder.unused_data if decoder.eof else b""
                if decoder.eof:
                    decoder, fresh = _MAKE[compression](), True
        if not fresh:
            self.damage = f"the {_NAMES[compression]} data ends early"


def _until(size: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """As many pieces as have that many bytes."""
    for piece in pieces:
        yield piece
        size -= len(piece)
        if size <= 0:
            return


def _gathered(lines: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for line in lines:
        held += line
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def open_reader(path: Path) -> Reader:
    """Look at a file's first bytes and get ready to read it."""
    with path.open("rb") as file:
        head = file.read(6)
    compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    return Reader(path=path, compression=compression)
