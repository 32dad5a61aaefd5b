"""Following is loading: whatever grows, rotates or dies meanwhile, the rows are those of the undivided log."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.ingest.loads import job_log_lines, load_all, sidekiq_lines
from tests.reports.process import started

ROOT = Path(__file__).parent.parent.parent
_PATIENCE = 100.0
JOBS = 300


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask, as soon as nobody writes; there may be no database yet."""
    for _ in range(1000):
        try:
            with duckdb.connect(str(database), read_only=True) as db:
                return db.execute(query).fetchall()
        except duckdb.IOException:
            time.sleep(0.02)
    raise TimeoutError(f"{database} is held all the time")


def wait_until(true: Callable[[], object], process: subprocess.Popen[str]) -> None:
    give_up_at = time.monotonic() + _PATIENCE
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up_at, "it did not come true"
        time.sleep(0.1)


def events(database: Path) -> int:
    return int(rows(database, "select count(*) from job_events")[0][0]) if database.exists() else 0


def told(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows, wherever they stood."""
    tables = ("job_events", "worker_events", "log_lines")
    return {
        table: sorted(rows(database, f"select * exclude (source_id, line_no) from {table}"), key=repr)
        for table in tables
    }


@contextmanager
def following(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    process = started("ingest", "--follow", "--every", "0.05", *words, start_new_session=True)
    try:
        assert process.stdout is not None
        assert "Following into" in process.stdout.readline()  # from here on signals are heeded
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str], by: signal.Signals = signal.SIGTERM) -> str:
    process.send_signal(by)
    said, complaints = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, complaints) == (0, "")
    return said


@pytest.fixture(scope="module")
def undivided(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    folder = tmp_path_factory.mktemp("undivided")
    (folder / "worker.log").write_text("".join(sidekiq_lines(JOBS)), encoding="utf-8")
    load_all(folder / "t.duckdb", folder / "worker.log")
    return told(folder / "t.duckdb")


@pytest.mark.parametrize("how", ["rename", "copytruncate", "compress"])
def test_a_log_that_rotates_while_it_is_followed_is_read_once(
    tmp_path: Path, how: str, undivided: dict[str, list[tuple[Any, ...]]]
) -> None:
    logs, database = tmp_path / "logs", tmp_path / "t.duckdb"
    logs.mkdir()
    with following(logs, "--db", database) as process:
        writer = subprocess.Popen([sys.executable, "-m", "tests.ingest.rotations", logs, how, "7", str(JOBS)], cwd=ROOT)
        wait_until(lambda: events(database) == len(undivided["job_events"]), process)
        assert writer.wait() == 0
        assert f"{database}." in ended(process)
    assert told(database) == undivided
    assert load_all(database, logs).rows == 0


@pytest.mark.parametrize("how", ["copytruncate", "compress"])
def test_following_that_is_killed_and_started_again_goes_on(
    tmp_path: Path, how: str, undivided: dict[str, list[tuple[Any, ...]]]
) -> None:
    logs, database, dice = tmp_path / "logs", tmp_path / "t.duckdb", random.Random(how)  # noqa: S311 - moments
    logs.mkdir()
    writer = subprocess.Popen([sys.executable, "-m", "tests.ingest.rotations", logs, how, "3", str(JOBS)], cwd=ROOT)
    for _ in range(4):
        with following(logs, "--db", database) as process:
            before = events(database)
            wait_until(lambda before=before: events(database) > before or writer.poll() is not None, process)
            time.sleep(dice.uniform(0, 0.3))
            os.kill(process.pid, signal.SIGKILL)
    with following(logs, "--db", database) as process:
        assert writer.wait() == 0
        wait_until(lambda: events(database) == len(undivided["job_events"]), process)
        ended(process, signal.SIGINT)
    assert told(database) == undivided


def test_what_was_written_before_a_rename_out_of_sight_is_read_before_the_new_file(tmp_path: Path) -> None:
    lines, log, database = job_log_lines(30), tmp_path / "worker.log", tmp_path / "t.duckdb"
    log.write_text("".join(lines[:20]), encoding="utf-8")
    with following(log, "--db", database) as process:
        wait_until(lambda: events(database) == 20, process)
        with log.open("a", encoding="utf-8") as writer:
            log.rename(tmp_path / "elsewhere")
            log.write_text("".join(lines[40:]), encoding="utf-8")
            writer.write("".join(lines[20:40]))
        wait_until(lambda: events(database) == 60, process)
        ended(process)
    query = "select path, also_seen_as, line_count from sources order by source_id"
    assert rows(database, query) == [("worker.log", [], 40), ("worker.log", [], 20)]


def test_a_torn_line_is_read_when_it_ends_or_its_file_is_rotated_away(tmp_path: Path) -> None:
    lines, logs, database = sidekiq_lines(9), tmp_path / "logs", tmp_path / "t.duckdb"
    log = logs / "worker.log"
    logs.mkdir()
    log.write_text("".join(lines[:2]) + lines[2][:-7], encoding="utf-8")
    pending = "select sum(bytes_pending)::int, sum(line_count)::int from sources"
    with following(logs, "--db", database) as process:
        wait_until(lambda: events(database) and rows(database, pending) == [(len(lines[2]) - 7, 2)], process)
        with log.open("a", encoding="utf-8") as file:
            file.write(lines[2][-7:] + lines[3][:-1])
        wait_until(lambda: rows(database, pending) == [(len(lines[3]) - 1, 3)], process)
        log.rename(logs / "worker.log.1")
        wait_until(lambda: rows(database, pending) == [(0, 4)], process)
        ended(process)


def test_a_reader_who_holds_the_database_delays_following_and_is_named(tmp_path: Path) -> None:
    log, database = tmp_path / "worker.log", tmp_path / "t.duckdb"
    log.write_text("".join(job_log_lines(5)), encoding="utf-8")
    load_all(database, log)
    with duckdb.connect(str(database), read_only=True), following(log, "--db", database) as process:
        assert process.stdout is not None
        assert f"process {os.getpid()} holds it" in process.stdout.readline()
        log.write_text("".join(job_log_lines(9)), encoding="utf-8")
        duckdb.connect(str(database), read_only=True).close()
        assert process.poll() is None
        ended(process)


def test_what_is_followed_is_redacted_and_derived(tmp_path: Path) -> None:
    log, database = tmp_path / "worker.log", tmp_path / "t.duckdb"
    lines = [line.replace('"arguments": [', '"arguments": ["password=abc", ') for line in job_log_lines(6)]
    log.write_text("".join(lines[:6]), encoding="utf-8")
    with following(log, "--redact", "--db", database) as process:
        wait_until(lambda: events(database) == 6, process)
        with log.open("a", encoding="utf-8") as file:
            file.write("".join(lines[6:]))
        wait_until(
            lambda: rows(database, "select count(*) from jobs") == [(6,)] if database.exists() else None, process
        )
        assert "values were redacted" in ended(process)
    assert rows(database, "select count(*) from job_events where arguments like '%password=[redacted]%'") == [(12,)]
    assert b"password=abc" not in database.read_bytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [(["nowhere.log"], "there is no file or folder"), ([".", "--final"], "--follow waits for that")],
    ids=["no such file", "final"],
)
def test_what_cannot_be_followed_is_told_at_once(tmp_path: Path, words: list[str], says: str) -> None:
    process = started("ingest", "--follow", *words, cwd=tmp_path)
    _, complaints = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, says in complaints) == (2, True)


def test_following_what_does_not_grow_costs_next_to_nothing(tmp_path: Path) -> None:
    logs, database = tmp_path / "logs", tmp_path / "t.duckdb"
    logs.mkdir()
    for number in range(20):
        (logs / f"{number}.log").write_text("".join(sidekiq_lines(50, pid=number)), encoding="utf-8")
    with following(logs, "--db", database) as process:
        wait_until(lambda: database.exists() and rows(database, "select count(*) from sources") == [(20,)], process)
        wait_until(lambda: len({cpu(process) for _ in range(5) if not time.sleep(0.2)}) <= 2, process)
        before = cpu(process)
        time.sleep(2)
        assert cpu(process) - before < 0.5
        ended(process)


def cpu(process: subprocess.Popen[str]) -> float:
    """Seconds that a process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
