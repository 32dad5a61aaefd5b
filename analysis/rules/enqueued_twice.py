"""
Enqueued twice: the same work under two job ids, close together.

Why it matters
    Both run. What should happen once happens twice.

What to look at first
    The code that enqueues: a double click, a retried request, a callback that fires twice.

Severity
    Medium; low where equal application lines are all that gives them away.

Blind spots
    Arguments stand in few logs. Where they are in no input, only equal application lines can give a pair away. Jobs
    without arguments are not compared: periodic jobs would all be duplicates. Work that comes again and again, such as
    a refresh every few minutes, counts only where it comes twice within a minute, and work at a steady pace only where
    it comes again within half of that pace. Where some work comes very often, two jobs meet by chance: a pair there
    counts only if so close a pair is no chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Times, Verdict


class Params(BaseModel):
    """Thresholds."""

    within: timedelta = timedelta(minutes=10)
    """Equal jobs further apart are two pieces of work."""
    telling_share: Share = 0.9
    """Application lines count where this part of a class's lines is of one job only."""
    habit_gap: timedelta = timedelta(minutes=1)
    """Work that comes again by habit, or by chance, counts only where it comes within this."""
    habit_times: Count = 3
    """The same work so many times, never closer than ``habit_gap``, is a habit."""
    habit_share: Share = 0.2
    """So is a class of which more than this part comes again between ``habit_gap`` and ``within``, among at least..."""
    habit_jobs: Count = 20
    """... so many jobs. And so is a class whose work comes again later than ``within`` more often than within it."""
    pace_times: Count = 5
    """The same work with so many gaps between, ..."""
    pace_share: Share = 0.8
    """... of which this part is of one length, give or take a tenth and half a second, is on a timetable: it counts
    only where it comes again within half of that length."""
    chance: Times = 20.0
    """Where the same work comes often by nature, pairs count only if there are more of them, as close or closer, than
    chance gives: by so many times the square root of that number."""


_SHARED = {
    "arguments": "arguments",
    "idempotency keys": "an idempotency key",
    "application lines": "an application line",
}
_GUESS = (
    "the arguments are in no input; these jobs logged a line that only they share, while nearly every other job of the "
    "class logged one of its own; a log or snapshot with arguments would settle it"
)


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how many jobs repeat another's work, and how that is known."""
    basis = rows[0]["basis"]
    pieces = len({row["work"] for row in rows})
    closest = min(row["gap"] for row in rows)
    jobs = jobs_of(len(rows), rows[0]["job_class"])
    share = f"share {_SHARED[basis]} with another within {in_words(params.within.total_seconds())}"
    guess = basis == "application lines"
    quick = closest <= params.habit_gap.total_seconds()
    equal = f"the {basis} are equal" if quick else f"the {basis} are equal, but it may have been wanted twice"
    return Verdict(
        title=f"{jobs} {share}, the closest {in_words(closest)} apart: {count(pieces, 'piece')} of work",
        severity="low" if guess else "medium",
        confidence="low" if guess else "high" if quick else "medium",
        confidence_reason=_GUESS if guess else equal,
        metrics={"jobs": len(rows), "pieces_of_work": pieces, "closest": closest},
        next_steps=(
            "Look at both jobs and check whether the effect happened twice.",
            "Find the two enqueues: the same request retried, a form sent twice, a callback registered twice.",
            "Guard the enqueue with a uniqueness lock, or the job with an idempotency key.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs could be compared."""
    if not seen["judged"]:
        return (
            "no input shows arguments or idempotency keys; a log or a snapshot with them would. Application lines "
            "gave no pair away"
        )
    within = in_words(params.within.total_seconds())
    return (
        f"no two jobs of a class had the same arguments within {within}, but for habits; "
        f"{seen['judged']:,} of {count(seen['jobs'], 'job')} compared"
    )


RULE = Rule(
    name="enqueued-twice",
    family="duplicated",
    params=Params(),
    subject=("job_class", "basis"),
    needs=(),
    verdict=verdict,
    clean=clean,
)
