"""What else stands out in a life beside its verdict, and what no input shows of it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.durations import in_words
from analysis.story.life import Life, Run
from analysis.story.telling import Telling, times

_LATE = 60.0
"""Seconds of waiting that are worth a word, where the class usually waits less."""
_LONG = 1.0
"""Seconds that a run must take to be worth a word."""
_MUCH = 3.0
"""Times the usual that are worth a word."""
_ENOUGH = 20
"""Runs that make a usual one."""


def notes(life: Life, telling: Telling) -> Iterator[str]:
    for run in life.runs:
        if run.wait and run.wait >= _LATE and run.wait > _MUCH * (life.usual.wait or 0):
            usual = f"; usual is {in_words(life.usual.wait)}" if life.usual.wait is not None else ""
            yield f"Run {run.attempt} waited {in_words(run.wait)} before it began{usual}"
        if _is_slow(life, run):
            yield _slow(run.attempt, run.run or 0, life.usual.run or 0)
    yield from (
        f"Runs {one.attempt} and {other.attempt} overlapped"
        for one, other in zip(life.runs, life.runs[1:], strict=False)
        if overlap(one, other)
    )
    for twin in life.twins:
        yield f"The same work (equal {twin.basis}) is job {twin.job_id} of {telling.at(twin.came_at)}, now {twin.state}"


def unseen(life: Life) -> Iterator[str]:
    if life.enqueued_at is None:
        yield "when it was enqueued: the log or the spans of the application that enqueues would show it"
    if life.queue is None:
        yield "its queue: a snapshot, or the log of the application that enqueues would name it"
    elif life.queue_basis == "inferred":
        yield f"its queue; {life.queue} is the only one its class was seen on"
    if life.arguments is None:
        yield "its arguments"


def overlap(one: Run, other: Run) -> bool:
    return bool(
        one.started_at and other.started_at and one.ended_at and one.started_at <= other.started_at < one.ended_at
    )


def _is_slow(life: Life, run: Run) -> bool:
    usual = life.usual
    if run.run is None or not usual.run or usual.runs < _ENOUGH or usual.run_p99 is None:
        return False
    return run.run > _MUCH * usual.run and run.run >= usual.run_p99 and run.run >= 1


def _slow(attempt: int, took: float, usual: float) -> str:
    return f"Run {attempt} took {in_words(took)}, {times(took, usual)} the usual {in_words(usual)}"
