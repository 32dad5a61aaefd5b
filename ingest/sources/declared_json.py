"""
Limits that people declare, a JSON object a line.

    {"kind": "visibility_timeout", "seconds": 1800, "queue": "exports"}
    {"kind": "time_limit", "seconds": 3600, "job_class": "ExportOrders"}

``kind`` and ``seconds`` are needed; ``queue``, ``job_class``, ``system`` and ``scope`` say what it is about, or all.
What else it says is kept. A line is known by its ``kind``: one of ``KINDS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.declared import DECLARED, KINDS
from ingest.sources.source import Source

if TYPE_CHECKING:
    import polars as pl

_KIND = rf'"kind"\s*:\s*"(?:{"|".join(KINDS)})"'


def _claims(line: pl.Expr) -> pl.Expr:
    return (
        line.str.contains(r'^\x{feff}?\s*\{\s*"(?:kind|seconds|queue|job_class|system|scope)"\s*:')
        & line.str.contains(r'"seconds"\s*:')
        & line.str.contains(_KIND)
    )


SOURCE = Source(
    name="declared_json",
    describes="Time limits and timeouts, as JSON lines of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what should hold for them.",
    claims=_claims,
    holds=('"kind"',),
    parse=DECLARED.of_json_lines,
)
