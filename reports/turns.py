"""The turns of an incident in words, one line each, for the timeline that a person reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from analysis.counts import count
from analysis.finding import Frozen
from analysis.moments import Kind, Moment, Moments
from reports.wording import number


class Turn(Frozen):
    """One line of the timeline in words."""

    at: datetime
    """Aware UTC."""
    text: str


def turns(moments: Moments, first_at: datetime | None, last_at: datetime | None) -> tuple[Turn, ...]:
    """What happened when, between the first and the last evidence."""
    told = [Turn(at=each.at, text=_TOLD[each.kind](each)) for each in moments.listed]
    if first_at is None or last_at is None:
        return tuple(told)
    begin, end = Turn(at=first_at, text="The evidence begins."), Turn(at=last_at, text="The evidence ends.")
    return tuple(sorted((begin, *told, end), key=lambda turn: turn.at))


def _subject(moment: Moment) -> str:
    where = f" on queue {moment.queue}" if moment.queue else ""
    return f"{moment.job_class or 'a job'}{where}"


def _because(moment: Moment) -> str:
    return f": {moment.error}" if moment.error else ""


def _first_failure(moment: Moment) -> str:
    return f"First failed run, {_subject(moment)}{_because(moment)}."


def _last_failure(moment: Moment) -> str:
    return f"Last failed run, {_subject(moment)}{_because(moment)}."


def _first_retry(moment: Moment) -> str:
    return f"First run after a failure, {_subject(moment)}."


def _first_given_up(moment: Moment) -> str:
    return f"First job given up, {_subject(moment)}, after {count(moment.number, 'run')}{_because(moment)}."


def _most_failures(moment: Moment) -> str:
    return f"The worst minute, {moment.at:%H:%M}: {number(moment.number)} runs failed."


def _worker_lost(moment: Moment) -> str:
    left = f"; {count(moment.number, 'run')} never ended" if moment.number else ""
    return f"Last sign of life of worker {moment.worker}, which died or vanished{left}."


def _workers_started(moment: Moment) -> str:
    return f"{count(moment.number, 'worker')} started."


def _workers_stopped(moment: Moment) -> str:
    return f"{count(moment.number, 'worker')} shut down in order."


def _fullest(moment: Moment) -> str:
    return f"Queue {moment.queue} at its fullest: {number(moment.number)} jobs waiting."


def _drained(moment: Moment) -> str:
    return f"Queue {moment.queue} seen empty again."


_TOLD: Mapping[Kind, Callable[[Moment], str]] = {
    "first_failure": _first_failure,
    "last_failure": _last_failure,
    "first_retry": _first_retry,
    "first_given_up": _first_given_up,
    "most_failures": _most_failures,
    "worker_lost": _worker_lost,
    "workers_started": _workers_started,
    "workers_stopped": _workers_stopped,
    "fullest": _fullest,
    "drained": _drained,
}
