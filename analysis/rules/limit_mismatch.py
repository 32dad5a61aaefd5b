"""
Limit mismatch: runs take longer than a limit that was declared for them, or one limit undoes another.

Why it matters
    A broker that hands a job out again while it still runs makes it run twice. A lock that ends before its job lets a
    second one in. A time limit that nothing enforces protects nobody.

What to look at first
    Which of the two is wrong: the limit, or how long the work takes.

Severity
    High where jobs were handed out again while they ran; medium where runs took longer than a limit; low where only the
    limits do not fit together.

Blind spots
    It knows what is declared (docs/collect.md) and what jobs carry: RQ's timeout, the lock_ttl of sidekiq-unique-jobs.
    Whether a long run is handed out again depends on when its worker acknowledges it, which no input tells. A worker
    that renews the visibility timeout or the lock while it works is not known to do so.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.finding import Confidence
from analysis.rule import Count, Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_over: Count = 1
    """Runs of one class that took longer than a limit, from which on it is told."""
    named: Count = 100
    """Of these runs so many are named, the longest ones."""


_LIMITS = {
    "time_limit": "time limit",
    "visibility_timeout": "visibility timeout",
    "lock_ttl": "lock's lifetime",
}
_NEXT_STEPS = {
    "time_limit": (
        "Look whether the limit reaches the worker: some pools and platforms cannot end a run.",
        "End long work in the job itself, between its steps.",
    ),
    "visibility_timeout": (
        "Look whether these jobs do harm when they run twice.",
        "Set the visibility timeout well above the longest run, and the time limit below it.",
        "Cut long work into jobs that end in time.",
    ),
    "lock_ttl": (
        "Look whether another job of the same key ran meanwhile, and whether that did harm.",
        "Give the lock a lifetime above the longest run.",
    ),
}


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many runs passed which limit, or which limits do not fit together."""
    first = rows[0]
    twice = first["limit_kind"] == "visibility_timeout" and first["handed_out_again"] > 0
    confidence, reason = _confidence(first)
    return Verdict(
        title=_passed(first) if first["is_passed"] else _unfit(first),
        severity="low" if not first["is_passed"] else "high" if twice else "medium",
        confidence=confidence,
        confidence_reason=reason,
        metrics={
            "limit": first["seconds"],
            "time_limit": first["time_limit"],
            "runs": first["runs"],
            "runs_over": first["runs_over"],
            "handed_out_again": first["handed_out_again"],
            "slowest": first["longest"],
        },
        next_steps=_NEXT_STEPS[first["limit_kind"]],
    )


def _passed(row: Row) -> str:
    over, again, time_limit = row["runs_over"], row["handed_out_again"], row["time_limit"]
    told = (
        f"{over:,} of {count(row['runs'], 'run')} of {row['job_class'] or 'an unknown class'} took longer than the "
        f"{_LIMITS[row['limit_kind']]} of {in_words(row['seconds'])}, up to {in_words(row['longest'])}"
    )
    if row["limit_kind"] != "visibility_timeout":
        return told
    told += f"; {again:,} of them {which(again, 'was', 'were')} handed out again meanwhile" if again else ""
    late = time_limit is not None and time_limit >= row["seconds"]
    return told + (f"; the time limit of {in_words(time_limit)} ends none before" if late else "")


def _unfit(row: Row) -> str:
    whose = f" of {row['job_class']}" if row["job_class"] else ""
    return (
        f"The time limit{whose}, {in_words(row['time_limit'])}, is not below the visibility timeout, "
        f"{in_words(row['seconds'])}: a run may be handed out again before it is ended"
    )


def _confidence(row: Row) -> tuple[Confidence, str]:
    if not row["is_passed"]:
        return "medium", "both limits are declared; no run has come so far"
    if row["limit_kind"] == "time_limit":
        return "high", "the runs' durations are known, and so is the limit"
    if row["limit_kind"] == "lock_ttl":
        return "medium", "the runs' durations are known; whether anything renews the lock is not"
    if row["handed_out_again"]:
        return "high", "other runs of the same jobs began before these had ended"
    return "medium", "the runs' durations are known; whether they had been acknowledged before is not"


def clean(seen: Row, _params: Params) -> str:
    """Say how many limits were held against how many runs."""
    if not seen["judged"]:
        return (
            'no input declares a limit; a line such as {"kind": "visibility_timeout", "seconds": 3600} in a file would'
        )
    return f"{count(seen['judged'], 'limit')} held against the runs of a class and queue each: no run took longer"


RULE = Rule(
    name="limit-mismatch",
    family="misconfigured",
    params=Params(),
    subject=("job_class", "queue", "limit_kind"),
    needs=(),
    verdict=verdict,
    clean=clean,
)
