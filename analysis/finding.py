"""What analysis hands to people: findings, the checks that made them, and what they rest on. All frozen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
Confidence = Literal["high", "medium", "low"]


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
