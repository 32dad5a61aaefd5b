"""
Enqueued twice: the same work under two job ids, close together.

Why it matters
    Both run. What should happen once happens twice.

What to look at first
    The code that enqueues: a double click, a retried request, a callback that fires twice.

Blind spots
    Arguments stand in few logs. Where they are in no input, only equal application lines can give a pair away. Jobs
    without arguments are not compared: periodic jobs would all be duplicates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    within: timedelta = timedelta(minutes=10)
    telling_share: float = 0.9


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how many jobs repeat another's work, and how that is known."""
    by_arguments = rows[0]["basis"] != "application lines"
    pairs = len({row["work"] for row in rows})
    same = "the same arguments" if by_arguments else "the same application line"
    return Verdict(
        title=f"{len(rows)} {rows[0]['job_class'] or ''} jobs with {same}, enqueued within "
        f"{in_words(params.within.total_seconds())} "
        f"of each other ({pairs} piece{'s' * (pairs > 1)} of work)",
        severity="medium",
        confidence="high" if by_arguments else "low",
        confidence_reason=f"the {rows[0]['basis']} are equal"
        if by_arguments
        else "the arguments are in no input; these jobs logged a line that only they share, while nearly every other "
        "job of the class logged one of its own. A log or snapshot with arguments would settle it",
        metrics={"jobs": len(rows), "pieces_of_work": pairs},
        next_steps=(
            "Look at both jobs and check whether the effect happened twice.",
            "Find the two enqueues: the same request retried, a form sent twice, a callback registered twice.",
            "Guard the enqueue with a uniqueness lock, or the job with an idempotency key.",
        ),
    )


RULE = Rule(
    name="enqueued-twice",
    family="duplicated",
    params=Params(),
    subject=("job_class", "queue", "basis"),
    needs=("starts",),
    verdict=verdict,
)
