"""Baselines: the findings of one check in a small file, so that a later check can tell what is new."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, ValidationError

from analysis.finding import (
    SEVERITIES,
    BaselineComparison,
    BaselineEntry,
    Before,
    Finding,
    Frozen,
    Investigation,
    Status,
)

FORMAT = "jobtrail baseline"
SCHEMA_VERSION = 1

TIMES_AS_MANY, MORE = 2, 10
"""
A known complaint is worse if it concerns so many times as many jobs, and at least so many more. Where jobs come by
chance at a steady rate, both are met in 3 of 100 comparisons at most; with five more it would be 9.
"""


class BaselineError(Exception):
    """A text is no baseline that can be read; one line says why."""


class Baseline(Frozen):
    """What one check found."""

    as_of: AwareDatetime
    """The moment it was asked at."""
    findings: tuple[BaselineEntry, ...]
    """By rule and fingerprint."""


def baseline_of(investigation: Investigation, as_of: datetime) -> Baseline:
    """What was found, asked at ``as_of`` (aware). Suppressed findings are not kept: once they count, they are new."""
    kept = (
        BaselineEntry(**{name: getattr(finding, name) for name in BaselineEntry.model_fields})
        for finding in investigation.findings
    )
    return Baseline(as_of=as_of, findings=tuple(sorted(kept, key=_place)))


def to_text(baseline: Baseline) -> str:
    """The baseline as its file has it: the same findings give the same lines, in ASCII."""
    head = {"format": FORMAT, "schema_version": SCHEMA_VERSION}
    return json.dumps(head | baseline.model_dump(mode="json"), indent=2, ensure_ascii=True) + "\n"


def from_text(text: str) -> Baseline:
    """A baseline from its file. Raises ``BaselineError``."""
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"it is no valid JSON: {error}") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BaselineError("it is no baseline of jobtrail's")
    version = told.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BaselineError(f"a newer jobtrail wrote it (version {version}; this one reads {SCHEMA_VERSION})")
    if version != SCHEMA_VERSION or version is True:
        raise BaselineError(f"its schema_version is not {SCHEMA_VERSION}")
    rest = {name: value for name, value in told.items() if name not in {"format", "schema_version"}}
    try:
        baseline = Baseline.model_validate(rest)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BaselineError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    [(most, times)] = Counter(each.fingerprint for each in baseline.findings).most_common(1) or [("", 0)]
    if times > 1:
        raise BaselineError(f"the fingerprint {most} stands in it {times} times")
    return baseline


def compare(investigation: Investigation, baseline: Baseline) -> Investigation:
    """The same with each finding held against the baseline, and with what is no longer found."""
    before = {each.fingerprint: each for each in baseline.findings}
    findings = tuple(_held_against(before.get(each.fingerprint), each) for each in investigation.findings)
    present = {each.fingerprint for each in findings} | {each.finding.fingerprint for each in investigation.suppressed}
    asked = {check.rule for check in investigation.checks if check.status != "skipped"}
    missing = [each for each in baseline.findings if each.fingerprint not in present]
    comparison = BaselineComparison(
        as_of=baseline.as_of,
        **how_many(findings),
        gone=tuple(sorted((each for each in missing if each.rule in asked), key=_place)),
        not_asked=sum(each.rule not in asked for each in missing),
    )
    return investigation.model_copy(update={"findings": findings, "baseline": comparison})


def how_many(findings: tuple[Finding, ...]) -> dict[str, int]:
    """Of each status, how many there are."""
    statuses: tuple[Status, ...] = ("new", "known", "worse")
    return {status: sum(finding.status == status for finding in findings) for status in statuses}


def _held_against(entry: BaselineEntry | None, finding: Finding) -> Finding:
    if entry is None:
        return finding.model_copy(update={"status": "new"})
    before = Before(severity=entry.severity, job_count=entry.job_count)
    return finding.model_copy(update={"status": "worse" if _is_worse(finding, before) else "known", "before": before})


def _is_worse(finding: Finding, before: Before) -> bool:
    return SEVERITIES.index(finding.severity) > SEVERITIES.index(before.severity) or (
        finding.job_count >= TIMES_AS_MANY * before.job_count and finding.job_count >= before.job_count + MORE
    )


def _place(entry: BaselineEntry) -> tuple[str, str]:
    return entry.rule, entry.fingerprint
