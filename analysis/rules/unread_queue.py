"""
On an unread queue: jobs wait on a queue that no worker reads and nothing was ever started from.

Why it matters
    They will wait for ever. A misspelt name, or a worker that was never deployed, is the usual cause.

What to look at first
    The spelling of the queue in the code that enqueues, and the queues that workers are started with.

Blind spots
    Workers that appear in no input: a snapshot of the whole installation shows them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(seconds=60)


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say which queue, how many wait, and which queue was probably meant."""
    queue, meant = rows[0]["queue"], rows[0]["likely_queue"]
    longest = max(row["age"] for row in rows)
    hint = f"; did you mean {meant}?" if meant else ""
    return Verdict(
        title=f"{len(rows)} job{'s' * (len(rows) > 1)} wait{'s' * (len(rows) == 1)} on queue {queue}, which no worker "
        f"reads, for up to {in_words(longest)}{hint}",
        severity="high",
        confidence="high",
        confidence_reason="every worker process in the inputs names the queues it reads, and this is none of them",
        metrics={"waiting_for": longest, "jobs": len(rows), "likely_queue": meant},
        next_steps=(
            "Compare the queue's name in the code that enqueues with the queues the workers are started with.",
            "Start a worker that reads it, or correct the name and enqueue the waiting jobs again.",
        ),
    )


RULE = Rule(
    name="unread-queue",
    family="misconfigured",
    params=Params(),
    subject=("queue",),
    needs=("queues", "workers"),
    verdict=verdict,
)
