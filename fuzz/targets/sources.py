"""Every source and every envelope, without a database: each record becomes rows or a reject, and nothing is raised."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import duckdb
import polars as pl

from fuzz.seeds import all_samples, samples
from fuzz.target import Target, as_text, promise
from ingest import schema
from ingest.clocks import SUFFIX
from ingest.records import physical_lines, sort_lines
from ingest.sources import SOURCES, Parsed, Source
from ingest.wrappers.envelopes import Envelopes

_LINES = tuple(source for source in SOURCES if not source.document)
_DOCUMENTS = tuple(source for source in SOURCES if source.document)
_WRITTEN_AT = datetime(2026, 11, 24)  # noqa: DTZ001 - naive UTC, as envelopes want it


@cache
def _scratch() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _read(source: Source, records: pl.DataFrame) -> None:
    parsed = source.parse(records.select("line_no", "text"), _scratch())
    for table, frame in parsed.rows.items():
        known = {column.name for column in schema.table(table).columns}
        unknown = {name for name in frame.columns if name.removesuffix(SUFFIX) not in known} - {"time_of_day"}
        promise(not unknown, f"{source.name}: {table} has no column {', '.join(sorted(unknown))}")
    left = set(records["line_no"].to_list()) - _told(parsed)
    promise(not left, f"{source.name}: of record {min(left, default=0)} there is neither a row nor a reject")


def _told(parsed: Parsed) -> set[int]:
    frames = [frame for frame in parsed.rows.values() if "line_no" in frame.columns]
    if parsed.rejects is not None:
        frames.append(parsed.rejects)
    return {number for frame in frames for number in frame["line_no"].to_list()}


def _log_lines(data: bytes) -> None:
    if not data:
        return
    parted = sort_lines(physical_lines(data, line_no=1, byte_offset=0), _LINES)
    for source in _LINES:
        if source.name in parted.records:
            _read(source, parted.records[source.name])


def _documents(data: bytes) -> None:
    text = as_text(data).removeprefix("\ufeff")
    for source in _DOCUMENTS:
        if pl.select(source.claims(pl.lit(text[:4096]))).item():
            _read(source, pl.DataFrame({"line_no": [1], "text": [text]}))
            return


def _envelopes(data: bytes) -> None:
    if not data:
        return
    envelopes = Envelopes.of(data[: 1 << 16], _WRITTEN_AT, sources=_LINES, connection=_scratch())
    lines = physical_lines(data, line_no=1, byte_offset=0)
    inner = envelopes.lines_of(as_text(data)) if envelopes.events else envelopes.peeled(lines)
    if not envelopes.events:
        promise(inner["bytes"].sum() == len(data), "the lines within have not all the bytes")
        promise(set(inner["line_no"]) <= set(lines["line_no"]), "a line within is of no line")


TARGETS = (
    Target(
        name="log_lines",
        promise="each record becomes rows or a reject",
        attempt=_log_lines,
        quick=8,
        seeds=lambda: list(samples("samples")),
    ),
    Target(
        name="documents",
        promise="each document becomes rows or a reject",
        attempt=_documents,
        quick=20,
        seeds=lambda: list(samples("samples")),
    ),
    Target(name="envelopes", promise="every byte is in a line within", attempt=_envelopes, quick=8, seeds=all_samples),
)
