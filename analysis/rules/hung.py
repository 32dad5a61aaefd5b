"""
Hung: a run that started and has not ended, far longer than its class ever takes, while its worker lives on.

Why it matters
    The queue counts it as running, so nobody retries it; its thread is lost to other work until someone steps in.

What to look at first
    The thread named in the evidence: what does it wait for? A call without a timeout is the usual answer.

Blind spots
    A worker that no snapshot, heartbeat or recent line vouches for: then it cannot be told from an orphaned run.
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
    times_p99: float = 3.0
    min_runs: int = 20


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how long the oldest has been running, and how surely its worker lives."""
    oldest = max(row["age"] for row in rows)
    sure = all(row["worker_confidence"] == "high" for row in rows)
    what = rows[0]["job_class"] or "job"
    usual = rows[0]["run_p99"]
    return Verdict(
        title=f"{len(rows)} run{'s' * (len(rows) > 1)} of {what} started and never ended; the longest for "
        f"{in_words(oldest)}",
        severity="high",
        confidence="high" if sure else "medium",
        confidence_reason=rows[0]["worker_basis"] if sure else f"{rows[0]['worker_basis']}; a snapshot would settle it",
        metrics={"running_for": oldest, "usual_p99": usual, "runs": len(rows)},
        next_steps=(
            "Take a thread dump of the worker (Sidekiq: kill -TTIN PID logs it): what does the run wait for?",
            "Check the service it calls, and give that call a timeout.",
            "Only then restart the worker; make sure first that the job may safely run twice.",
        ),
    )


RULE = Rule(
    name="hung",
    family="stuck",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts",),
    verdict=verdict,
)
