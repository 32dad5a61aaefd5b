"""The DuckDB file: make it, open it, wait for whoever holds it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from ingest import schema

_STORAGE = "v1.4.0"
"""Storage version of new files: DuckDB 1.4 and later read it, so other tools can open them."""

_ROW_GROUP = 30_720
"""
Rows that are compressed and written at a time. A chunk has several such groups, and each goes straight into the file;
with DuckDB's own 122,880 rows most chunks have none, and their rows are written twice: to the log, then to the file.
"""

_PATIENCE = 10.0
"""Seconds to wait for another process to let go of the file."""

_NO_ROOM = r"could not (?:write|truncate|sync)|no space left|file too large|disk quota"

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # Where it expects few rows DuckDB runs an ASOF join as a loop over both sides, and what it expects of a derived row
    # is a guess: of a million attempts that took over ten minutes in place of seconds.
    "asof_loop_join_threshold": 0,
}


class DatabaseError(Exception):
    """The database cannot be used; the words say why and what to do."""


class DatabaseHeldError(DatabaseError):
    """Another process holds the database."""


def open_for_writing(path: Path, *, patience: float = _PATIENCE) -> duckdb.DuckDBPyConnection:
    """
    Open the database, made with its tables where there is none; ``patience`` is how many seconds to wait for it.

    Raises ``DatabaseHeldError`` where another process holds it, and ``DatabaseError`` where it was made by a newer
    jobtrail or is no database.
    """
    if path.is_dir():
        raise DatabaseError(f"{path} is a folder: name a file in it, such as {path / 'jobtrail.duckdb'}")
    if path.exists():
        db = _connect(path, read_only=False, patience=patience)
        _refuse_strangers(db, path)
        return db
    if not path.parent.is_dir():
        raise DatabaseError(f"cannot make {path}: there is no folder {path.parent}")
    _make(path)
    return open_for_writing(path, patience=patience)


@contextmanager
def room_to_write(path: Path) -> Iterator[None]:
    """Raises ``DatabaseError`` where the disk takes no more: what was committed before is safe."""
    try:
        yield
    except duckdb.Error as error:
        if not re.search(_NO_ROOM, str(error), re.IGNORECASE):
            raise
        reason = str(error).rpartition(": ")[2].strip()
        raise DatabaseError(
            f"cannot write {path}: {reason}. Make room and run the same command again: it goes on where it stopped"
        ) from error


def _make(path: Path) -> None:
    """Make the file beside its place and move it there whole, so that a crash leaves no half-made database behind."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    try:
        with duckdb.connect(":memory:", config=_SETTINGS) as maker:
            maker.execute(f"attach '{_quoted(unfinished)}' as made (storage_version '{_STORAGE}')")
            maker.execute("use made")
            maker.execute("begin")
            for name in schema.EVIDENCE:
                table = schema.table(name)
                maker.execute(table.statement)
                for comment in table.comment_statements:
                    maker.execute(comment)
            maker.execute(
                "insert into meta values ('schema_version', $version), ('evidence_version', '0')",
                {"version": str(schema.SCHEMA_VERSION)},
            )
            maker.execute("commit")
            maker.execute("use memory")
            maker.execute("detach made")
        with suppress(FileExistsError):  # another process was faster: its database is as good
            os.link(unfinished, path)
    except (duckdb.Error, OSError) as error:
        raise DatabaseError(f"cannot make {path}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def open_for_reading(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the database read-only. Raises ``DatabaseError`` where there is none, or it cannot be read."""
    if not path.exists():
        raise DatabaseError(f"there is no database {path}: make one with 'jobtrail ingest PATH... --db {path}'")
    db = _connect(path, read_only=True)
    _refuse_strangers(db, path)
    return db


def _connect(path: Path, *, read_only: bool, patience: float = _PATIENCE) -> duckdb.DuckDBPyConnection:
    give_up_at = time.monotonic() + patience
    while True:
        try:
            db = _opened_to_read(path) if read_only else _opened_to_write(path)
        except duckdb.IOException as error:
            holder = re.search(r"PID (\d+)", str(error))
            if "lock" not in str(error).lower():
                raise DatabaseError(f"cannot open {path}: it is no DuckDB database, or a damaged one") from error
            if time.monotonic() > give_up_at:
                who = f"process {holder[1]}" if holder else "another process"
                raise DatabaseHeldError(
                    f"cannot open {path}: {who} holds it; wait for it to finish, or stop it"
                ) from error
            time.sleep(0.1)
        except duckdb.Error as error:
            raise DatabaseError(f"cannot open {path}: {error}") from error
        else:
            return db


def _opened_to_read(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=True, config=_SETTINGS)


def _opened_to_write(path: Path) -> duckdb.DuckDBPyConnection:
    """Only an attached file can be given a size of its row groups."""
    db = duckdb.connect(":memory:", config=_SETTINGS | {"temp_directory": f"{path}.tmp"})
    try:
        db.execute(f"attach '{_quoted(path)}' as evidence (row_group_size {_ROW_GROUP})")
        db.execute("use evidence")
    except BaseException:
        db.close()
        raise
    return db


def _refuse_strangers(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        row = db.execute("select value from meta where key = 'schema_version'").fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        row = None
    if row is None or not str(row[0]).isdecimal():
        db.close()
        raise DatabaseError(f"{path} is a DuckDB database, but not one of jobtrail's: name another with --db")
    if int(row[0]) > schema.SCHEMA_VERSION:
        db.close()
        raise DatabaseError(f"{path} was made by a newer jobtrail (schema {row[0]}): update jobtrail to read it")
    if int(row[0]) < schema.SCHEMA_VERSION:
        db.close()
        raise DatabaseError(
            f"{path} was made by an older jobtrail (schema {row[0]}): load the inputs into a new one, named with --db"
        )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
