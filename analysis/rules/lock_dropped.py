"""
Lock dropped: a uniqueness lock kept it from its queue.

Why it matters
    While the job that holds the lock still has the work before it, that is the lock's purpose. Where that job had
    ended, the work that came anew was thrown away, and nobody is told.

What to look at first
    The job that held the lock, and how it ended. A lock that outlives its job drops all work until it is taken away.

Severity
    High where the holder had ended and nobody did the work later; low where the same work came later all the same; info
    where the lock did what it is for, or its holder is in no input.

Blind spots
    Most locks refuse without a line. The holder is known only where its lines name the same lock, or where class and
    arguments are told of both. A lock that is kept for a time on purpose is left out where the line names it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.lock_holders import had
from analysis.rule import Count, Row, Rule, Verdict

_NEXT_STEPS = (
    "Look how the holder ended, and whether its lock is still there.",
    "Give the lock a lifetime a little longer than the job ever takes, so that a crash cannot hold it for ever.",
    "Take the lock away only when no job of that key waits or runs; then enqueue the work again.",
)


class Params(BaseModel):
    """Thresholds."""

    min_refused: Count = 1
    """Jobs of one class refused in the same way from which on they are worth a finding."""
    release_within: timedelta = timedelta(seconds=5)
    """A lock may be given back so long after its holder's end."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many were refused, and what had become of the job that held the lock."""
    refused, fate = len(rows), rows[0]["holder"]
    longest = max((row["held_on_for"] for row in rows if row["held_on_for"] is not None), default=None)
    by_id = sorted({row["holder_id"] for row in rows if row["holder_id"]})
    what = f"{count(refused, 'job')} of {rows[0]['job_class'] or 'an unknown class'} {which(refused, 'was', 'were')} "
    whose = f"job {by_id[0]}" if len(by_id) == 1 else "jobs"
    ended = f"by a lock of {whose}, which had {had(row['holder_end'] for row in rows)}"
    bad = fate == "ended"
    titles = {
        "at work": "dropped while the lock's holder was still to do the work",
        "unknown": "dropped by a lock whose holder is in no input",
        "ended, done later": f"dropped {ended}; the same work came later",
        "ended": f"dropped {ended}{f' up to {in_words(longest)} before' if longest else ''}; nobody did the work later",
    }
    by_lock = all(row["holder_basis"] == "lock" for row in rows)
    return Verdict(
        title=what + titles[fate],
        severity="high" if bad else "low" if fate == "ended, done later" else "info",
        confidence="low" if fate == "unknown" else "high" if by_lock else "medium",
        confidence_reason="no input shows a job with this lock, or with the same class and arguments"
        if fate == "unknown"
        else "the holder's lines name the same lock"
        if by_lock
        else "the holder is the last job before with the same class and arguments; the lock itself is not told",
        metrics={"refused": refused, "holders": len(by_id), "held_on_for": longest},
        next_steps=_NEXT_STEPS if bad else ("Nothing is to be done, unless work is missed: then look for its holder.",),
        unseen="start" if bad else None,
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many refusals the inputs tell of."""
    if not seen["judged"]:
        return "no input tells of a job that a lock refused"
    refused = count(seen["judged"], "job")
    return f"{refused} refused by a lock: fewer than {params.min_refused} of a kind, or by locks kept for a time"


RULE = Rule(
    name="lock-dropped",
    family="misconfigured",
    params=Params(),
    subject=("job_class", "holder"),
    needs=(),
    verdict=verdict,
    clean=clean,
)
