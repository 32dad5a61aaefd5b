"""
Silent class: a class that came at these hours of each earlier day and stopped coming, while other classes went on.

Why it matters
    Nothing fails when nothing is enqueued, so no error, no retry and no queue tells of it.

What to look at first
    What changed at its beginning: a deploy that took away or renamed the caller, a switch, a consumer that died.

Severity
    High where it has not come for a day; medium else; low where another class took its place, perhaps a new name.

Blind spots
    Logs of less than three days, which cannot tell what stopped from what rests at these hours; on a weekend, those
    without earlier weekends. A class that came seldom, in rare heaps, or not yet on each of these days. One that came
    again before the end. One whose logs end with it, or whose machine, service and queue have no other class. One
    that rests for a holiday is named, too. What comes on a timetable is ``missed-schedule``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Times, Verdict

_DAY = 86_400
_MANY_DAYS = 5


class Params(BaseModel):
    """Thresholds."""

    min_days: Count = 2
    """Earlier days on which the same hours are known."""
    min_silence: timedelta = timedelta(minutes=30)
    """Shorter silences are none."""
    times_gap: Times = 3.0
    """The silence lasts so many times as long as it ever rested at these hours."""
    chance_share: Share = 0.00001
    """So likely may it be, at most, that any of all classes rests so long by chance."""
    others_share: Share = 0.5
    """Of the jobs of other classes that usually come at these hours, so many still come."""
    least_seen: Share = 0.9
    """Of its earlier lines so many are of logs and machines, services or queues that still tell of other classes."""
    slot_share: Share = 0.9
    """From so many of its comings on a timetable, and of the timetable's times with a coming, it is on a timetable."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say since when it has not come, how it came before, and what changed then."""
    row = rows[0]
    since = f"{row['first_at']:%Y-%m-%d %H:%M}"
    what = "was not enqueued" if row["enqueues_seen"] else "did not come"
    days = f"the {row['days']} days before"
    renamed = row["successor"] is not None
    place = f"; {row['successor']} came for the first time at {row['successor_at']:%Y-%m-%d %H:%M}" if renamed else ""
    usual = f"at these hours of {days} it never rested for more than {in_words(row['longest_gap'])}"
    sure = row["days"] >= _MANY_DAYS and not renamed
    return Verdict(
        title=f"{row['job_class']} {what} for {in_words(row['silent_for'])} since {since}, "
        f"after {count(row['comings'], 'job')} at the same hours of {days}{place}",
        severity="low" if renamed else "high" if row["silent_for"] >= _DAY else "medium",
        confidence="high" if sure else "medium",
        confidence_reason=f"{usual}, and {count(row['others_since'], 'job')} of other classes came meanwhile"
        + ("" if sure else "; it may bear a new name" if renamed else "; a log of a week would tell its habits better"),
        metrics={
            "silent_for": row["silent_for"],
            "longest_gap": row["longest_gap"],
            "days": row["days"],
            "comings": row["comings"],
            "others_since": row["others_since"],
            "beside": row["beside"],
        },
        next_steps=(
            *_look(row),
            *(() if row["enqueues_seen"] else (_UNKNOWN,)),
            "Look for what enqueues it: a caller that a deploy took away, a switch, a consumer that died.",
            "Before what is missing is enqueued by hand, look whether its next run makes up for it.",
        ),
        unseen=None if row["enqueues_seen"] else "start",
    )


_UNKNOWN = "Look whether its queue holds jobs: no log of what enqueues it tells whether it is not enqueued or not run."


def _look(row: Row) -> Sequence[str]:
    steps = []
    if row["successor"] is not None:
        steps.append(f"Look whether {row['successor']} is its new name: then all is well.")
    if row["beside"] is not None:
        steps.append(f"Look at what came with the {row['beside']} at {row['beside_at']:%H:%M} UTC.")
    return steps


def clean(seen: Row, params: Params) -> str:
    """Say how many classes could be compared with earlier days."""
    if not seen["judged"]:
        known = f"no class is known at the same hours of {params.min_days} earlier days"
        return f"{known}: what stopped looks like what rests"
    classes = count(seen["judged"], "class", "classes")
    came = f"{seen['came_then']} of them {which(seen['came_then'], 'was', 'were')} seen then"
    return f"{classes} compared with the same hours of {params.min_days} earlier days or more, {came}; none stopped"


RULE = Rule(
    name="silent-class",
    family="missing",
    params=Params(),
    subject=("job_class",),
    needs=(),
    verdict=verdict,
    clean=clean,
)
