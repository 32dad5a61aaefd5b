"""Whatever stands in a folder: good lines are loaded, all else is told with its place, nothing raises or hangs."""

from __future__ import annotations

import gzip
import json
import os
import resource
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from ingest import loading
from ingest.files import InputError, InputFile, input_files
from reports.cli import cli
from tests.ingest.loads import derived, evidence, job_log_lines, load_all, sidekiq_lines

JOBS = [line.encode() for line in job_log_lines(6)]
CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-8.1.7-plain"
JOBTRAIL = str(Path(sys.executable).with_name("jobtrail"))
TEXT = "".join(sidekiq_lines(40)).encode()


def ingest(database: Path, *words: str | Path) -> str:
    result = CliRunner().invoke(cli, ["ingest", *map(str, words), "--db", str(database)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as db:
        return db.execute(query).fetchall()


REJECTS = (
    "select path, r.line_no, byte_offset, reason from rejected_lines as r join sources using (source_id)"
    " order by path, r.line_no"
)


def test_every_bad_line_is_told_with_its_place_and_the_good_ones_are_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "cut.log.gz").write_bytes(gzip.compress(TEXT, compresslevel=0)[:-100])
    (folder / "half.log").write_bytes(b"".join(JOBS[4:6]) + b'{"format":"jobrunner.job_lo')
    (folder / "latin.log").write_bytes(JOBS[6] + b"caf\xe9\n" + JOBS[7])
    (folder / "long.log").write_bytes(JOBS[0] + b"x" * (50 << 20) + b"\n" + JOBS[1])
    (folder / "nul.log").write_bytes(JOBS[2] + bytes(9) + b"\n" + JOBS[3])
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    ingest(tmp_path / "t.duckdb", folder)
    told = rows(tmp_path / "t.duckdb", REJECTS)
    assert [(path, line) for path, line, _, _ in told[1:]] == [
        ("latin.log", 2),
        ("long.log", 2),
        ("nul.log", 2),
        ("picture.png", 1),
    ]
    assert [offset for _, _, offset, _ in told[1:]] == [len(JOBS[6]), len(JOBS[0]), len(JOBS[2]), 0]
    for (*_, reason), part in zip(
        told, ["gzip data ends early", "not UTF-8", "52,428,801 bytes", "NUL bytes", "PNG image"], strict=True
    ):
        assert part in reason
    query = "select path, row_count, bytes_pending from sources where path not like 'cut%' order by path"
    assert rows(tmp_path / "t.duckdb", query) == [
        ("half.log", 2, 27),
        ("latin.log", 2, 0),
        ("long.log", 2, 0),
        ("nul.log", 2, 0),
        ("picture.png", 0, 0),
    ]
    again = tmp_path / "again.duckdb"
    for file in sorted(folder.iterdir(), reverse=True):
        load_all(again, file)
    ingest(again, folder)
    assert evidence(again) == evidence(tmp_path / "t.duckdb")
    assert derived(again) == derived(tmp_path / "t.duckdb")


def tarred(path: Path) -> None:
    (path.parent / "in.log").write_bytes(TEXT)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(path.parent / "in.log", "a.log")
    (path.parent / "in.log").unlink()


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "it is no file but a pipe"),
    "socket": (listening, "it is no file but a pipe, socket or device"),
    "dangling": (lambda path: path.symlink_to("nothing"), "it is a link to nothing"),
    "loop": (lambda path: path.symlink_to(path.parent), "it is a link to a folder"),
    "archive.tgz": (tarred, "a tar archive: unpack it first"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_log_is_named_and_the_file_beside_it_loaded(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    make, reason = ODD[name]
    make(folder / name)
    (folder / "good.log").write_bytes(TEXT)
    for _ in range(2):
        assert "good.log" in ingest(tmp_path / "t.duckdb", folder)
        [(path, line, offset, told)] = rows(tmp_path / "t.duckdb", REJECTS)
        assert (path, line, offset) == (name, 1, 0)
        assert reason in told


@pytest.mark.parametrize("name", ["pipe", "socket"])
def test_a_pipe_or_socket_given_by_name_is_refused_and_does_not_hang(tmp_path: Path, name: str) -> None:
    ODD[name][0](tmp_path / name)
    with pytest.raises(InputError, match="pipe, socket or device"):
        load_all(tmp_path / "t.duckdb", tmp_path / name)


def test_a_name_may_be_any_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    for number, name in enumerate([b"two\nlines.log", b"caf\xe9.log", b"[red]\x1b[31m.log"]):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(JOBS[number])
    ingest(tmp_path / "t.duckdb", folder)
    names = rows(tmp_path / "t.duckdb", "select path from sources order by path")
    assert names == [("[red]\x1b[31m.log",), ("caf\\xe9.log",), ("two\nlines.log",)]


def test_an_empty_folder_and_an_empty_file_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    assert load_all(tmp_path / "t.duckdb", tmp_path / "inputs").files == ()
    (tmp_path / "inputs" / "empty.log").touch()
    assert load_all(tmp_path / "t.duckdb", tmp_path / "inputs").rows == 0
    assert rows(tmp_path / "t.duckdb", "select path, bytes_total, reject_count from sources") == [("empty.log", 0, 0)]


def test_a_file_that_vanishes_after_it_was_listed_costs_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.log").write_bytes(TEXT)
    (tmp_path / "b.log").write_bytes(b"".join(JOBS))

    def listed_and_gone(paths: list[Path]) -> tuple[InputFile, ...]:
        found = input_files(paths)
        (tmp_path / "a.log").unlink()
        return found

    monkeypatch.setattr(loading, "input_files", listed_and_gone)
    gone, loaded = load_all(tmp_path / "t.duckdb", tmp_path / "a.log", tmp_path / "b.log").files
    assert (gone.rejects, gone.note) == (1, "could not be read: No such file or directory")
    assert loaded.rows == len(JOBS)
    monkeypatch.undo()
    (tmp_path / "a.log").write_bytes(TEXT)
    load_all(tmp_path / "t.duckdb", tmp_path / "a.log")
    assert rows(tmp_path / "t.duckdb", "select * from rejected_lines") == []
    assert rows(tmp_path / "t.duckdb", "select count(*) from sources") == [(2,)]


ALL_RIGHTS = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
"""What takes from root the right to read everything."""


def test_a_file_that_may_not_be_read_costs_no_other_file(tmp_path: Path) -> None:
    folder, database = tmp_path / "inputs", tmp_path / "t.duckdb"
    (folder / "closed").mkdir(parents=True)
    (folder / "secret.log").write_bytes(TEXT)
    (folder / "secret.log").chmod(0)
    (folder / "closed").chmod(0)
    (folder / "good.log").write_bytes(TEXT)
    command = [*(ALL_RIGHTS if os.geteuid() == 0 else []), JOBTRAIL, "ingest", str(folder), "--db", str(database)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        named = subprocess.run([*command, str(folder / "secret.log")], capture_output=True, text=True, check=False)
    finally:
        (folder / "closed").chmod(0o700)
    assert (done.returncode, done.stderr) == (0, "")
    told = rows(database, REJECTS)
    assert [(path, reason) for path, _, _, reason in told] == [
        ("closed", "could not be read: Permission denied"),
        ("secret.log", "could not be read: Permission denied"),
    ]
    assert rows(database, "select count(*) > 0 from job_events") == [(True,)]
    assert (named.returncode, "is not readable" in named.stderr) == (2, True), named.stderr


def test_a_database_that_is_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["ingest", str(tmp_path), "--db", str(tmp_path)])
    assert result.exit_code == 2
    assert "is a folder: name a file in it" in result.output


def test_a_full_disk_is_told_in_words_and_the_same_command_goes_on_later(tmp_path: Path) -> None:
    log, database = tmp_path / "a.log", tmp_path / "t.duckdb"
    log.write_text("".join(sidekiq_lines(9000)), encoding="utf-8")
    command = [JOBTRAIL, "ingest", str(log), "--db", str(database)]
    full = 2 << 20

    def fill_the_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, full))

    stopped = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=fill_the_disk)
    assert stopped.returncode == 2
    assert "cannot write" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    load_all(tmp_path / "whole.duckdb", log)
    assert evidence(database) == evidence(tmp_path / "whole.duckdb")


ODD_VALUES: dict[str, list[dict[str, object]]] = {
    "times of no clock": [
        {"enqueued_at": "0001-01-01T00:00:00+14:00", "run_at": "9999-12-31T23:59:59-14:00"},
        {"enqueued_at": "0000-01-01T00:00:00Z"},
    ],
    "durations of no run": [{"duration": 1e20}, {"duration": -1}, {"wait": -1e18, "duration": "NaN"}, {"wait": 1e300}],
}


@pytest.mark.parametrize("what", ODD_VALUES)
def test_a_value_that_no_clock_shows_is_kept_aside_and_hurts_no_other_job(tmp_path: Path, what: str) -> None:
    log, database = tmp_path / "a.jsonl", tmp_path / "t.duckdb"
    odd = [json.loads(JOBS[1]) | {"job_id": f"odd-{n}"} | values for n, values in enumerate(ODD_VALUES[what])]
    log.write_bytes(b"".join(JOBS) + b"".join(json.dumps(line).encode() + b"\n" for line in odd))
    ingest(database, log)
    kept = rows(database, "select attributes from job_events where job_id like 'odd-%' order by job_id")
    assert [json.loads(attributes).keys() for (attributes,) in kept] == [each.keys() for each in ODD_VALUES[what]]
    assert rows(database, "select count(*) from jobs where job_id not like 'odd-%'") == [(6,)]


@pytest.mark.parametrize("year", ["0001", "1969", "2260", "9999"])
def test_a_line_of_a_year_that_no_clock_shows_is_rejected(tmp_path: Path, year: str) -> None:
    for name, line in (("a.jsonl", JOBS[0]), ("a.log", TEXT.partition(b"\n")[0] + b"\n")):
        (tmp_path / name).write_bytes(line + line.replace(b"2026-", year.encode() + b"-"))
    ingest(tmp_path / "t.duckdb", tmp_path / "a.jsonl", tmp_path / "a.log")
    told = rows(tmp_path / "t.duckdb", REJECTS)
    assert [(path, line_no) for path, line_no, _, _ in told] == [("a.jsonl", 2), ("a.log", 2)]
    assert all("the years 1970 to 2259" in reason for *_, reason in told)


def test_a_job_waiting_since_1970_does_not_fill_the_database_with_minutes(tmp_path: Path) -> None:
    old = json.loads(JOBS[0]) | {"event": "enqueued", "job_id": "old", "ts": "1970-01-01T00:00:00Z"}
    (tmp_path / "a.jsonl").write_bytes(json.dumps(old).encode() + b"\n" + b"".join(JOBS))
    ingest(tmp_path / "t.duckdb", tmp_path / "a.jsonl")
    [(count, deepest)] = rows(tmp_path / "t.duckdb", "select count(*), max(depth) from queue_minutes")
    assert (count < 2000, deepest) == (True, 1)


def test_several_rejects_of_one_document_count_its_bytes_once(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot.json"
    told = json.loads((CAPTURE / "snapshots" / "final.json").read_bytes())
    told["keys"]["queue:mail"] = {"type": "list", "ttl_ms": -1, "value": ["{", "["]}
    snapshot.write_text(json.dumps(told), encoding="utf-8")
    ingest(tmp_path / "t.duckdb", snapshot)
    query = "select reject_count > 1, bytes_rejected <= bytes_total, bytes_accepted >= 0 from sources"
    assert rows(tmp_path / "t.duckdb", query) == [(True, True, True)]
