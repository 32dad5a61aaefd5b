"""Findings to incidents, by what the database knows of their jobs."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from analysis.answer import answer, columns, question
from analysis.finding import SEVERITIES, Finding, Investigation, JobName
from analysis.impact import HURTS
from analysis.incidents.belonging import MOSTLY, Complaint, groups
from analysis.incidents.changes import Placed, changes, nearest
from analysis.incidents.comparison import comparison
from analysis.incidents.incident import Incident
from analysis.rules import RULES

_SHARED = ("queue", "job_class", "error_class", "worker")
_COMPARED = 10
"""So many incidents, the gravest, are compared: each reads the evidence of thousands of jobs."""
_FAMILY = {rule.name: rule.family for rule in RULES}
_WAITING = frozenset({"never-started", "queue-latency", "backlog", "saturated"})
"""Rules about jobs that wait for a worker: what is wrong with one queue is wrong with all that this worker reads."""
_DUE = frozenset({"overdue"})
"""Rules about jobs that wait for their time: what moves them to their queues is one for the whole installation."""
_ABOUT_QUEUES = (
    _WAITING | {rule.name for rule in RULES if "queue" in rule.subject and "job_class" not in rule.subject}
) - _DUE
_NOT_OF_QUEUES = frozenset({"duplicated", "missing"})
"""Families of rules that no trouble of a queue explains."""


def incidents(db: duckdb.DuckDBPyConnection, investigation: Investigation) -> tuple[Incident, ...]:
    """
    The incidents that an investigation's findings make: gravest first, then by jobs hurt, time lost and runs wasted.

    Findings about inputs and not about jobs are in none. ``db`` holds the tables that the investigation was made of.
    """
    findings = [finding for finding in investigation.findings if _FAMILY.get(finding.rule) != "blind spots"]
    if not findings:
        return ()
    jobs = [finding.job_names for finding in findings]
    traits = _traits(db, findings, jobs)
    complaints = [
        Complaint(
            rule=finding.rule,
            is_of_its_queue=_FAMILY.get(finding.rule) not in _NOT_OF_QUEUES,
            is_about_its_queue=finding.rule in _ABOUT_QUEUES,
            jobs=frozenset(of),
            first_at=finding.first_at,
            last_at=finding.last_at,
            traits=each,
        )
        for finding, of, each in zip(findings, jobs, traits, strict=True)
    ]
    members = [sorted(group, key=lambda place: _begins(findings[place])) for group in groups(complaints)]
    costs = _costs(db, findings, jobs, members)
    changed = changes(db)
    found = [
        _incident([findings[place] for place in group], [traits[place] for place in group], cost, changed)
        for group, cost in zip(members, costs, strict=True)
    ]
    ranked = sorted(zip(found, members, strict=True), key=lambda each: _gravest_first(each[0]))
    hurt = [job for finding, of in zip(findings, jobs, strict=True) if finding.severity in HURTS for job in of]
    return tuple(
        incident.model_copy(update={"comparison": comparison(db, incident, _all_jobs(jobs, group), hurt)})
        if rank < _COMPARED
        else incident
        for rank, (incident, group) in enumerate(ranked)
    )


def _all_jobs(jobs: Sequence[Sequence[JobName]], group: Iterable[int]) -> list[JobName]:
    return list(dict.fromkeys(job for place in group for job in jobs[place]))


def _begins(finding: Finding) -> tuple[datetime, str]:
    return finding.first_at or datetime.max.replace(tzinfo=UTC), finding.fingerprint


def _gravest_first(incident: Incident) -> tuple[int, int, float, int, int, str]:
    lost = incident.wasted_seconds + incident.waited_seconds
    return (
        -SEVERITIES.index(incident.severity),
        -incident.jobs_hurt,
        -lost,
        -incident.wasted_runs,
        -incident.jobs,
        incident.fingerprint,
    )


def _traits(
    db: duckdb.DuckDBPyConnection, findings: Sequence[Finding], jobs: Sequence[Sequence[JobName]]
) -> list[dict[str, frozenset[str]]]:
    named = [(place, *job) for place, of in enumerate(jobs) for job in of]
    values: list[dict[str, set[str]]] = [defaultdict(set) for _ in findings]
    for place, trait, value, count in db.execute(
        question(__package__, "traits"), columns(named, "findings", "scopes", "systems", "jobs")
    ).fetchall():
        if count > MOSTLY * len(jobs[place]) and (trait != "readers" or findings[place].rule in _WAITING):
            values[place][trait].add(value)
    for place, finding in enumerate(findings):
        if finding.rule in _DUE:
            values[place]["mover"] = {"\n".join(finding.installation)}
        if "pool" in finding.subject:
            values[place]["readers"] = {finding.subject["pool"]}
        for name in _SHARED:
            if name in finding.subject:
                values[place][name] = {finding.subject[name]}
    return [{name: frozenset(of) for name, of in each.items()} for each in values]


def _costs(
    db: duckdb.DuckDBPyConnection,
    findings: Sequence[Finding],
    jobs: Sequence[Sequence[JobName]],
    members: Sequence[Sequence[int]],
) -> list[dict[str, Any]]:
    named = []
    for number, group in enumerate(members):
        hurt = {job for place in group if findings[place].severity in HURTS for job in jobs[place]}
        named += [(number, *job, job in hurt) for job in _all_jobs(jobs, group)]
    nothing = dict.fromkeys(("jobs", "jobs_hurt", "unresolved", "wasted_runs", "wasted_seconds", "waited_seconds"), 0)
    costs = [dict(nothing) for _ in members]
    given = columns(named, "incidents", "scopes", "systems", "jobs", "hurt")
    for row in answer(db, question(__package__, "cost"), given):
        number = row.pop("incident")
        costs[number] = row
    return costs


def _incident(
    findings: Sequence[Finding],
    traits: Sequence[Mapping[str, frozenset[str]]],
    cost: Mapping[str, Any],
    changed: Sequence[Placed],
) -> Incident:
    gravest = min(findings, key=lambda finding: (-SEVERITIES.index(finding.severity), -finding.job_count))
    common = {name: frozenset.intersection(*(each.get(name, frozenset()) for each in traits)) for name in _SHARED}
    firsts = [finding.first_at for finding in findings if finding.first_at]
    lasts = [finding.last_at for finding in findings if finding.last_at]
    first_at = min(firsts, default=None)
    return Incident(
        fingerprint=hashlib.blake2b(f"incident\n{gravest.fingerprint}".encode(), digest_size=8).hexdigest(),
        title=gravest.title,
        severity=gravest.severity,
        findings=tuple(finding.fingerprint for finding in findings),
        shared={name: next(iter(values)) for name, values in common.items() if len(values) == 1},
        first_at=first_at,
        last_at=max(lasts, default=None),
        comparison=None,
        change=nearest(changed, {finding.installation for finding in findings}, first_at),
        **cost,
    )
