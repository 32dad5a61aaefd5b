"""
Volatile adapter: jobs are kept in the memory of the process that enqueued them, or run within it at once.

Why it matters
    Active Job's Async adapter forgets everything that waits when its process ends: every deploy loses jobs without an
    error. Inline runs each job within the request, and Test runs none.

What to look at first
    Which service enqueues this way, and whether that is production: it is what Rails does where no adapter is set.

Severity
    High where jobs were due and did not run; medium for Async and Test; low for Inline.

Blind spots
    Lines do not say which environment they are of: in development this adapter is in order. Other systems' modes that
    run jobs at once (Celery's eager tasks, Huey's immediate mode) write no line that tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.rule import Count, Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_jobs: Count = 1
    """So many jobs of such an adapter are worth a finding."""
    min_age: timedelta = timedelta(minutes=10)
    """A job that has been due for so long should have run."""


_HOW = {
    "async": "kept in the memory of the process that enqueues",
    "inline": "run at once within the process that enqueues",
    "test": "only noted down, as tests do",
}


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many jobs it kept, and how many of them never ran."""
    kind, jobs = rows[0]["kind"], rows[0]["jobs"]
    missed = sum(row["job_key"] is not None for row in rows)
    lost = f"; {count(missed, 'job')} {which(missed, 'was', 'were')} due and did not run" if missed else ""
    return Verdict(
        title=f"{count(jobs, 'job')} went to the {rows[0]['adapter']} adapter, {_HOW[kind]}{lost}",
        severity="high" if missed else "low" if kind == "inline" else "medium",
        confidence="high",
        confidence_reason="the lines of these jobs name the adapter",
        metrics={"jobs_kept": jobs, "not_run": missed},
        next_steps=(
            "Look whether these logs are of production; in development this is in order.",
            "Set an adapter that keeps jobs outside the process (config.active_job.queue_adapter).",
            "Enqueue again what was due and did not run, after looking whether half of it was done.",
        ),
        unseen="start" if missed else None,
    )


def clean(seen: Row, _params: Params) -> str:
    """Say how many jobs name their adapter."""
    if not seen["judged"]:
        return "no line names the adapter that keeps a job"
    return f"{count(seen['judged'], 'job')}, {which(seen['judged'], 'it is', 'all are')} kept outside the process"


RULE = Rule(
    name="volatile-adapter",
    family="misconfigured",
    params=Params(),
    subject=("adapter",),
    needs=(),
    verdict=verdict,
    clean=clean,
)
