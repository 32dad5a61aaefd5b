"""
Backlog: a queue on which jobs still wait, for longer and longer, though its workers take one after the other.

Why it matters
    Whatever is enqueued now waits behind all of them. How long that goes on is what people ask first.

What to look at first
    Whether more jobs come than workers take: then it does not end by itself.

Severity
    High where it takes more than an hour to work off at this rate, or is not worked off at all; medium else.

Blind spots
    Only what waits at the moment asked about is told: a queue that has caught up since ran late, which is
    ``queue-latency``, and jobs on a queue from which nothing is taken have ``never-started``. The time to drain assumes
    that jobs come and go as in the minutes before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Verdict

_LONG = 3600.0
_FEW = 10


class Params(BaseModel):
    """Thresholds."""

    slo: timedelta = timedelta(minutes=5)
    """How long the oldest job of a queue may wait."""
    late_habit: Share = 0.5
    """A queue whose jobs had waited as long in more than this part of its busy minutes is slow by habit."""
    points: Count = 3
    """For so many minutes or snapshots on end, the oldest wait not falling."""
    rate_window: timedelta = timedelta(minutes=10)
    """How far back to measure how many jobs come and are taken."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how much waits, for how long already, and when it will be worked off."""
    jobs, first = len(rows), rows[0]
    minutes = params.rate_window.total_seconds() / 60
    net = (first["starts"] - first["arrivals"]) / (minutes * 60)
    drain = jobs / net if net > 0 else None
    outlook = f"worked off in about {in_words(drain)}" if drain is not None else "not worked off at this rate"
    sure = first["starts"] >= _FEW
    taken = f"{count(first['starts'], 'job')} taken and {first['arrivals']:,} come in {in_words(minutes * 60)}"
    held = f"{count(jobs, 'job')}, the oldest for {in_words(first['oldest'])}"
    return Verdict(
        title=f"Queue {first['queue']} holds {held}; {outlook}",
        severity="medium" if drain is not None and drain <= _LONG else "high",
        confidence="high" if sure else "medium",
        confidence_reason=f"{taken}" if sure else f"{taken}: few to tell the rate by; later logs would tell it better",
        metrics={
            "jobs": jobs,
            "oldest_wait": first["oldest"],
            "drain_time": drain,
            "taken_per_minute": round(first["starts"] / minutes, 2),
            "come_per_minute": round(first["arrivals"] / minutes, 2),
        },
        next_steps=(
            "Compare how many jobs come with how many are taken, and with the same time yesterday.",
            "Look for long runs that hold the workers of this queue.",
            "Add workers for this queue until it is worked off; look first whether what they call can bear it.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many queues are known, and that none is behind."""
    if not seen["judged"]:
        return "no input shows how many jobs wait; snapshots, or the log of the application that enqueues, would"
    waiting = f"; {seen['waiting']:,} {which(seen['waiting'], 'job waits', 'jobs wait')}" if seen["waiting"] else ""
    bar = in_words(params.slo.total_seconds())
    return f"no queue that is worked off has a job waiting for over {bar}; {count(seen['judged'], 'queue')}{waiting}"


RULE = Rule(
    name="backlog",
    family="slow",
    params=Params(),
    subject=("queue",),
    needs=("starts",),
    verdict=verdict,
    clean=clean,
)
