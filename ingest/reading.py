"""
Bytes of a file, decompressed by what it is and not by its name, in bounded pieces.

OTLP in protobuf is read as the lines of OTLP/JSON that it says, as if they stood in the file: ``otlp_protobuf.py``.
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from ingest import otlp_protobuf
from ingest.files import InputFile
from ingest.zip_archives import Member

_PIECE = 1 << 20

_MAGIC = {
    b"\x1f\x8b": "gz",
    b"\x28\xb5\x2f\xfd": "zst",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
}
_LONGEST_MAGIC = 6

_MAKE: dict[str, Callable[[], Any]] = {
    "gz": lambda: zlib.decompressobj(wbits=31),
    "deflate": lambda: zlib.decompressobj(wbits=-15),
    "zst": lambda: zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj(),
    "bz2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}

_NAMES = {"gz": "gzip", "zst": "zstd", "bz2": "bzip2", "xz": "xz", "deflate": "ZIP", "zip": "ZIP"}

_BOMB_FROM = 1 << 30
_BOMB_TIMES = 500
"""Logs shrink to a hundredth at best. What grows by more than this, and beyond ``_BOMB_FROM``, is made to overflow."""


@dataclass
class Reader:
    """A file being read: how it is compressed, and what was wrong with it once it has been read to its end."""

    path: Path
    compression: str | None
    member: Member | None = None
    """The part of the file that is read, where it is a ZIP archive."""
    damage: str | None = None
    stored_size: int = 0
    """Bytes read so far, as they are stored."""
    descriptor: int | None = None
    """The file as it was opened before, where its name may be another's by now."""
    translated: bool = False
    """Whether its pieces are not the bytes that are stored, once they were read."""

    @property
    def written_at(self) -> datetime:
        """When it was last written, as far as files tell: naive UTC. Raises ``OSError``."""
        if self.member and self.member.written_at:
            return self.member.written_at
        return datetime.fromtimestamp(self._status().st_mtime, UTC).replace(tzinfo=None)

    @property
    def size(self) -> int:
        """Bytes of the file as they are stored. Raises ``OSError``."""
        return self._status().st_size

    def _status(self) -> os.stat_result:
        return self.path.stat() if self.descriptor is None else os.fstat(self.descriptor)

    def was_truncated(self) -> bool:
        """Whether the file is shorter by now than what was read of it. Raises ``OSError``."""
        return self.member is None and self.size < self.stored_size

    def stored_from(self, begin: int, size: int | None = None) -> Iterator[bytes]:
        """The bytes of the file as they are stored from there on, to its end or so many. Raises ``OSError``."""
        with self._file() as file:
            file.seek(begin)
            while piece := file.read(_PIECE if size is None else min(size, _PIECE)):
                size = None if size is None else size - len(piece)
                yield piece

    def _file(self) -> BinaryIO:
        return self.path.open("rb") if self.descriptor is None else os.fdopen(os.dup(self.descriptor), "rb")

    def pieces(self) -> Iterator[bytes]:
        """
        The decompressed bytes, about a mebibyte at a time. A damaged archive yields what it holds; ``damage`` then
        says in words what happened.
        """
        written = self._as_written()
        head = b"".join(_until(otlp_protobuf.HEAD, written))
        lines = otlp_protobuf.framing(head)
        everything = chain([head] if head else [], written)
        self.translated = lines is not None or self.compression is not None or self.member is not None
        if lines is None:
            yield from everything
            return
        cut = otlp_protobuf.Cut()
        yield from _gathered(lines(everything, cut))
        if cut.size and self.damage is None:
            self.damage = f"the file ends in the middle of an OTLP message: {cut.size:,} bytes of it are there"

    def _as_written(self) -> Iterator[bytes]:
        """The decompressed bytes, as far as they are not made to overflow a disk."""
        self.stored_size, size = 0, 0
        for piece in filter(None, self._opened()):
            yield piece
            size += len(piece)
            if self.compression and size > max(_BOMB_FROM, _BOMB_TIMES * self.stored_size):
                self.damage = f"the {_NAMES[self.compression]} data grows {_BOMB_TIMES}-fold: it is not read on"
                return

    def head(self, size: int) -> bytes:
        """The first bytes of ``pieces``, as many or fewer."""
        return b"".join(_until(size, self.pieces()))[:size]

    def stored_head(self, size: int) -> bytes:
        """The first bytes as they are stored: of the file or, in an archive, of what the member holds."""
        return b"".join(_until(size, self._as_written()))[:size]

    def _opened(self) -> Iterator[bytes]:
        opened = self._stored()
        if self.member and self.member.compression:
            opened = self._decompressed(opened, self.member.compression, once=True)
        if self.compression and self.compression in _MAKE:
            opened = self._decompressed(opened, self.compression)
        return opened

    def _stored(self) -> Iterator[bytes]:
        """The bytes of the file or, in an archive, those of the member as they are stored there."""
        begins, left = (self.member.begins, self.member.size) if self.member else (0, None)
        with self._file() as file:
            file.seek(begins)
            while piece := file.read(_PIECE if left is None else min(left, _PIECE)):
                left = None if left is None else left - len(piece)
                self.stored_size += len(piece)
                yield piece
        if left:
            self.damage = "the ZIP archive ends early"

    def _decompressed(self, stored: Iterator[bytes], compression: str, *, once: bool = False) -> Iterator[bytes]:
        """``once`` says that nothing follows what is compressed here; otherwise it is followed by more of its kind."""
        decoder, fresh = _MAKE[compression](), True
        for piece in stored:
            raw = piece
            while raw:
                try:
                    raw = yield from _expanded(decoder, raw)
                except _ERRORS:
                    if not (fresh and not raw.strip(b"\0")):  # archives may be padded with zeros
                        self.damage = f"the {_NAMES[compression]} data is damaged from here on"
                    return
                fresh = False
                if decoder.eof:
                    if once:
                        return
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


_ERRORS = (zlib.error, OSError, EOFError, lzma.LZMAError, zstandard.ZstdError)
_SIP = 1 << 12
"""Bytes given to a decoder that cannot be told how much to give back at a time: zstd makes 128 MiB of them at most."""


def _expanded(decoder: Any, raw: bytes) -> Generator[bytes, None, bytes]:  # noqa: ANN401 - the decoders have no common type
    """What these bytes hold, in bounded pieces; returns the bytes behind the end of what is compressed, if it came."""
    if isinstance(decoder, bz2.BZ2Decompressor | lzma.LZMADecompressor):
        yield decoder.decompress(raw, _PIECE)
        while not (decoder.needs_input or decoder.eof):
            yield decoder.decompress(b"", _PIECE)
    elif isinstance(decoder, type(zlib.decompressobj())):
        while raw and not decoder.eof:
            yield decoder.decompress(raw, _PIECE)
            raw = decoder.unconsumed_tail
    else:
        for begin in range(0, len(raw), _SIP):
            yield decoder.decompress(raw[begin : begin + _SIP])
            if decoder.eof:
                return bytes(decoder.unused_data) + raw[begin + _SIP :]
    return decoder.unused_data if decoder.eof else b""


def open_reader(file: InputFile) -> Reader:
    """Look at a file's first bytes and get ready to read it. Raises ``OSError``."""
    as_stored = Reader(path=file.path, compression=None, member=file.member, descriptor=file.descriptor)
    head = as_stored.stored_head(_LONGEST_MAGIC)
    compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    if file.member and compression is None:
        compression = "zip"
    return Reader(path=file.path, compression=compression, member=file.member, descriptor=file.descriptor)
