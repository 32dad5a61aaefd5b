"""What loading left in a database, fit to be compared, and small inputs to load."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from ingest import schema
from ingest.database import open_for_writing
from ingest.derive import derive
from ingest.line_reading import CHUNK
from ingest.loading import LoadReport, load

NOW = datetime(2026, 11, 24, tzinfo=UTC)

_ABOUT_THE_LOAD = {"sources": "source_id, path, also_seen_as, compression, loaded_at"}


def sidekiq_lines(count: int, *, pid: int = 7) -> list[str]:
    """Runs of jobs as Sidekiq's text log shows them; each third fails, with a backtrace over several lines."""
    lines = []
    for number in range(count):
        moment = f"2026-03-01T12:{number // 60 % 60:02}:{number % 60:02}.{number % 1000:03}Z"
        head = f"{moment} pid={pid} tid=t{number % 4} class=Export jid={number:024x}"
        lines += [f"{head} INFO: start\n"]
        if number % 3:
            lines += [f"{head} elapsed=0.5 INFO: done\n"]
        else:
            lines += [f"{head} elapsed=0.2 INFO: fail\n", f"{moment} pid={pid} tid=t1 WARN: RuntimeError: no room\n"]
            lines += ["app/export.rb:12:in `perform'\n", "\n", "app/größe.rb:3:in `call'\n"]
    return lines


def job_log_lines(count: int) -> list[str]:
    """Jobs that start and end, as our own workers log them."""
    return [
        json.dumps(
            {
                "format": "jobrunner.job_log/1",
                "ts": f"2026-03-01T13:{number // 60 % 60:02}:{number % 60:02}.5Z",
                "event": event,
                "system": "jobrunner",
                "job_id": f"job-{number}",
                "job_class": "Mail",
                "queue": "mailers",
                "attempt": 1,
                "pid": 80,
                "thread": "t1",
                "arguments": [number],
            }
        )
        + "\n"
        for number in range(count)
        for event in ("started", "succeeded")
    ]


@cache
def _made() -> bytes:
    """A new database, as a load makes it: that takes longer than most loads of these tests."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made.duckdb")
        open_for_writing(made).close()
        return made.read_bytes()


def load_all(database: Path, *paths: Path, chunk: int = CHUNK, final: bool = False) -> LoadReport:
    """Load at a fixed moment, into a copy of a new database where there is none."""
    if not database.exists():
        database.write_bytes(_made())
    return load(database, paths, now=NOW, chunk=chunk, final=final)


def evidence(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every evidence table, without what says how it was loaded: numbers, names, moments, and the checkpoints."""
    with duckdb.connect(str(database)) as db:
        found = {}
        for name in schema.EVIDENCE:
            if name in {"meta", "source_checkpoints"}:
                continue
            columns = f"* exclude ({_ABOUT_THE_LOAD.get(name, 'source_id')})"
            found[name] = sorted(db.execute(f"select {columns} from {name}").fetchall(), key=repr)
        return found


def derived(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every derived table, derived anew."""
    with duckdb.connect(str(database)) as db:
        derive(db)
        found = {}
        for name in schema.DERIVED:
            known_by = ("source_id", "path") if name == "coverage" else ("source_id",)
            columns = [column.name for column in schema.table(name).columns if not column.name.endswith(known_by)]
            found[name] = sorted(db.execute(f"select {', '.join(columns)} from {name}").fetchall(), key=repr)
        return found
