"""Marks that people bring, from their fields to rows: deploys, restarts, changes of configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.sources.source import Parsed

if TYPE_CHECKING:
    from datetime import datetime

_SCHEMA: Mapping[str, pl.DataType] = {
    "line_no": pl.Int64(),
    "record_no": pl.Int32(),
    "occurred_at": pl.Datetime("us"),
    "occurred_at_clock": pl.Datetime("us"),
    "scope": pl.String(),
    "system": pl.String(),
    "kind": pl.String(),
    "subject": pl.String(),
    "version": pl.String(),
    "detail": pl.String(),
    "attributes": pl.String(),
}
_ZONE = re.compile(r"(?:Z|[+-]\d\d(?::?\d\d)?)\s*$", re.IGNORECASE)


class MarkRows:
    """Rows of ``marks``, and records that are none."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._rejects: list[tuple[int, str]] = []

    def add(self, line_no: int, record_no: int, told: Mapping[str, Any]) -> None:
        """Add a mark, or reject its record where it has no time or no kind."""
        fields = read.Fields.of(told)
        at, moment = told.get("at"), fields.take("at", read.iso)
        kind = fields.take("kind", read.text)
        if moment is None or not kind:
            lacks = "time in 'at', such as 2026-03-01T15:00:00Z" if moment is None else "'kind', such as deploy"
            self.reject(line_no, f"a mark without a {lacks}")
            return
        column = "occurred_at" if _ZONE.search(str(at)) else "occurred_at_clock"
        row: dict[str, datetime | int | str | None] = {"line_no": line_no, "record_no": record_no, column: moment}
        row["kind"] = kind
        row |= {name: fields.take(name, read.text) for name in ("scope", "system", "subject", "version", "detail")}
        self._rows.append(row | {"attributes": fields.attributes()})

    def reject(self, line_no: int, reason: str) -> None:
        """Put a record aside, with the reason in words."""
        self._rejects.append((line_no, reason))

    def parsed(self) -> Parsed:
        """All of them."""
        rows = pl.DataFrame(self._rows, schema=_SCHEMA)
        rejects = pl.DataFrame(self._rejects, schema={"line_no": pl.Int64, "reason": pl.String}, orient="row")
        return Parsed(rows={} if rows.is_empty() else {"marks": rows}, rejects=None if rejects.is_empty() else rejects)
