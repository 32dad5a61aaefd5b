"""The report as JSON: every value as it is, in ASCII, so that no character of a log can disturb a terminal."""

from __future__ import annotations

import json

from reports.incident import IncidentReport


def render(report: IncidentReport) -> str:
    """The report as one JSON object."""
    return json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=True) + "\n"
