"""
Late: jobs that waited on their queue longer than its target, minute after minute.

Why it matters
    Users feel the wait, not the run. A queue that stays late is short of workers or blocked.

What to look at first
    Whether more jobs came than usual, or fewer were worked off.

Blind spots
    A wait is known only where an input shows when the job was enqueued.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    target: timedelta = timedelta(seconds=60)
    minutes: int = 3


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how late the queue ran, for how long, and for how many."""
    worst = max(row["wait"] for row in rows)
    target = params.target.total_seconds()
    return Verdict(
        title=f"Queue {rows[0]['queue']} ran late: {len(rows):,} jobs waited over {in_words(target)}, the "
        f"longest {in_words(worst)}",
        severity="high" if worst > 5 * target else "medium",
        confidence="high",
        confidence_reason="waits are measured from each job's own enqueue to its start",
        metrics={"worst_wait": worst, "jobs": len(rows), "late_minutes": rows[0]["late_minutes"]},
        next_steps=(
            "Compare arrivals and completions of the queue at the time: more work, or less done?",
            "Look for long jobs that held its workers.",
            "Add workers for this queue until it is drained, then find out what it needs at its peak.",
        ),
    )


RULE = Rule(
    name="queue-latency",
    family="slow",
    params=Params(),
    subject=("queue",),
    needs=("starts",),
    verdict=verdict,
)
