"""Suppressions: findings that people know of and do not want to count, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from pydantic import Field

from analysis.finding import Finding, Frozen, Investigation, StaleSuppression, Suppressed
from analysis.rules import RULES
from analysis.wildcard import fits


class Suppression(Frozen):
    """What not to count, and why. A finding must fit all that is given."""

    number: int
    """Place in its file, from 1."""
    rule: str | None = None
    fingerprint: str | None = None
    subject: Mapping[str, str] = Field(default_factory=dict)
    """Part of a finding's subject to its name, in which * stands for any characters."""
    reason: str
    until: date | datetime | None = None
    """An aware moment, or a day that is meant whole, in UTC. None: for good."""

    def ended(self, moment: datetime) -> bool:
        """Whether it is over at this moment (aware)."""
        until = self.until
        if until is None:
            return False
        if isinstance(until, datetime):
            return moment >= until
        return until < date.max and moment >= datetime.combine(until + timedelta(days=1), time(), UTC)

    def fits(self, finding: Finding) -> bool:
        """Whether the finding is one of those meant; a part that its subject lacks is an empty name."""
        return (
            self.rule in {None, finding.rule}
            and self.fingerprint in {None, finding.fingerprint}
            and all(fits(pattern, finding.subject.get(part, "")) for part, pattern in self.subject.items())
        )


def suppress(investigation: Investigation, suppressions: Sequence[Suppression]) -> Investigation:
    """
    The same with the findings that fit a suppression set aside, each under the first that it fits.

    Whether a suppression is over is judged at the moment that was asked about.
    """
    moment = investigation.as_of
    if moment is None:
        return investigation
    ended = [each for each in suppressions if each.ended(moment)]
    valid = [each for each in suppressions if not each.ended(moment)]
    findings, suppressed, used = [], [], set()
    for finding in investigation.findings:
        fitting = [each for each in valid if each.fits(finding)]
        used |= {each.number for each in fitting}
        if fitting:
            first = fitting[0]
            suppressed.append(Suppressed(number=first.number, reason=first.reason, until=first.until, finding=finding))
        else:
            findings.append(finding)
    unused = [each for each in valid if each.number not in used and _was_asked(each, investigation)]
    stale = [
        StaleSuppression(
            number=each.number, status="expired" if each in ended else "unused", reason=each.reason, until=each.until
        )
        for each in suppressions
        if each in ended or each in unused
    ]
    return investigation.model_copy(
        update={"findings": tuple(findings), "suppressed": tuple(suppressed), "stale_suppressions": tuple(stale)}
    )


def _was_asked(suppression: Suppression, investigation: Investigation) -> bool:
    """Whether what it means could have been found; of a fingerprint alone nobody knows the rule."""
    if suppression.rule is None:
        return {rule.name for rule in RULES} <= {check.rule for check in investigation.checks}
    return any(check.rule == suppression.rule and check.status != "skipped" for check in investigation.checks)
