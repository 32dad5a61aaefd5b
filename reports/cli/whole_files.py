"""Files that are there whole or not at all: who reads them meanwhile finds the old one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from reports.cli import Trouble


def refuse(path: Path, read: Iterable[Path]) -> None:
    """Say before the work is done that a file cannot be written: one of those read, or in no folder. Raises."""
    if path.exists() and any(each.exists() and path.samefile(each) for each in read):
        raise click.UsageError(f"{path} is an input: name another file to write")
    if not path.parent.is_dir():
        raise Trouble(f"cannot write {path}: there is no folder {path.parent}")


def write_whole(path: Path, text: str) -> None:
    """Write it beside its place and move it there, with the rights of the file before. Raises ``Trouble``."""
    try:
        if path.exists() and not path.is_file():  # a pipe, /dev/stdout
            path.write_text(text, encoding="utf-8")
            return
        place = Path(os.path.realpath(path))  # a link stays one
        unfinished = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                if place.exists():
                    unfinished.chmod(place.stat().st_mode & 0o777)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise Trouble(f"cannot write {path}: {error.strerror or error}") from error
