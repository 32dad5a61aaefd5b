"""
Deploys, restarts and other changes that people bring, as CSV.

    at,kind,subject,version
    2026-03-01T15:00:00Z,deploy,shop-web,7.0.1

``at`` and ``kind`` come first and are needed; ``subject``, ``version``, ``detail``, ``scope`` and ``system`` may
follow, and any other column is kept. The kind is any word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.marks import MARKS
from ingest.sources.source import Source

if TYPE_CHECKING:
    import polars as pl


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r"^\x{feff}?at,kind(?:,\w+)*\r?(?:\n|$)")


SOURCE = Source(
    name="marks_csv",
    describes="Deploys and other changes, as CSV of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what changed, and when.",
    claims=_claims,
    holds=("at,kind",),
    parse=MARKS.of_csv,
    document=True,
)
