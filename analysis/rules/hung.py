"""
Hung: a run that started and has not ended, far longer than its class ever takes, while its worker lives on.

Why it matters
    The queue counts it as running, so nobody retries it; its thread is lost to other work until someone steps in.

What to look at first
    The thread named in the evidence: what does it wait for? A call without a timeout is the usual answer.

Severity
    High.

Blind spots
    A worker that no snapshot, heartbeat or recent line vouches for: then it cannot be told from an orphaned run. A
    class of which few runs ended is given more time, because nobody knows what is usual for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Times, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(minutes=10)
    """No run is hung before."""
    times_p99: Times = 3.0
    """Nor before so many times its class's 99th percentile."""
    min_runs: Count = 20
    """Runs of the class that must have ended for its percentile to count."""
    times_unknown: Count = 6
    """Of a class with fewer, no run is hung before so many times ``min_age``, nor before ``times_p99`` its longest."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how long the oldest has been running, against what is usual, and how surely its worker lives."""
    oldest = max(row["age"] for row in rows)
    alive = all(row["worker_confidence"] == "high" for row in rows)
    what = rows[0]["job_class"] or "an unknown class"
    usual = rows[0]["run_p99"] if (rows[0]["runs"] or 0) >= params.min_runs else None
    since = f"after {in_words(oldest)}" if len(rows) == 1 else f"the oldest after {in_words(oldest)}"
    against = f"; 99 in 100 take at most {in_words(usual)}" if usual is not None else ""
    reason = f"the worker lives: {rows[0]['worker_basis']}" + ("" if alive else "; a snapshot would settle it")
    if usual is None:
        reason += "; too few runs of the class ended to know what is usual"
    return Verdict(
        title=f"{count(len(rows), 'run')} of {what} {which(len(rows), 'has', 'have')} not ended, {since}{against}",
        severity="high",
        confidence="high" if alive and usual is not None else "medium",
        confidence_reason=reason,
        unseen="end",
        metrics={"running_for": oldest, "usual_p99": usual, "runs": len(rows)},
        next_steps=(
            "Take a thread dump of the worker (Sidekiq: kill -TTIN PID logs it): what does the run wait for?",
            "Check the service it calls, and give that call a timeout.",
            "Only then restart the worker; make sure first that the job may safely run twice.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many runs were open, and how long they may be."""
    if not seen["judged"]:
        return "there is no run to judge"
    if not seen["open_runs"]:
        return f"{count(seen['judged'], 'run')}, none still open"
    bar = f"{in_words(params.min_age.total_seconds())} and {params.times_p99:g} times its class's 99th percentile"
    untold = seen["untold_runs"]
    but = f"; of {untold:,} it cannot be told whether the worker lives" if untold else ""
    runs = f"{count(seen['judged'], 'run')}, {seen['open_runs']:,} open"
    return f"no run of a living worker was open longer than {bar}; {runs}{but}"


RULE = Rule(
    name="hung",
    family="stuck",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts",),
    verdict=verdict,
    clean=clean,
)
