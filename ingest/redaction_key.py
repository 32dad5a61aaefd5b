"""
The key of a database's digests of secrets: made once, kept beside the database and never in it.

Who has the database alone can tell equal arguments from different ones, and cannot find out by trying which they are.
"""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path

import duckdb

from ingest.database import DatabaseError
from ingest.redaction import Redaction, Redactor

_SIZE = 32
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def key_file(database: Path) -> Path:
    """Where the key of this database is kept."""
    return database.with_name(f"{database.name}.redaction-key")


def redactor_for(db: duckdb.DuckDBPyConnection, database: Path, redaction: Redaction | None) -> Redactor | None:
    """
    What redacts a load into this database; None where it stores all as it is.

    Raises ``DatabaseError`` where the database was loaded the other way before, or its key is missing or another's.
    """
    stored = dict(db.execute("select key, value from meta").fetchall())
    known_by = stored.get("redaction")
    if redaction is None:
        if known_by:
            raise DatabaseError(
                f"{database} was loaded with --redact: give it again, or load into another database, named with --db"
            )
        return None
    if known_by is None and stored.get("evidence_version") != "0":
        raise DatabaseError(
            f"{database} was loaded without --redact and holds the inputs as they are: load them into a new one, "
            "named with --db"
        )
    key = _key(key_file(database), made_before=known_by is not None)
    fingerprint = blake2b(b"jobtrail", digest_size=16, key=key).hexdigest()
    if known_by is None:
        db.execute("insert into meta values ('redaction', $fingerprint)", {"fingerprint": fingerprint})
    elif known_by != fingerprint:
        raise DatabaseError(f"{key_file(database)} is not the key that {database} was loaded with: put that one there")
    return Redactor(redaction, key)


def _key(path: Path, *, made_before: bool) -> bytes:
    try:
        if not made_before and not path.exists():
            _make(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise DatabaseError(
            f"the key {path} is missing, without which equal arguments cannot be told: put it back, or load into a "
            "new database, named with --db"
        ) from error
    except OSError as error:
        raise DatabaseError(f"cannot use the key {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise DatabaseError(f"{path} is no key of jobtrail's") from error
    if len(key) != _SIZE:
        raise DatabaseError(f"{path} is no key of jobtrail's")
    return key


def _make(path: Path) -> None:
    """Write it whole beside its place, for the eyes of its owner alone, and move it there."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(unfinished, _CREATE, 0o600), "w", encoding="ascii") as file:
            file.write(f"{secrets.token_hex(_SIZE)}\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
