"""Incidents in words: in which order its findings began, what it cost, what its jobs share, what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from analysis.counts import count, enumeration
from analysis.finding import Finding, Frozen, Severity
from analysis.incidents import Change, Comparison, Incident
from reports.labels import subject
from reports.wording import clock, lasting, number


class Step(Frozen):
    """One finding's place in its incident."""

    number: int
    """Its place among the findings, from 1."""
    after: float | None
    """Seconds from the incident's beginning to its own; None where it has no time."""


class ToldIncident(Frozen):
    """An incident as a reader meets it."""

    number: int
    """Its place among the incidents, from 1."""
    title: str
    severity: Severity
    first_at: datetime | None
    last_at: datetime | None
    steps: tuple[Step, ...]
    """Its findings in the order in which they began."""
    facts: tuple[str, ...]
    """Sentences: what it is about, its cost, what stands out, what changed before."""


def told(incidents: Sequence[Incident], findings: Sequence[Finding]) -> tuple[ToldIncident, ...]:
    """The incidents in words, in their order; findings are numbered as they are given."""
    places = {finding.fingerprint: place for place, finding in enumerate(findings, start=1)}
    return tuple(
        ToldIncident(
            number=place,
            title=each.title,
            severity=each.severity,
            first_at=each.first_at,
            last_at=each.last_at,
            steps=tuple(
                Step(number=places[name], after=_after(each, findings[places[name] - 1])) for name in each.findings
            ),
            facts=tuple(facts(each)),
        )
        for place, each in enumerate(incidents, start=1)
    )


def facts(incident: Incident) -> Iterator[str]:
    """What there is to say of an incident beside its findings."""
    if incident.shared and len(incident.findings) > 1:
        yield f"All of it: {enumeration([f'{subject(name)} {value}' for name, value in incident.shared.items()])}."
    yield cost(incident)
    if incident.comparison is not None:
        yield standing_out(incident.comparison)
    if incident.change is not None:
        yield nearest_change(incident.change)


def cost(incident: Incident) -> str:
    """How many jobs it hurt, and the runs and the time it took from them."""
    said = count(incident.jobs, "job") if incident.jobs else "no job is named"
    if incident.jobs_hurt:
        still = f", {number(incident.unresolved)} of them still open at the end" if incident.unresolved else ""
        said += f", {number(incident.jobs_hurt)} hurt{still}"
    if incident.wasted_runs:
        said += f"; {count(incident.wasted_runs, 'run')} wasted"
        said += f", {lasting(incident.wasted_seconds)} of work" if incident.wasted_seconds else ""
    if incident.waited_seconds >= 1:
        said += f"; {lasting(incident.waited_seconds)} of waiting beyond what is usual, all jobs together"
    return f"{said[0].upper()}{said[1:]}."


def standing_out(comparison: Comparison) -> str:
    """Which values its jobs have more often than others."""
    others = f"{count(comparison.good, 'other job')} of the same classes {comparison.when}"
    tried = count(comparison.tried, "value")
    if not comparison.differences:
        return f"Beside {others} nothing stands out; {tried} compared."
    parts = [
        f"{each.name} {each.value} ({number(each.bad)} of {number(comparison.bad)} jobs here, "
        f"{number(each.good)} of {number(comparison.good)} there)"
        for each in comparison.differences
    ]
    return f"Associated with it, beside {others}: {'; '.join(parts)}. {tried[0].upper()}{tried[1:]} compared."


def nearest_change(change: Change) -> str:
    """The change nearest to its beginning, and how near."""
    when = f"{lasting(abs(change.before))} {'before' if change.before >= 0 else 'after'} it began"
    return f"Nearest change: {change.detail}, at {clock(change.at)}, {when}."


def _after(incident: Incident, finding: Finding) -> float | None:
    if incident.first_at is None or finding.first_at is None:
        return None
    return (finding.first_at - incident.first_at).total_seconds()
