"""
Worker lost: a worker process that died or vanished without shutting down.

Why it matters
    Queues lose or repeat what it was running, and until another takes its place its share of the work waits.

What to look at first
    What ended it: the kernel's log for a kill for memory, the supervisor's log, a deploy that does not wait.

Severity
    High where nothing took its place; low where it took no run along and was replaced; medium else.

Blind spots
    A worker whose log is not among the inputs, has lost the lines of that time, or never says when one boots or shuts
    down. One that was killed while it shut down. Where all inputs end together, the last of them just ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count
from analysis.durations import in_words
from analysis.finding import weakest
from analysis.rule import Row, Rule, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_age: timedelta = timedelta(seconds=60)
    """How long the worker must have been silent."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many died there, what they took along, and what took their place."""
    deaths = {row["worker_key"]: row for row in rows}
    last = max(deaths.values(), key=lambda row: (row["first_at"], row["worker_key"]))
    cut_off = [row for row in rows if row["job_key"] is not None]
    not_again = len({row["job_key"] for row in cut_off if not row["ran_again"]})
    confidence = weakest(row["worker_confidence"] for row in rows)
    basis = next(row["worker_basis"] for row in rows if row["worker_confidence"] == confidence)
    without = max(
        ((row["successor_at"] or row["last_at"]) - row["first_at"]).total_seconds() for row in deaths.values()
    )
    who = f"Worker {last['process']} died"
    if len(deaths) > 1:
        who = f"{count(len(deaths), 'worker')} of {last['host'] or last['log'] or last['worker']} died"
    took = f"{count(len(cut_off), 'run')} cut off" if cut_off else "no run cut off"
    next_came = "nothing took its place" if last["successor_at"] is None else f"the next came after {in_words(without)}"
    if len(deaths) > 1 and last["successor_at"] is not None:
        next_came = f"the next came within {in_words(without)}"
    return Verdict(
        title=f"{who} without shutting down: {took}, {next_came}",
        severity="high" if last["successor_at"] is None else "medium" if cut_off else "low",
        confidence=confidence,
        confidence_reason=basis,
        metrics={
            "deaths": len(deaths),
            "runs": len(cut_off),
            "jobs_not_run_again": not_again,
            "without_worker": without,
        },
        next_steps=(
            "Find out what ended the process: the kernel log (out of memory), the supervisor's log, a deploy.",
            "See what it was running: jobs that kill their worker come back as poison.",
            "Give it a signal and time to finish before it is killed, and a supervisor that starts it again.",
        ),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many processes ended in order."""
    if not seen["judged"]:
        return "no log says when a worker process boots or shuts down"
    processes = count(seen["judged"], "worker process", "worker processes")
    but = f"; of {seen['silent_ends']:,} more no log would tell" if seen["silent_ends"] else ""
    silent = in_words(params.min_age.total_seconds())
    return f"{processes}, {seen['stopped']:,} shut down in order; none fell silent for {silent} without it{but}"


RULE = Rule(
    name="worker-lost",
    family="workers",
    params=Params(),
    subject=("host", "log", "worker"),
    needs=("workers",),
    verdict=verdict,
    clean=clean,
)
