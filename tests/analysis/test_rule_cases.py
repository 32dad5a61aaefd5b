"""Each rule flags the jobs that its case tables name, and no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analysis.finding import Finding, Investigation
from analysis.rules import RULES
from tests.analysis.tables import CASE_TABLES, CASES, Case, checked

_TOLD: dict[str, Callable[[Investigation], object]] = {
    "findings": lambda found: len(found.findings),
    "severity": lambda found: found.findings[0].severity,
    "confidence": lambda found: found.findings[0].confidence,
    "status": lambda found: found.checks[0].status,
    "title": lambda found: found.findings[0].title,
    "reason": lambda found: found.checks[0].reason,
}
"""What a case may say besides the jobs that are flagged."""


def named(finding: Finding) -> tuple[str, ...]:
    """The jobs that it is about; where it is about an input, its subject."""
    subject = [value for name, value in finding.subject.items() if name not in {"system", "scope"}]
    return finding.jobs or (" ".join(subject),)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_flags_exactly_the_jobs_named(case: Case) -> None:
    assert not case.values.keys() - {"name", "as_of", "flags", "settings", *CASE_TABLES, *_TOLD}, "nothing reads a key"
    found = checked(case)
    assert sorted({name for finding in found.findings for name in named(finding)}) == sorted(case.values["flags"])
    for key in _TOLD.keys() & case.values.keys():
        assert _TOLD[key](found) == case.values[key], key


def test_every_case_table_belongs_to_a_rule() -> None:
    assert {case.rule for case in CASES} == {rule.name for rule in RULES}
