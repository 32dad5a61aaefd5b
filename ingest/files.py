"""Which files a user means by the paths given, and what in them is no file that could be read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest import zip_archives

_NOT_INPUT = (".duckdb", ".duckdb.wal")


class InputError(Exception):
    """An input cannot be read; the words say which and why."""


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """One file to read, and the name the ledger gives it: no part of it depends on where the folder stands."""

    path: Path
    name: str
    member: zip_archives.Member | None = None
    """The part of the file that is meant, where it is a ZIP archive."""
    problem: str | None = None
    """Why it cannot be read, where that is known without opening it."""
    descriptor: int | None = None
    """The file as it was opened before, where its name may be another's by now."""


def input_files(paths: Sequence[Path]) -> tuple[InputFile, ...]:
    """
    All files meant by files and folders, in the order given, folders by name and hidden files left out. Of a ZIP
    archive each member is a file of its own, ``archive.zip/member``.

    What stands in a folder and cannot be read is among them with its ``problem``. Links to folders are not followed:
    they may lead anywhere, and round in circles. Raises ``InputError`` for a path given that cannot be read.
    """
    found: dict[tuple[str, zip_archives.Member | None], InputFile] = {}
    for path in paths:
        for file in files_of(path):
            for part in parts_of(file):
                found.setdefault((os.path.realpath(part.path), part.member), part)
    return tuple(found.values())


def parts_of(file: InputFile) -> Iterator[InputFile]:
    """The members of an archive; what is wrong with the archive itself goes by its name. Any other file is itself."""
    if file.problem or not _is_zip(file.path):
        yield file
        return
    members, damage = zip_archives.members(file.path)
    for member in members:
        yield replace(file, name=f"{file.name}/{legible(member.name)}", member=member, problem=member.problem)
    if damage:
        yield replace(file, problem=damage)


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(zip_archives.MAGIC)) == zip_archives.MAGIC
    except OSError:  # it was taken away meanwhile: reading it says so
        return False


def files_of(path: Path) -> Iterator[InputFile]:
    """The files that a path means, none of them opened. Raises ``InputError`` as ``input_files`` does."""
    if path.is_dir():
        yield from _files_in(path)
        return
    if not path.exists():
        raise InputError(f"there is no file or folder {legible(str(path))}")
    if problem := _problem(path):
        raise InputError(f"cannot read {legible(str(path))}: {problem}")
    yield InputFile(path=path, name=legible(path.name))


def _files_in(folder: Path) -> Iterator[InputFile]:
    unreadable: list[OSError] = []
    found = [
        Path(place, name)
        for place, folders, names in os.walk(folder, onerror=unreadable.append)
        for name in [*names, *(name for name in folders if Path(place, name).is_symlink())]
    ]
    problems = {Path(error.filename): error.strerror for error in unreadable}
    for path in sorted([*found, *problems]):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or path.name.endswith(_NOT_INPUT):
            continue
        yield InputFile(path=path, name=legible(relative.as_posix()), problem=problems.get(path) or _problem(path))


def _problem(path: Path) -> str | None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return "it is a link to nothing" if path.is_symlink() else error.strerror
    if stat.S_ISDIR(mode):
        return "it is a link to a folder, which is not followed: name that folder itself"
    if not stat.S_ISREG(mode):
        return "it is no file but a pipe, socket or device: write what comes of it to a file first"
    return None if os.access(path, os.R_OK) else os.strerror(errno.EACCES)


def legible(name: str) -> str:
    """A file name as text that can be stored and shown: bytes that are no UTF-8 as ``\\xff``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
