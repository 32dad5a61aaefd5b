"""
Retries multiplied: a job that the framework gave up and that its backend then tried again, or the other way round.

Why it matters
    Two layers retry: five times five are twenty-five runs of what fails, and the last word of the first layer was none.

What to look at first
    Which of the two was meant to retry, and how often; then take the retries from the other.

Severity
    Medium.

Blind spots
    Both layers must be in the inputs. Who takes a job out of the dead set by hand within five minutes looks the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of, which
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    nearby: timedelta = timedelta(seconds=5)
    """How far from a run's end its giving up may be told."""
    soon: timedelta = timedelta(minutes=5)
    """A run that begins later is not taken for the other layer's retry, unless that layer announced it."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many were tried again after they had been given up, and how often they ran in all."""
    jobs = len({row["job_key"] for row in rows})
    most = max(row["runs"] for row in rows)
    what = f"{jobs_of(jobs, rows[0]['job_class'])} {which(jobs, 'was', 'were')}"
    up_to = "" if jobs == 1 else "up to "
    ran_again = any(row["ran_again"] for row in rows)
    return Verdict(
        title=f"{what} given up by one layer and tried again by another: {up_to}{count(most, 'run')} in all so far",
        severity="medium",
        confidence="high" if ran_again else "medium",
        confidence_reason="the last failure of one layer and the run after it are both in the inputs"
        if ran_again
        else "one input calls the failure the last one, another announces a retry",
        metrics={"jobs": jobs, "most_runs": most, "times": len(rows)},
        next_steps=(
            "Decide which layer retries: the framework (retry_on, autoretry) or the queue.",
            "Set the retries of the other to none for this class.",
        ),
    )


def clean(seen: Row, _params: Params) -> str:
    """Say how many jobs failed and were given up, each by one layer."""
    if not seen["judged"]:
        return "no input shows a failure"
    gone = seen["given_up"]
    given_up = (
        f"{gone:,} {which(gone, 'was', 'were')} given up, none tried again after that" if gone else "none given up"
    )
    return f"{count(seen['judged'], 'job')} failed, {given_up}"


RULE = Rule(
    name="retries-multiplied",
    family="retried",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("errors",),
    verdict=verdict,
    clean=clean,
)
