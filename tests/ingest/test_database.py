"""A database that cannot be used is refused in words that say why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingest import database
from ingest.database import DatabaseError, open_for_reading, open_for_writing


def test_a_new_database_has_its_tables_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    open_for_writing(tmp_path / "t.duckdb").close()
    assert [path.name for path in tmp_path.iterdir()] == ["t.duckdb"]
    with open_for_reading(tmp_path / "t.duckdb") as db:
        assert db.execute("select count(*) from sources").fetchall() == [(0,)]


def test_what_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.duckdb"
    path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(DatabaseError, match="no DuckDB database, or a damaged one"):
        open_for_writing(path)
    path.unlink()
    with duckdb.connect(str(path)) as db:
        db.execute("create table mine (a integer)")
    with pytest.raises(DatabaseError, match="not one of jobtrail's"):
        open_for_writing(path)
    with pytest.raises(DatabaseError, match="there is no database"):
        open_for_reading(tmp_path / "nowhere.duckdb")
    with pytest.raises(DatabaseError, match="there is no folder"):
        open_for_writing(tmp_path / "nowhere" / "t.duckdb")


def test_a_meta_table_of_someone_else_is_not_ours(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "t.duckdb")) as db:
        db.execute("create table meta (owner varchar)")
    with pytest.raises(DatabaseError, match="not one of jobtrail's"):
        open_for_reading(tmp_path / "t.duckdb")


def test_a_database_of_a_newer_jobtrail_is_refused(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "t.duckdb") as db:
        db.execute("update meta set value = '999' where key = 'schema_version'")
    with pytest.raises(DatabaseError, match=r"newer jobtrail \(schema 999\)"):
        open_for_writing(tmp_path / "t.duckdb")


def test_a_database_held_by_another_process_is_refused_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.duckdb"
    open_for_writing(path).close()
    monkeypatch.setattr(database, "_PATIENCE", 0.3)
    hold = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(DatabaseError, match=f"process {holder.pid} holds it"):
            open_for_writing(path)
        holder.kill()
