"""
Deploys, restarts and other changes that people bring, a JSON object a line.

    {"at": "2026-03-01T15:00:00Z", "kind": "deploy", "subject": "shop-web", "version": "7.0.1"}
    {"at": "2026-03-01T16:30:00Z", "kind": "configuration", "subject": "MAIL_LIMIT", "detail": "from 10 to 2"}

``at`` and ``kind`` are needed; ``scope`` and ``system`` say which installation it concerns, or all. What else it says
is kept. It is known by its ``kind``: one of ``KINDS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest import untrusted_json as read
from ingest.mark_rows import MarkRows
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

KINDS = ("deploy", "release", "rollback", "restart", "configuration", "migration", "flag", "maintenance", "incident")
_KIND = rf'"kind"\s*:\s*"(?:{"|".join(KINDS)})"'


def _claims(line: pl.Expr) -> pl.Expr:
    return (
        line.str.contains(r'^\x{feff}?\s*\{\s*"(?:at|kind|scope|system|subject|version|detail)"\s*:')
        & line.str.contains(r'"at"\s*:')
        & line.str.contains(_KIND)
    )


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows = MarkRows()
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            told = read.decoded_object(text)
        except ValueError as error:
            rows.reject(line_no, str(error))
        else:
            rows.add(line_no, 0, told)
    return rows.parsed()


SOURCE = Source(
    name="marks_json",
    describes="Deploys and other changes, as JSON lines of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what changed, and when.",
    claims=_claims,
    holds=('"kind"',),
    parse=_parse,
)
