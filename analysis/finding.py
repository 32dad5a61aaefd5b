"""What analysis hands to people: findings, the checks that made them, and what they rest on. All frozen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
Confidence = Literal["high", "medium", "low"]
Status = Literal["new", "known", "worse"]
"""Of a finding, held against a baseline."""


JobName = tuple[str, str, str]
"""Scope, system and id: what names a job among all."""


def weakest(told: Iterable[str | None]) -> Confidence:
    """The least of several confidences, as they stand in tables; high where there is none."""
    ranks: tuple[Confidence, ...] = ("low", "medium", "high")
    given = [each for each in told if each in ranks]
    return next((rank for rank in ranks if rank in given), "high")


class Frozen(BaseModel):
    """A value that cannot be changed, and takes no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(Frozen):
    """One thing that an input says, and where."""

    source: str
    """Path of the input."""
    line: int
    """Line number in it, from 1."""
    at: datetime | None
    """When, aware UTC."""
    text: str
    """The evidence in words. It comes from logs: untrusted."""


class Before(Frozen):
    """What a baseline says of the same complaint."""

    severity: Severity
    job_count: int


class Finding(Frozen):
    """One thing that went wrong, with what it rests on."""

    rule: str
    fingerprint: str
    """Equal for the same complaint about the same subject, whenever it is found."""
    severity: Severity
    confidence: Confidence
    confidence_reason: str
    """Why no more, and which input would raise it."""
    title: str
    """One sentence, with the numbers."""
    subject: dict[str, str]
    """What it is about: job_class, queue, error, worker, ... No time in it."""
    jobs: tuple[str, ...]
    """Every job id concerned, in order of time; none where it is about an input."""
    job_count: int
    first_at: datetime | None
    last_at: datetime | None
    metrics: dict[str, float | int | str | None]
    """Measured values, durations in seconds."""
    threshold: dict[str, float | int | str]
    """The rule's parameters as they were, durations in seconds."""
    evidence: tuple[Evidence, ...]
    sql: str
    """The question as asked, parameters filled in: paste it into ``jobtrail sql``."""
    next_steps: tuple[str, ...]
    """Safest first."""
    status: Status | None = None
    """None where there is no baseline to hold it against."""
    before: Before | None = None
    """None where it is new, too."""

    @property
    def installation(self) -> tuple[str, str]:
        """Scope and system; equal job ids of two installations are two jobs."""
        return self.subject.get("scope", ""), self.subject.get("system", "")

    @property
    def job_names(self) -> list[JobName]:
        """Its jobs with the installation they belong to, in order of time."""
        return [(*self.installation, job) for job in self.jobs]


class Check(Frozen):
    """One rule's outcome."""

    rule: str
    status: Literal["found", "clean", "skipped"]
    reason: str
    """What was looked at and not found, or why it could not be asked and which input would let it."""


class Coverage(Frozen):
    """One input: what it covers and would have shown."""

    source: str
    format: str
    kind: str
    system: str | None
    shows: tuple[str, ...]
    from_at: datetime | None
    to_at: datetime | None
    records: int
    rejects: int
    pending_bytes: int
    longest_gap: float | None
    """Seconds."""


class Suppressed(Frozen):
    """A finding that a person said not to count."""

    number: int
    """Place of the suppression in its file, from 1."""
    reason: str
    until: date | datetime | None
    """A day is meant whole, in UTC; None: for good."""
    finding: Finding


class StaleSuppression(Frozen):
    """A suppression that does nothing any more."""

    number: int
    status: Literal["expired", "unused"]
    """unused: its rule was asked, and nothing that was found fits it."""
    reason: str
    until: date | datetime | None


class BaselineEntry(Frozen):
    """What a baseline keeps of a finding."""

    fingerprint: str
    rule: str
    severity: Severity
    job_count: int
    title: str
    subject: dict[str, str]


class BaselineComparison(Frozen):
    """How the findings differ from those of a baseline."""

    as_of: datetime
    """The moment the baseline speaks of."""
    new: int
    known: int
    worse: int
    gone: tuple[BaselineEntry, ...]
    """Entries whose rule was asked and did not find them again; by rule and fingerprint."""
    not_asked: int
    """Entries whose rule was not asked this time."""


class Selection(Frozen):
    """Which of the findings are told; what is None narrows nothing."""

    since: datetime | None = None
    until: datetime | None = None
    queue: str | None = None
    """Exact, or with * for any characters."""
    job_class: str | None = None
    """The same."""
    only_new: bool = False
    """Known findings are left out."""
    left_out: int = 0
    """Findings that are not told therefore."""
    no_data: str | None = None
    """Why there could be no finding at all: no input speaks of what was asked for."""


class Investigation(Frozen):
    """Everything that one ``check`` found out."""

    as_of: datetime | None
    """The moment all questions were asked at; None where there is no data."""
    first_at: datetime | None
    """Earliest evidence."""
    inputs: tuple[Coverage, ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    """Most severe first, then most jobs, then rule and fingerprint."""
    suppressed: tuple[Suppressed, ...] = ()
    """Found, and not among the findings."""
    stale_suppressions: tuple[StaleSuppression, ...] = ()
    baseline: BaselineComparison | None = None
    selection: Selection = Selection()

    @property
    def no_data(self) -> str | None:
        """Why nothing could be found at all, in a sentence; None where something could be."""
        if self.as_of is None:
            return "There is no evidence with a time in it, so nothing could be checked."
        return self.selection.no_data
