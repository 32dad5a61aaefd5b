"""Which files a user means by the paths given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_NOT_INPUT = (".duckdb", ".duckdb.wal")


class InputError(Exception):
    """An input cannot be read; the words say which and why."""


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """One file to read, and the name the ledger gives it: no part of it depends on where the folder stands."""

    path: Path
    name: str


def input_files(paths: Sequence[Path]) -> tuple[InputFile, ...]:
    """
    All files meant by files and folders, in the order given, folders by name and hidden files left out.

    Raises ``InputError`` for a path that does not exist.
    """
    found: dict[Path, InputFile] = {}
    for path in paths:
        if not path.exists():
            raise InputError(f"there is no file or folder {path}")
        for file in _files_of(path):
            found.setdefault(file.path.resolve(), file)
    return tuple(found.values())


def _files_of(path: Path) -> Iterator[InputFile]:
    if not path.is_dir():
        yield InputFile(path=path, name=path.name)
        return
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path)
        hidden = any(part.startswith(".") for part in relative.parts)
        if file.is_file() and not hidden and not file.name.endswith(_NOT_INPUT):
            yield InputFile(path=file, name=relative.as_posix())
