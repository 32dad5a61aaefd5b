"""
Queue latency: jobs that waited on their queue longer than its target, minute after minute.

Why it matters
    Users feel the wait, not the run. A queue that stays late is short of workers or blocked.

What to look at first
    Whether more jobs came than usual, or fewer were worked off.

Severity
    Medium; high where a wait was longer than five times the target.

Blind spots
    A wait is known only where an input shows when the job was enqueued. Jobs on a queue that stands still count once it
    moves again; until then they have ``never-started``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Verdict

_MINUTE = 60


class Params(BaseModel):
    """Thresholds."""

    target: timedelta = timedelta(seconds=60)
    """A job that waits longer is late."""
    minutes: Count = 3
    """How long jobs must be late on end. A minute without a late job ends a stretch."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how late the queue ran, for how long, and for how many."""
    worst = max(row["wait"] for row in rows)
    stretches = {row["stretch"]: row["late_minutes"] for row in rows}
    late = sum(stretches.values()) * _MINUTE
    often = f" in {len(stretches)} stretches" if len(stretches) > 1 else ""
    target = params.target.total_seconds()
    jobs = len({row["job_key"] for row in rows})
    longest = in_words(worst)
    waited = f"waited {longest}" if jobs == 1 else f"waited over {in_words(target)}, the longest {longest}"
    return Verdict(
        title=f"Queue {rows[0]['queue']} ran late for {in_words(late)}{often}: {count(jobs, 'job')} {waited}",
        severity="high" if worst > 5 * target else "medium",
        confidence="high",
        confidence_reason="waits are measured from when each job was due to its start",
        across=target,
        metrics={
            "worst_wait": worst,
            "jobs": jobs,
            "late_minutes": round(sum(stretches.values()), 1),
            "stretches": len(stretches),
        },
        next_steps=(
            "Compare arrivals and completions of the queue at the time: more work, or less done?",
            "Look for long jobs that held its workers.",
            "Add workers for this queue until it is drained, then find out what it needs at its peak.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many waits are known, and how long the longest was."""
    if not seen["judged"]:
        return "no input shows when jobs were enqueued; the log or spans of the application that enqueues would"
    late = f"over {in_words(params.target.total_seconds())} for {params.minutes} min on end"
    longest = f", the longest {in_words(seen['longest'])}" if seen["longest"] is not None else ""
    waiting = f"; {seen['waiting']:,} still waiting" if seen["waiting"] else ""
    return (
        f"no queue had jobs waiting {late}; the wait of {seen['waits']:,} of {count(seen['runs'], 'run')} is known"
        f"{longest}{waiting}"
    )


# No input need show every enqueue: snapshots and error reports tell some, and ``judged`` counts the waits known.
RULE = Rule(
    name="queue-latency",
    family="slow",
    params=Params(),
    subject=("queue",),
    needs=("starts",),
    verdict=verdict,
    clean=clean,
)
