"""
Overlapping: two runs of the same job, or of two jobs with one idempotency key, at the same time.

Why it matters
    Both read the same state and both change it: what either of them checked first no longer holds.

What to look at first
    What handed the job out again while it ran: a time limit of the queue shorter than the job, or a second push.

Severity
    High.

Blind spots
    Clocks of two hosts differ: runs on different hosts must share more than ``clock_tolerance``, and more than any two
    clocks of the installation are known to be apart (see ``clock-skew``). A run whose end no
    input shows is taken to have gone on only as long as its worker is known to live, or its heartbeats came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of
from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    clock_tolerance: timedelta = timedelta(seconds=1)
    """How far two hosts' clocks may be apart: runs on different hosts that share less do not count."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many ran twice at once, and for how long at most."""
    jobs = len({row["job_key"] for row in rows})
    longest = max(row["shared"] for row in rows)
    by_key = all(row["by_key"] for row in rows)
    across = any(row["across_hosts"] for row in rows)
    another = "another job with its idempotency key" if by_key else "an earlier run of it"
    what = f"{jobs_of(jobs, rows[0]['job_class'])} ran while {another} still went on"
    up_to = "" if len(rows) == 1 else "up to "
    return Verdict(
        title=f"{what}, for {up_to}{in_words(longest)}",
        severity="high",
        confidence="medium" if across else "high",
        confidence_reason="the runs were on hosts whose clocks may differ, though hardly by as long as they shared"
        if across
        else "one host's clock timed both runs",
        metrics={"jobs": jobs, "longest_overlap": longest},
        next_steps=(
            "Check whether both changed the same thing.",
            "Compare the queue's time limit (visibility timeout, max_run_time) with how long the job runs.",
            "Take a lock for the length of the run, or make the effect depend on a key.",
        ),
    )


def clean(seen: Row, _params: Params) -> str:
    """Say how many jobs ran more than once, none of them at once."""
    if not seen["judged"]:
        return "there is no run to judge"
    jobs = count(seen["judged"], "job")
    if not seen["ran_more_than_once"]:
        return f"{jobs} ran, none more than once"
    return f"{jobs} ran, {seen['ran_more_than_once']:,} more than once, never two runs at the same time"


RULE = Rule(
    name="overlapping",
    family="duplicated",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "ends"),
    verdict=verdict,
    clean=clean,
)
