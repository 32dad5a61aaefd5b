"""
Retries exhausted: a job that failed for the last time and will not be tried again.

Why it matters
    The work is not done, and nothing will do it.

What to look at first
    The error, and whether the jobs can be enqueued again once it is fixed.

Severity
    High.

Blind spots
    A last failure whose system does not say whether it retries counts only once a later snapshot holds no retry.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.counts import count, jobs_of, which
from analysis.rule import Count, Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_jobs: Count = 1
    """Jobs of one class, queue and error from which on it is worth a finding."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many were given up, and for which error."""
    jobs = len(rows)
    most = max(row["attempts"] for row in rows)
    up_to = "" if jobs == 1 else "up to "
    tried = f" after {up_to}{most} runs" if most > 1 else " after one run" if most else ""
    what = f"{jobs_of(jobs, rows[0]['job_class'])} {which(jobs, 'was', 'were')}"
    told = all(row["told"] for row in rows)
    return Verdict(
        title=f"{what} given up{tried}: {rows[0]['error_class'] or 'the error is in no input'}",
        severity="high",
        confidence="high" if told else "medium",
        confidence_reason="the inputs say that no retry is left"
        if told
        else "no input says whether a retry comes, but the snapshot taken after the failure holds none",
        metrics={"jobs": jobs, "most_attempts": most},
        next_steps=(
            "Read the error and find its cause.",
            "Look whether the last run did part of its work.",
            "Once it is mended, retry the jobs from the dead set; enqueue anew those that are in no queue any more.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs failed, and that none of them was given up."""
    if not seen["judged"]:
        return "there is no job to judge"
    jobs = count(seen["judged"], "job")
    if not seen["failed_once"]:
        return f"{jobs}, none failed"
    given_up = (
        "no job was given up" if params.min_jobs == 1 else f"no {params.min_jobs} jobs were given up for one error"
    )
    untold = seen["untold"]
    but = f"; of {untold:,} no input tells whether a retry came" if untold else ""
    return f"{given_up}; {jobs}, {seen['failed_once']:,} failed at least once{but}"


RULE = Rule(
    name="retries-exhausted",
    family="retried",
    params=Params(),
    subject=("job_class", "queue", "error_class"),
    needs=("errors",),
    verdict=verdict,
    clean=clean,
)
