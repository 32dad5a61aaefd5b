"""
Limits that people declare, as CSV.

    kind,seconds,queue,job_class
    visibility_timeout,1800,exports,
    time_limit,3600,,ExportOrders

``kind`` and ``seconds`` come first and are needed; ``queue``, ``job_class``, ``system`` and ``scope`` may follow, and
any other column is kept. The kind is any word.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from ingest.declared_rows import DeclaredRows
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb
    import polars as pl


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r"^\x{feff}?kind,seconds(?:,\w+)*\r?(?:\n|$)")


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = DeclaredRows()
    csv.field_size_limit(1 << 30)
    for line_no, text in records.select("line_no", "text").iter_rows():
        number = -1
        table = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""))
        for number, told in enumerate(table):
            rows.add(line_no, number, {name: value or None for name, value in told.items() if name is not None})
        if number < 0:
            rows.reject(line_no, "names of columns and no limit below them")
    return rows.parsed()


SOURCE = Source(
    name="declared_csv",
    describes="Time limits and timeouts, as CSV of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what should hold for them.",
    claims=_claims,
    holds=("kind,seconds",),
    parse=_parse,
    document=True,
)
