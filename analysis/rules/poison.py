"""
Poison: a job whose run ends with the death of its worker, every time it is handed out again.

Why it matters
    It takes the worker's other jobs along, and the queue gives it to the next worker.

What to look at first
    What the job loads: memory is the usual cause. Keep it from being handed out before anything else.

Severity
    Critical.

Blind spots
    Where neither heartbeats nor snapshots show a worker's death, nothing tells it from silence. A queue that loses what
    a dead worker ran hands a job out once only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, jobs_of
from analysis.finding import weakest
from analysis.rule import Count, Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    deaths: Count = 3
    """Workers that died with the job."""
    window: timedelta = timedelta(hours=72)
    """All of them within this."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many workers each job took along, and whether other jobs were in them."""
    jobs = len({row["job_key"] for row in rows})
    most = max(row["deaths_in_all"] for row in rows)
    alone = all(row["alone"] == row["deaths_in_all"] for row in rows)
    died = f"{most} workers died while it ran" if jobs == 1 else f"up to {most} workers died while each ran"
    return Verdict(
        title=f"{jobs_of(jobs, rows[0]['job_class'])}: {died}",
        severity="critical",
        confidence=weakest(row["worker_confidence"] for row in rows) if alone else "medium",
        confidence_reason="nothing else ran in these workers when they died"
        if alone
        else "other jobs ran in these workers too; this one was in each of them",
        metrics={"jobs": jobs, "most_deaths": most},
        next_steps=(
            "Take the job out of its queue, and keep its arguments.",
            "Look at the kernel's log for the time of each death: was it memory?",
            "Run it alone, on a machine that may die, with its memory watched.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many runs died with their worker, and that no job did so often."""
    if not seen["judged"]:
        return "there is no run to judge"
    died = f"{seen['died']:,} died with their worker" if seen["died"] else "none died with its worker"
    return f"no job was in {params.deaths} workers that died; {count(seen['judged'], 'run')}, {died}"


RULE = Rule(
    name="poison",
    family="retried",
    params=Params(),
    subject=("job_class", "queue"),
    needs=("starts", "workers"),
    verdict=verdict,
    clean=clean,
)
