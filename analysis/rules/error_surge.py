"""
Error surge: in some hours far more jobs of a class fail than in all others.

Why it matters
    Something is broken, if only in part: what was a nuisance at a known rate is no longer one.

What to look at first
    The error that most of the failures have, and what the class calls.

Severity
    High where half of the jobs fail and some were given up; medium where a tenth fail or some were given up; else low.

Blind spots
    Full hours (UTC) are compared: what lasts a few minutes is thinned out. Trouble of half of the time looks usual.
    Jobs are counted, not runs: one job that fails again and again is ``retried-often``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel

from analysis.counts import count
from analysis.rule import Count, Row, Rule, Share, Times, Verdict


class Params(BaseModel):
    """Thresholds."""

    times: Times = 3.0
    """The share of jobs that fail in an hour must be so many times that of the other hours."""
    min_jobs: Count = 10
    """Jobs that failed in an hour."""
    min_others: Count = 100
    """Jobs of the other hours, the neighbouring ones left out: without them nothing is usual."""
    chance_share: Share = 1e-6
    """So likely may it be, at most, that so many fail at the usual rate."""


_MOST, _MANY = 0.5, 0.1


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many failed of how many, and what is usual."""
    hours = {row["hour"]: row for row in rows}
    failed, of = sum(row["failed_jobs"] for row in hours.values()), sum(row["jobs"] for row in hours.values())
    usual = max(row["other_failed_jobs"] / row["other_jobs"] for row in hours.values())
    errors = Counter(row["error_class"] for row in rows if row["error_class"])
    jobs = {row["job_key"]: row["state"] for row in rows}
    given_up = sum(state == "failed" for state in jobs.values())
    share = failed / of
    mostly = f", mostly {errors.most_common(1)[0][0]}" if errors else ""
    what = f"{failed:,} of {count(of, 'job')} of {rows[0]['job_class']} failed{mostly}"
    return Verdict(
        title=f"In {count(len(hours), 'hour')} {what}; {100 * usual:.1f} in 100 usually do",
        severity="high" if share >= _MOST and given_up else "medium" if share >= _MANY or given_up else "low",
        confidence="high",
        confidence_reason="so many would hardly fail by chance; all jobs of the class were counted hour by hour",
        metrics={
            "jobs": len(jobs),
            "failing_share": round(share, 3),
            "usual_failing_share": round(usual, 4),
            "hours": len(hours),
            "given_up": given_up,
        },
        next_steps=(
            "Look whether the service behind the error is back.",
            "Read the error that most of the failures have, and what changed before the first of these hours.",
            "Once it is mended, retry the jobs that were given up.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many hours were looked at, the bar, and how many could not be told."""
    untold = f"{count(seen['untold'], 'hour')} with {params.min_jobs} jobs that failed could not be compared"
    if not seen["judged"]:
        return f"{untold}: other hours have too few jobs" if seen["untold"] else "no run has ended"
    bar = f"{params.min_jobs} jobs of a class failed and {params.times:g} times the usual share"
    return f"{count(seen['judged'], 'hour')} of classes, in none {bar}{f'; {untold}' if seen['untold'] else ''}"


RULE = Rule(
    name="error-surge",
    family="failing",
    params=Params(),
    subject=("job_class",),
    needs=("errors", "ends"),
    verdict=verdict,
    clean=clean,
)
