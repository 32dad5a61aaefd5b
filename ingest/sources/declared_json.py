"""
Limits that people declare, a JSON object a line.

    {"kind": "visibility_timeout", "seconds": 1800, "queue": "exports"}
    {"kind": "time_limit", "seconds": 3600, "job_class": "ExportOrders"}

``kind`` and ``seconds`` are needed; ``queue``, ``job_class``, ``system`` and ``scope`` say what it is about, or all.
What else it says is kept. A line is known by its ``kind``: one of ``KINDS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest import untrusted_json as read
from ingest.declared_rows import KINDS, DeclaredRows
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_KIND = rf'"kind"\s*:\s*"(?:{"|".join(KINDS)})"'


def _claims(line: pl.Expr) -> pl.Expr:
    return (
        line.str.contains(r'^\x{feff}?\s*\{\s*"(?:kind|seconds|queue|job_class|system|scope)"\s*:')
        & line.str.contains(r'"seconds"\s*:')
        & line.str.contains(_KIND)
    )


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = DeclaredRows()
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            told = read.decoded_object(text)
        except ValueError as error:
            rows.reject(line_no, str(error))
        else:
            rows.add(line_no, 0, told)
    return rows.parsed()


SOURCE = Source(
    name="declared_json",
    describes="Time limits and timeouts, as JSON lines of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what should hold for them.",
    claims=_claims,
    holds=('"kind"',),
    parse=_parse,
)
