"""
New error: a class fails with an error that it never had before, although it had run often.

Why it matters
    Something has changed: a deploy, a service it calls, the data. The sooner it is known, the fewer jobs it hurts.

What to look at first
    What was deployed or changed before it came first, and the first job that had it.

Severity
    High where jobs were given up and it is a tenth of the class's runs since; medium where one of both; else low.

Blind spots
    An error is known by its class and by what it says, without numbers, ids and quoted values. What came before the
    inputs begin is not known: an error is called new only if the class had run so often before that all its jobs with
    this error would hardly have come this late by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of
from analysis.rule import Count, Row, Rule, Share, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_jobs: Count = 3
    """Jobs of one class that had the error."""
    min_before: timedelta = timedelta(hours=1)
    """So long must the class be known before the error came: in a few minutes everything comes for the first time."""
    chance_share: Share = 0.001
    """So likely may it be, at most, that an error which was there all along is first seen as late as this."""


_MANY = 0.1
"""The part of the runs since that makes it grave."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say since when, how many jobs, and how much had run without it."""
    jobs = len(rows)
    runs_before, runs_since = rows[0]["runs_before"], rows[0]["runs_since"]
    given_up = sum(row["state"] == "failed" for row in rows)
    failures = rows[0]["failures"]
    share = failures / runs_since
    says = f": {rows[0]['error_words']}" if rows[0]["error_words"] else ""
    what = f"{jobs_of(jobs, rows[0]['job_class'])} failed with {rows[0]['error_class'] or 'an error'}{says}"
    return Verdict(
        title=f"{what}, never seen in {count(runs_before, 'run')} before",
        severity="high" if given_up and share >= _MANY else "medium" if given_up or share >= _MANY else "low",
        confidence="high" if rows[0]["by_chance"] <= params.chance_share / 100 else "medium",
        confidence_reason="the class had run often without it; earlier logs would tell whether it was there long ago",
        metrics={
            "jobs": jobs,
            "failures": failures,
            "failing_share": round(share, 3),
            "given_up": given_up,
            "runs_before": runs_before,
        },
        next_steps=(
            "Look what was deployed or changed shortly before it came first.",
            "Read the first failure: its arguments and what it says.",
            "If it came with a deploy, go back to the version before; then retry the jobs that were given up.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many errors of how many classes there were, and that none is new."""
    if not seen["judged"]:
        return "no run failed with an error"
    errors = count(seen["judged"], "error")
    return f"{errors} in {count(seen['classes'], 'class', 'classes')}; none came to {params.min_jobs} jobs that late"


RULE = Rule(
    name="new-error",
    family="failing",
    params=Params(),
    subject=("job_class", "error_class", "error_fingerprint"),
    needs=("errors", "ends"),
    verdict=verdict,
    clean=clean,
)
