"""What `jobtrail check` says to machines, one format per file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analysis import check_json
from analysis.finding import Investigation
from analysis.incidents import Incident
from reports.check_formats import github, junit, prometheus

FORMATS: Mapping[str, Callable[[Investigation, Sequence[Incident], str], str]] = {
    "json": lambda investigation, incidents, _fail_on: check_json.to_text(investigation, incidents) + "\n",
    "junit": lambda investigation, _incidents, fail_on: junit.render(investigation, fail_on),
    "github": lambda investigation, _incidents, fail_on: github.render(investigation, fail_on),
    "prometheus": lambda investigation, _incidents, _fail_on: prometheus.render(investigation),
}
"""Each makes a text, whole lines, of what was found, of the incidents it makes, and of the severity that fails."""
