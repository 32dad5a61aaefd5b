"""The JSON of ``jobtrail check``: a published contract, see ``check.schema.json``."""

from __future__ import annotations

from datetime import datetime

from analysis.finding import Investigation

SCHEMA_VERSION = 1


def to_json(investigation: Investigation) -> dict[str, object]:
    """The investigation as plain JSON values; times are ISO 8601, UTC, with a Z."""
    told = investigation.model_dump(mode="json")
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": _text(investigation.as_of),
        "window": {"from": _text(investigation.first_at), "to": _text(investigation.as_of)},
        "inputs": told["inputs"],
        "checks": told["checks"],
        "findings": told["findings"],
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
