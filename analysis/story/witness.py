"""Which pieces of evidence a verdict rests on."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.story.life import Life, Run, Step

ON_QUEUE = frozenset({"enqueued", "enqueue", "queued", "requeued", "scheduled"})
"""Events that put a job on its queue, or find it there."""

_ENDS = frozenset(
    {
        "succeeded",
        "acknowledged",
        "failed",
        "retries_exhausted",
        "discarded",
        "interrupted",
        "dead",
        "run",
        "error_reported",
    }
)


def last(life: Life, *events: str) -> Step | None:
    return next((step for step in reversed(life.steps) if step.event in events), None)


def decisive(life: Life, *events: str) -> tuple[Step, ...]:
    """The last piece of evidence of each of these kinds, in the order of the life; without any, the last of all."""
    found = {step for event in events if (step := last(life, event))}
    return tuple(step for step in life.steps if step in found) or life.steps[-1:]


def ends_of(life: Life, runs: Iterable[Run]) -> tuple[Step, ...]:
    """For each run the piece of evidence that ends it, or the last one it has."""
    told = []
    for run in runs:
        of_run = [step for step in life.steps if step.attempt == run.attempt and step.event != "line"]
        told += [next((step for step in of_run if step.event in _ENDS), None) or of_run[-1]] if of_run else []
    return tuple(told) or life.steps[-1:]


def put_back_between(life: Life, first: Run, second: Run) -> Step | None:
    if first.started_at is None or second.started_at is None:
        return None
    return next(
        (
            step
            for step in life.steps
            if step.event in ON_QUEUE and step.at and first.started_at < step.at <= second.started_at
        ),
        None,
    )
