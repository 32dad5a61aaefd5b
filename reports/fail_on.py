"""The severity from which on findings make a check fail."""

from __future__ import annotations

from analysis.finding import SEVERITIES, Finding, Investigation

BARS = (*SEVERITIES, "none")
"""``none``: no finding does."""


def counts(finding: Finding, fail_on: str) -> bool:
    """Whether a finding is at or above the bar."""
    return fail_on != "none" and SEVERITIES.index(finding.severity) >= SEVERITIES.index(fail_on)


def fails(investigation: Investigation, fail_on: str) -> bool:
    """Whether any finding is; suppressed ones are none."""
    return any(counts(finding, fail_on) for finding in investigation.findings)
