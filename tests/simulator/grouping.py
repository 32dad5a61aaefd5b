"""
Incidents held against causes: whether an incident is of one cause, and a cause one incident.

Of each finding whose cause is known: what part of its incident has the same cause (purity), and what part of its
cause's findings is in the same incident (completeness); both averaged over findings. That is B-cubed (Bagga and Baldwin
1998).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Grouping:
    """Incidents of one day or of many."""

    findings: int = 0
    """With a known cause; the others are left out."""
    causes: int = 0
    incidents: int = 0
    pure: float = 0.0
    """Purity, added up over findings."""
    complete: float = 0.0
    """Completeness, added up over findings."""
    mixed: list[str] = field(default_factory=list)
    """Incidents of more than one cause, in words."""
    split: list[str] = field(default_factory=list)
    """Causes in more than one incident, in words."""

    def add(self, other: Grouping) -> None:
        for name in ("findings", "causes", "incidents", "pure", "complete", "mixed", "split"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def purity(self) -> float:
        """1 where there is nothing."""
        return self.pure / self.findings if self.findings else 1.0

    @property
    def completeness(self) -> float:
        """1 where there is nothing."""
        return self.complete / self.findings if self.findings else 1.0

    def line(self) -> str:
        """The whole as a person reads it."""
        return (
            f"  {self.findings} findings of {self.causes} causes in {self.incidents} incidents: "
            f"purity {self.purity:.4f} ({len(self.mixed)} mixed), "
            f"completeness {self.completeness:.4f} ({len(self.split)} causes split)"
        )


def grouping(causes: Mapping[str, str], names: Mapping[str, str], incidents: Sequence[Sequence[str]]) -> Grouping:
    """
    How incidents fit causes.

    ``causes``: finding to its cause, of those that have one. ``names``: finding to what to call it. ``incidents``: the
    findings of each.
    """
    place = {finding: number for number, members in enumerate(incidents) for finding in members if finding in causes}
    of_cause, of_incident = defaultdict[str, list[str]](list), defaultdict[int, list[str]](list)
    for finding, number in place.items():
        of_cause[causes[finding]].append(finding)
        of_incident[number].append(finding)
    both = Counter((causes[finding], number) for finding, number in place.items())
    told = Grouping(findings=len(place), causes=len(of_cause), incidents=len(of_incident))
    for finding, number in place.items():
        same = both[causes[finding], number]
        told.pure += same / len(of_incident[number])
        told.complete += same / len(of_cause[causes[finding]])
    for members in of_incident.values():
        if len({causes[finding] for finding in members}) > 1:
            told.mixed.append("; ".join(f"{names[finding]} ({causes[finding]})" for finding in members))
    for cause, members in of_cause.items():
        if len({place[finding] for finding in members}) > 1:
            told.split.append(f"{cause}: " + "; ".join(f"{names[each]} (incident {place[each]})" for each in members))
    return told
