"""ZIP archives: each member a stream of its own; what is nested, locked, cut or made to overflow is told in words."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from ingest import reading
from tests.ingest.loads import evidence, job_log_lines, load_all, sidekiq_lines

TEXT = "".join(sidekiq_lines(40)).encode()
JOBS = "".join(job_log_lines(9)).encode()


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database)) as db:
        return db.execute(query).fetchall()


def zipped(method: int = zipfile.ZIP_DEFLATED, **files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def loaded(folder: Path, data: bytes, name: str = "logs.zip") -> Path:
    (folder / name).write_bytes(data)
    load_all(folder / "t.duckdb", folder / name)
    return folder / "t.duckdb"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_each_member_is_a_stream_of_its_own(tmp_path: Path, method: int) -> None:
    database = loaded(tmp_path, zipped(method, web__a_log=TEXT, b_jsonl=JOBS))
    assert rows(database, "select path, compression, format from sources order by path") == [
        ("logs.zip/b.jsonl", "zip", "job_log"),
        ("logs.zip/web/a.log", "zip", "sidekiq_text"),
    ]
    (tmp_path / "a.log").write_bytes(TEXT)
    (tmp_path / "b.jsonl").write_bytes(JOBS)
    load_all(tmp_path / "bare.duckdb", tmp_path / "a.log", tmp_path / "b.jsonl")
    assert evidence(database)["job_events"] == evidence(tmp_path / "bare.duckdb")["job_events"]


def test_an_archive_whose_directory_is_said_to_lie_elsewhere_is_read_member_by_member(tmp_path: Path) -> None:
    data = bytearray(zipped(a_log=TEXT))
    begins_at = data.rfind(b"PK\x05\x06") + 16
    data[begins_at : begins_at + 4] = struct.pack("<L", len(data) + 1000)
    database = loaded(tmp_path, bytes(data))
    assert rows(database, "select path from sources where row_count > 0") == [("logs.zip/a.log",)]
    assert any("cut or damaged" in reason for (reason,) in rows(database, "select reason from rejected_lines"))


def test_a_member_without_a_name_is_read(tmp_path: Path) -> None:
    data = zipped(x=TEXT)
    at = data.rfind(b"PK\x01\x02")
    nameless = data[: at + 28] + b"\0\0" + data[at + 30 : at + 46] + data[at + 47 :]
    ends = nameless.rfind(b"PK\x05\x06") + 12
    size = int.from_bytes(nameless[ends : ends + 4], "little") - 1
    database = loaded(tmp_path, nameless[:ends] + size.to_bytes(4, "little") + nameless[ends + 4 :])
    assert rows(database, "select path, row_count > 0 from sources") == [("logs.zip/", True)]


def test_a_member_that_is_known_bare_adds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(TEXT)
    load_all(tmp_path / "t.duckdb", tmp_path / "a.log")
    before = rows(tmp_path / "t.duckdb", "select count(*) from job_events")
    assert rows(loaded(tmp_path, zipped(a_log=TEXT)), "select count(*) from job_events") == before


def test_a_compressed_file_within_is_read(tmp_path: Path) -> None:
    database = loaded(tmp_path, zipped(zipfile.ZIP_STORED, a_log_gz=gzip.compress(TEXT)))
    assert rows(database, "select path, format from sources") == [("logs.zip/a.log.gz", "sidekiq_text")]


def test_folders_and_what_macs_put_beside_files_are_left_out(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("web")
        archive.writestr("web/a.log", TEXT)
        archive.writestr("__MACOSX/web/._a.log", b"\0\5\26\7")
        archive.writestr("web/.DS_Store", b"\0")
    assert rows(loaded(tmp_path, out.getvalue()), "select path from sources") == [("logs.zip/web/a.log",)]


def test_an_archive_within_an_archive_is_told_in_words(tmp_path: Path) -> None:
    database = loaded(tmp_path, zipped(inner_zip=zipped(a_log=TEXT), b_log=TEXT))
    told = rows(database, "select path, reason from rejected_lines join sources using (source_id)")
    assert told == [("logs.zip/inner.zip", "not a format jobtrail knows: it looks like a ZIP archive: unpack it first")]
    assert rows(database, "select count(*) > 50 from job_events") == [(True,)]


def locked(data: bytes) -> bytes:
    """Its members marked as encrypted, in the directory and before each."""
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        begin = data.index(magic)
        data = data[: begin + at] + struct.pack("<H", 1) + data[begin + at + 2 :]
    return data


def overlapping(data: bytes) -> bytes:
    """Two names for one member's bytes, as in archives that are made to overflow a disk."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    offset = archive.infolist()[0].header_offset
    second = data.rindex(b"PK\x01\x02")
    return data[: second + 42] + struct.pack("<L", offset) + data[second + 46 :]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "encrypted": (lambda: locked(zipped(a_log=TEXT)), "it is encrypted"),
    "of an odd method": (lambda: zipped(zipfile.ZIP_LZMA, a_log=TEXT), "ZIP method 14"),
    "overlapping": (lambda: overlapping(zipped(a_log=TEXT, b_log=TEXT[:-50])), "made to overflow a disk"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_member_that_is_not_read_is_told_in_words(tmp_path: Path, what: str) -> None:
    make, reason = REFUSED[what]
    [(told,)] = rows(loaded(tmp_path, make()), "select reason from rejected_lines")
    assert reason in told


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_cut_archive_yields_what_it_holds_and_says_so(tmp_path: Path, method: int) -> None:
    data = zipped(method, a_log=TEXT, b_log="".join(sidekiq_lines(900, pid=9)).encode())
    database = loaded(tmp_path, data[: int(len(data) * 0.7)])
    events = dict(rows(database, "select path, count(*) from job_events join sources using (source_id) group by 1"))
    assert events["logs.zip/a.log"] == 80
    assert 200 < events["logs.zip/b.log"] < 1800
    told = rows(database, "select path, reason from rejected_lines join sources using (source_id) order by 1")
    assert [path for path, _ in told] == ["logs.zip", "logs.zip/b.log"]
    assert "cut or damaged: of its files, 2 were found" in told[0][1]
    assert "ZIP" in told[1][1]
    before = evidence(database)
    assert evidence(loaded(tmp_path, data[: int(len(data) * 0.7)])) == before


def test_any_cut_or_flipped_byte_raises_nothing(tmp_path: Path) -> None:
    data = zipped(a_log=TEXT, b_jsonl=JOBS)
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number, at in enumerate(range(4, len(data), len(data) // 25)):
        (folder / f"{number}-cut.zip").write_bytes(data[:at])
        (folder / f"{number}-flipped.zip").write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
    load_all(tmp_path / "t.duckdb", folder)
    wrong = "bytes_total <> bytes_accepted + bytes_blank + bytes_rejected + bytes_pending"
    assert rows(tmp_path / "t.duckdb", f"select path from sources where {wrong}") == []


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor().compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_several_compressed_files_in_one_are_read_one_after_the_other(tmp_path: Path, name: str) -> None:
    compress = COMPRESSED[name]
    parts = b"".join(compress(TEXT[at : at + 1000]) for at in range(0, len(TEXT), 1000))
    (tmp_path / "bare.log").write_bytes(TEXT)
    load_all(tmp_path / "bare.duckdb", tmp_path / "bare.log")
    database = loaded(tmp_path, parts, f"a.log.{name}")
    assert evidence(database)["job_events"] == evidence(tmp_path / "bare.duckdb")["job_events"]


@pytest.mark.parametrize("name", COMPRESSED)
def test_what_grows_beyond_measure_is_not_read_on(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_BOMB_FROM", 1 << 20)
    database = loaded(tmp_path, COMPRESSED[name](TEXT + bytes(40 << 20)), f"a.log.{name}")
    assert rows(database, "select count(*) from job_events") == [(80,)]
    [(note,)] = rows(database, "select note from sources")
    assert "grows 500-fold: it is not read on" in note


def test_a_decoder_gives_back_bounded_pieces(tmp_path: Path) -> None:
    for name, compress in COMPRESSED.items():
        (tmp_path / f"a.{name}").write_bytes(compress(bytes(64 << 20)))
        reader = reading.open_reader(reading.InputFile(path=tmp_path / f"a.{name}", name="a"))
        assert max(len(piece) for piece in reader.pieces()) <= 128 << 20, name
