"""
Read on as files grow, rotate and appear, until told to stop.

Files are looked at, not watched: by size, time of change and inode. A file that grew is read from where it was left; a
file that was renamed away is read through the descriptor that was opened when it had its name, before the new file of
that name. Whatever is in doubt (shorter than before, other bytes at the end, compressed) is told by its lines, as any
file is. The database is held while something is read and brought up to date, and free in between.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest.database import DatabaseHeldError, open_for_writing, room_to_write
from ingest.derive import derive
from ingest.files import InputError, InputFile, files_of, input_files, parts_of
from ingest.loading import Loaded, Loader, Options, Progress, Standing, chosen, loader
from ingest.reading import open_reader

_MOST_OPEN = 200
"""Files that are kept open, so that what is renamed away can be read to its end."""

_QUIET = 60
"""Looks without growth after which a file that was renamed out of sight is left."""

_SHARE = 2
"""Times as long as deriving took, nothing is read after it: readers have the database for that long."""

_IDLE = 50
"""Times as long as looking took, nothing is looked at after it: thousands of files are not looked at every second."""

_Key = tuple[int, int, str]
_Seen = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What became of following: rows that were added, how many files they came from, values that were redacted."""

    rows: int
    files: int
    redacted: int | None


class _StoppedError(Exception):
    """Nobody wants the rest."""


@dataclass
class _File:
    """A file that is followed, under whatever name."""

    file: InputFile
    seen: _Seen | None = None
    """Size and time of change when it was read last."""
    looked_at: _Seen | None = None
    """And when it was looked at last."""
    standing: Standing | None = None
    rotated: bool = False
    """Whether it lost the name under which it was written."""
    quiet: int = 0
    """Looks since it grew."""
    not_before: float = 0.0
    """When it may be read again, by the monotonic clock, if all of it has to be read for that."""


def follow(  # noqa: PLR0913 - where from, where to, how, and whom to ask and tell
    database: Path,
    paths: Sequence[Path],
    options: Options,
    *,
    every: float,
    stopped: Callable[[float], bool],
    say: Callable[[str], None],
) -> Followed:
    """
    Read files and folders, and what comes to them, until ``stopped``, which waits so many seconds for an answer.

    ``every`` is how many seconds to wait between two looks; ``say`` gets what a person should know, a line each time.
    Raises as ``load`` does, but waits where another process holds the database.
    """
    chosen(options)
    input_files(paths)
    look = _Look(paths)
    reading = _Reading(database, options, stopped=stopped, say=say)
    try:
        pause = 0.0
        while not stopped(pause):
            began = time.monotonic()
            due = look.due(began)
            pause = max(every, _IDLE * (time.monotonic() - began), _SHARE * reading.read(due))
    finally:
        look.close()
    return Followed(rows=reading.rows, files=len(reading.names), redacted=reading.redacted)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """A file as it was at the last look: what is read of it, more than one where it is an archive of several."""

    inode: tuple[int, int]
    seen: _Seen
    files: tuple[InputFile, ...]


class _Look:
    """The files that the paths mean, and which of them have something to read."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._files: dict[_Key, _File] = {}
        self._parts: dict[Path, _Parts] = {}

    def due(self, now: float) -> list[_File]:
        """Those to be read, in order: what was renamed away before what has its name now."""
        found = dict(self._found())
        gone = [key for key in self._files if key not in found]
        for key in gone:
            self._look_at_gone(key)
        for key, (file, seen) in found.items():
            self._look_at(key, file, seen)
        waiting = [each for each in self._files.values() if self._is_due(each, now)]
        return sorted(waiting, key=lambda each: not each.rotated)

    def close(self) -> None:
        """Let go of all files."""
        for each in self._files.values():
            _close(each.file)

    def _found(self) -> Iterator[tuple[_Key, tuple[InputFile, _Seen]]]:
        parts: dict[Path, _Parts] = {}
        for path in self._paths:
            with suppress(InputError, OSError):  # between two files of its name there is none
                for file in files_of(path):
                    parts[file.path] = self._parts_now(file)
        self._parts = parts
        for each in parts.values():
            for part in each.files:
                yield (*each.inode, part.member.name if part.member else ""), (part, each.seen)

    def _parts_now(self, file: InputFile) -> _Parts:
        """What a file holds; it is not opened for that if it is as it was at the last look."""
        try:
            status = file.path.stat()
        except OSError:
            there = (file,) if file.problem else ()  # or it was renamed this very moment
            return _Parts(inode=(0, hash(file.name)), seen=(0, 0), files=there)
        inode, seen = (status.st_dev, status.st_ino), (status.st_size, status.st_mtime_ns)
        known = self._parts.get(file.path)
        if known and (known.inode, known.seen) == (inode, seen):
            return known
        return _Parts(inode=inode, seen=seen, files=tuple(parts_of(file)))

    def _look_at(self, key: _Key, file: InputFile, seen: _Seen) -> None:
        each = self._files.get(key)
        if each is None:
            opened = self._opened(key, file)
            if opened is None:
                return
            each = self._files[key] = _File(file=opened)
        elif each.file.path != file.path:
            each.file, each.rotated = replace(file, descriptor=each.file.descriptor), True
        self._note(each, seen)

    def _look_at_gone(self, key: _Key) -> None:
        each = self._files[key]
        each.rotated = True
        if each.file.descriptor is None or (each.quiet > _QUIET and each.seen is not None):
            _close(each.file)
            del self._files[key]
            return
        status = os.fstat(each.file.descriptor)
        self._note(each, (status.st_size, status.st_mtime_ns))

    @staticmethod
    def _note(each: _File, seen: _Seen) -> None:
        each.quiet = each.quiet + 1 if seen == each.looked_at else 0
        each.looked_at = seen

    @staticmethod
    def _is_due(each: _File, now: float) -> bool:
        if each.looked_at == each.seen:
            return each.rotated and each.quiet > 0 and each.standing is not None and each.standing.pending
        if each.standing is not None:
            return True
        being_written = each.quiet == 0 and _is_compressed(each.file)  # half an archive tells nothing
        return now >= each.not_before and not being_written

    def _opened(self, key: _Key, file: InputFile) -> InputFile | None:
        """The file with a descriptor, as long as there are not too many; None if another one has its name by now."""
        kept_open = sum(each.file.descriptor is not None for each in self._files.values())
        if file.problem or file.member or kept_open >= _MOST_OPEN:
            return file
        try:
            descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError:
            return file
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != key[:2]:
            os.close(descriptor)
            return None
        return replace(file, descriptor=descriptor)


def _close(file: InputFile) -> None:
    if file.descriptor is not None:
        os.close(file.descriptor)


def _is_compressed(file: InputFile) -> bool:
    try:
        return open_reader(file).compression is not None
    except OSError:
        return False


class _Reading:
    """Reads what is due into the database, and counts."""

    def __init__(
        self, database: Path, options: Options, *, stopped: Callable[[float], bool], say: Callable[[str], None]
    ) -> None:
        self._database = database
        self._options = options
        self._stopped = stopped
        self._say = say
        self._held = False
        self._noted: dict[str, str | None] = {}
        self.rows = 0
        self.names: set[str] = set()
        self.redacted = 0 if options.redaction else None
        self._up_to_date = False

    def read(self, due: Sequence[_File]) -> float:
        """Read these files and bring the derived tables up to date; returns how many seconds the latter took."""
        if not due and self._up_to_date:
            return 0.0
        try:
            with room_to_write(self._database), open_for_writing(self._database, patience=0) as db:
                self._held = False
                self._read_into(db, due)
                began = time.monotonic()
                if _is_behind(db):
                    derive(db)
                self._up_to_date = True
                return time.monotonic() - began
        except DatabaseHeldError as error:
            if not self._held:
                self._say(f"{error}. Reading goes on then.")
            self._held = True
            return 0.0

    def _read_into(self, db: duckdb.DuckDBPyConnection, due: Sequence[_File]) -> None:
        rows_before = _rows_in(db)
        with loader(db, self._database, self._options, now=datetime.now(UTC)) as reading:
            self._read_each(reading, due)
            if self.redacted is not None:
                self.redacted += reading.redacted or 0
        self.rows += max(_rows_in(db) - rows_before, 0)

    def _read_each(self, reading: Loader, due: Sequence[_File]) -> None:
        with suppress(_StoppedError):
            for each in due:
                if self._stopped(0):
                    break
                if each.file.descriptor is not None or each.file.problem or each.file.path.exists():
                    self._note(self._read_file(reading, each))

    def _read_file(self, reading: Loader, each: _File) -> Loaded:
        began = time.monotonic()
        seen = each.looked_at
        if each.standing is None:
            loaded, each.standing = reading.load_and_stand(each.file, self._or_stop)
        else:
            closed = each.rotated and each.quiet > 0
            loaded, each.standing = reading.read_on(each.file, each.standing, self._or_stop, closed=closed)
        each.seen = seen
        each.not_before = time.monotonic() + 10 * (time.monotonic() - began)
        return loaded

    def _or_stop(self, _: Progress) -> None:
        if self._stopped(0):
            raise _StoppedError

    def _note(self, loaded: Loaded) -> None:
        if loaded.rows:
            self.names.add(loaded.name)
        torn = loaded.pending_bytes > 0
        if loaded.note and not torn and self._noted.get(loaded.name) != loaded.note:
            self._say(f"{loaded.name}: {loaded.note}")
        self._noted[loaded.name] = loaded.note


def _rows_in(db: duckdb.DuckDBPyConnection) -> int:
    return int(db.execute("select coalesce(sum(row_count), 0) from sources").fetchall()[0][0])


def _is_behind(db: duckdb.DuckDBPyConnection) -> bool:
    """Whether there is evidence that the derived tables do not speak of."""
    stored = dict(db.execute("select key, value from meta").fetchall())
    return stored.get("derived_version") != stored.get("evidence_version")
