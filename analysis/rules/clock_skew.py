"""
Clock skew: machines whose clocks disagree, so that effects seem to come before their causes.

Why it matters
    Waits, overlaps and the order of events across these machines are wrong by as much. Times are kept as they were
    written; what is compared across machines has this much doubt.

What to look at first
    The time synchronisation (NTP, chrony) of both machines; and whether a log that names no time zone was read in the
    right one.

Severity
    Low.

Blind spots
    How far a clock is ahead shows only where something that it timed came first: an enqueue before its run, a run or
    a heartbeat before the snapshot that holds it. Only a lower bound is known, and which of two clocks is wrong is not.
    A skew that comes and goes within the inputs is seen where 5 of 100 pairs show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count
from analysis.durations import in_words
from analysis.rule import Row, Rule, Verdict

_MANY = 100
"""With so many pairs, five of a hundred are no slip."""
_HALF_HOUR = 1800
_NEAR = 120
"""A clock that is this near to whole half hours off is more likely a time zone."""


class Params(BaseModel):
    """Thresholds."""

    min_skew: timedelta = timedelta(seconds=1)
    """Clocks that are known to be apart by more are named."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say which clocks disagree most, and by how much at least."""
    worst = max(rows, key=lambda row: (row["behind"], row["cause_clock"], row["effect_clock"]))
    if worst["known_by"] == "a time after all others":
        return _lone_time(worst)
    more = len({(row["cause_clock"], row["effect_clock"]) for row in rows}) - 1
    others = f"; {count(more, 'other pair')} of machines disagree{'s' if more == 1 else ''}, too" if more else ""
    steps = (
        "Look at the time synchronisation of both machines.",
        "Read waits and overlaps across these machines with as much doubt.",
    )
    return Verdict(
        title=f"By its clock {worst['effect_clock']} is at least {in_words(worst['behind'])} behind "
        f"{worst['cause_clock']}{others}",
        severity="low",
        confidence="high" if worst["pairs"] >= _MANY else "medium",
        confidence_reason=f"{count(worst['pairs'], 'cause')} timed there came before the effect timed here, which "
        "seems to come first; the machines' own time synchronisation would tell which clock is wrong",
        metrics={"behind_by": worst["behind"], "compared": worst["pairs"], "clock_pairs": more + 1},
        next_steps=("Look whether a log of one of them was read in the wrong time zone.", *steps)
        if _is_a_zone(worst["behind"])
        else steps,
    )


def _is_a_zone(seconds: float) -> bool:
    return seconds > _HALF_HOUR - _NEAR and abs(seconds - round(seconds / _HALF_HOUR) * _HALF_HOUR) <= _NEAR


def _lone_time(row: Row) -> Verdict:
    return Verdict(
        title=f"One record of {row['cause_clock']} has a time {in_words(row['behind'])} after all others",
        severity="low",
        confidence="medium",
        confidence_reason="no other record is as late; it is not taken for the present",
        metrics={"ahead_by": row["behind"]},
        next_steps=(
            "Look at the line: was the clock wrong, or is it a time that was meant for the future?",
            "If it is right, ask again with its time as the moment (--as-of).",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many pairs of clocks were compared."""
    if not seen["judged"]:
        return "no two machines timed causes and effects often enough to compare their clocks (20 times)"
    if not seen["pairs"]:
        return "all workers that the inputs name are on one machine, with one clock"
    bar = in_words(params.min_skew.total_seconds())
    compared = count(seen["pairs"], "pair")
    return f"no clock is known to be behind another by more than {bar}; {compared} of clocks compared"


RULE = Rule(
    name="clock-skew",
    family="blind spots",
    params=Params(),
    subject=("known_by",),
    needs=(),
    verdict=verdict,
    clean=clean,
)
