"""
Slow: a run that succeeded, but took far longer than its class usually does.

Why it matters
    It held a worker and made others wait; a few such runs are often the first sign of something larger.

What to look at first
    What these runs share and the others lack: an argument, a host, a time.

Blind spots
    Classes with too few runs to know what is usual. A class with two kinds of run, quick and slow, is judged by its
    slow kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_excess: timedelta = timedelta(seconds=1)
    score: float = 3.5
    times_p99: float = 1.5
    times_median: float = 2.0
    min_runs: int = 30
    max_share: float = 0.08


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how slow the slowest was against the usual run."""
    slowest = max(row["run"] for row in rows)
    usual = rows[0]["run_p50"]
    count = len(rows)
    return Verdict(
        title=f"{count} run{'s' * (count > 1)} of {rows[0]['job_class']} took up to {in_words(slowest)}; "
        f"usual is {in_words(usual)}",
        severity="medium",
        confidence="high",
        confidence_reason=f"measured against {rows[0]['runs']:,} runs of the class",
        metrics={"slowest": slowest, "usual_p50": usual, "usual_p99": rows[0]["body_p99"], "runs": count},
        next_steps=(
            "Compare the arguments of the slow runs with those of the quick ones.",
            "Look what else happened on the same host and service at that time.",
        ),
    )


RULE = Rule(
    name="slow-run",
    family="slow",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "ends"),
    verdict=verdict,
)
