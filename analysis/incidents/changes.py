"""What changed in the installation, and which change is nearest to an incident's beginning."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import duckdb

from analysis.answer import answer_with_zones, question
from analysis.incidents.incident import Change

Placed = tuple[tuple[str, str], Change]
"""A change in the installation (scope and system) it belongs to; its ``before`` is not known yet."""

_AROUND = timedelta(hours=1)
"""A change farther from an incident's beginning is not told."""
_AFTER = timedelta(minutes=2)
"""A change so shortly after it may still be its cause: what comes first in a log need not have begun first."""
_SAYS_MORE = ("mark", "version", "settings")
"""Kinds of change that are told before others: workers start and stop for many reasons, the trouble among them."""
_SHORTLY_BEFORE = timedelta(minutes=10)
"""Starts and ends of workers are told only so shortly before."""


def changes(db: duckdb.DuckDBPyConnection) -> list[Placed]:
    """Every change that the tables show, in order of time."""
    return [
        (
            (row["scope"], row["system"]),
            Change(at=row["changed_at"], kind=row["kind"], subject=row["subject"], detail=row["detail"], before=0),
        )
        for row in answer_with_zones(db, question(__package__, "changes"), {})
    ]


def nearest(
    changed: Iterable[Placed], installations: Collection[tuple[str, str]], begins_at: datetime | None
) -> Change | None:
    """Of the changes in these installations the one nearest to the beginning; None where none is near."""
    if begins_at is None:
        return None
    near = [
        change.model_copy(update={"before": (begins_at - change.at).total_seconds()})
        for installation, change in changed
        if installation in installations and _is_near(change.kind, begins_at - change.at)
    ]
    return min(near, key=lambda each: (each.kind not in _SAYS_MORE, abs(each.before), each.detail), default=None)


def _is_near(kind: str, before: timedelta) -> bool:
    if kind in _SAYS_MORE:
        return -_AFTER <= before <= _AROUND
    return timedelta(0) <= before <= _SHORTLY_BEFORE
