"""A whole load: nothing is raised, every byte is accounted for, and what was read once is not read again."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from fuzz.seeds import PACKED, all_samples, otlp_protobuf, packed
from fuzz.target import Target, promise
from ingest.loading import LoadReport, load

_NOW = datetime(2026, 11, 24, tzinfo=UTC)
_UNACCOUNTED = (
    "select path, bytes_total, bytes_accepted, bytes_blank, bytes_rejected, bytes_pending from sources"
    " where bytes_total <> bytes_accepted + bytes_blank + bytes_rejected + bytes_pending"
    " or least(bytes_accepted, bytes_blank, bytes_rejected, bytes_pending) < 0"
)
_RAISED = "select reason from rejected_lines where reason like 'could not be read as %'"
_EVIDENCE = (
    "select table_name, estimated_size from duckdb_tables()"
    " where table_name not in ('sources', 'source_checkpoints', 'meta') order by 1"
)


def _load(database: Path, *paths: Path, final: bool = True) -> LoadReport:
    return load(database, paths, now=_NOW, final=final)


def _asked(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as db:
        return db.execute(query).fetchall()


def _check(database: Path) -> None:
    wrong = _asked(database, _UNACCOUNTED)
    promise(not wrong, f"bytes are not accounted for: {wrong}")
    raised = _asked(database, _RAISED)
    promise(not raised, f"a source raised: {raised}")


def _whole(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database, log, old = Path(folder, "t.duckdb"), Path(folder, "worker.log"), Path(folder, "worker.log.1.gz")
        log.write_bytes(data)
        _load(database, log)
        _check(database)
        known = _asked(database, _EVIDENCE)
        promise(_load(database, log).rows == 0, "the same file adds rows")
        old.write_bytes(PACKED["gz"](data))
        if not any(data.startswith(pack(b"")[:2]) for pack in PACKED.values()) and not data.startswith(b"PK"):
            promise(_load(database, old).rows == 0, "the same file, compressed, adds rows")
        _check(database)
        promise(_asked(database, _EVIDENCE) == known, "loading again changes what is known")


def _grown(data: bytes) -> None:
    """A file that is loaded while it is half written, and again when it is whole."""
    with tempfile.TemporaryDirectory() as folder:
        database, log = Path(folder, "t.duckdb"), Path(folder, "worker.log")
        log.write_bytes(data[: len(data) // 2])
        _load(database, log, final=False)
        _check(database)
        log.write_bytes(data)
        _load(database, log)
        _check(database)
        promise(_load(database, log).rows == 0, "the same file adds rows")


TARGETS = (
    Target(
        name="load",
        promise="every byte is accounted for, and the same bytes again add nothing",
        attempt=_whole,
        seeds=lambda: [*all_samples(), *packed(), *otlp_protobuf()],
        quick=1,
    ),
    Target(
        name="load_of_a_growing_file",
        promise="every byte is accounted for before and after it has grown",
        attempt=_grown,
        seeds=all_samples,
        quick=1,
    ),
)
