"""Loading is exactly once: whatever the order, the cuts, the crashes and the damage, the rows are the same."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest
import zstandard
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ingest.files import InputError
from ingest.loading import load
from ingest.sources import SOURCES, Parsed
from tests.ingest.kills import CHUNK
from tests.ingest.loads import NOW, derived, evidence, job_log_lines, load_all, sidekiq_lines

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-6.4.1-pretty"
ROOT = Path(__file__).parent.parent.parent
TEXT = "".join(sidekiq_lines(8)).encode()
JOBS = "".join(job_log_lines(6)).encode()


def loaded_at_once(data: bytes, *, chunk: int = 8 << 20) -> dict[str, list[tuple[object, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "worker.log")
        file.write_bytes(data)
        load_all(Path(folder, "t.duckdb"), file, chunk=chunk)
        return evidence(Path(folder, "t.duckdb"))


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database)) as db:
        return db.execute(query).fetchall()


def test_loading_again_in_another_order_and_under_another_name_changes_no_table(tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    shutil.copytree(CAPTURE, inputs, ignore=shutil.ignore_patterns("*truth*"))
    (inputs / "jobs.jsonl").write_bytes(JOBS)
    once, often = tmp_path / "once.duckdb", tmp_path / "often.duckdb"
    load_all(once, inputs, final=True)
    files = sorted((path for path in inputs.rglob("*") if path.is_file()), reverse=True)
    for file in files:
        load_all(often, file, final=True)
    assert load_all(often, *files).rows == 0
    assert load_all(often, inputs).rows == 0
    packed = tmp_path / "packed"
    packed.mkdir()
    for number, file in enumerate(files):
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        (packed / f"{number}.old").write_bytes(gzip.compress(data))
    assert load_all(often, packed).rows == 0
    assert evidence(often) == evidence(once)
    assert derived(often) == derived(once)


def test_a_load_killed_at_fifty_random_moments_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    file = tmp_path / "worker.log"
    file.write_text("".join(sidekiq_lines(700)), encoding="utf-8")
    load_all(tmp_path / "whole.duckdb", file)
    whole, met = evidence(tmp_path / "whole.duckdb"), 0
    for seed in range(5):
        killed = tmp_path / f"killed-{seed}.duckdb"
        command = [sys.executable, "-m", "tests.ingest.kills", str(killed), str(file), str(seed), "10"]
        met += int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
        load_all(killed, file, chunk=CHUNK)
        assert evidence(killed) == whole
    assert met > 25, f"only {met} of 50 loads were still running when they were killed"


@settings(max_examples=settings.default.max_examples // 4)
@given(cuts=st.lists(st.integers(0, len(TEXT)), min_size=1, max_size=2).map(sorted))
def test_a_file_that_grows_is_the_file_loaded_at_once(cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder, "worker.log"), Path(folder, "t.duckdb")
        for cut in [*cuts, len(TEXT)]:
            file.write_bytes(TEXT[:cut])
            load_all(database, file)
        assert evidence(database) == loaded_at_once(TEXT)


MIXED = (
    b"\nwords before any record\n" + JOBS[:600] + JOBS[JOBS.index(b"\n", 600) + 1 :] + b"words of jobrunner\n"
    + TEXT + JOBS.replace(b"job-", b"late-") + b"\nlast words\n"
)  # fmt: skip


@settings(max_examples=settings.default.max_examples // 8)
@given(chunk=st.integers(200, len(MIXED)))
@example(chunk=1)
def test_chunk_sizes_do_not_change_the_rows_though_two_systems_write_to_one_file(chunk: int) -> None:
    assert loaded_at_once(MIXED, chunk=chunk) == loaded_at_once(MIXED)


def test_a_line_of_no_format_is_of_the_system_whose_record_stands_before_it(tmp_path: Path) -> None:
    (tmp_path / "mixed.log").write_bytes(MIXED)
    load_all(tmp_path / "t.duckdb", tmp_path / "mixed.log")
    query = "select message, system from log_lines where message like '%words%' order by line_no"
    assert rows(tmp_path / "t.duckdb", query) == [
        ("words before any record", None),
        ("words of jobrunner", "jobrunner"),
        ("last words", "jobrunner"),
    ]


STREAM = "".join(sidekiq_lines(60)).encode()
"""Loaded in small chunks it has several checkpoints, and many line ends between them."""


@settings(max_examples=settings.default.max_examples // 4)
@given(
    cut=st.integers(0, len(STREAM)),
    forked=st.sampled_from([b"", b"X", b"\n", b"X\n", b"X\nY\n", TEXT[:900]]),
    chunk=st.sampled_from([1 << 10, 1 << 12, 1 << 20]),
    again=st.booleans(),
)
def test_a_file_that_parts_from_a_longer_known_one_at_any_byte_loses_no_line(
    cut: int, forked: bytes, chunk: int, *, again: bool
) -> None:
    data = STREAM[:cut] + forked
    assume(len(data) < len(STREAM))  # a file as long as the stream is compared with all of it, a longer one has grown
    with tempfile.TemporaryDirectory() as folder:
        longer, shorter, database = Path(folder, "longer.log"), Path(folder, "shorter.log"), Path(folder, "t.duckdb")
        longer.write_bytes(STREAM)
        shorter.write_bytes(data)
        if again:
            half = STREAM.rfind(b"\n", 0, len(STREAM) // 2) + 1
            longer.write_bytes(STREAM[:half])
            load_all(database, longer, chunk=chunk)
            longer.write_bytes(STREAM)
        load_all(database, longer, chunk=chunk)
        whole_lines = data[: data.rfind(b"\n") + 1]
        known = STREAM.startswith(whole_lines) and whole_lines != b""
        assert load_all(database, shorter, chunk=chunk).files[0].known_already == known
        if not known:
            alone = loaded_at_once(data)
            only = rows(database, "select count(*) from job_events where source_id = 2")
            assert only == [(len(alone["job_events"]),)]
        assert load_all(database, shorter, longer).rows == 0


def test_a_file_of_some_mebibytes_that_parts_between_two_checkpoints_is_loaded(tmp_path: Path) -> None:
    lines = sidekiq_lines(7_000)
    (tmp_path / "a.log").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "b.log").write_text("".join([*lines[:15_000], lines[0]]), encoding="utf-8")
    (tmp_path / "c.log").write_text("".join(lines[:15_001]), encoding="utf-8")
    report = load_all(tmp_path / "t.duckdb", *(tmp_path / name for name in ("a.log", "b.log", "c.log")))
    assert [file.known_already for file in report.files] == [False, False, True]


def test_a_shorter_file_in_the_place_of_one_without_a_whole_line_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(gzip.compress(b"x" * 5000 + TEXT, compresslevel=0)[: -len(TEXT) - 100])
    load_all(tmp_path / "t.duckdb", tmp_path / "a.log")
    (tmp_path / "a.log").write_bytes(JOBS.splitlines(keepends=True)[0])
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.log").rows == 1
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.log").files[0].known_already
    assert rows(tmp_path / "t.duckdb", "select * from rejected_lines") == []


def test_a_damaged_archive_and_the_whole_file_after_it_are_one_stream(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(TEXT, compresslevel=0)[:-200])
    (tmp_path / "b.log").write_bytes(TEXT)
    load_all(tmp_path / "t.duckdb", tmp_path / "a.gz")
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.gz").files[0].known_already
    load_all(tmp_path / "t.duckdb", tmp_path / "b.log")
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.gz", tmp_path / "b.log").rows == 0
    assert evidence(tmp_path / "t.duckdb")["job_events"] == loaded_at_once(TEXT)["job_events"]
    assert rows(tmp_path / "t.duckdb", "select * from rejected_lines") == []


KINDS: dict[str, tuple[bytes, str]] = {
    "job": (JOBS.splitlines(keepends=True)[0], "accepted"),
    "windows": (JOBS.splitlines()[1] + b"\r\n", "accepted"),
    "loose": (b"plain words\n", "accepted"),
    "blank": (b"\n", "blank"),
    "spaces": (b"  \r\n", "blank"),
    "latin-1": (b"caf\xe9\n", "rejected"),
    "nul": (b"a\0b\n", "rejected"),
}


@settings(max_examples=settings.default.max_examples // 4)
@given(kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=12), torn=st.booleans())
def test_every_byte_is_accepted_blank_rejected_or_pending(kinds: list[str], torn: bool) -> None:  # noqa: FBT001 - drawn
    kinds = ["job", *kinds]
    tail = b'{"half' if torn else b""
    expected = {"accepted": 0, "blank": 0, "rejected": 0, "pending": len(tail)}
    for kind in kinds:
        line, fate = KINDS[kind]
        expected[fate] += len(line)
    data = b"".join(KINDS[kind][0] for kind in kinds) + tail
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder, "mixed.log"), Path(folder, "t.duckdb")
        file.write_bytes(data)
        load_all(database, file)
        [row] = rows(
            database,
            "select bytes_accepted, bytes_blank, bytes_rejected, bytes_pending, bytes_total, line_count from sources",
        )
        assert row == (*expected.values(), len(data), len(kinds))
        places = rows(database, "select line_no from rejected_lines order by line_no")
    assert places == [(number,) for number, kind in enumerate(kinds, 1) if KINDS[kind][1] == "rejected"]


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "members.gz": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "padded.gz": lambda data: gzip.compress(data) + bytes(512),
    "zst": zstandard.ZstdCompressor().compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "bom": lambda data: b"\xef\xbb\xbf" + data,
    "windows": lambda data: data.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("name", PACK)
def test_a_file_in_another_wrapping_gives_the_same_events(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PACK[name](JOBS))
    load_all(tmp_path / "t.duckdb", tmp_path / name)
    assert evidence(tmp_path / "t.duckdb")["job_events"] == loaded_at_once(JOBS)["job_events"]
    assert rows(tmp_path / "t.duckdb", "select * from rejected_lines") == []


def test_unreadable_files_are_named_and_cost_no_good_line(tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    lines = JOBS.splitlines(keepends=True)
    (inputs / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    (inputs / "b.gz").write_bytes(gzip.compress("".join(sidekiq_lines(400)).encode())[:-400])
    (inputs / "c.log").write_bytes(lines[0] + b"x" * (50 << 20) + b"\n" + lines[1])
    (inputs / "d.log").write_bytes(b"")
    (inputs / "e.log").write_bytes(b"\n \n\n")
    (inputs / "f.log").write_bytes(b"x" * (50 << 20) + b"\n" + b"plain words\n" + lines[2])
    load_all(tmp_path / "t.duckdb", inputs)
    bad = rows(
        tmp_path / "t.duckdb",
        "select path, r.line_no, byte_offset, reason from rejected_lines as r join sources using (source_id)"
        " order by path",
    )
    assert [row[0] for row in bad] == ["a.png", "b.gz", "c.log", "f.log"]
    assert "PNG image" in str(bad[0][3])
    assert "gzip data ends early" in str(bad[1][3])
    assert bad[2][1:3] == (2, len(lines[0]))
    assert bad[3][1:3] == (1, 0)
    assert all("52,428,801 bytes" in str(row[3]) for row in bad[2:])
    sizes = dict(rows(tmp_path / "t.duckdb", "select path, (bytes_total, bytes_blank, row_count) from sources"))
    assert sizes["d.log"] == (0, 0, 0)
    assert sizes["e.log"] == (4, 4, 0)
    assert sizes["f.log"] == ((50 << 20) + 13 + len(lines[2]), 0, 2)
    events = rows(
        tmp_path / "t.duckdb",
        "select path, count(*) from job_events join sources using (source_id) group by path order by path",
    )
    assert [row[0] for row in events] == ["b.gz", "c.log", "f.log"]
    assert [row[1] for row in events[1:]] == [2, 1]


def test_files_that_share_only_their_first_lines_are_two_streams(tmp_path: Path) -> None:
    lines = JOBS.splitlines(keepends=True)
    (tmp_path / "a.log").write_bytes(b"".join(lines[:4]))
    (tmp_path / "b.log").write_bytes(b"".join(lines[:2] + lines[5:6]))
    load_all(tmp_path / "t.duckdb", tmp_path / "a.log", tmp_path / "b.log")
    counts = rows(tmp_path / "t.duckdb", "select count(*) from job_events group by source_id order by source_id")
    assert counts == [(4,), (3,)]


def test_equal_lines_of_one_file_are_two_events(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(JOBS.splitlines(keepends=True)[0] * 2)
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.log").rows == 2


def test_a_last_line_of_text_without_its_end_waits_until_it_is_final(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(TEXT[:-1])
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.log").files[0].pending_bytes
    load_all(tmp_path / "t.duckdb", tmp_path / "a.log", final=True)
    (tmp_path / "a.log").write_bytes(TEXT + TEXT)
    load_all(tmp_path / "t.duckdb", tmp_path / "a.log")
    assert evidence(tmp_path / "t.duckdb") == loaded_at_once(TEXT + TEXT)


def test_a_copy_of_an_unfinished_line_is_the_same_stream(tmp_path: Path) -> None:
    line = sidekiq_lines(1)[0].strip().encode()
    (tmp_path / "a.log").write_bytes(line)
    (tmp_path / "b.gz").write_bytes(gzip.compress(line))
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.log").rows == 0
    assert load_all(tmp_path / "t.duckdb", tmp_path / "b.gz").rows == 1
    assert load_all(tmp_path / "t.duckdb", tmp_path / "a.log", final=True).rows == 0
    assert rows(tmp_path / "t.duckdb", "select path, also_seen_as, bytes_pending from sources") == [
        ("a.log", ["b.gz"], 0)
    ]


def test_a_last_json_object_is_whole_without_a_line_end_and_once_with_it(tmp_path: Path) -> None:
    ends = [JOBS[:-1], JOBS, JOBS[:-1], JOBS + JOBS[:-1], JOBS + JOBS]
    for number, data in enumerate(ends):
        (tmp_path / f"{number}.log").write_bytes(data)
    loaded = [load_all(tmp_path / "t.duckdb", tmp_path / f"{number}.log").rows for number in range(len(ends))]
    assert loaded == [12, 0, 0, 12, 0]
    assert evidence(tmp_path / "t.duckdb") == loaded_at_once(JOBS + JOBS)


@pytest.mark.parametrize("indent", [None, 1], ids=["one line", "pretty-printed"])
@pytest.mark.parametrize("ending", ["", "\n"], ids=["no line end", "a line end"])
def test_a_snapshot_that_is_one_json_document_is_loaded_at_once(
    tmp_path: Path, indent: int | None, ending: str
) -> None:
    queues = {"queues": {"type": "set", "ttl_ms": -1, "value": ["mailers"]}}
    document = json.dumps({"captured_at": "2026-03-01T22:00:05Z", "keys": queues}, indent=indent)
    (tmp_path / "half.json").write_text(document[:-9], encoding="utf-8")
    (tmp_path / "whole.json").write_text(document + ending, encoding="utf-8")
    assert load_all(tmp_path / "t.duckdb", tmp_path / "half.json").files[0].rejects == 1
    assert load_all(tmp_path / "t.duckdb", tmp_path / "whole.json").files[0].pending_bytes == 0
    assert rows(tmp_path / "t.duckdb", "select queue from snapshot_queues") == [("mailers",)]
    assert rows(tmp_path / "t.duckdb", "select * from rejected_lines") == []


def test_a_half_json_object_is_pending_and_another_one_makes_another_stream(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(JOBS)
    (tmp_path / "cut.log").write_bytes(JOBS[:-9])
    (tmp_path / "forked.log").write_bytes(JOBS[:-3] + b"7]}")
    report = load_all(tmp_path / "t.duckdb", *(tmp_path / name for name in ("a.log", "cut.log", "forked.log")))
    assert [file.known_already for file in report.files] == [False, True, False]
    assert report.files[1].note
    assert "were not compared" in report.files[1].note


def test_a_record_that_breaks_its_source_is_lost_alone(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(JOBS)
    [source] = [source for source in SOURCES if source.name == "job_log"]

    def stumbling(records: pl.DataFrame, scratch: duckdb.DuckDBPyConnection) -> Parsed:
        if 5 in records["line_no"]:
            raise ZeroDivisionError
        return source.parse(records, scratch)

    load(tmp_path / "t.duckdb", [tmp_path / "a.log"], now=NOW, sources=[replace(source, parse=stumbling)])
    assert rows(tmp_path / "t.duckdb", "select line_no from job_events order by 1") == [
        (number,) for number in range(1, 13) if number != 5
    ]
    [(line, reason)] = rows(tmp_path / "t.duckdb", "select line_no, reason from rejected_lines")
    assert line == 5
    assert "ZeroDivisionError" in str(reason)


def test_a_path_or_format_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file or folder .*nowhere"):
        load_all(tmp_path / "t.duckdb", tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no format xml; there are .*sidekiq"):
        load(tmp_path / "t.duckdb", [], now=NOW, formats=["xml"])
