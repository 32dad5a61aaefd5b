"""
Missed schedule: a class that comes on a timetable and did not come when it was due, while other jobs did.

Why it matters
    Nothing fails when nothing is enqueued, so no error and no retry tells of it.

What to look at first
    The process that keeps the timetable, and whether the entry is still in it.

Severity
    High where it still does not come and several times were missed; medium else.

Blind spots
    A timetable that fewer than six of its times show, such as a daily one in the logs of a day. Classes that users
    bring, too. A time that no longer lies in the logs: others must have come around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Verdict


class Params(BaseModel):
    """Thresholds."""

    grace: timedelta = timedelta(minutes=1)
    """A job that comes so late, or a tenth of the spacing, is not missed."""
    min_slots: Count = 6
    """So many times of the timetable must be seen to believe in it."""
    slot_share: Share = 0.9
    """Of its comings so many must lie at such times, and at so many of the times up to the last it must have come."""
    others: Count = 3
    """So many jobs of other classes must come between the time before and the last one missed."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how often it did not come, and since when."""
    missed = sum(row["missed"] for row in rows)
    first, slots = rows[0], rows[0]["slot_count"]
    lasts = any(row["lasts"] for row in rows)
    since = f" since {min(row['first_at'] for row in rows if row['lasts']):%Y-%m-%d %H:%M}" if lasts else ""
    times = count(missed, "time")
    return Verdict(
        title=f"{first['job_class']}, due every {in_words(first['spacing'])}, did not come {times}{since}",
        severity="high" if lasts and missed > 1 else "medium",
        confidence="high" if slots >= 2 * params.min_slots else "medium",
        confidence_reason=f"it came at {count(slots, 'time')} of one timetable, and other jobs came meanwhile"
        + ("" if slots >= 2 * params.min_slots else "; a longer log would tell the timetable better"),
        metrics={"missed": missed, "spacing": first["spacing"], "slots": slots},
        next_steps=(
            "Look whether the timetable still has this entry, and whether the process that keeps it runs.",
            "Look for a deploy or a change of configuration at that time.",
            "Before it is run by hand, look whether its next run makes up for those that are missing.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many timetables are known."""
    if not seen["judged"]:
        return f"no class is seen to come at {params.min_slots} times of a timetable"
    judged = seen["judged"]
    return f"{count(judged, 'class', 'classes')} on a timetable, {which(judged, 'it', 'each')} came whenever it was due"


RULE = Rule(
    name="missed-schedule",
    family="missing",
    params=Params(),
    subject=("job_class",),
    needs=(),
    verdict=verdict,
    clean=clean,
)
