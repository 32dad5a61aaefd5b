"""Marks that people bring: deploys, restarts, changes of configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from ingest import untrusted_json as read
from ingest.brought_records import Brought

_ZONE = re.compile(r"(?:Z|[+-]\d\d(?::?\d\d)?)\s*$", re.IGNORECASE)


def _row(told: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = read.Fields.of(told)
    at, moment = told.get("at"), fields.take("at", read.iso)
    kind = fields.take("kind", read.text)
    if moment is None or not kind:
        lacks = "time in 'at', such as 2026-03-01T15:00:00Z" if moment is None else "'kind', such as deploy"
        raise ValueError(f"a mark without a {lacks}")
    row: dict[str, Any] = {"occurred_at" if _ZONE.search(str(at)) else "occurred_at_clock": moment, "kind": kind}
    row |= {name: fields.take(name, read.text) for name in ("scope", "system", "subject", "version", "detail")}
    return row | {"attributes": fields.attributes()}


MARKS = Brought(
    table="marks",
    word="mark",
    schema={
        "occurred_at": pl.Datetime("us"),
        "occurred_at_clock": pl.Datetime("us"),
        "scope": pl.String(),
        "system": pl.String(),
        "kind": pl.String(),
        "subject": pl.String(),
        "version": pl.String(),
        "detail": pl.String(),
        "attributes": pl.String(),
    },
    row=_row,
)
"""Each needs a time and a kind."""
