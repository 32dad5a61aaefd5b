"""
Lost: a job that was waiting, is in no later snapshot, and that no worker ever ran.

Why it matters
    The work is gone. Nothing failed, so nothing will tell.

What to look at first
    Who empties queues: a script, the dashboard's buttons, a broker that restarts without a disk or is out of memory.

Severity
    High.

Blind spots
    A run in a log that is not among the inputs looks the same, so nothing is said where a snapshot lists a worker whose
    log is missing. Where logs lose lines, some jobs look lost by chance, because both lines of their run are missing:
    nothing is said unless these are far fewer than the jobs that are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of, which
from analysis.rule import Row, Rule, Share, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(minutes=1)
    """A job must have waited so long before the snapshot that misses it: what is on its way is in no list."""
    lives_on: timedelta = timedelta(days=1)
    """A worker whose log is not among the inputs may have run jobs for so long after it was seen last."""
    chance_share: Share = 0.01
    """Nothing is said where more than this part of the jobs would look lost by chance, because logs lose lines."""


_HELD = {"queued": "on its queue", "scheduled": "scheduled", "retrying": "waiting for a retry"}


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many are gone, and where they were last."""
    jobs = len(rows)
    places = sorted({_HELD[row["vanished_from"]] for row in rows})
    what = f"{jobs_of(jobs, rows[0]['job_class'])} {which(jobs, 'is', 'are')} gone"
    by_chance = max(row["by_chance"] for row in rows)
    return Verdict(
        title=f"{what}: last seen {' or '.join(places)}, in no later snapshot and never run",
        severity="high",
        confidence="medium" if by_chance == 0 else "low",
        confidence_reason="every worker that the inputs name has a log among them and none shows a run; the queue "
        "server's own log would tell who took it"
        if by_chance == 0
        else "these logs lose lines: a few of the jobs may have run unseen",
        unseen="start",
        metrics={"jobs": jobs, "by_chance": round(by_chance, 2)},
        next_steps=(
            "Look for whoever clears or deletes queues: a script, the dashboard's buttons, a deploy task.",
            "Look whether the queue's server restarted or ran out of memory at that time, and what it keeps on disk.",
            "Enqueue the work again, from the arguments in the enqueuer's log.",
        ),
    )


def clean(seen: Row, _params: Params) -> str:
    """Say how many jobs there are, and of how many nothing can be told."""
    if not seen["judged"]:
        return "there is no job to judge"
    jobs = count(seen["judged"], "job")
    if not seen["vanished"]:
        return f"{jobs}, each of them seen to run or still held by the last snapshot that would show it"
    gone = seen["vanished"]
    return (
        f"{jobs}; {gone:,} {which(gone, 'is', 'are')} in no later snapshot, but may have run where no log was gathered "
        "or where lines are missing"
    )


RULE = Rule(
    name="lost",
    family="stuck",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "queues", "workers"),
    verdict=verdict,
    clean=clean,
)
