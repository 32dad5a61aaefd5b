"""
Deploys, restarts and other changes that people bring, a JSON object a line.

    {"at": "2026-03-01T15:00:00Z", "kind": "deploy", "subject": "shop-web", "version": "7.0.1"}
    {"at": "2026-03-01T16:30:00Z", "kind": "configuration", "subject": "MAIL_LIMIT", "detail": "from 10 to 2"}

``at`` and ``kind`` are needed; ``scope`` and ``system`` say which installation it concerns, or all. What else it says
is kept. It is known by its ``kind``: one of ``KINDS``.
"""

from __future__ import annotations

import polars as pl

from ingest.marks import MARKS
from ingest.sources.source import Source

KINDS = ("deploy", "release", "rollback", "restart", "configuration", "migration", "flag", "maintenance", "incident")
_KIND = rf'"kind"\s*:\s*"(?:{"|".join(KINDS)})"'


def _claims(line: pl.Expr) -> pl.Expr:
    return (
        line.str.contains(r'^\x{feff}?\s*\{\s*"(?:at|kind|scope|system|subject|version|detail)"\s*:')
        & line.str.contains(r'"at"\s*:')
        & line.str.contains(_KIND)
    )


SOURCE = Source(
    name="marks_json",
    describes="Deploys and other changes, as JSON lines of one's own",
    kind="log",
    system=None,
    shows=frozenset(),
    cannot="Anything about jobs: it says what changed, and when.",
    claims=_claims,
    holds=('"kind"',),
    parse=MARKS.of_json_lines,
)
