"""The same jobs and attempts come of a log whatever it is wrapped in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.derive import derive
from tests.ingest.loads import job_log_lines, load_all, sidekiq_lines
from tests.ingest.wrappers.wrapping import WRAPPED

LINES = [line for pair in zip(job_log_lines(9), sidekiq_lines(9), strict=False) for line in pair]
"""Two systems' lines by turns, JSON and text, with backtraces that go on over several lines between them."""
_OF_THE_ENVELOPE = {"host", "worker_key"}


def jobs_and_attempts(folder: Path, name: str, data: bytes, *, chunk: int = 8 << 20) -> list[list[dict[str, Any]]]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    load_all(folder / "t.duckdb", folder / name, final=True, chunk=chunk)
    with duckdb.connect(str(folder / "t.duckdb")) as db:
        derive(db)
        return [rows(db, f"select * from {table} order by all") for table in ("jobs", "attempts")]


def rows(db: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = db.execute(query)
    names = [column[0] for column in found.description or []]
    return [
        {name: value for name, value in zip(names, row, strict=True) if name not in _OF_THE_ENVELOPE}
        for row in found.fetchall()
    ]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    return jobs_and_attempts(tmp_path_factory.mktemp("bare"), "a.log", "".join(LINES).encode())


@pytest.mark.parametrize("around", WRAPPED)
def test_the_same_jobs_and_attempts_come_out_as_from_the_bare_file(
    tmp_path: Path, around: str, bare: list[list[dict[str, Any]]]
) -> None:
    assert len(bare[0]) > 10
    assert jobs_and_attempts(tmp_path, "a.log", WRAPPED[around](LINES)) == bare
