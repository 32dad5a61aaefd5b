"""
Ambiguous units: durations or times that a log tells in another unit than the one they were read in.

Why it matters
    A run of two seconds counts as half an hour, a job enqueued today as one of the year 50,000: what is slow, late or
    usual is then wrong for the whole log.

What to look at first
    The line in the evidence, and the documentation of what writes the log: seconds or milliseconds?

Severity
    Low.

Blind spots
    A unit shows only where the same thing is known otherwise: a duration beside the times of the run's own start and
    end in the same log, a wait beside the line of the enqueue, a moment beside the time of its line. Logs that tell
    durations alone are read as their format says, and nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.counts import count
from analysis.rule import Count, Row, Rule, Share, Verdict

_MANY = 20
_WHAT = {
    "duration": "Durations",
    "wait": "Waits",
    "enqueued_at": "Times of enqueues",
    "run_at": "Times at which jobs are due",
}
_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
_TIMES = ("", "a thousand", "a million", "a billion")
_PARTS = ("", "thousandth", "millionth", "billionth")


class Params(BaseModel):
    """Thresholds."""

    min_compared: Count = 5
    """Values that could be held against the lines' own times."""
    power_share: Share = 0.8
    """This part of them must be off by the same power of a thousand."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say by which power of a thousand they are off, and which units that suggests."""
    row = rows[0]
    power = min(abs(row["near_power"]), len(_UNITS) - 1)
    if row["near_power"] > 0:
        off, read = f"{_TIMES[power]} times", f"{_UNITS[power]} read as seconds"
    else:
        off, read = f"one {_PARTS[power]} of", f"seconds read as {_UNITS[power]}"
    return Verdict(
        title=f"{_WHAT[row['what']]} in {row['log']} are {off} what its own lines measure: {read}",
        severity="low",
        confidence="high" if row["compared"] >= _MANY else "medium",
        confidence_reason=f"{count(row['compared'], 'value')} could be held against the times of the lines; the "
        "documentation of what writes the log would settle it",
        metrics={"values_compared": row["compared"], "times_as_much": row["times_as_much"]},
        next_steps=(
            "Compare the line in the evidence with the times of the lines around it.",
            "Give the log a mapping that names the unit (jobtrail mapping), and load it again.",
            "Until then read nothing into what is slow, late or usual in this log.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many values could be held against the lines' own times."""
    if not seen["judged"]:
        return f"no log tells {params.min_compared} durations or times that its own lines measure, too"
    values = count(seen["compared"], "duration or time", "durations and times")
    return f"no log tells durations or times in another unit than its lines measure; {values} compared, in " + count(
        seen["logs"], "log"
    )


RULE = Rule(
    name="ambiguous-units",
    family="blind spots",
    params=Params(),
    subject=("log", "what"),
    needs=(),
    verdict=verdict,
    clean=clean,
)
