"""
Never started: a job that has waited far longer than its kind ever waits, on a queue that workers do read.

Why it matters
    Someone is waiting for work that nobody began.

What to look at first
    The queue's depth and its workers: too few, busy with long jobs, or reading other queues first?

Blind spots
    Jobs whose enqueue no input shows: a queue that is not in a snapshot, an application that does not log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(minutes=10)
    times_p99: float = 5.0
    min_waits: int = 20


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many wait on which queue, and how long."""
    longest = max(row["age"] for row in rows)
    return Verdict(
        title=f"{len(rows)} {rows[0]['job_class'] or ''} job{'s' * (len(rows) > 1)} never started on queue "
        f"{rows[0]['queue']}; the oldest waits for {in_words(longest)}",
        severity="high",
        confidence="high" if all(row["state_basis"] == "snapshot" for row in rows) else "medium",
        confidence_reason="a snapshot holds them as waiting"
        if all(row["state_basis"] == "snapshot" for row in rows)
        else "enqueued in a log, started in none; a later snapshot of the queue would settle it",
        metrics={"waiting_for": longest, "jobs": len(rows), "usual_p99": rows[0]["wait_p99"]},
        next_steps=(
            "Look whether workers read this queue, and in which order of priority.",
            "Look what its workers are busy with: one long job can hold them all.",
            "Add workers for this queue, or move long jobs to one of their own.",
        ),
    )


RULE = Rule(
    name="never-started",
    family="stuck",
    params=Params(),
    subject=("queue", "job_class"),
    needs=("queues",),
    verdict=verdict,
)
