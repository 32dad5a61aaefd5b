"""The report as one HTML file that needs nothing else: no script, no network; styles and pictures are inside."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from analysis.counts import count
from reports import labels, picture, standing, wording
from reports.incident import IMPACT_NOTE, IncidentReport

_FINDINGS_SHOWN = 25
"""In the index and on the timeline; an index says how many more there are."""
_INCIDENTS_SHOWN = 25
_CLASSES_SHOWN = 25
_JOBS_LISTED = 500
_EVIDENCE_SHOWN = 4


def render(report: IncidentReport) -> str:
    """The report as a page."""
    folder = files(__package__)
    styles = folder.joinpath("incident.css").read_text(encoding="utf-8")
    template = _environment().from_string(folder.joinpath("incident.html").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        styles=Markup(styles),  # noqa: S704 - our own file
        styles_digest=b64encode(sha256(styles.encode()).digest()).decode(),
        picture=picture,
        standing=standing,
        wording=wording,
        count=count,
        labels=labels,
        clock=wording.clock_of(report.timeline.first_at, report.timeline.last_at),
        impact_note=IMPACT_NOTE,
        classes_shown=_CLASSES_SHOWN,
        findings_shown=_FINDINGS_SHOWN,
        incidents_shown=_INCIDENTS_SHOWN,
        jobs_listed=_JOBS_LISTED,
        evidence_shown=_EVIDENCE_SHOWN,
    )


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_made_visible, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["lines"] = lambda text: escape(wording.visible_lines(text))
    return environment


def _made_visible(value: object) -> object:
    """Every string a template writes passes here, so that none can be forgotten."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return wording.visible(value)
    return value
