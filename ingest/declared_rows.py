"""Limits that people declare, from their fields to rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.sources.source import Parsed

if TYPE_CHECKING:
    from ingest.snapshot_rows import Row

KINDS = ("time_limit", "visibility_timeout", "lock_ttl", "shutdown_timeout")
"""The limits that rules know."""

_SCHEMA: Mapping[str, pl.DataType] = {
    "line_no": pl.Int64(),
    "record_no": pl.Int32(),
    "scope": pl.String(),
    "system": pl.String(),
    "kind": pl.String(),
    "queue": pl.String(),
    "job_class": pl.String(),
    "seconds": pl.Float64(),
    "attributes": pl.String(),
}


class DeclaredRows:
    """Rows of ``declared``, and records that are none."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._rejects: list[tuple[int, str]] = []

    def add(self, line_no: int, record_no: int, told: Mapping[str, Any]) -> None:
        """Add a limit, or reject its record where it has no kind, or no seconds above 0."""
        fields = read.Fields.of(told)
        kind, seconds = fields.take("kind", read.text), fields.take("seconds", read.number)
        if not kind or seconds is None or seconds <= 0:
            lacks = "'kind', such as time_limit" if not kind else "number above 0 in 'seconds'"
            self.reject(line_no, f"a limit without a {lacks}")
            return
        row: Row = {"line_no": line_no, "record_no": record_no, "kind": kind, "seconds": seconds}
        row |= {name: fields.take(name, read.text) for name in ("system", "queue", "job_class")}
        row["scope"] = fields.take("scope", read.text) or ""
        self._rows.append(row | {"attributes": fields.attributes()})

    def reject(self, line_no: int, reason: str) -> None:
        """Put a record aside, with the reason in words."""
        self._rejects.append((line_no, reason))

    def parsed(self) -> Parsed:
        """All of them."""
        rows = pl.DataFrame(self._rows, schema=dict(_SCHEMA))
        rejects = pl.DataFrame(self._rejects, schema={"line_no": pl.Int64, "reason": pl.String}, orient="row")
        return Parsed(
            rows={} if rows.is_empty() else {"declared": rows}, rejects=None if rejects.is_empty() else rejects
        )
