"""How busy the workers of the same queues really were, minute by minute, and who waited for them: from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulator.life import Life, Process, Run

_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Spell:
    """Minutes on end in which the workers of a pool were busy."""

    pool: str
    begins_at: float
    ends_at: float
    processes: tuple[Process, ...]
    """Those that lived meanwhile."""
    late: tuple[str, ...]
    """Ids of the jobs that waited too long for them."""


def pool_of(process: Process) -> str:
    """The queues that it reads, whatever their order."""
    return ", ".join(sorted(process.queues))


def busy_spells(life: Life, *, share: float, minutes: int, patience: float) -> Iterator[Spell]:
    """
    Where a pool was busy for more than this share of each of so many minutes on end.

    Late are jobs that in that time had waited for longer than ``patience`` seconds.
    """
    stopped = {event.process: event.at for event in life.events if event.kind == "quieted" and event.process}
    pools: dict[str, list[Process]] = defaultdict(list)
    for process in life.processes:
        pools[pool_of(process)].append(process)
    runs: dict[Process, list[Run]] = defaultdict(list)
    for job in life.jobs:
        for run in job.runs:
            runs[run.process].append(run)
    for pool, processes in sorted(pools.items()):
        busy = _busy_minutes([(process, runs[process]) for process in processes], life, stopped, share)
        for first, last in _on_end(busy):
            if last + 1 - first >= minutes:
                yield _spell(life, pool, processes, (first * _MINUTE, (last + 1) * _MINUTE), patience)


def _busy_minutes(
    worked: list[tuple[Process, list[Run]]], life: Life, stopped: dict[Process, float], share: float
) -> list[int]:
    """The day's minutes in which runs took more than this share of what the processes could do."""
    could, did = defaultdict[int, float](float), defaultdict[int, float](float)
    for process, runs in worked:
        ends_at = stopped.get(process, life.ends_at if process.ended_at is None else process.ended_at)
        for minute, seconds in _spread(process.booted_at, ends_at):
            could[minute] += seconds * process.concurrency
        for run in runs:
            for minute, seconds in _spread(run.started_at, min(ends_at, run.ended_at or life.ends_at)):
                did[minute] += seconds
    return [minute for minute in sorted(did) if minute >= 0 and did[minute] > share * could[minute]]


def _spell(life: Life, pool: str, processes: list[Process], of: tuple[int, int], patience: float) -> Spell:
    begins_at, ends_at = of
    there = [
        process
        for process in processes
        if process.booted_at < ends_at and (process.ended_at is None or process.ended_at > begins_at)
    ]
    queues = {queue for process in there for queue in process.queues}
    late = []
    for job in life.jobs:
        waits = [(run.queued_at, run.started_at) for run in job.runs] or [(job.due_at, life.ends_at)]
        if job.queue in queues and any(
            since + patience < min(until, ends_at) and until > begins_at for since, until in waits
        ):
            late.append(job.id)
    return Spell(pool=pool, begins_at=begins_at, ends_at=ends_at, processes=tuple(there), late=tuple(late))


def _spread(begins_at: float, ends_at: float) -> Iterator[tuple[int, float]]:
    """The minutes of a span, and how many seconds of each it takes."""
    while begins_at < ends_at:
        minute = int(begins_at // _MINUTE)
        until = min(ends_at, (minute + 1) * _MINUTE)
        yield minute, until - begins_at
        begins_at = until


def _on_end(minutes: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each row of minutes that follow one another."""
    for place, minute in enumerate(minutes):
        if place == 0 or minutes[place - 1] != minute - 1:
            first = minute
        if place + 1 == len(minutes) or minutes[place + 1] != minute + 1:
            yield first, minute
