"""
Retry storm: so many jobs of one queue fail and come back at once that retries are a large part of its work.

Why it matters
    Retries load the service that made the jobs fail, and delay the jobs that would succeed.

What to look at first
    The error that most of them share, and when it began.

Severity
    High; critical where more runs failed and came back than were begun for the first time.

Blind spots
    A retry whose queue no input tells counts for the queue its class usually runs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Times, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_retries: Count = 20
    """Failures that come back, in one window, from which on they are many."""
    ratio: Times = 0.2
    """And they must be more than so many times the first runs in the same window."""
    window: timedelta = timedelta(minutes=5)
    """How long a window is."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how large a part of the queue's work failed and came back, and why most of it did."""
    jobs = len({row["job_key"] for row in rows})
    worst = max(row["storm_ratio"] for row in rows)
    errors = [row["error_class"] for row in rows if row["error_class"]]
    usual = max(sorted(set(errors)), key=errors.count) if errors else None
    because = f", mostly {usual}" if usual else ""
    failed = f"{count(jobs, 'job')} failed {count(len(rows), 'time')} and came back"
    return Verdict(
        title=f"Retry storm on queue {rows[0]['queue']}: {failed}{because}",
        severity="critical" if worst > 1 else "high",
        confidence="high",
        confidence_reason="failures and retries were counted run by run",
        metrics={"jobs": jobs, "failures": len(rows), "worst_ratio": round(worst, 3), "main_error": usual},
        next_steps=(
            "Look whether the service behind the error is back.",
            "If it is not, pause the queue until it is, or let retries give up early.",
            "Spread the retries: a growing delay with jitter.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many failures came back, and how many at once would be a storm."""
    if not seen["judged"]:
        return "there is no run on a known queue to judge"
    runs = count(seen["judged"], "run")
    if not seen["retries"]:
        return f"{runs}, no failure came back"
    window = in_words(params.window.total_seconds())
    return (
        f"no queue had {params.min_retries} failures that came back within {window}, more than {params.ratio:g} of its "
        f"first runs; {runs}, {count(seen['retries'], 'such failure')}"
    )


RULE = Rule(
    name="retry-storm",
    family="retried",
    params=Params(),
    subject=("queue",),
    needs=("starts", "errors"),
    verdict=verdict,
    clean=clean,
)
