"""
Orphaned: a run that started and has not ended, and whose worker process died.

Why it matters
    Nobody is working on it. Unless the queue hands it out again, the work is lost, and no error was ever raised.

What to look at first
    Why the process died: a kill for memory, a crash, a deploy that did not wait.

Blind spots
    Where neither a snapshot nor heartbeats show the worker, its death cannot be told from silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(seconds=60)


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say whose death it was and what it took along."""
    again = sum(bool(row["ran_again"]) for row in rows)
    lost = len({row["job_key"] for row in rows if not row["ran_again"]})
    runs = f"{len(rows)} run{'s' * (len(rows) > 1)}"
    after = f"; {again} ran again later" if again else ""
    return Verdict(
        title=f"{runs} died with worker {rows[0]['worker']}{after}",
        severity="high" if lost else "medium",
        confidence=rows[0]["worker_confidence"],
        confidence_reason=rows[0]["worker_basis"],
        metrics={"runs": len(rows), "jobs_not_run_again": lost},
        next_steps=(
            "Find out why the process died: the kernel log (out of memory), the deploy log, the supervisor's log.",
            "Ask for each job whether half of its work is done, then enqueue again those that may run twice.",
            "Use a fetch that survives a crash (Sidekiq Pro's super_fetch, or acknowledge after the run).",
        ),
    )


RULE = Rule(
    name="orphaned",
    family="stuck",
    params=Params(),
    subject=("worker",),
    needs=("starts", "workers"),
    verdict=verdict,
)
