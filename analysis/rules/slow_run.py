"""
Slow run: a run that succeeded, but took far longer than its class usually does.

Why it matters
    It held a worker and made others wait; a few such runs are often the first sign of something larger.

What to look at first
    What these runs share and the others lack: an argument, a host, a time.

Severity
    Medium.

Blind spots
    Classes with too few runs to know what is usual. A class with two kinds of run, quick and slow, is judged by its
    slow kind. A class that became slow as a whole is ``slower-class``: its runs are judged by those since.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Times, Verdict

_MANY_RUNS = 100
"""From so many runs on, the 99th percentile is more than the longest run."""


class Params(BaseModel):
    """Thresholds. A run must be beyond all of them."""

    min_excess: timedelta = timedelta(seconds=1)
    """Longer than the median by at least this."""
    score: Times = 3.5
    """Modified z-score on the log scale; more where chance brings runs past it: in large classes, and in small ones."""
    times_p99: Times = 1.5
    """Longer than so many times the 99th percentile of the class's body."""
    times_median: Times = 2.0
    """At least so many times the median."""
    min_runs: Count = 30
    """Classes with fewer successful runs are not judged."""
    max_share: Share = 0.08
    """With more outliers than this the class has a second, slow kind of run: then all its runs set the percentile."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how slow the slowest was against the usual run."""
    slowest = max(row["run"] for row in rows)
    usual, runs = rows[0]["run_p50"], rows[0]["runs"]
    two_kinds = rows[0]["outlier_share"] > params.max_share
    up_to = "" if len(rows) == 1 else "up to "
    sure = runs >= _MANY_RUNS and not two_kinds
    measured = f"measured against {count(runs, 'run')} of the class"
    return Verdict(
        title=f"{count(len(rows), 'run')} of {rows[0]['job_class']} took {up_to}{in_words(slowest)}; the median is "
        f"{in_words(usual)}",
        severity="medium",
        confidence="high" if sure else "medium",
        confidence_reason=measured
        if sure
        else f"{measured}, which has quick and slow runs"
        if two_kinds
        else f"{measured}; {_MANY_RUNS} would tell better what is usual",
        metrics={"slowest": slowest, "usual_p50": usual, "usual_p99": rows[0]["bar_p99"], "runs": len(rows)},
        next_steps=(
            "Compare the arguments of the slow runs with those of the quick ones.",
            "Look what else happened on the same host and service at that time.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many runs could be judged, and by what."""
    runs = f"{seen['runs']:,} of {count(seen['all_runs'], 'successful run')} judged"
    if not seen["judged"]:
        return f"no class has {count(params.min_runs, 'successful run')} to tell what is usual"
    return (
        f"no run took {params.times_p99:g} times its class's 99th percentile and "
        f"{in_words(params.min_excess.total_seconds())} more than its median; {runs}, in "
        f"{count(seen['judged'], 'class', 'classes')} with at least {params.min_runs}"
    )


RULE = Rule(
    name="slow-run",
    family="slow",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "ends"),
    verdict=verdict,
    clean=clean,
)
