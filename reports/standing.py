"""How findings stand to what people said of them and to what was found before, in words; values as inputs have them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol

from analysis.counts import count, enumeration, which
from analysis.finding import (
    SEVERITIES,
    BaselineComparison,
    Finding,
    Investigation,
    Selection,
    StaleSuppression,
    Suppressed,
)
from reports.wording import moment


class Judged(Protocol):
    """What has suppressions."""

    @property
    def suppressed(self) -> tuple[Suppressed, ...]: ...
    @property
    def stale_suppressions(self) -> tuple[StaleSuppression, ...]: ...


def status(finding: Finding) -> str:
    """What a baseline makes of it; empty without one."""
    return f"worse: {before(finding)} before" if finding.status == "worse" else finding.status or ""


def before(finding: Finding) -> str:
    """What the baseline says of it, as far as it is worse now; empty where the baseline has it not."""
    known = finding.before
    if known is None:
        return ""
    parts: list[str] = [known.severity] if SEVERITIES.index(finding.severity) > SEVERITIES.index(known.severity) else []
    parts += [count(known.job_count, "job")] if finding.job_count > known.job_count else []
    return enumeration(parts)


def how_many(investigation: Investigation, incidents: int | None = None) -> str:
    """How many findings there are, of which status, and of how many ``incidents`` where these are fewer."""
    findings = len(investigation.findings)
    nothing = "Nothing new found" if investigation.selection.only_new else "Nothing found"
    told = count(findings, "finding") if findings else nothing
    statuses = [each.status for each in investigation.findings if each.status]
    parts = [f"{statuses.count(each)} {each}" for each in ("new", "worse", "known") if each in statuses]
    told += f" ({', '.join(parts)})" if parts else ""
    if incidents is not None and incidents < findings:
        told += f" in {count(incidents, 'incident')}"
    suppressed_too = len(investigation.suppressed)
    return f"{told}, {suppressed_too:,} suppressed" if suppressed_too else told


def selection(selected: Selection) -> str:
    """What findings are told and how many are not; empty where all are."""
    touching = [
        f"{what} {value}"
        for what, value in (
            ("queue", selected.queue),
            ("class", selected.job_class),
            ("the time since", selected.since and moment(selected.since)),
            ("the time until", selected.until and moment(selected.until)),
        )
        if value
    ]
    parts = [f"touch {enumeration(touching)}"] if touching else []
    parts += ["are new or worse"] if selected.only_new else []
    if not parts:
        return ""
    others = count(selected.left_out, "other") if selected.left_out else "none"
    return f"Only findings that {' and '.join(parts)}; {others} {which(selected.left_out or 1, 'is', 'are')} left out."


def suppressed(each: Suppressed) -> str:
    """Why a finding does not count, and for how long."""
    return f"{each.reason} (suppress {each.number}, {_until(each.until)})"


def stale(each: StaleSuppression) -> str:
    """Why a suppression is to be looked at."""
    if each.status == "expired":
        return f"it held {_until(each.until)}, and what it names counts again: {each.reason}"
    return f"it fits nothing that was found: {each.reason}"


def not_asked(comparison: BaselineComparison) -> str:
    """How much of a baseline says nothing about this check; empty where all does."""
    many = comparison.not_asked
    if not many:
        return ""
    return f"{count(many, 'entry', 'entries')} of the baseline {which(many, 'is', 'are')} of rules that were not asked."


def suppressions(judged: Judged) -> list[str]:
    """What was found and does not count, and which suppressions do nothing any more, a line each."""
    return [
        *(f"{each.finding.rule}: {each.finding.title}: {suppressed(each)}" for each in judged.suppressed),
        *(f"suppress {each.number} in jobtrail.toml: {stale(each)}" for each in judged.stale_suppressions),
    ]


def no_longer_found(baseline: BaselineComparison | None) -> list[str]:
    """What a baseline has and the check has not, a line each, and how much of it cannot be told."""
    if baseline is None:
        return []
    told = not_asked(baseline)
    return [*(f"{each.rule}: {each.title}" for each in baseline.gone), *([told] if told else [])]


def _until(end: date | datetime | None) -> str:
    if end is None:
        return "for good"
    if isinstance(end, datetime):
        return f"until {moment(end.astimezone(UTC))}"
    return f"until {end}"
