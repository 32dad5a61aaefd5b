"""An incident: findings that belong together, as a frozen value."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from analysis.finding import Frozen, Severity


class Difference(Frozen):
    """A value that the jobs of an incident have more often than the jobs they are compared with."""

    name: str
    """What it is a value of: queue, host, version, an argument or any attribute that the inputs carry."""
    value: str
    """It comes from logs: untrusted. Of numbers a bound, such as ``>= 5000``."""
    bad: int
    """Jobs of the incident that have it."""
    good: int
    """Jobs outside of it that have it."""
    q: float
    """Share of false differences if this one were the last that is told (Benjamini and Hochberg 1995)."""


class Comparison(Frozen):
    """The jobs of an incident beside others of the same classes. What differs is associated with it, not its cause."""

    bad: int
    """Jobs of the incident that were compared; a sample where there are very many."""
    good: int
    """Jobs outside of it."""
    when: Literal["meanwhile", "at any time"]
    """Whether the others were at work during the incident, or too few were and all of the period is taken."""
    tried: int
    """Values that were tried."""
    differences: tuple[Difference, ...]
    """The greatest first; at most one a name."""


class Change(Frozen):
    """What changed in the installation: what people marked, a version first seen, workers' settings, start or end."""

    at: datetime
    kind: Literal["mark", "version", "settings", "restart", "shutdown"]
    subject: str
    """The host, or what else changed. Untrusted."""
    detail: str
    """In words. Untrusted."""
    before: float
    """Seconds from it to the incident's beginning; negative where it came after."""


class Incident(Frozen):
    """Findings that share jobs, an error, a worker, or a queue at the same time; and what they cost together."""

    fingerprint: str
    """Equal for the same leading complaint, whenever it is found."""
    title: str
    """That of its gravest finding."""
    severity: Severity
    """That of its gravest finding."""
    findings: tuple[str, ...]
    """Their fingerprints, in the order in which they began."""
    shared: dict[str, str]
    """What all of them have in common: queue, job_class, error_class, worker."""
    first_at: datetime | None
    last_at: datetime | None
    jobs: int
    """Jobs that its findings name, each once."""
    jobs_hurt: int
    """Of these, named by a finding of severity medium or worse."""
    unresolved: int
    """Of the jobs hurt, not succeeded at the end."""
    wasted_runs: int
    """Runs of its jobs that failed, were cut off, died with their worker, or succeeded once more than needed."""
    wasted_seconds: float
    """Seconds spent in these, where their length is known."""
    waited_seconds: float
    """Seconds its jobs waited beyond the usual wait of their class."""
    comparison: Comparison | None
    """None where too few jobs can be compared."""
    change: Change | None
    """The change nearest to its beginning, within an hour."""
