"""
Retried often: a job that was run again and again because it kept failing.

Why it matters
    Each run costs time and may repeat side effects; the job is late even where it succeeds in the end.

What to look at first
    The error: is it one that a retry can cure?

Severity
    Medium; low where all of them succeeded in the end.

Blind spots
    Inputs that begin in the middle of a job's life, and systems that log no start of a retry, show fewer runs than
    there were. A job that was given up in the end is told by ``retries-exhausted``.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.counts import count, jobs_of
from analysis.rule import Count, Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    attempts: Count = 5
    """Runs of one job from which on it was retried often."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many jobs, for which error, and how they ended."""
    most = max(row["attempts"] for row in rows)
    fine = sum(row["state"] == "succeeded" for row in rows)
    jobs = len(rows)
    runs = f"ran {most} times" if jobs == 1 else f"ran up to {most} times each"
    if jobs == 1:
        end = "it succeeded at last" if fine else "it has not succeeded yet"
    else:
        end = "all succeeded at last" if fine == jobs else f"{fine or 'none'} had succeeded by then"
    return Verdict(
        title=f"{jobs_of(jobs, rows[0]['job_class'])} {runs} because of "
        f"{rows[0]['error_class'] or 'errors that no input names'}; {end}",
        severity="low" if fine == jobs else "medium",
        confidence="high",
        confidence_reason="runs and failures were counted one by one; there may be more before the inputs begin",
        metrics={"most_attempts": most, "jobs": jobs, "succeeded": fine},
        next_steps=(
            "Read the error: a timeout may pass by itself, a missing record or a bug will not.",
            "Do not retry what cannot succeed; give retries a growing delay.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs were retried, and how often at most."""
    if not seen["judged"]:
        return "there is no run to judge"
    ran = f"{count(seen['judged'], 'job')} ran"
    if not seen["retried"]:
        return f"{ran}, none was retried"
    given_up = f"; {seen['given_up']:,} given up are told by retries-exhausted" if seen["given_up"] else ""
    return f"no job ran {params.attempts} times because it kept failing; {ran}, {seen['retried']:,} retried{given_up}"


RULE = Rule(
    name="retried-often",
    family="retried",
    params=Params(),
    subject=("job_class", "queue", "error_class"),
    needs=("starts", "errors"),
    verdict=verdict,
    clean=clean,
)
