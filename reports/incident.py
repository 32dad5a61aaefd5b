"""The incident report as a value: what every format of it says, in the order in which it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from analysis.finding import SEVERITIES, Check, Coverage, Finding, Frozen, Investigation
from analysis.impact import Impact
from analysis.series import QueueSeries, Timeline
from reports.wording import count, lasting, number, period

_LONG_GAP = 60
"""Seconds without a line that are worth a word, where they are also a good part of what the input covers."""
_GOOD_PART = 0.1


class Figure(Frozen):
    """One number that tells how bad it was."""

    value: str
    label: str


class NextStep(Frozen):
    """Something to do, and the numbers of the findings that ask for it."""

    text: str
    findings: tuple[int, ...]


class Blank(Frozen):
    """Something that only people know, left for them to fill in."""

    heading: str
    question: str
    columns: tuple[str, ...] = ()
    """Where the answer is a table."""


BLANKS = (
    Blank(heading="Root cause", question="What made it happen? The findings say what happened, not why."),
    Blank(heading="How it was noticed", question="Who or what noticed it, when, and how long after it began?"),
    Blank(heading="Lessons", question="What went well, what went badly, where was there luck?"),
    Blank(heading="Actions", question="What will be changed, by whom, until when?", columns=("Action", "Owner", "Due")),
)


class IncidentReport(Frozen):
    """What an incident report says."""

    title: str
    as_of: datetime | None
    period: str
    summary: tuple[str, ...]
    figures: tuple[Figure, ...]
    impact: Impact
    timeline: Timeline
    queues: tuple[QueueSeries, ...]
    findings: tuple[Finding, ...]
    next_steps: tuple[NextStep, ...]
    blanks: tuple[Blank, ...]
    blind_spots: tuple[str, ...]
    clean: tuple[Check, ...]
    inputs: tuple[Coverage, ...]


def incident(
    investigation: Investigation,
    impact: Impact,
    timeline: Timeline,
    queues: tuple[QueueSeries, ...],
    *,
    title: str,
) -> IncidentReport:
    """The report on what was found."""
    return IncidentReport(
        title=title,
        as_of=investigation.as_of,
        period=period(timeline.first_at, timeline.last_at),
        summary=tuple(_summary(investigation, impact)),
        figures=tuple(_figures(investigation, impact)),
        impact=impact,
        timeline=timeline,
        queues=queues,
        findings=investigation.findings,
        next_steps=_next_steps(investigation.findings),
        blanks=BLANKS,
        blind_spots=tuple(_blind_spots(investigation)),
        clean=tuple(check for check in investigation.checks if check.status == "clean"),
        inputs=investigation.inputs,
    )


def _summary(investigation: Investigation, impact: Impact) -> Iterator[str]:
    if investigation.as_of is None:
        yield "The inputs hold no dated evidence, so nothing could be asked."
        return
    yield f"{count(impact.jobs, 'job')} seen, {count(impact.runs, 'run')}, of which {impact.failed_runs:,} failed."
    findings = investigation.findings
    if findings:
        severities = Counter(finding.severity for finding in findings)
        parts = ", ".join(f"{severities[each]} {each}" for each in reversed(SEVERITIES) if severities[each])
        yield f"{count(len(findings), 'finding')} ({parts}); {count(impact.jobs_hurt, 'job')} hurt."
        yield f"Most serious: {findings[0].title}."
    else:
        yield "No check found anything wrong."
    skipped = sum(check.status == "skipped" for check in investigation.checks)
    if skipped:
        yield f"{count(skipped, 'check')} could not be asked with these inputs; see blind spots."


def _figures(investigation: Investigation, impact: Impact) -> Iterator[Figure]:
    yield Figure(value=number(len(investigation.findings)), label="findings")
    yield Figure(value=number(impact.jobs_hurt), label=f"jobs hurt, of {number(impact.jobs)}")
    yield Figure(value=number(impact.failed_runs), label=f"failed runs, of {number(impact.runs)}")
    yield Figure(value=lasting(impact.failed_seconds), label="spent in failed runs")
    if impact.longest_wait is not None:
        yield Figure(value=lasting(impact.longest_wait), label="longest wait before a run")


def _next_steps(findings: tuple[Finding, ...]) -> tuple[NextStep, ...]:
    """Every finding's first step before any finding's second: each finding names its safest first."""
    asked: dict[str, list[int]] = {}
    for place in range(max((len(finding.next_steps) for finding in findings), default=0)):
        for finding_number, finding in enumerate(findings, start=1):
            if place < len(finding.next_steps):
                asked.setdefault(finding.next_steps[place], []).append(finding_number)
    return tuple(NextStep(text=text, findings=tuple(numbers)) for text, numbers in asked.items())


def _blind_spots(investigation: Investigation) -> Iterator[str]:
    for check in investigation.checks:
        if check.status == "skipped":
            yield f"{check.rule} was not asked: {check.reason}."
    for each in investigation.inputs:
        if each.rejects:
            yield f"{each.source}: {count(each.rejects, 'line')} could not be read."
        if each.pending_bytes:
            yield f"{each.source}: its last line is not complete ({count(each.pending_bytes, 'byte')})."
        if not each.records:
            yield f"{each.source}: nothing in it could be used."
        if each.longest_gap and _is_long(each.longest_gap, each):
            yield f"{each.source}: silent for {lasting(each.longest_gap)}; what happened then is not seen here."


def _is_long(gap: float, coverage: Coverage) -> bool:
    if coverage.kind == "snapshot" or coverage.from_at is None or coverage.to_at is None:
        return False  # a snapshot speaks of one moment, not of the time between
    return gap >= max(_LONG_GAP, _GOOD_PART * (coverage.to_at - coverage.from_at).total_seconds())
