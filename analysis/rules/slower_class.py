"""
Slower class: a class whose runs take much longer from some moment on, all of them and not a few.

Why it matters
    It holds workers for longer, and what waits behind it waits longer, too. Nothing fails, so nobody is told.

What to look at first
    What changed at that moment: a deploy, a database that grew past its memory, a service that it calls.

Severity
    High where the median is three times what it was or more, and it still lasts; medium else.

Blind spots
    A class with fewer than 60 successful runs, or 30 on one side of the change. A change that comes by and by, and a
    slow hour in the middle of a quick day. Runs that became slower while half of them stayed as quick as before. In the
    logs of a single day a change may be what every day brings at that hour; the confidence says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Times, Verdict

_GRAVE = 3.0
_CERTAIN_SHIFT = 5.0


class Params(BaseModel):
    """Thresholds."""

    times_before: Times = 1.5
    """The median run takes at least so many times as long as before; or ``times_slowest``."""
    times_slowest: Times = 2.0
    """The 95th percentile takes at least so many times as long as before."""
    min_slowdown: timedelta = timedelta(milliseconds=50)
    """The median run takes at least this much longer."""
    min_side_runs: Count = 30
    """Successful runs needed before the change, and after it."""
    lasts: timedelta = timedelta(minutes=10)
    """Both paces last at least this long."""
    min_shift: Times = 2.58
    """How far the runs after must stand above those before: z of the Mann-Whitney test, 2.58 for 1 in 100 by chance."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say when the class became slower, by how much, and what it costs."""
    worst = max(rows, key=lambda row: row["times_p50"])
    at = worst["changed_at"]
    until = f" until {worst['until_at']:%H:%M}" if worst["until_at"] else ""
    compared = f"{worst['runs_before']:,} runs before and {count(worst['runs_after'], 'run')} after compared"
    other_day = worst["same_hours_p50"] is not None
    beside = (
        [f"Look at what came with the {worst['beside']} at {worst['beside_at']:%H:%M} UTC."] if worst["beside"] else []
    )
    times = worst["p50_after"] / max(worst["p50_before"], 0.0005)
    return Verdict(
        title=f"Runs of {worst['job_class']} take {times:.2g} times as long "
        f"since {at:%Y-%m-%d %H:%M}{until}: the median went from {in_words(worst['p50_before'])} to "
        f"{in_words(worst['p50_after'])}",
        severity="high" if worst["times_p50"] >= _GRAVE and worst["until_at"] is None else "medium",
        confidence="high" if other_day and worst["shift"] >= _CERTAIN_SHIFT else "medium",
        confidence_reason=f"{compared}, and the same hours of other days were quicker"
        if other_day
        else f"{compared}; a log of the same hours of another day would tell whether that is usual",
        metrics={
            "p50_before": worst["p50_before"],
            "p50_after": worst["p50_after"],
            "p95_before": worst["p95_before"],
            "p95_after": worst["p95_after"],
            "runs_before": worst["runs_before"],
            "runs_after": worst["runs_after"],
            "extra_time": worst["extra_time"],
            "beside": worst["beside"],
        },
        next_steps=(
            *beside,
            "Compare a span or a log of a run before with one after: which step takes the time?",
            "Look whether other classes that call the same service or table became slower at that moment.",
            "If a deploy brought it, weigh going back to the version before.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many classes could be judged, and by what."""
    if not seen["judged"]:
        return f"no class has {2 * params.min_side_runs} successful runs to compare earlier with later ones"
    smaller = f"; {count(seen['changes'], 'change')} of pace {which(seen['changes'], 'is', 'are')} smaller, or not new"
    return (
        f"no class takes {params.times_before:g} times as long from some moment on; "
        f"{count(seen['judged'], 'class', 'classes')} with {2 * params.min_side_runs} successful runs"
        f"{smaller if seen['changes'] else ''}"
    )


RULE = Rule(
    name="slower-class",
    family="slow",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "ends"),
    verdict=verdict,
    clean=clean,
)
