"""
Never started: a job that has waited far longer than its kind ever waits, on a queue that no input calls unread.

Why it matters
    Someone is waiting for work that nobody began.

What to look at first
    The queue's depth and its workers: too few, busy with long jobs, or reading other queues first?

Severity
    High; medium where it is not sure that they still wait; low where the queue is paused.

Blind spots
    Jobs whose enqueue no input shows: a queue that is not in a snapshot, an application that does not log. A job whose
    queue moves on in order waits its turn: that is ``queue-latency``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of, which
from analysis.durations import in_words
from analysis.finding import Confidence
from analysis.rule import Count, Row, Rule, Times, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(minutes=10)
    """No job is flagged that waits for less."""
    times_p99: Times = 5.0
    """Nor one that waits for less than so many times the 99th percentile of its class's waits."""
    min_waits: Count = 20
    """Known waits of the class from which on that percentile counts."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many wait on which queue, how long, and whether the queue is paused."""
    jobs = len(rows)
    longest = max(row["age"] for row in rows)
    paused = all(row["paused"] for row in rows)
    confidence, reason = _how_sure(rows)
    what = jobs_of(jobs, rows[0]["job_class"])
    since = in_words(longest) if jobs == 1 else f"up to {in_words(longest)}"
    never = f"{which(jobs, 'has', 'have')} waited {since} on queue {rows[0]['queue']}"
    return Verdict(
        title=f"{what} {never}, which is paused" if paused else f"{what} {never} and never started",
        severity="low" if paused else "medium" if confidence == "low" else "high",
        confidence=confidence,
        confidence_reason=reason,
        unseen=None if confidence == "high" else "start",
        metrics={"waiting_for": longest, "jobs": jobs, "usual_p99": rows[0]["wait_p99"]},
        next_steps=(
            "Ask who paused the queue and whether the reason still holds; then resume it.",
            "Before that, look whether so many jobs at once would overload what they call.",
        )
        if paused
        else (
            "Look whether workers read this queue, and in which order of priority.",
            "Look what its workers are busy with: one long job can hold them all.",
            "Add workers for this queue, or move long jobs to one of their own.",
        ),
    )


def _how_sure(rows: Sequence[Row]) -> tuple[Confidence, str]:
    if all(row["state_basis"] == "snapshot" for row in rows):
        return "high", "a snapshot holds them as waiting"
    if all(row["watched"] for row in rows):
        return "medium", "enqueued in a log, started in none; a later snapshot of the queue would settle it"
    return "low", (
        "enqueued in a log, but no worker shows a sign of life since: either all stood still, or their logs are not "
        "among the inputs. These logs, or a later snapshot of the queue, would settle it"
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs wait, and how long the oldest does."""
    if not seen["judged"]:
        return "there is no job to judge"
    jobs = count(seen["judged"], "job")
    if not seen["waiting"]:
        return f"{jobs}, none waiting for its first run"
    usual = f"{params.times_p99:g} times the 99th percentile of its class's waits"
    bar = f"{in_words(params.min_age.total_seconds())} and {usual}"
    oldest = f", the oldest for {in_words(seen['oldest'])}" if seen["oldest"] is not None else ""
    return f"no job waited longer than {bar} on a queue that is read; {jobs}, {seen['waiting']:,} waiting{oldest}"


RULE = Rule(
    name="never-started",
    family="stuck",
    params=Params(),
    subject=("queue", "job_class"),
    needs=("queues",),
    verdict=verdict,
    clean=clean,
)
