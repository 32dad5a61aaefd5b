"""The incident report as a value: what every format of it says, in the order in which it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from analysis.counts import count, enumeration, which
from analysis.finding import (
    SEVERITIES,
    BaselineComparison,
    Check,
    Coverage,
    Finding,
    Frozen,
    Investigation,
    StaleSuppression,
    Suppressed,
)
from analysis.impact import HURTS, ClassImpact, Impact
from analysis.incidents import Incident
from analysis.moments import Moments
from analysis.series import QueueSeries, Timeline
from reports.incidents import ToldIncident, told
from reports.turns import Turn, turns
from reports.wording import clock, fate, lasting, moment, number, period

_LONG_GAP = 60
"""Seconds without a line that are worth a word, where they are also a good part of what the input covers."""
_GOOD_PART = 0.1


IMPACT_NOTE = (
    "Hurt: named by a finding of severity medium or worse. Still open: of these, not succeeded by the end. Wasted: "
    "failed, cut off, died with the worker, or succeeded once more than needed."
)


class Answer(Frozen):
    """What a reader asks first, and what the data says to it."""

    question: str
    text: str


class Figure(Frozen):
    """One number that tells how bad it was."""

    value: str
    label: str


class NextStep(Frozen):
    """Something to do first, and the numbers of the findings that ask for it."""

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
    answers: tuple[Answer, ...]
    figures: tuple[Figure, ...]
    incidents: tuple[ToldIncident, ...]
    """Gravest first; findings about inputs are in none."""
    first_steps: tuple[NextStep, ...]
    impact: Impact
    turns: tuple[Turn, ...]
    turns_sql: tuple[str, ...]
    timeline: Timeline
    queues: tuple[QueueSeries, ...]
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    """Found, and not among the findings; their jobs are not counted as hurt."""
    stale_suppressions: tuple[StaleSuppression, ...]
    baseline: BaselineComparison | None
    blanks: tuple[Blank, ...]
    blind_spots: tuple[str, ...]
    clean: tuple[Check, ...]
    inputs: tuple[Coverage, ...]

    @property
    def alone(self) -> dict[int, ToldIncident]:
        """Number of a finding that is an incident of its own, to that incident."""
        return {each.steps[0].number: each for each in self.incidents if len(each.steps) == 1}

    @property
    def joined(self) -> tuple[ToldIncident, ...]:
        """Incidents of several findings."""
        return tuple(each for each in self.incidents if len(each.steps) > 1)

    @property
    def outside(self) -> tuple[int, ...]:
        """Numbers of the findings that are in no incident."""
        within = {step.number for each in self.incidents for step in each.steps}
        return tuple(place for place in range(1, len(self.findings) + 1) if place not in within)

    @property
    def troubled(self) -> tuple[ClassImpact, ...]:
        """Classes that were hurt, or had runs that came to nothing."""
        return tuple(each for each in self.impact.by_class if each.jobs_hurt or each.wasted_runs)

    @property
    def untroubled(self) -> int:
        """How many classes and queues had no trouble."""
        return len(self.impact.by_class) - len(self.troubled)


def incident(  # noqa: PLR0913, PLR0917 - one argument per thing that analysis found out
    investigation: Investigation,
    incidents: tuple[Incident, ...],
    impact: Impact,
    moments: Moments,
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
        answers=tuple(_answers(investigation, incidents, impact)),
        figures=tuple(_figures(investigation, impact)),
        incidents=told(incidents, investigation.findings),
        first_steps=_first_steps(investigation.findings),
        impact=impact,
        turns=turns(moments, timeline.first_at, timeline.last_at),
        turns_sql=moments.sql,
        timeline=timeline,
        queues=queues,
        findings=investigation.findings,
        suppressed=investigation.suppressed,
        stale_suppressions=investigation.stale_suppressions,
        baseline=investigation.baseline,
        blanks=BLANKS,
        blind_spots=tuple(_blind_spots(investigation)),
        clean=tuple(check for check in investigation.checks if check.status == "clean"),
        inputs=investigation.inputs,
    )


def _answers(investigation: Investigation, incidents: tuple[Incident, ...], impact: Impact) -> Iterator[Answer]:
    if investigation.as_of is None:
        yield Answer(
            question="What happened", text="The inputs hold no dated evidence, so no question could be asked of them."
        )
        return
    findings = investigation.findings
    yield Answer(question="What happened", text=_what_happened(investigation, incidents))
    yield Answer(question="How bad", text=_how_bad(impact))
    if findings:
        yield Answer(question="Since when", text=_since_when(findings))
        yield Answer(question="Still going on?", text=_still_going_on(investigation.as_of, impact))
        if findings[0].next_steps:
            yield Answer(question="Do first", text=findings[0].next_steps[0])
    if investigation.suppressed:
        many = len(investigation.suppressed)
        yield Answer(
            question="Suppressed",
            text=f"{count(many, 'finding')} {which(many, 'does', 'do')} not count, because jobtrail.toml says so.",
        )
    if investigation.baseline:
        yield Answer(question="What is new", text=_what_is_new(investigation.baseline))
    skipped = [check.rule for check in investigation.checks if check.status == "skipped"]
    if skipped:
        yield Answer(
            question="Not known",
            text=f"{count(len(skipped), 'check')} could not be asked with these inputs ({enumeration(skipped)}); "
            "blind spots say what would tell.",
        )


def _what_happened(investigation: Investigation, incidents: tuple[Incident, ...]) -> str:
    findings = investigation.findings
    if not findings and investigation.suppressed:
        return "No check found anything wrong but what is suppressed."
    if not findings:
        return "No check found anything wrong."
    if not incidents:
        return f"{findings[0].title}."
    gravest, *others = incidents
    further = len(gravest.findings) - 1
    with_it = f", with {count(further, 'further finding')} that {'belongs' if further == 1 else 'belong'} to it"
    said = f"{gravest.title}{with_it if further else ''}."
    if others:
        severities = Counter(incident.severity for incident in others)
        parts = [f"{severities[each]} {each}" for each in reversed(SEVERITIES) if severities[each]]
        said += f" And {count(len(others), 'further incident')}: {enumeration(parts)}."
    return said


def _what_is_new(baseline: BaselineComparison) -> str:
    found = f"{baseline.new:,} new, {baseline.worse:,} worse, {baseline.known:,} known"
    return f"Held against {moment(baseline.as_of)}: {found}; {len(baseline.gone):,} no longer found."


def _how_bad(impact: Impact) -> str:
    said = (
        f"{number(impact.jobs_hurt)} of {count(impact.jobs, 'job')} hurt; "
        f"in all, {number(impact.failed_runs)} of {count(impact.runs, 'run')} failed."
    )
    if impact.wasted_runs:
        said += f" {count(impact.wasted_runs, 'run')} wasted, {lasting(impact.wasted_seconds)} of work."
    return said


def _since_when(findings: tuple[Finding, ...]) -> str:
    grave = [finding for finding in findings if finding.severity in HURTS] or findings
    dated = [
        (finding.first_at, finding.last_at or finding.first_at, findings.index(finding) + 1)
        for finding in grave
        if finding.first_at
    ]
    if not dated:
        return "No finding has a time."
    first_at, _, place = min(dated)
    last_at = max(last_at for _, last_at, _ in dated)
    alone = sum(begins == first_at for begins, _, _ in dated) == 1 < len(dated)
    return f"{period(first_at, last_at)}{f'; finding {place} begins first' if alone else ''}."


def _still_going_on(as_of: datetime, impact: Impact) -> str:
    if not impact.jobs_hurt:
        said = "No job is counted as hurt."
    elif not impact.unresolved:
        said = f"No: every job hurt had succeeded by {clock(as_of)}."
    else:
        open_still = [f"{number(jobs)} {fate(state)}" for state, jobs in impact.fates.items() if state != "succeeded"]
        said = (
            f"At the end, {clock(as_of)}, {number(impact.unresolved)} of {count(impact.jobs_hurt, 'job')} hurt had not "
            f"succeeded: {enumeration(open_still)}."
        )
    if impact.last_failure_at is not None:
        before = lasting((as_of - impact.last_failure_at).total_seconds())
        said += (
            f" The last failure of any run was at {clock(impact.last_failure_at)}, {before} before the "
            "end of the evidence."
        )
    return said


def _figures(investigation: Investigation, impact: Impact) -> Iterator[Figure]:
    yield Figure(
        value=number(len(investigation.findings)), label="finding" if len(investigation.findings) == 1 else "findings"
    )
    yield Figure(value=number(impact.jobs_hurt), label=f"jobs hurt, of {number(impact.jobs)}")
    yield Figure(value=number(impact.unresolved), label="of them still open at the end")
    yield Figure(value=number(impact.failed_runs), label=f"failed runs, of {number(impact.runs)}")
    yield Figure(value=lasting(impact.wasted_seconds), label="of work wasted")
    if impact.longest_wait is not None:
        yield Figure(value=lasting(impact.longest_wait), label="longest wait before a run")


def _first_steps(findings: tuple[Finding, ...]) -> tuple[NextStep, ...]:
    """The first step of every finding, its safest; equal ones once."""
    asked: dict[str, list[int]] = {}
    for finding_number, finding in enumerate(findings, start=1):
        if finding.next_steps:
            asked.setdefault(finding.next_steps[0], []).append(finding_number)
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
            yield f"{each.source}: adds no record; it is in no known format, or later than this report's moment."
        if each.longest_gap and _is_long(each.longest_gap, each):
            gap = lasting(each.longest_gap)
            yield f"{each.source}: no line for {gap}: nothing happened then, or it is not seen here."


def _is_long(gap: float, coverage: Coverage) -> bool:
    if coverage.kind == "snapshot" or coverage.from_at is None or coverage.to_at is None:
        return False  # a snapshot speaks of one moment, not of the time between
    return gap >= max(_LONG_GAP, _GOOD_PART * (coverage.to_at - coverage.from_at).total_seconds())
