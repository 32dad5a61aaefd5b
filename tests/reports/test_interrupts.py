"""Ctrl-C, whenever it comes, ends a command with a word, the exit code 130 and a database that can be gone on with."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from reports.interrupts import STOPPED, WORDS
from tests.ingest.loads import evidence, load_all, sidekiq_lines
from tests.reports.process import started

FILES, JOBS = 4, 3000


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that takes some seconds to read."""
    folder = tmp_path_factory.mktemp("logs")
    for number in range(FILES):
        lines = sidekiq_lines(JOBS, pid=number)
        folder.joinpath(f"worker-{number}.log").write_text("".join(lines), encoding="utf-8")
    return folder


def watched(*words: str | Path, until_loaded: str) -> subprocess.Popen[str]:
    """A command that has just loaded this module."""
    process = started(*words, flags=("-X", "importtime"))
    assert process.stderr
    for line in process.stderr:
        if line.rstrip().endswith(f" {until_loaded}"):
            return process
    raise AssertionError(f"{until_loaded} was never loaded")


def interrupted(process: subprocess.Popen[str]) -> tuple[list[str], int]:
    """What it complains of when Ctrl-C comes now, and its exit code."""
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    return [
        line for line in complaints.splitlines() if line and not line.startswith("import time:")
    ], process.returncode


def assert_stopped(process: subprocess.Popen[str]) -> None:
    assert interrupted(process) == ([WORDS.strip()], STOPPED)


@pytest.mark.parametrize("module", ["click.core", "duckdb", "polars.datatypes"])
def test_while_the_modules_of_a_command_are_loaded(tmp_path: Path, module: str) -> None:
    process = watched("ingest", tmp_path, "--db", tmp_path / "t.duckdb", until_loaded=module)
    assert_stopped(process)


@pytest.mark.parametrize("later", [0.0, 0.4])
def test_while_files_are_read_after_which_the_same_command_goes_on(tmp_path: Path, logs: Path, later: float) -> None:
    cut_off, undisturbed = tmp_path / "t.duckdb", tmp_path / "undisturbed.duckdb"
    process = started("ingest", logs, "--db", cut_off)
    while not cut_off.exists():
        time.sleep(0.01)
    time.sleep(later)
    assert_stopped(process)
    again = started("ingest", logs, "--db", cut_off)
    _, complaints = again.communicate(timeout=60)
    assert (again.returncode, complaints) == (0, "")
    load_all(undisturbed, logs)
    assert evidence(cut_off) == evidence(undisturbed)


@pytest.mark.parametrize(
    ("words", "later"), [(("check",), 0.0), (("why", "1" * 24), 0.3), (("report", "incident", "-o", "x.html"), 0.6)]
)
def test_while_paths_are_read_and_judged_of_which_nothing_is_left_behind(
    tmp_path: Path, logs: Path, words: tuple[str, ...], later: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = started(*words, logs)
    while not any(tmp_path.rglob("*.duckdb")):
        time.sleep(0.01)
    time.sleep(later)
    assert_stopped(process)
    assert not list(tmp_path.iterdir())


def test_a_second_one_ends_a_follow_that_is_not_at_its_end_yet(tmp_path: Path, logs: Path) -> None:
    process = started("ingest", "--follow", logs, "--db", tmp_path / "t.duckdb")
    assert process.stdout
    assert "Following into" in process.stdout.readline()
    while not (tmp_path / "t.duckdb").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    assert interrupted(process) in (([WORDS.strip()], STOPPED), ([], 0))
