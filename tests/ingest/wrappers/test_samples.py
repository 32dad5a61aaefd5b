"""What holds for every wrapper: its samples are its own, whatever the chunks, and damage is told and raises nothing."""

from __future__ import annotations

import json
import random
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from ingest.wrappers import WRAPPERS, Wrapper
from ingest.wrappers.documents import document_of
from tests.ingest.loads import evidence, load_all, sidekiq_lines
from tests.ingest.wrappers.wrapping import WRAPPED

SAMPLES = Path(__file__).parent.parent / "samples_wrapped"
FILES = sorted(path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*") if path.is_file())
JID = "0123456789abcdef01234567"


def query(database: Path, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database)) as db:
        return db.execute(text).fetchall()


@cache
def whole(name: str, folder: Path) -> Path:
    """A database of a sample that was read in one go: to be read only."""
    database = folder / f"{FILES.index(name)}.duckdb"
    load_all(database, SAMPLES / name, final=True)
    return database


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wholes")


def test_every_wrapper_has_a_sample() -> None:
    assert {name.partition("/")[0] for name in FILES} == {wrapper.name for wrapper in WRAPPERS}


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda wrapper: wrapper.name)
def test_a_line_that_a_wrapper_claims_holds_one_of_its_texts(wrapper: Wrapper) -> None:
    wrapped = [(SAMPLES / name).read_bytes() for name in FILES] + [wrap(sidekiq_lines(2)) for wrap in WRAPPED.values()]
    documents = (document_of(data.decode("utf-8", "replace"), lambda _: True) for data in wrapped)
    texts = [
        *(line for data in wrapped for line in data.decode("utf-8", "replace").splitlines()),
        *(
            event.text
            for data, events in zip(wrapped, documents, strict=True)
            if events
            for event in islice(events(data.decode("utf-8", "replace")), 2)
        ),
    ]
    claimed = pl.DataFrame({"text": texts}).filter(wrapper.claims(pl.col("text")))["text"].to_list()
    assert claimed
    assert all(wrapper.may_claim(line) for line in claimed)


OF_ONE_SAMPLE = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in FILES]


@pytest.mark.parametrize("name", OF_ONE_SAMPLE)
def test_a_sample_is_opened_by_its_wrapper_and_the_job_within_is_found(wholes: Path, name: str) -> None:
    database = whole(name, wholes)
    [(formats,)] = query(database, "select format from sources")
    assert name.partition("/")[0] in formats.split(", ")
    events = query(database, f"select distinct event from job_events where job_id = '{JID}' order by 1")
    assert events in ([("failed",), ("started",)], [("started",)]) or name == "counted/drain.log"
    told = query(database, "select attributes from job_events union all select attributes from log_lines")
    assert all("envelope" in json.loads(attributes or "{}") for (attributes,) in told if attributes)
    total = query(
        database, "select bytes_total - bytes_accepted - bytes_blank - bytes_rejected - bytes_pending from sources"
    )
    assert total == [(0,)]


@pytest.mark.parametrize("name", OF_ONE_SAMPLE)
def test_chunk_sizes_do_not_change_the_rows(tmp_path: Path, wholes: Path, name: str) -> None:
    load_all(tmp_path / "chunks.duckdb", SAMPLES / name, final=True, chunk=97)
    assert evidence(tmp_path / "chunks.duckdb") == evidence(whole(name, wholes))


@pytest.mark.parametrize("name", FILES)
def test_damaged_samples_raise_nothing_and_every_byte_is_accounted_for(tmp_path: Path, name: str) -> None:
    drawn = random.Random(name)  # noqa: S311 - no secret
    data = (SAMPLES / name).read_bytes()
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number in range(5):
        damaged = bytearray(data)
        for _ in range(drawn.randint(1, 4)):
            at = drawn.randrange(len(damaged))
            match drawn.randrange(4):
                case 0:
                    del damaged[at : at + drawn.randint(1, 60)]
                case 1:
                    damaged[at:at] = drawn.choice([b'"', b"\\", b"{", b"\n", b"\0", b"\xff", b"[", b"9999999999", b" "])
                case 2:
                    damaged[at] = drawn.randrange(256)
                case _:
                    del damaged[at:]
            damaged = damaged or bytearray(b" ")
        (folder / f"{number:02}.log").write_bytes(bytes(damaged))
    load_all(tmp_path / "t.duckdb", folder, final=True)
    wrong = "bytes_total <> bytes_accepted + bytes_blank + bytes_rejected + bytes_pending or bytes_accepted < 0"
    assert query(tmp_path / "t.duckdb", f"select path from sources where {wrong}") == []
    raised = "select reason from rejected_lines where reason like 'could not be read%'"
    assert query(tmp_path / "t.duckdb", raised) == []
