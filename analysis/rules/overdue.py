"""
Overdue: a job whose time came, be it scheduled or waiting for a retry, and that nobody began.

Why it matters
    What was promised for a time does not happen, and no error tells of it.

What to look at first
    The process that moves due jobs onto their queues: the scheduler, the poller, a leader that is gone.

Severity
    High.

Blind spots
    Only a later snapshot that still holds the job, or the logs of all its workers, can show that it was not begun;
    where the inputs have neither, nothing is said. A job that was moved onto its queue waits there: ``never-started``.
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

    min_age: timedelta = timedelta(minutes=5)
    """No job is flagged that is late by less."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many are late, for what, and by how much."""
    jobs = len(rows)
    latest = max(row["late"] for row in rows)
    held = all(row["held"] for row in rows)
    queue = f" for queue {rows[0]['queue']}" if rows[0]["queue"] else ""
    late = f"{in_words(latest)} late" if jobs == 1 else f"up to {in_words(latest)} late"
    return Verdict(
        title=f"{count(jobs, 'job')}{queue} {which(jobs, 'waits', 'wait')} for {rows[0]['waiting_for']}, {late}",
        severity="high",
        confidence="high" if held else "medium",
        confidence_reason="a snapshot taken after their time still holds them"
        if held
        else "no log of their workers shows a start; a later snapshot would settle it",
        unseen=None if held else "start",
        metrics={"jobs": jobs, "late_by": latest},
        next_steps=(
            "Look whether the process that moves due jobs onto their queues runs, and on how many machines.",
            "Compare the clocks of the machines with that of the queue's server.",
            "Before it is started again, look whether so many due jobs at once would overload what they call.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs wait for their time, and that none is late as far as the inputs tell."""
    if not seen["judged"]:
        return "there is no job to judge"
    jobs = count(seen["judged"], "job")
    if not seen["waiting"]:
        return f"{jobs}, none waiting for a time or a retry"
    bar = in_words(params.min_age.total_seconds())
    due = seen["due"]
    untold = f"; of {due:,} past their time no input tells whether they began" if due else ""
    return f"no job is known to be late by {bar}; {jobs}, {seen['waiting']:,} waiting for a time or a retry{untold}"


RULE = Rule(
    name="overdue",
    family="stuck",
    params=Params(),
    subject=("queue", "waiting_for"),
    needs=("queues",),
    verdict=verdict,
    clean=clean,
)
