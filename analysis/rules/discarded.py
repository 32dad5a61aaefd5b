"""
Discarded: a job that was thrown away on purpose: by a rule of the application, or on request.

Why it matters
    The work is not done and will not be. That is meant, unless the rule catches more than its author thought of.

What to look at first
    The error that it was discarded for, and whether it may also mean something else.

Severity
    Low; info where no error was the reason.

Blind spots
    Systems that discard without a line show it only where a snapshot no longer holds the job: ``lost``. What a lock
    kept from being enqueued never was a job here.
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
    """Say how many, and for which error."""
    jobs = len(rows)
    error = rows[0]["error_class"]
    on_request = all(row["on_request"] for row in rows)
    never_ran = sum(row["attempts"] == 0 for row in rows)
    what = f"{jobs_of(jobs, rows[0]['job_class'])} {which(jobs, 'was', 'were')}"
    before = " before any run" if never_ran == jobs else ""
    why = f": {error}" if error else ", not for an error" if on_request else ""
    return Verdict(
        title=f"{what} discarded{before}{why}",
        severity="low" if error else "info",
        confidence="high",
        confidence_reason="the inputs say so",
        metrics={"jobs": jobs, "never_ran": never_ran},
        next_steps=(
            "Ask whether all of these may be thrown away: the code that discards says on which errors.",
            "If not, narrow what it catches and enqueue the work again.",
        )
        if error
        else ("Ask who or what called them off, and whether the work is to be done some other way.",),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs there are, none of them thrown away."""
    if not seen["judged"]:
        return "there is no job to judge"
    jobs, gone = count(seen["judged"], "job"), seen["gone"]
    if not gone:
        return f"{jobs}, none thrown away"
    fewer = f"{gone:,} {which(gone, 'was', 'were')}, fewer than {params.min_jobs} of a kind"
    return f"no {params.min_jobs} jobs of a kind were thrown away; {fewer}; {jobs}"


RULE = Rule(
    name="discarded",
    family="retried",
    params=Params(),
    subject=("job_class", "queue", "error_class"),
    needs=("ends",),
    verdict=verdict,
    clean=clean,
)
