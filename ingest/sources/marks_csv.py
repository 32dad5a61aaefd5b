"""
Deploys, restarts and other changes that people bring, as CSV.

    at,kind,subject,version
    2026-03-01T15:00:00Z,deploy,shop-web,7.0.1

``at`` and ``kind`` come first and are needed; ``subject``, ``version``, ``detail``, ``scope`` and ``system`` may
follow, and any other column is kept. The kind is any word.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from ingest.mark_rows import MarkRows
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb
    import polars as pl


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r"^\x{feff}?at,kind(?:,\w+)*\r?(?:\n|$)")


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = MarkRows()
    csv.field_size_limit(1 << 30)
    for line_no, text in records.select("line_no", "text").iter_rows():
        number = -1
        table = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""))
        for number, told in enumerate(table):
            rows.add(line_no, number, {name: value or None for name, value in told.items() if name is not None})
        if number < 0:
            rows.reject(line_no, "names of columns and no mark below them")
    return rows.parsed()


SOURCE = Source(
    name="marks_csv",
    describes="Deploys and other changes, as CSV of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what changed, and when.",
    claims=_claims,
    holds=("at,kind",),
    parse=_parse,
    document=True,
)
