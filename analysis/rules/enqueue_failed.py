"""
Enqueue failed: an application tried to put it on its queue, and the push failed.

Why it matters
    The work was never anybody's: no worker, no retry and no queue knows of it. Only the application's log does.

What to look at first
    Whether the caller tried again or told its user. Then the error: the queue's store was down, full or out of reach.

Severity
    High where nothing like it came later; medium where that cannot be told; low where the same work came all the same.

Blind spots
    Most clients log nothing and only raise: the error then stands in the application's own log at best. Lines that
    leave out the arguments do not tell whether a later job of the class is the same work. A push that a callback of
    the application halted is no failure: it is ``discarded``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Verdict

if TYPE_CHECKING:
    from analysis.finding import Confidence


class Params(BaseModel):
    """Thresholds."""

    min_pushes: Count = 1
    """Failed pushes of one class and error from which on they are worth a finding."""
    made_up_within: timedelta = timedelta(hours=1)
    """The same work that comes later than this is other work, or somebody who made up for it by hand."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how many pushes failed, with which error, and how many came all the same."""
    pushes = len(rows)
    fates = [row["fate"] for row in rows]
    gone, made_up, untold = (fates.count(fate) for fate in ("gone", "made up", "not told"))
    error = rows[0]["error"]
    failed = f" failed: {error}" if error else " failed"
    what = f"{count(pushes, 'push', 'pushes')} of {rows[0]['job_class'] or 'an unnamed class'}{failed}"
    confidence, reason = _sure(rows, params)
    return Verdict(
        title=f"{what}; {_fates(gone, made_up, untold, params)}",
        severity="high" if gone else "medium" if untold else "low",
        confidence=confidence,
        confidence_reason=reason,
        metrics={"pushes": pushes, "never_came": gone, "came_later": made_up, "fate_not_told": untold},
        next_steps=(
            "Find out whether the caller noticed: a request that failed, or one that went on without its job.",
            "Look whether the store of the queue was up and had room then, and whether other pushes failed, too.",
            "Enqueue what is missing once the cause is mended; the lines tell what was to be done.",
        )
        if gone or untold
        else ("Look whether the store of the queue was up then; the work itself came later.",),
    )


def _fates(gone: int, made_up: int, untold: int, params: Params) -> str:
    within = in_words(params.made_up_within.total_seconds())
    told = [
        f"{gone:,} did not come within {within}" if gone else "",
        f"{made_up:,} came all the same" if made_up else "",
        f"of {untold:,} it is not told whether {which(untold, 'it', 'they')} came later" if untold else "",
    ]
    return ", ".join(each for each in told if each)


def _sure(rows: Sequence[Row], params: Params) -> tuple[Confidence, str]:
    gone = [row for row in rows if row["fate"] == "gone"]
    if any(not row["is_watched"] for row in gone):
        return "medium", (
            "the inputs tell of the failed push, but end less than "
            f"{in_words(params.made_up_within.total_seconds())} later: the caller may have tried again since"
        )
    if any(row["fate"] == "not told" for row in rows):
        return "medium", (
            "jobs of the class came later, and the inputs leave out what would tell whether they are the same work: "
            "the arguments"
        )
    return "high", "the input that tells of the failed push goes on, and shows what came later"


def clean(seen: Row, params: Params) -> str:
    """Say how many jobs came onto their queues."""
    if not seen["judged"]:
        return "no input shows a job that was put on its queue"
    jobs = count(seen["judged"], "job")
    if not seen["failed"]:
        theirs = which(seen["judged"], "its queue", "their queues")
        return f"{jobs} came onto {theirs}, and no push is told to have failed"
    return f"no {params.min_pushes} pushes of a kind failed; {seen['failed']:,} did"


RULE = Rule(
    name="enqueue-failed",
    family="missing",
    params=Params(),
    subject=("job_class", "error_class"),
    needs=("enqueues",),
    verdict=verdict,
    clean=clean,
)
