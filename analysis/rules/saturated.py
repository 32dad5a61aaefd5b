"""
Saturated: workers that were busy nearly all the time, so that jobs waited for a free one.

Why it matters
    Nothing is broken: there is more work than these workers can do. Waits grow with each job that comes, and a little
    more work makes them grow much faster.

What to look at first
    Whether a few long jobs held these workers, more jobs came than usual, or all of them ran longer. Only more jobs ask
    for more workers.

Severity
    Medium; high where a wait was longer than five times the target.

Blind spots
    It must be told how many jobs a process runs at once, and when it lived. Minutes in which that is unknown of one of
    the processes that read these queues, or in which its log has a gap or ends, are not judged. What a worker does
    between two runs does not count as busy: of very short jobs it may be most of the time. A limit on how many jobs of
    one kind run at once makes them wait as well; here they count as waiting for workers, where these are busy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Verdict


class Params(BaseModel):
    """Thresholds."""

    busy_share: Share = 0.85
    """Workers that are busy for more than this part of a minute have hardly a free one in it."""
    minutes: Count = 15
    """For so many minutes on end."""
    target: timedelta = timedelta(seconds=60)
    """A job that waits longer is late. Busy workers and no late job are good use of machines."""
    aim_share: Share = 0.7
    """The part of their time that workers should be busy for: what is left takes in bursts."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how busy the workers were, how many jobs waited for them, and how many they would have to run at once."""
    stretches = list({row["stretch"]: row for row in rows}.values())
    lasted = sum(each["lasts"] for each in stretches)
    share = sum(each["busy"] for each in stretches) / sum(each["capacity"] for each in stretches)
    slots = round(max(each["slots"] for each in stretches))
    needed = max(math.ceil(each["slots_needed"] or 0) for each in stretches)
    worst = max(row["wait"] for row in rows)
    target = params.target.total_seconds()
    jobs = len({row["job_key"] for row in rows})
    waiting = len({row["job_key"] for row in rows if row["attempt"] is None})
    first_late, last_late = min(row["first_at"] for row in rows) + params.target, max(row["last_at"] for row in rows)
    often = f" in {len(stretches)} stretches" if len(stretches) > 1 else ""
    waited = f"waited {in_words(worst)}" if jobs == 1 else f"waited over {in_words(target)}, up to {in_words(worst)}"
    guessed = any(row["is_guessed"] for row in rows)
    return Verdict(
        title=f"Workers of {_queues(rows[0]['pool'])} were busy {min(share, 1):.0%} of {in_words(lasted)}{often}: "
        f"{count(jobs, 'job')} {waited}; they run {slots:,} at once and would have to run {needed:,}",
        severity="high" if worst > 5 * target else "medium",
        confidence="medium" if guessed else "high",
        confidence_reason="which queues these workers read is told by the jobs that they ran only"
        if guessed
        else "of all these workers it is known how many jobs they run at once, and when they lived and worked",
        across=target,
        metrics={
            "busy_share": round(min(share, 1), 3),
            "saturated_for": lasted,
            "jobs": jobs,
            "worst_wait": worst,
            "still_waiting": waiting,
            "caught_up_after": None if waiting else (last_late - first_late).total_seconds(),
            "at_once": slots,
            "at_once_needed": needed,
        },
        next_steps=(
            "Look for a few long jobs that held these workers; give them a queue and workers of their own.",
            "Compare how many jobs came, and how long they ran, with what is usual at that time.",
            f"Let these workers run {needed:,} jobs at once; look first whether what they call can bear it.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how busy workers were at most, or which input would tell it."""
    if not seen["judged"]:
        return _untold(seen)
    bar = f"over {params.busy_share:.0%} busy for {params.minutes} min on end with jobs waiting"
    late = f"over {in_words(params.target.total_seconds())}"
    unknown = seen["unknown_minutes"]
    minutes = count(seen["minutes"], "busy minute")
    rest = f"; {unknown:,} of {minutes}, which no input shows whole, {which(unknown, 'is', 'are')} not judged"
    return (
        f"no workers were {bar} {late}; {count(seen['judged'], 'pool')} of workers, "
        f"{min(seen['busiest'], 1):.0%} busy in the busiest minute{rest if unknown else ''}"
    )


def _untold(seen: Row) -> str:
    """Why it is not known how busy any workers were."""
    if not seen["workers"]:
        return "no input shows a worker; a worker's log or a snapshot would"
    if seen["without_capacity"] == seen["workers"]:
        return "no input tells how many jobs a worker runs at once; a snapshot, or the line in which it boots, would"
    if seen["without_pool"] == seen["workers"]:
        return "no input tells which queues a worker reads; a snapshot, or the line in which it boots, would"
    if seen["minutes"]:
        what = which(seen["minutes"], "the busy minute", "busy minutes")
        return f"in {seen['minutes']:,} {what} the logs have gaps, or some worker does not tell how many jobs it runs"
    return "of the workers that tell how many jobs they run at once no run is seen; their logs would show them"


def _queues(pool: str) -> str:
    return "all queues" if pool == "*" else pool


RULE = Rule(
    name="saturated",
    family="slow",
    params=Params(),
    subject=("pool",),
    needs=("starts", "workers"),
    verdict=verdict,
    clean=clean,
)
