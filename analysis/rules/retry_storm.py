"""
In a retry storm: so many jobs of one queue fail and come back at once that retries are a large part of its work.

Why it matters
    Retries load the service that made the jobs fail, and delay the jobs that would succeed.

What to look at first
    The error that most of them share, and when it began.

Blind spots
    A retry whose queue no input tells counts for the queue its class usually runs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_retries: int = 20
    ratio: float = 0.2
    window: timedelta = timedelta(minutes=5)


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how large a part of the queue's work failed and came back, and why most of it did."""
    jobs = len({row["job_key"] for row in rows})
    worst = max(row["storm_ratio"] for row in rows)
    errors = [row["error_class"] for row in rows if row["error_class"]]
    usual = max(sorted(set(errors)), key=errors.count) if errors else None
    because = f", mostly {usual}" if usual else ""
    return Verdict(
        title=f"Retry storm on queue {rows[0]['queue']}: {jobs} jobs failed and came back{because}",
        severity="critical" if worst > 1 else "high",
        confidence="high",
        confidence_reason="failures and retries were counted run by run",
        metrics={"jobs": jobs, "failures": len(rows), "worst_ratio": round(worst, 3), "main_error": usual},
        next_steps=(
            "Look whether the service behind the error is back; if not, pause the queue.",
            "Spread the retries: a growing delay with jitter.",
            "Let retries give up early while the service is known to be down.",
        ),
    )


RULE = Rule(
    name="retry-storm",
    family="retried",
    params=Params(),
    subject=("queue",),
    needs=("starts", "errors"),
    verdict=verdict,
)
