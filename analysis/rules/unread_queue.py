"""
Unread queue: jobs wait on a queue that no worker reads and nothing was ever started from.

Why it matters
    They will wait for ever. A misspelt name, or a worker that was never deployed, is the usual cause.

What to look at first
    The spelling of the queue in the code that enqueues, and the queues that workers are started with.

Severity
    High.

Blind spots
    Workers that appear in no input: a snapshot of the whole installation shows them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(seconds=60)
    """No queue is flagged whose jobs wait for less."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say which queue, how many wait, and which queue was probably meant."""
    jobs = len(rows)
    queue, meant = rows[0]["queue"], rows[0]["likely_queue"]
    longest = max(row["age"] for row in rows)
    hint = f"; probably meant: {meant}" if meant else ""
    since = in_words(longest) if jobs == 1 else f"up to {in_words(longest)}"
    waited = f"{count(jobs, 'job')} {which(jobs, 'has', 'have')} waited"
    sure = bool(rows[0]["all_workers_seen"])
    return Verdict(
        title=f"{waited} {since} on queue {queue}, which no worker reads{hint}",
        severity="high",
        confidence="high" if sure else "medium",
        confidence_reason="a snapshot lists the workers and the queues they read, and this is none of them"
        if sure
        else "none of the workers whose logs are among the inputs reads it; a snapshot would show all workers",
        metrics={"waiting_for": longest, "jobs": jobs, "likely_queue": meant},
        next_steps=(
            "Compare the queue's name in the code that enqueues with the queues the workers are started with.",
            "If a worker is missing, start one that reads the queue.",
            "If the name is wrong, correct it and enqueue the waiting jobs again.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs wait, and which queues are known to be read."""
    if not seen["judged"]:
        return "no worker in the inputs says which queues it reads"
    if not seen["waiting"]:
        return f"no job waits for its first run; {count(seen['judged'], 'queue')} known to be read"
    bar = in_words(params.min_age.total_seconds())
    return (
        f"no job waited {bar} on a queue that no worker reads; {seen['waiting']:,} waiting, "
        f"{count(seen['judged'], 'queue')} known to be read"
    )


RULE = Rule(
    name="unread-queue",
    family="misconfigured",
    params=Params(),
    subject=("queue",),
    needs=("queues", "workers"),
    verdict=verdict,
    clean=clean,
)
