"""
Limits that people declare, as CSV.

    kind,seconds,queue,job_class
    visibility_timeout,1800,exports,
    time_limit,3600,,ExportOrders

``kind`` and ``seconds`` come first and are needed; ``queue``, ``job_class``, ``system`` and ``scope`` may follow, and
any other column is kept. The kind is any word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.declared import DECLARED
from ingest.sources.source import Source

if TYPE_CHECKING:
    import polars as pl


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(r"^\x{feff}?kind,seconds(?:,\w+)*\r?(?:\n|$)")


SOURCE = Source(
    name="declared_csv",
    describes="Time limits and timeouts, as CSV of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what should hold for them.",
    claims=_claims,
    holds=("kind,seconds",),
    parse=DECLARED.of_csv,
    document=True,
)
