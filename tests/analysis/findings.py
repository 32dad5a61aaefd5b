"""Findings for tests of what is done with them, and strategies that make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from analysis.finding import SEVERITIES, Check, Finding, Investigation
from analysis.rules import RULES

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NAMES = [rule.name for rule in RULES]
HOSTILE = (
    "\x00 \x1b[31mred\x1b[0m \x9b2J \u202e ]]> </failure> & \"' %0A ::error::x "
    "\r\n::stop-commands::y\n\\ {} é \uffff \U0001f4a3"
)


def finding(number: int = 0, **values: Any) -> Finding:
    """A finding, unlike those of other numbers."""
    usual = {
        "rule": "hung",
        "fingerprint": f"{number:016x}",
        "severity": "high",
        "confidence": "high",
        "confidence_reason": "a snapshot shows it",
        "title": f"1 run of Job{number} hangs",
        "subject": {"job_class": f"Job{number}", "queue": "default", "system": "sidekiq"},
        "jobs": (f"job-{number}",),
        "job_count": 1,
        "first_at": NOON,
        "last_at": NOON,
        "metrics": {},
        "threshold": {},
        "evidence": (),
        "sql": "select 1",
        "next_steps": ("Look at it.",),
    }
    return Finding(**usual | values)


def investigation(*found: Finding, skipped: tuple[str, ...] = (), **values: Any) -> Investigation:
    """All rules were asked, but for the skipped ones, and found these."""
    rules = {each.rule for each in found}

    def status(rule: str) -> str:
        return "skipped" if rule in skipped else "found" if rule in rules else "clean"

    checks = tuple(Check(rule=rule, status=status(rule), reason="as it is") for rule in NAMES)  # type: ignore[arg-type]
    usual = {"as_of": NOON, "first_at": NOON, "inputs": (), "checks": checks, "findings": found}
    return Investigation(**usual | values)


TEXT = st.text(max_size=12) | st.sampled_from([HOSTILE, "a*b", "", "Job.1"])
SUBJECTS = st.dictionaries(st.sampled_from(["job_class", "queue", "worker", "system", "scope"]), TEXT, max_size=3)
FINDINGS = st.builds(
    lambda number, rule, severity, title, subject, jobs: finding(
        number, rule=rule, severity=severity, title=title, subject=subject, job_count=jobs
    ),
    number=st.integers(0, 30),
    rule=st.sampled_from(NAMES[:4]),
    severity=st.sampled_from(SEVERITIES),
    title=TEXT,
    subject=SUBJECTS,
    jobs=st.integers(0, 40),
)
INVESTIGATIONS = st.builds(
    lambda found, skipped: investigation(*found, skipped=tuple(skipped - {each.rule for each in found})),
    found=st.lists(FINDINGS, max_size=6, unique_by=lambda each: each.fingerprint),
    skipped=st.sets(st.sampled_from(NAMES[:6])),
)
