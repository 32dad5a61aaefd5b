"""Limits that people declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ingest import untrusted_json as read
from ingest.brought_records import Brought

KINDS = ("time_limit", "visibility_timeout", "lock_ttl", "shutdown_timeout")
"""The limits that rules know."""


def _row(told: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = read.Fields.of(told)
    kind, seconds = fields.take("kind", read.text), fields.take("seconds", read.number)
    if not kind or seconds is None or seconds <= 0:
        lacks = "'kind', such as time_limit" if not kind else "number above 0 in 'seconds'"
        raise ValueError(f"a limit without a {lacks}")
    row: dict[str, Any] = {"kind": kind, "seconds": seconds}
    row |= {name: fields.take(name, read.text) for name in ("system", "queue", "job_class")}
    row["scope"] = fields.take("scope", read.text) or ""
    return row | {"attributes": fields.attributes()}


DECLARED = Brought(
    table="declared",
    word="limit",
    schema={
        "scope": pl.String(),
        "system": pl.String(),
        "kind": pl.String(),
        "queue": pl.String(),
        "job_class": pl.String(),
        "seconds": pl.Float64(),
        "attributes": pl.String(),
    },
    row=_row,
)
"""Each needs a kind and seconds above 0."""
