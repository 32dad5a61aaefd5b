"""
Double success: one piece of work that was done to the end more than once.

Why it matters
    The effect happened twice: two charges, two mails, two exports.

What to look at first
    Which effect, and whether it can be taken back; then who handed the work out again.

Severity
    High; critical where the application's own idempotency key shows that it is one piece of work.

Blind spots
    One job under one id is told exactly. Two jobs count as one piece of work only where the application gave both the
    same idempotency key; equal arguments are ``enqueued-twice``. A success whose line was lost is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Verdict


class Params(BaseModel):
    """Thresholds."""

    within: timedelta = timedelta(hours=1)
    """Two jobs with one idempotency key that succeed further apart are two pieces of work."""
    pace_times: Count = 5
    """A key with so many gaps between its jobs, ..."""
    pace_share: Share = 0.8
    """... of which this part is of one length, is on a timetable: it counts only within half of that length."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many jobs succeeded again, and whether they share an id or a key."""
    jobs = len({row["job_key"] for row in rows})
    by_key = [row for row in rows if row["basis"] == "key"]
    what = f"{jobs_of(jobs, rows[0]['job_class'])} {which(jobs, 'was', 'were')} done to the end more than once"
    gaps = [row["gap"] for row in rows if row["gap"] is not None]
    up_to = "" if len(gaps) == 1 else "up to "
    apart = f", {up_to}{in_words(max(gaps))} apart" if gaps else ""
    shared = "; they share an idempotency key with a job that succeeded before" if len(by_key) == len(rows) else ""
    return Verdict(
        title=f"{what}{apart}{shared}",
        severity="critical" if by_key else "high",
        confidence="high",
        confidence_reason="each of the successes has an end of its own in the inputs",
        metrics={"jobs": jobs, "extra_successes": len(rows), "by_key": len(by_key)},
        next_steps=(
            "Check what was done twice, and undo it where it matters.",
            "Find out what handed the work out again: a second push, a time limit shorter than the job, a lost answer.",
            "Have the job remember its key before the effect, so that a second run does nothing.",
        ),
    )


def clean(seen: Row, _params: Params) -> str:
    """Say how many jobs succeeded, each once."""
    if not seen["judged"]:
        return "no input shows a success"
    keys = f", {seen['with_key']:,} with an idempotency key" if seen["with_key"] else ""
    return f"{count(seen['judged'], 'job')} succeeded{keys}, each piece of work once"


RULE = Rule(
    name="double-success",
    family="duplicated",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("ends",),
    verdict=verdict,
    clean=clean,
)
