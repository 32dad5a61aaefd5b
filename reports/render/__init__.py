"""The formats a report can be written in, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reports.incident import IncidentReport
from reports.render import html_document, json_document, markdown

RENDERERS: Mapping[str, Callable[[IncidentReport], str]] = {
    ".html": html_document.render,
    ".md": markdown.render,
    ".json": json_document.render,
}
