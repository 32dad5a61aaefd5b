"""
Depth mismatch: a queue that holds more or fewer jobs than logs and spans say came and began since the last snapshot.

Why it matters
    Some of what happened is in no input. Where starts are missing, jobs look lost or never started; where enqueues are
    missing, waits are unknown.

What to look at first
    Which machines enqueue into this queue and which work on it, and whether the log of each is among the inputs.

Severity
    Low.

Blind spots
    Only queues of which logs or spans show both the enqueue and the start of nearly all jobs, between snapshots that
    name each job they hold. Jobs that were scheduled or wait for a retry are left out, as hardly any system logs when
    they come onto their queue. A few missing lines do not show here: see ``log-gap``.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.counts import count
from analysis.rule import Count, Row, Rule, Share, Verdict

_OFTEN = 3
"""So many pairs of snapshots that all differ are no accident."""


class Params(BaseModel):
    """Thresholds. What came or began within seconds of a snapshot does not count."""

    min_off: Count = 5
    """Jobs by which the two must differ by more."""
    min_off_share: Share = 0.1
    """And by more than this part of what came, began or waits, whichever is most."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say by how much it differs at worst, which way, and how often."""
    worst = max(rows, key=lambda row: (row["differs_by"], row["first_at"]))
    too_few = worst["depth_to"] < worst["expected"]
    missing = "starts" if too_few else "enqueues"
    times = f", and differs {count(len(rows), 'time')} in all" if len(rows) > 1 else ""
    return Verdict(
        title=f"Queue {worst['queue']} holds {count(worst['differs_by'], 'job')} {'fewer' if too_few else 'more'} than "
        f"logs say: {worst['came']:,} came and {worst['began']:,} began between two snapshots{times}",
        severity="low",
        confidence="medium" if len(rows) >= _OFTEN else "low",
        confidence_reason=f"either {missing} are in no input, or jobs were {'removed' if too_few else 'put there'} "
        "unseen; the logs of all machines that enqueue or work would settle it",
        metrics={
            "differs_by": worst["differs_by"],
            "came": worst["came"],
            "began": worst["began"],
            "expected_depth": worst["expected"],
            "depth": worst["depth_to"],
            "times_off": len(rows),
        },
        next_steps=(
            f"Look which machines {'work on' if too_few else 'enqueue into'} this queue, and load all their logs.",
            "Until then read nothing into jobs of this queue that seem lost, never started or never enqueued.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how often which queues could be added up."""
    if not seen["judged"]:
        return "no queue is shown whole: its enqueues and its starts, and snapshots that name the jobs it holds"
    bar = f"{params.min_off} jobs and {params.min_off_share:.0%}"
    return (
        f"no queue held other than what came and began since the snapshot before, by more than {bar}; "
        f"{count(seen['queues'], 'queue')} added up {count(seen['judged'], 'time')}"
    )


RULE = Rule(
    name="depth-mismatch",
    family="blind spots",
    params=Params(),
    subject=("queue",),
    needs=("starts", "queues"),
    verdict=verdict,
    clean=clean,
)
