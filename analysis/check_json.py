"""The JSON of ``jobtrail check``: a published contract, described in ``check.schema.json`` beside this file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files

from analysis.finding import Investigation
from analysis.incidents import Incident

SCHEMA_VERSION = 1


def schema_text() -> str:
    """The contract as a JSON Schema, draft 2020-12."""
    return files(__package__).joinpath("check.schema.json").read_text(encoding="utf-8")


def to_json(investigation: Investigation, incidents: Sequence[Incident]) -> dict[str, object]:
    """The investigation and the incidents its findings make as plain JSON values; times are ISO 8601, UTC, with a Z."""
    told = investigation.model_dump(mode="json")
    selection = investigation.selection
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": _text(investigation.as_of),
        "window": {"from": _text(investigation.first_at), "to": _text(investigation.as_of)},
        "inputs": told["inputs"],
        "checks": told["checks"],
        "findings": told["findings"],
        "incidents": [each.model_dump(mode="json") for each in incidents],
        "suppressed": told["suppressed"],
        "stale_suppressions": told["stale_suppressions"],
        "baseline": told["baseline"],
        "selection": told["selection"] | {"since": _text(selection.since), "until": _text(selection.until)},
    }


def to_text(investigation: Investigation, incidents: Sequence[Incident]) -> str:
    """The same as text, in ASCII: what a log holds cannot reach a terminal or break a pipe of another encoding."""
    return json.dumps(to_json(investigation, incidents), indent=2, ensure_ascii=True, allow_nan=False)


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
