"""
Orphaned: a run that started and has not ended, and whose worker process died.

Why it matters
    Nobody is working on it. Unless the queue hands it out again, the work is lost, and no error was ever raised.

What to look at first
    Why the process died: a kill for memory, a crash, a deploy that did not wait.

Severity
    High; medium where every job was handed out again and ran.

Blind spots
    Where neither a snapshot nor heartbeats show the worker, its death cannot be told from silence. A worker that shut
    down in order gave its jobs back or waited for them, and is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.finding import weakest
from analysis.rule import Count, Row, Rule, Times, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(seconds=60)
    """How long the worker must have been silent."""
    min_runs: Count = 20
    """Runs of its class that must be known, to say of a run that it was over before its worker died."""
    times_p99: Times = 10.0
    """A run that would have lasted so many times what 99 of 100 stay below was over, if its log has lost lines."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say whose death it was and what it took along."""
    again = sum(bool(row["ran_again"]) for row in rows)
    lost = len({row["job_key"] for row in rows if not row["ran_again"]})
    deaths = len({row["worker_key"] for row in rows})
    first = rows[0]
    whose = f"worker {first['process']}"
    if deaths > 1:
        whose = f"{count(deaths, 'worker')} of {first['host'] or first['log'] or first['worker']}"
    after = f"; {again} ran again later" if again else "; none ran again" if len(rows) > 1 else "; it did not run again"
    confidence = weakest(row["worker_confidence"] for row in rows)
    basis = next(row["worker_basis"] for row in rows if row["worker_confidence"] == confidence)
    return Verdict(
        title=f"{count(len(rows), 'run')} died with {whose}{after}",
        severity="high" if lost else "medium",
        confidence=confidence,
        confidence_reason=f"the worker is gone: {basis}",
        unseen="end",
        metrics={"runs": len(rows), "jobs_not_run_again": lost, "deaths": deaths},
        next_steps=(
            "Find out why the process died: the kernel log (out of memory), the deploy log, the supervisor's log.",
            "Ask for each job whether half of its work is done, then enqueue again those that may run twice.",
            "Use a fetch that survives a crash (Sidekiq Pro's super_fetch, or acknowledge after the run).",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many processes were seen, and how many of them died."""
    if not seen["judged"]:
        return "no input shows a worker process"
    processes = count(seen["judged"], "worker process", "worker processes")
    untold = seen["untold_workers"]
    but = f"; of {untold:,} it cannot be told whether {which(untold, 'it lives', 'they live')}" if untold else ""
    silent = in_words(params.min_age.total_seconds())
    died = f"{processes}, {seen['dead']:,} died"
    return f"no run was left open by a worker that died and was silent for {silent}; {died}{but}"


RULE = Rule(
    name="orphaned",
    family="stuck",
    params=Params(),
    subject=("host", "log", "worker"),
    needs=("starts", "workers"),
    verdict=verdict,
    clean=clean,
)
