"""What every input format keeps, tried on each of its samples: ``samples/<format>/``."""

from __future__ import annotations

import re
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import schema
from ingest.records import physical_lines, sort_lines
from ingest.sources import SOURCES, Parsed, Source
from tests.ingest.loads import evidence, load_all
from tests.ingest.scratch import SCRATCH

SAMPLES = Path(__file__).parent / "samples"
CASES = [
    pytest.param(source, path, id=f"{source.name}/{path.name}")
    for source in SOURCES
    for path in sorted((SAMPLES / source.name).glob("*"))
]
LINES = [source for source in SOURCES if not source.document]


def _names(table: str, column: str) -> set[str]:
    """The names that a column's comment lists."""
    comment = next(each.comment for each in schema.table(table).columns if each.name == column)
    return set(re.findall(r"[a-z_]+", comment))


def _records(source: Source, text: str) -> pl.DataFrame:
    if source.document:
        return pl.DataFrame({"line_no": [1], "text": [text.removeprefix("\ufeff")]})
    parted = sort_lines(physical_lines(text.encode(), line_no=1, byte_offset=0), [source])
    empty = pl.DataFrame(schema={"line_no": pl.Int64, "text": pl.String})
    return parted.records.get(source.name, empty).select("line_no", "text")


def _told(parsed: Parsed) -> set[int]:
    """The numbers of the records that became rows or rejects."""
    frames = [frame for name, frame in parsed.rows.items() if "line_no" in frame.columns]
    if parsed.rejects is not None:
        frames.append(parsed.rejects)
    return {number for frame in frames for number in frame["line_no"].to_list()}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_format_has_samples_and_says_in_words_what_it_is(source: Source) -> None:
    assert list((SAMPLES / source.name).glob("*")), f"no sample in tests/ingest/samples/{source.name}/"
    assert re.fullmatch(r"[a-z0-9_]+", source.name)
    assert source.describes
    assert source.cannot.endswith(".")
    assert source.shows <= {"enqueues", "starts", "ends", "errors", "arguments", "workers", "queues", "heartbeats"}


@pytest.mark.parametrize(("source", "path"), CASES)
def test_a_sample_is_claimed_by_its_own_format_and_by_no_other(source: Source, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if source.document:
        claimed = [each for each in SOURCES if each.document and pl.select(each.claims(pl.lit(text[:4096]))).item()]
        assert [each.name for each in claimed] == [source.name]
        assert source.may_claim(text[:4096])
        return
    lines = physical_lines(text.encode(), line_no=1, byte_offset=0)
    claims = lines.select(**{each.name: each.claims(pl.col("text")) for each in LINES})
    assert claims[source.name].sum() > 0
    its = lines.filter(claims[source.name].fill_null(value=False))["text"].to_list()
    assert all(source.may_claim(line) for line in its), "a line that it claims holds none of the texts it should"
    for each in LINES:
        if each.name != source.name:
            both = lines.filter(claims[each.name].fill_null(value=False) & claims[source.name].fill_null(value=False))
            assert both["text"].to_list() == [], f"also claimed by {each.name}"


@pytest.mark.parametrize(("source", "path"), CASES)
def test_every_record_becomes_a_row_or_a_reject(source: Source, path: Path) -> None:
    records = _records(source, path.read_text(encoding="utf-8"))
    parsed = source.parse(records, SCRATCH)
    assert _told(parsed) >= set(records["line_no"].to_list())
    assert parsed.rejects is None or parsed.rejects.is_empty(), parsed.rejects["reason"].to_list()
    for table, frame in parsed.rows.items():
        if table in ("job_events", "worker_events"):
            assert set(frame["event"].to_list()) <= _names(table, "event")
        if table == "snapshot_jobs":
            assert set(frame["held_in"].to_list()) <= _names(table, "held_in")


@pytest.mark.parametrize(("source", "path"), CASES)
def test_the_rows_are_the_same_however_the_file_is_cut(source: Source, path: Path, tmp_path: Path) -> None:
    whole = load_all(tmp_path / "whole.duckdb", path, final=True)
    assert whole.files[0].format == source.name or source.name in whole.files[0].format.split(", ")
    load_all(tmp_path / "cut.duckdb", path, chunk=max(701, path.stat().st_size // 8), final=True)
    found, cut = evidence(tmp_path / "whole.duckdb"), evidence(tmp_path / "cut.duckdb")
    assert found == cut
    with duckdb.connect(str(tmp_path / "whole.duckdb")) as db:
        total, parts = db.execute(
            "select bytes_total, bytes_accepted + bytes_blank + bytes_rejected + bytes_pending from sources"
        ).fetchall()[0]
    assert total == parts == path.stat().st_size


@pytest.mark.parametrize(("source", "path"), CASES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_text_raises_nothing_and_is_read_in_time(source: Source, path: Path, data: st.DataObject) -> None:
    text = path.read_text(encoding="utf-8")[:20_000]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, max(len(text) - 1, 0)))
        end = min(len(text), start + data.draw(st.sampled_from([0, 1, 2, 7, 60, 400])))
        put = data.draw(
            st.text(max_size=8)
            | st.sampled_from(['"', "\\", "{", "[" * 50, "\n", "null", "-1", "9" * 30, "\ud7ff", "%", "\t"])
        )
        text = text[:start] + put + text[end:]
    records = _records(source, text.replace("\0", ""))
    began = time.process_time()
    parsed = source.parse(records, SCRATCH)
    assert _told(parsed) >= set(records["line_no"].to_list())
    assert time.process_time() - began < 20
