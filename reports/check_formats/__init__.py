"""What `jobtrail check` says to machines, one format per file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analysis import check_json
from analysis.finding import Investigation
from reports.check_formats import github, junit, prometheus

FORMATS: Mapping[str, Callable[[Investigation, str], str]] = {
    "json": lambda investigation, _fail_on: check_json.to_text(investigation) + "\n",
    "junit": junit.render,
    "github": github.render,
    "prometheus": prometheus.render,
}
"""Each makes a text, whole lines, of what was found and of the severity from which on that fails."""
