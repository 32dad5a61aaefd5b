"""
Slow run: a run that succeeded, but took far longer than its class usually does.

Why it matters
    It held a worker and made others wait; a few such runs are often the first sign of something larger.

What to look at first
    What these runs share and the others lack: an argument, a host, a time.

Severity
    Medium; info where such runs come again and again over the whole time, which makes them a habit of the class.

Blind spots
    Classes with too few runs to know what is usual. A class with two kinds of run, quick and slow, is judged by its
    slow kind. Trouble that lasts as long as the logs looks like a habit. A class that became slow as a whole is
    ``slower-class``: its runs are judged by those since.
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
    margin: Times = 0.75
    """Modified z-scores, on the log scale, beyond the longest that chance brings in a class of so many runs."""
    times_p99: Times = 1.5
    """Longer than so many times the 99th percentile of the class's body."""
    min_runs: Count = 30
    """Classes with fewer successful runs are not judged."""
    max_share: Share = 0.08
    """With more outliers than this the class has a second, slow kind of run: then all its runs set the percentile."""
    habit_share: Share = 0.01
    """From this share of outliers on they are a habit, where they lie over the whole time."""
    habit_runs: Count = 4
    """So many they must be for it, in at least half as many tenths of the time, or in five."""


def _measured(slowest: Row, *, is_habit: bool) -> str:
    """Say by what the runs were judged, and what makes that less sure."""
    measured = f"measured against {count(slowest['runs'], 'run')} of the class"
    if slowest["has_two_kinds"]:
        return f"{measured}, which has quick and slow runs"
    if is_habit:
        again = f"{count(slowest['slow_runs'], 'run')} far slower, over the whole time"
        return f"{measured}, which has {again}: older logs would tell whether that is its habit"
    if slowest["runs"] < _MANY_RUNS:
        return f"{measured}; {_MANY_RUNS} would tell better what is usual"
    return measured


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how slow the slowest was against the usual run."""
    slowest = rows[0]
    is_habit = not any(row["is_unusual"] for row in rows)
    is_sure = slowest["runs"] >= _MANY_RUNS and not slowest["has_two_kinds"] and not is_habit
    up_to = "" if len(rows) == 1 else "up to "
    return Verdict(
        title=f"{count(len(rows), 'run')} of {slowest['job_class']} took {up_to}{in_words(slowest['run'])}; the median "
        f"is {in_words(slowest['run_p50'])}",
        severity="info" if is_habit else "medium",
        confidence="high" if is_sure else "medium",
        confidence_reason=_measured(slowest, is_habit=is_habit),
        metrics={
            "slowest": slowest["run"],
            "usual_p50": slowest["run_p50"],
            "usual_p99": slowest["bar_p99"],
            "runs": len(rows),
        },
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
