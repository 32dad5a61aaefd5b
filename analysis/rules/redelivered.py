"""
Redelivered: a job that was started again although its run before had not failed.

Why it matters
    Whatever it does was done twice: charged twice, mailed twice.

What to look at first
    Was the same job pushed twice, or handed out again by a timeout shorter than the job?

Blind spots
    A failure whose line was lost looks like a redelivery; a run pushed back by a shutdown is not counted as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    tolerance: timedelta = timedelta(0)


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many ran again, and how many of them had already succeeded."""
    jobs = len({row["job_key"] for row in rows})
    twice = len(
        {row["job_key"] for row in rows if row["state"] == "succeeded" and row["previous_state"] == "succeeded"}
    )
    done = f", {twice} to a second success" if twice else ""
    certain = all(row["previous_state"] == "succeeded" for row in rows)
    return Verdict(
        title=f"{jobs} {rows[0]['job_class'] or ''} job{'s' * (jobs > 1)} ran again without a failure between{done}",
        severity="high" if twice else "medium",
        confidence="high" if certain else "medium",
        confidence_reason="both runs were seen from start to end"
        if certain
        else "the end of the first run was not seen: its failure line may be missing",
        metrics={"jobs": jobs, "second_successes": twice},
        next_steps=(
            "Check what the job did twice, and undo it where it matters.",
            "Look for a second push of the same job id, or a visibility timeout shorter than the job's run.",
            "Make the job idempotent: remember its key before the effect.",
        ),
    )


RULE = Rule(
    name="redelivered",
    family="duplicated",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "ends"),
    verdict=verdict,
)
