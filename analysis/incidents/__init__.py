"""From findings to incidents: what belongs together, what it cost, what its jobs share, what changed before."""

from __future__ import annotations

from analysis.incidents.gather import incidents
from analysis.incidents.incident import Change, Comparison, Difference, Incident

__all__ = ["Change", "Comparison", "Difference", "Incident", "incidents"]
