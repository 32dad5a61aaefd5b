"""What happened when: runs over time, and how full each queue was and how long its jobs waited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import duckdb

from analysis.answer import question
from analysis.as_of import naive
from analysis.finding import Frozen, Investigation, Severity

_MOST_STEPS = 120
_QUEUES = 6
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * hours for hours in (1, 2, 3, 6, 12)),
)
"""Seconds that a person expects a step to last; longer periods take whole days."""


class Bucket(Frozen):
    """What happened in one step of time."""

    starts: int
    failures: int
    retries: int
    """Of the starts, those after a failure of the same job."""


class Mark(Frozen):
    """Where a finding stands on the timeline."""

    number: int
    """Its place in the investigation's findings, from 1."""
    severity: Severity
    first_at: datetime
    last_at: datetime


class Timeline(Frozen):
    """The evidence's period in equal steps; without steps where there is no dated evidence."""

    first_at: datetime | None
    last_at: datetime | None
    step: float
    """Seconds."""
    buckets: tuple[Bucket, ...]
    marks: tuple[Mark, ...]


class QueuePoint(Frozen):
    """One moment of a queue."""

    at: datetime
    depth: int | None
    wait: float | None
    """Seconds."""


class QueueSeries(Frozen):
    """One queue over the evidence's period."""

    queue: str
    system: str
    scope: str
    first_at: datetime
    last_at: datetime
    step: float
    """Seconds that a point speaks of."""
    points: tuple[QueuePoint, ...]


def timeline(db: duckdb.DuckDBPyConnection, investigation: Investigation) -> Timeline:
    """Starts, failures and retries over the evidence's period, with the findings' places in it."""
    period = _period(investigation)
    if period is None:
        return Timeline(first_at=None, last_at=None, step=0, buckets=(), marks=())
    first_at, last_at = period
    step = _step(last_at - first_at)
    rows = _answer(db, "timeline", first_at, last_at, {"step": step})
    seen = {place: Bucket(starts=starts, failures=failed, retries=retries) for place, starts, failed, retries in rows}
    nothing = Bucket(starts=0, failures=0, retries=0)
    count = int((last_at - first_at).total_seconds() // step) + 1
    return Timeline(
        first_at=first_at,
        last_at=last_at,
        step=step,
        buckets=tuple(seen.get(place, nothing) for place in range(count)),
        marks=tuple(_marks(investigation)),
    )


def queue_series(db: duckdb.DuckDBPyConnection, investigation: Investigation) -> tuple[QueueSeries, ...]:
    """The fullest queues, fullest first."""
    period = _period(investigation)
    if period is None:
        return ()
    first_at, last_at = period[0].replace(second=0, microsecond=0), period[1]
    step = max(_step(last_at - first_at), _MINUTE)
    rows = _answer(db, "queue_series", first_at, last_at, {"step": step, "queues": _QUEUES})
    return tuple(
        QueueSeries(
            scope=scope,
            system=system,
            queue=queue,
            first_at=first_at,
            last_at=last_at,
            step=step,
            points=tuple(
                QueuePoint(at=first_at + timedelta(seconds=row[4] * step), depth=row[5], wait=row[6]) for row in points
            ),
        )
        for (_, scope, system, queue), points in groupby(rows, key=lambda row: row[:4])
    )


def _answer(
    db: duckdb.DuckDBPyConnection, name: str, first_at: datetime, last_at: datetime, more: dict[str, int]
) -> list[tuple[Any, ...]]:
    between = {"first_at": naive(first_at), "last_at": naive(last_at)}
    return db.execute(question(__package__, name), between | more).fetchall()


def _period(investigation: Investigation) -> tuple[datetime, datetime] | None:
    """From the first evidence to the last that the moment asked about knows of."""
    first_at, as_of = investigation.first_at, investigation.as_of
    if first_at is None or as_of is None:
        return None
    lasts = [each.to_at for each in investigation.inputs if each.to_at]
    last_at = min(max(lasts, default=as_of), as_of)
    return first_at.astimezone(UTC), max(last_at, first_at).astimezone(UTC)


def _step(period: timedelta) -> int:
    seconds = period.total_seconds()
    fitting = (step for step in _STEPS if seconds / step < _MOST_STEPS)
    return next(fitting, _DAY * (int(seconds // (_DAY * _MOST_STEPS)) + 1))


def _marks(investigation: Investigation) -> list[Mark]:
    return [
        Mark(number=number, severity=each.severity, first_at=each.first_at, last_at=each.last_at or each.first_at)
        for number, each in enumerate(investigation.findings, start=1)
        if each.first_at
    ]
