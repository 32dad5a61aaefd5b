"""
Retried often: a job that was run again and again because it kept failing.

Why it matters
    Each run costs time and may repeat side effects; the job is late even where it succeeds in the end.

What to look at first
    The error: is it one that a retry can cure?

Blind spots
    Systems that log no start of a retry show fewer runs than there were.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    attempts: int = 5


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many jobs, for which error, and how they ended."""
    most = max(row["attempts"] for row in rows)
    fine = sum(row["state"] == "succeeded" for row in rows)
    count = len(rows)
    return Verdict(
        title=f"{count} {rows[0]['job_class'] or ''} job{'s' * (count > 1)} ran up to {most} times because of "
        f"{rows[0]['error_class'] or 'errors'}; {fine} succeeded in the end",
        severity="low" if fine == count else "medium",
        confidence="high",
        confidence_reason="every run and every failure stands in the inputs",
        metrics={"most_attempts": most, "jobs": count, "succeeded": fine},
        next_steps=(
            "Read the error: a timeout may pass by itself, a missing record or a bug will not.",
            "Do not retry what cannot succeed; give retries a growing delay.",
        ),
    )


RULE = Rule(
    name="retried-often",
    family="retried",
    params=Params(),
    subject=("job_class", "queue", "error_class"),
    needs=("starts", "errors"),
    verdict=verdict,
)
