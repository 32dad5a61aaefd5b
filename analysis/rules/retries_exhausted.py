"""
Given up: a job that failed for the last time and will not be tried again.

Why it matters
    The work is not done, and nothing will do it.

What to look at first
    The error, and whether the jobs can be enqueued again once it is fixed.

Blind spots
    A last failure whose system does not say whether it retries counts only once a later snapshot holds no retry.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_jobs: int = 1


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many were given up, and for which error."""
    count = len(rows)
    most = max(row["attempts"] for row in rows)
    tried = f"after up to {most} runs" if most > 1 else "after one run"
    return Verdict(
        title=f"{count} {rows[0]['job_class'] or ''} job{'s' * (count > 1)} given up {tried}: "
        f"{rows[0]['error_class'] or 'the error is in no input'}",
        severity="high",
        confidence="high",
        confidence_reason="the inputs say that no retry is left",
        metrics={"jobs": count, "most_attempts": most},
        next_steps=(
            "Read the error and fix its cause.",
            "Then enqueue the jobs again: those in a dead set can be retried from there, the others are gone for good.",
        ),
    )


RULE = Rule(
    name="retries-exhausted",
    family="retried",
    params=Params(),
    subject=("job_class", "queue", "error_class"),
    needs=("errors",),
    verdict=verdict,
)
