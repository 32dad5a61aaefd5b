"""
Lets time pass in the shop, from event to event. Queueing and retries are Sidekiq's.

A process takes a job off its queue when it starts it, so a kill loses what it runs. Failures wait ``n**4 + 15`` seconds
and some more. A process that shuts down gives its threads 25 seconds and pushes back what they have not finished.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulator.life import Event, Job, Life, Look, Process, Run, Trouble
from tests.simulator.shop import (
    BY_NAME,
    DAY,
    DEPLOYS,
    HOUR,
    KINDS,
    LOCKED,
    PLACES,
    RHYTHM,
    TIMETABLES,
    WEB_HOSTS,
    Kind,
    Place,
)

WARM_UP = 2 * HOUR
"""Time before the first midnight, which no log shows: jobs are under way when the day begins."""
SHUTDOWN = 25.0
LOOK_EVERY = HOUR
FORGOTTEN_AFTER = 60.0
"""Seconds for which the store still lists a process that was killed."""


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """A part of a class's jobs fails once, with this error."""

    fault: str
    share: float
    error: tuple[str, str]


class World:
    """The shop while time passes. ``now`` is in seconds since midnight of the first day."""

    def __init__(self, seed: int, *, days: int = 1, jobs_a_day: int = 3000) -> None:
        self.now = -WARM_UP
        self.life = Life(seed=seed, ends_at=days * DAY)
        self.random = Random(f"{seed}: what happens")  # noqa: S311 - repeatable, not secret
        self.queues: dict[str, deque[tuple[Job, float]]] = defaultdict(deque)
        self.scheduled: list[tuple[float, Job]] = []
        self.retrying: list[tuple[float, Job]] = []
        self.places: dict[Place, Process | None] = dict.fromkeys(PLACES)
        self.gateway_is_down = False
        self.scheduler_is_dead = False
        self.broken: dict[str, Breakage] = {}
        """Class to what is broken in it."""
        self.slowness: dict[str, float] = {}
        """Class to how many times as long its runs take."""
        self.silenced: set[str] = set()
        """Classes whose timetable was forgotten, or whose caller was taken away."""
        self.left_behind: list[Job] = []
        """Jobs that kept their lock when they ended."""
        self.version = "7.0.0"
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._dead: list[tuple[float, Job]] = []
        self._pids = {place.host: self.random.randrange(300, 20_000) for place in PLACES}
        self._set_up(Random(f"{seed}: who comes when"), days, jobs_a_day)  # noqa: S311 - repeatable, not secret

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Let something happen then, or now where that is past."""
        self._count += 1
        heapq.heappush(self._agenda, (max(moment, self.now), self._count, action))

    def after(self, wait: float, action: Callable[[], None]) -> None:
        self.at(self.now + wait, action)

    def run(self) -> Life:
        """Let all of the time pass, and give back what happened."""
        while self._agenda and self._agenda[0][0] <= self.life.ends_at:
            self.now, _, action = heapq.heappop(self._agenda)
            action()
        self.now = self.life.ends_at
        return self.life

    # Setting up

    def _set_up(self, random: Random, days: int, jobs_a_day: int) -> None:
        for place in PLACES:
            self.at(self.now, lambda place=place: self.boot(place))
        for moment, jobs in (*self._visits(random, days, jobs_a_day), *self._ticks(random, days)):
            if moment >= self.now:
                self.at(moment, lambda jobs=jobs: self._bring(jobs))
        for day in range(days):
            for moment in DEPLOYS:
                self.at(day * DAY + moment, self.deploy)
        for number in range(int(days * DAY / LOOK_EVERY) + 1):
            self.at(number * LOOK_EVERY, self._look)

    def _visits(self, random: Random, days: int, jobs_a_day: int) -> Iterator[tuple[float, list[Job]]]:
        """What users bring, and when: by chance, in the rhythm of the day."""
        for day in range(-1, days):
            for kind in KINDS:
                mean = kind.share * jobs_a_day
                for _ in range(max(0, round(random.gauss(mean, math.sqrt(mean))))):
                    hour = random.choices(range(24), RHYTHM)[0]
                    yield day * DAY + (hour + random.random()) * HOUR, [self.make(kind, random)]

    def _ticks(self, random: Random, days: int) -> Iterator[tuple[float, list[Job]]]:
        """What timetables bring."""
        for table in TIMETABLES:
            first, last = (math.ceil((moment - table.first_at) / table.every) for moment in (self.now, days * DAY))
            for number in range(first, last):
                jobs = [self.make(BY_NAME[table.kind], random) for _ in range(table.jobs)]
                yield table.first_at + number * table.every + random.random(), jobs

    def make(self, kind: Kind, random: Random) -> Job:
        """A job of this class, not enqueued yet."""
        failures = random.choice([1, 1, 1, 2]) if random.random() < kind.fails else 0
        return Job(
            id=f"{random.getrandbits(96):024x}",
            job_class=kind.name,
            queue=kind.queue,
            arguments=kind.arguments(random),
            host=random.choice(WEB_HOSTS),
            created_at=math.nan,
            retries=kind.retries,
            delay=random.uniform(*kind.delay) if kind.delay else None,
            failures=failures,
            error=random.choice(kind.errors),
        )

    def _bring(self, jobs: list[Job]) -> None:
        for job in jobs:
            self.enqueue(job)

    # Producing

    def enqueue(self, job: Job, *, is_lost: bool = False) -> None:
        """Put a job on its queue, or where it waits for its time; or lose it on the way though it was logged."""
        if job.job_class in self.silenced:
            return
        job.created_at = self.now
        job.has_lock = job.job_class in LOCKED
        self.life.jobs.append(job)
        if job.delay is not None:
            job.run_at = job.due_at = self.now + job.delay
            self.tell("scheduled", job.host, job=job)
            if not is_lost:
                heapq.heappush(self.scheduled, (job.run_at, job))
                self.at(job.run_at, self._poll)
            return
        job.due_at = self.now
        self.tell("enqueued", job.host, job=job)
        if not is_lost:
            self.push(job)

    def refuse(self, job: Job, error: tuple[str, str]) -> None:
        """Let the push of a job fail, which its client logs: no queue ever has it."""
        job.created_at = job.due_at = self.now
        self.life.jobs.append(job)
        self.tell("enqueue_failed", job.host, job=job, error=error)

    def lock_out(self, job: Job) -> None:
        """Let a lock keep a job from its queue, which its client logs."""
        job.created_at = job.due_at = self.now
        self.life.jobs.append(job)
        self.tell("lock_conflict", job.host, job=job)

    def push(self, job: Job, *, in_front: bool = False) -> None:
        """Put a job on its queue; in front where a process gives it back, as it was when it was taken."""
        if math.isnan(job.created_at):
            return  # nothing enqueued it
        if in_front:
            self.queues[job.queue].appendleft((job, job.due_at))
        else:
            self.queues[job.queue].append((job, self.now))
        job.due_at = self.now
        self._hand_out(job.queue)

    def _poll(self) -> None:
        """What is due moves to its queue at the pollers' next look."""
        self.after(self.random.uniform(0.5, 9.0), self._move_due)

    def _move_due(self) -> None:
        if self.scheduler_is_dead:
            return
        for waiting in (self.scheduled, self.retrying):
            while waiting and waiting[0][0] <= self.now:
                self.push(heapq.heappop(waiting)[1])

    # Working

    def boot(self, place: Place) -> None:
        self._pids[place.host] += self.random.randrange(3, 900)
        process = Process(
            host=place.host,
            pid=self._pids[place.host],
            log=place.log,
            queues=place.queues,
            concurrency=place.concurrency,
            booted_at=self.now,
            version=self.version,
            threads=tuple(f"{self.random.randrange(36**3, 36**4):x}" for _ in range(place.concurrency)),
        )
        self.places[place] = process
        self.life.processes.append(process)
        self.tell("booted", place.host, process=process)
        for queue in place.queues:
            self._hand_out(queue)

    def alive(self) -> list[Process]:
        return [process for process in self.places.values() if process is not None]

    def _hand_out(self, queue: str) -> None:
        """Give what waits to threads that are free."""
        while self.queues[queue]:
            free = [
                (process, thread)
                for process in self.alive()
                if process.accepting and queue in process.queues
                for thread in process.threads
                if thread not in process.running
            ]
            if not free:
                return
            self._start(self.queues[queue].popleft()[0], *self.random.choice(free))

    def _fetch(self, process: Process) -> None:
        """A thread has become free: it takes from the process's queues in an order that chance weighs."""
        order = sorted(process.queues, key=lambda queue: self.random.random() * (1 + process.queues.index(queue)))
        for queue in order:
            self._hand_out(queue)

    def _start(self, job: Job, process: Process, thread: str) -> None:
        started_at = self.now + self.random.uniform(0.001, 0.006)
        run = Run(
            job=job,
            number=len(job.runs) + 1,
            attempt=job.failed + 1,
            process=process,
            thread=thread,
            queued_at=job.due_at,
            started_at=started_at,
            error=job.error,
        )
        job.runs.append(run)
        process.running[thread] = run
        self.tell("started", process.host, at=started_at, run=run)
        if len(job.runs) <= job.kills:
            self.at(started_at + 2.0, lambda: self._die_of(run))
            return
        fails, takes = self._course_of(run)
        if not math.isinf(takes):
            self.at(started_at + takes, lambda: self._end(run, fails=fails))

    def _course_of(self, run: Run) -> tuple[bool, float]:
        """Whether this run will fail, and how long it will take."""
        job, kind = run.job, BY_NAME[run.job.job_class]
        if kind.calls_gateway and self.gateway_is_down:
            job.causes.add("gateway-down")
            run.error = ("Gateway::Unavailable", "503 Service Unavailable from https://pay.example.test/charges")
            return True, self.random.uniform(0.1, 5.0)
        usual = kind.usual(self.random) * self.slowness.get(kind.name, 1.0)
        breakage = self.broken.get(kind.name)
        if breakage and run.number == 1 and self.random.random() < breakage.share:
            run.error = breakage.error
            job.faults.add(breakage.fault)
            job.causes.add(breakage.fault)
            return True, usual
        if job.failed < job.failures:
            return True, usual * self.random.uniform(0.2, 1.0)
        return False, job.duration if job.duration is not None and run.number == 1 else usual

    def _end(self, run: Run, *, fails: bool) -> None:
        if run.outcome is not None:
            return  # its process was killed, or gave it back
        run.ended_at, run.outcome = self.now, "failed" if fails else "succeeded"
        del run.process.running[run.thread]
        if fails:
            self._fail(run)
        else:
            self.tell("succeeded", run.process.host, run=run)
        self._fetch(run.process)

    def _fail(self, run: Run) -> None:
        job, host = run.job, run.process.host
        job.failed += 1
        again = job.failed <= job.retries
        self.tell("failed", host, run=run, will_retry=again)
        if again:
            count = job.failed - 1
            due = self.now + count**4 + 15 + self.random.randrange(10) * (count + 1)
            self.tell("retry_scheduled", host, run=run, run_at=due)
            heapq.heappush(self.retrying, (due, job))
            self.at(due, self._poll)
            return
        job.dead_at = self.now
        self._dead.append((self.now, job))
        self.tell("retries_exhausted", host, run=run)

    # Ends of processes

    def _die_of(self, run: Run) -> None:
        if run.outcome is None:
            self.kill(self._place_of(run.process), recovers=True, cause=f"poison {run.job.id}")

    def _place_of(self, process: Process) -> Place:
        return next(place for place, holds in self.places.items() if place.log == process.log)

    def kill(
        self, place: Place, *, recovers: bool = False, boots_after: float | None = 8.0, cause: str | None = None
    ) -> list[Job]:
        """``kill -9``, and a new process after a while. Gives back the jobs that were running."""
        process = self.places[place]
        if process is None:
            return []
        process.ended_at, process.killed, self.places[place] = self.now, True, None
        jobs = [run.job for run in process.running.values()]
        for run in process.running.values():
            run.ended_at, run.outcome = self.now, "killed"
            run.job.causes.add(cause or f"worker-killed {process.host}:{process.pid}")
        self.tell("killed", process.host, process=process)
        if boots_after is not None:
            self.after(boots_after, lambda: self.boot(place))
        if recovers:
            self.after((boots_after or 0) + 1, lambda: [self.push(job) for job in jobs])
        return jobs

    def deploy(self) -> None:
        """Restart all processes in order, one after the other, under the next version."""
        major, minor, patch = map(int, self.version.split("."))
        self.version = f"{major}.{minor}.{patch + 1}"
        for number, place in enumerate(PLACES):
            self.after(45.0 * number, lambda place=place: self.stop(place))

    def stop(self, place: Place, *, boots_after: float | None = 6.0) -> None:
        """TSTP, TERM, and after 25 seconds what has not finished is pushed back."""
        process = self.places[place]
        if process is None or not process.accepting:
            return
        process.accepting = False
        self.tell("quieted", process.host, process=process)
        self.after(2.0, lambda: self._wait_for_threads(place, process, self.now + SHUTDOWN, boots_after))
        self.after(2.0, lambda: self.tell("stopping", process.host, process=process))

    def _wait_for_threads(self, place: Place, process: Process, until: float, boots_after: float | None) -> None:
        if self.places[place] is not process:
            return
        if process.running and self.now < until:
            self.after(0.5, lambda: self._wait_for_threads(place, process, until, boots_after))
            return
        self._push_back(process)
        process.ended_at, self.places[place] = self.now + 0.4, None
        self.tell("stopped", process.host, at=process.ended_at, process=process)
        if boots_after is not None:
            self.after(boots_after, lambda: self.boot(place))

    def _push_back(self, process: Process) -> None:
        runs = list(process.running.values())
        process.running.clear()
        if runs:
            self.tell("pushed_back", process.host, process=process, runs=runs)
        for run in runs:
            run.ended_at, run.outcome = self.now + 0.002, "pushed back"
            self.tell("requeued", process.host, at=run.ended_at, run=run)
        for run in runs:
            self.push(run.job, in_front=True)

    # Telling

    def tell(self, kind: str, host: str, *, at: float | None = None, **what: Any) -> None:
        named = {name: what.pop(name) for name in ("job", "run", "process") if name in what}
        if "run" in named:
            named |= {"job": named["run"].job, "process": named["run"].process}
        self.life.events.append(Event(at=self.now if at is None else at, kind=kind, host=host, told=what, **named))

    def trouble(self, fault: str, subject: str, ends_at: float) -> None:
        """Note what was planted on something else than jobs, from now on."""
        self.life.troubles.append(Trouble(fault=fault, subject=subject, begins_at=self.now, ends_at=ends_at))

    def _look(self) -> None:
        listed = [
            (process, (process.ended_at if process.killed else self.now) or self.now)
            for process in self.life.processes
            if process.ended_at is None or (process.killed and self.now - process.ended_at < FORGOTTEN_AFTER)
        ]
        self.life.looks.append(
            Look(
                at=self.now,
                queued={queue: tuple(jobs) for queue, jobs in self.queues.items()},
                scheduled=tuple(self.scheduled),
                retrying=tuple(self.retrying),
                dead=tuple(self._dead),
                listed=tuple((process, self._beat(process, until)) for process, until in listed),
                busy=tuple(
                    run for process, _ in listed for run in process.running.values() if run.started_at <= self.now
                ),
                holders=(*self._holders(), *self.left_behind),
            )
        )

    def _holders(self) -> Iterator[Job]:
        """Who holds a lock rightly: from its enqueue until it has succeeded or is given up."""
        for job in self.life.jobs:
            is_over = job.dead_at is not None or any(run.outcome == "succeeded" for run in job.runs)
            if job.has_lock and not is_over:
                yield job

    @staticmethod
    def _beat(process: Process, until: float) -> float:
        """A process says every ten seconds that it lives."""
        return process.booted_at + (until - process.booted_at) // 10 * 10
