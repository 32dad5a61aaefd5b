"""The members of a ZIP archive: by its directory, or one after the other where the directory is missing."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

MAGIC = b"PK\x03\x04"

_MOST = 10_000
"""Members that are read of one archive."""
_HEADER = struct.Struct("<4sHHHHHLLLHH")
_ENCRYPTED, _SIZES_FOLLOW, _UTF_8 = 0x1, 0x8, 0x800
_UNKNOWN_SIZE = 0xFFFFFFFF
_METHODS = {0: None, 8: "deflate", 12: "bz2", 93: "zst"}
_HIDDEN = ("__MACOSX",)
_OVERLAPS = "its bytes are another file's of the archive, too: such archives are made to overflow a disk"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file in an archive, and where its bytes lie."""

    name: str
    begins: int
    """Byte at which its compressed data begin."""
    size: int | None
    """Compressed bytes; null where only the data tell."""
    compression: str | None
    written_at: datetime | None
    """Local time of whoever packed it."""
    problem: str | None = None
    """Why it cannot be read, if so."""


def members(path: Path) -> tuple[tuple[Member, ...], str | None]:
    """
    The members of an archive and, in words, what is wrong with the archive as a whole, if anything.

    Folders and hidden files are left out, as they are in folders. Members whose bytes overlap are how a small archive
    is made to hold more than any disk: all but the first of them are refused. Raises ``OSError``.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                found = [_of_directory(file, entry) for entry in archive.infolist() if not entry.filename.endswith("/")]
            damage = None
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
            found = list(_one_after_the_other(file))
            damage = f"the ZIP archive is cut or damaged: of its files, {len(found):,} were found"
    shown = [member for member in found if not _is_hidden(member.name)]
    if len(shown) > _MOST:
        damage = f"the ZIP archive holds {len(shown):,} files; the first {_MOST:,} are read: unpack it first"
    return tuple(_without_overlaps(shown[:_MOST])), damage


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part in _HIDDEN for part in name.split("/"))


def _of_directory(file: BinaryIO, entry: zipfile.ZipInfo) -> Member:
    if entry.header_offset < 0:  # the directory is said to begin after the archive's end
        raise zipfile.BadZipFile
    file.seek(entry.header_offset)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or header[:4] != MAGIC:
        raise zipfile.BadZipFile
    *_, name_length, extra_length = _HEADER.unpack(header)
    return _member(
        name=entry.filename,
        begins=entry.header_offset + _HEADER.size + name_length + extra_length,
        size=entry.compress_size,
        method=entry.compress_type,
        flags=entry.flag_bits,
        written_at=_moment(entry.date_time),
    )


def _one_after_the_other(file: BinaryIO) -> Iterator[Member]:
    """As far as each member says how long it is; the last one may be cut."""
    at = 0
    while True:
        file.seek(at)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or header[:4] != MAGIC:
            return
        _, _, flags, method, time, day, _, size, _, name_length, extra_length = _HEADER.unpack(header)
        name = file.read(name_length)
        begins = at + _HEADER.size + name_length + extra_length
        size_is_told = not flags & _SIZES_FOLLOW and size != _UNKNOWN_SIZE
        moment = (1980 + (day >> 9), day >> 5 & 15, day & 31, time >> 11, time >> 5 & 63, (time & 31) * 2)
        if not name.endswith(b"/"):
            yield _member(
                name=name.decode("utf-8" if flags & _UTF_8 else "cp437", "replace"),
                begins=begins,
                size=size if size_is_told else None,
                method=method,
                flags=flags,
                written_at=_moment(moment),
            )
        if not size_is_told:
            return
        at = begins + size


def _member(  # noqa: PLR0913 - what a header says
    *, name: str, begins: int, size: int | None, method: int, flags: int, written_at: datetime | None
) -> Member:
    problem = None
    if flags & _ENCRYPTED:
        problem = "it is encrypted: unpack the archive first"
    elif method not in _METHODS:
        problem = f"it is compressed in a way that is not read (ZIP method {method}): unpack the archive first"
    return Member(
        name=name,
        begins=begins,
        size=size,
        compression=_METHODS.get(method),
        written_at=written_at,
        problem=problem,
    )


def _without_overlaps(found: list[Member]) -> Iterator[Member]:
    taken_up_to = 0
    for member in sorted(found, key=lambda member: member.begins):
        if member.begins < taken_up_to:
            yield replace(member, problem=_OVERLAPS)
        else:
            taken_up_to = member.begins + (member.size or 0)
            yield member


def _moment(told: tuple[int, int, int, int, int, int]) -> datetime | None:
    try:
        return datetime(*told)  # noqa: DTZ001 - an archive names no zone
    except ValueError:
        return None
