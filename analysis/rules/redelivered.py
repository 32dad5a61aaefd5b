"""
Redelivered: a job that was started again although its run before had not failed.

Why it matters
    Whatever it does was done twice: charged twice, mailed twice.

What to look at first
    Was the same job pushed twice, or handed out again by a timeout shorter than the job?

Severity
    High where a job succeeded twice, otherwise medium.

Blind spots
    A failure whose line was lost looks like a redelivery. A run after the worker of the run before died or shut down
    is the queue's way to save the job, and is not counted: ``orphaned`` tells of the death.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of, which
from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    tolerance: timedelta = timedelta(0)
    """Starts no further apart than this are one start seen twice."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many ran again, how many of them succeeded twice, and how many ran twice at once."""
    jobs = len({row["job_key"] for row in rows})
    twice = len(
        {row["job_key"] for row in rows if row["state"] == "succeeded" and row["previous_state"] == "succeeded"}
    )
    overlapping = len({row["job_key"] for row in rows if row["at_once"]})
    done = f", {twice} to a second success" if twice else ""
    at_once = f", {overlapping} while the run before still ran" if overlapping else ""
    certain = all(row["previous_state"] == "succeeded" for row in rows)
    what = f"{jobs_of(jobs, rows[0]['job_class'])} {which(jobs, 'was', 'were')}"
    return Verdict(
        title=f"{what} started again though the run before had not failed{done}{at_once}",
        severity="high" if twice else "medium",
        confidence="high" if certain else "medium",
        confidence_reason="the runs before were seen to succeed"
        if certain
        else "the end of a run before was not seen: its failure line may be missing",
        unseen=None if certain else "failure",
        metrics={"jobs": jobs, "second_successes": twice, "overlapping": overlapping},
        next_steps=(
            "Check what the job did twice, and undo it where it matters.",
            "Look for a second push of the same job id, or a visibility timeout shorter than the job's run.",
            "Make the job idempotent: remember its key before the effect.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs ran more than once, and why that was in order."""
    if not seen["judged"]:
        return "there is no run to judge"
    jobs = count(seen["judged"], "job")
    if not seen["ran_more_than_once"]:
        return f"{jobs} ran, none more than once"
    apart = f" more than {in_words(params.tolerance.total_seconds())} apart" if params.tolerance else ""
    return (
        f"{jobs} ran, {seen['ran_more_than_once']:,} more than once{apart}, "
        "always after a failure, a push-back or the end of the worker"
    )


RULE = Rule(
    name="redelivered",
    family="duplicated",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "ends"),
    verdict=verdict,
    clean=clean,
)
