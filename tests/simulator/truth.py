"""
What is right to say of a life, told from its ledger alone, and what the files that are left of it can still show.

A claim says that a rule names a job or, for rules about something else, a queue. Claims that *must* be made rest on
what was planted or plainly happened; those that *may* be made are true as well, but may be left out, too. Equal
arguments that came by chance, because two customers bought the same product, are no duplicates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.simulator.blind_spots import BlindSpots
from tests.simulator.faults import RIGHT, SLOWER
from tests.simulator.life import Event, Job, Life, Run
from tests.simulator.pools import busy_spells
from tests.simulator.shop import BY_NAME
from tests.simulator.written import Files

ABOUT_QUEUES = frozenset({"retry-storm", "queue-latency", "backlog"})
"""Rules whose findings are about a queue: one finding is one claim, whatever jobs it lists."""
ABOUT_CLASSES = frozenset({"slower-class", "missed-schedule", "silent-class"})
"""The same about a class of jobs."""
ABOUT_WORKERS = frozenset({"worker-lost", "restart-loop"})
"""The same about the worker processes of a machine."""
ABOUT_POOLS = frozenset({"saturated"})
"""The same about the worker processes that read the same queues."""

_OF_RUNS = ("started", "succeeded", "failed")
_MANY = 10
"""So many jobs of one class that fail in one hour are a surge, whichever of them was planted."""
_ABOUT_THEN = 3600.0
_FEW_LATE = 3
_LOOP, _WITHIN = 5, 600.0
"""So many boots within so many seconds are a loop, where each process ends that soon."""
_SOON = 1800.0
"""What happened this shortly before the end of the day, nobody is blamed for having left out."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """A claim that must be made, by any of these rules; it counts for the first."""

    fault: str
    rules: tuple[str, ...]
    subject: str


class Truth:
    """All that can rightly be said of one life, given the files that are left of it."""

    def __init__(self, life: Life, files: Files) -> None:
        self._life = life
        self._seen = files.seen()
        self._looks = [snapshot.at for snapshot in files.snapshots]
        told = [n for n, event in enumerate(life.events) if event.kind in _OF_RUNS and 0 <= event.at < life.ends_at]
        self._whole = sum(number in self._seen for number in told) > 0.999 * len(told)
        """Whether the logs are whole: where they have holes, nothing is known to have run nowhere."""
        self._events: dict[str, list[tuple[int, Event]]] = defaultdict(list)
        for number, event in enumerate(life.events):
            if event.job is not None:
                self._events[event.job.id].append((number, event))
        self._jobs = {job.id: job for job in life.jobs}
        failed = [run for job in life.jobs for run in job.runs if run.outcome == "failed"]
        self._brought = {
            (run.job.job_class, run.error): run.job for run in sorted(failed, key=lambda run: -(run.ended_at or 0))
        }
        """Class and error to the job that had it first."""
        self._failing = _jobs_an_hour(failed)
        self._seen_failing = _jobs_an_hour(run for run in failed if self._sees(run, "failed"))
        self._hosts = {log.name: log.host for log in files.logs}
        self.blind_spots = BlindSpots(life, files)

    def must(self) -> list[Due]:
        """What has to be found: it happened, early enough, and something is left that shows it."""
        dues = [
            Due(fault=fault, rules=RIGHT[fault], subject=job.id)
            for job in self._life.jobs
            for fault in sorted(self._faults_of(job))
            if self._shows(fault, job)
        ]
        for trouble in self._life.troubles:
            shown = {
                "gateway-down": self._storm_shows,
                "import": self._latency_shows,
                "class-slower": self._slowness_shows,
                "exports-at-midnight": self._is_worked_off,
                "worker-lost": self._death_shows,
                "restart-loop": self._loop_shows,
            }.get(trouble.fault)
            if shown is None or shown(trouble.subject, trouble.begins_at):
                dues.append(Due(fault=trouble.fault, rules=RIGHT[trouble.fault], subject=trouble.subject))
        dues += [
            Due(fault="too much work", rules=("saturated",), subject=pool) for pool in self._pools_short_of_workers()
        ]
        dues += [Due(fault="loss", rules=(rule,), subject=subject) for rule, subject in self.blind_spots.must()]
        return dues

    def may(self, rule: str, job_id: str) -> bool:
        """Whether it is true of this job."""
        job = self._jobs.get(job_id)
        if job is None:
            return False
        if any(rule in RIGHT[fault] for fault in job.faults):
            return True
        judge = _JUDGES.get(rule)
        return judge is not None and judge(self, job)

    def may_of_queue(self, rule: str, queue: str, begins_at: float, ends_at: float) -> bool:
        """Whether it is true of this queue at some time between."""
        if rule == "backlog":
            return self._is_worked_off(queue, begins_at)
        happened = _failures(self._life, queue) if rule == "retry-storm" else _lates(self._life, queue)
        moments = sorted(moment for moment in happened if begins_at - 600 <= moment <= ends_at + 600)
        if rule == "retry-storm":
            return any(later - first <= 300 for first, later in zip(moments, moments[19:], strict=False))
        return bool(moments) and moments[-1] - moments[0] >= 120

    def may_of_class(self, rule: str, job_class: str, begins_at: float) -> bool:
        """Whether it is true of this class from about then on."""
        return any(
            rule in RIGHT[trouble.fault]
            and trouble.subject == job_class
            and abs(trouble.begins_at - begins_at) <= _ABOUT_THEN
            for trouble in self._life.troubles
        )

    def host_of(self, log: str) -> str:
        """The machine that writes this log."""
        return self._hosts[log]

    def may_of_host(self, rule: str, host: str, begins_at: float, ends_at: float) -> bool:
        """Whether it is true of the processes of this machine at some time between."""
        if rule == "restart-loop":
            return self._is_looping(host, begins_at, ends_at)
        return any(
            process.killed and process.host == host and begins_at - 60 <= (process.ended_at or 0) <= ends_at + 60
            for process in self._life.processes
        )

    def may_of_pool(self, pool: str, begins_at: float, ends_at: float) -> bool:
        """Whether the workers that read these queues were busy while jobs waited for them, at some time between."""
        return any(
            spell.pool == pool and spell.late and spell.begins_at <= ends_at and spell.ends_at >= begins_at
            for spell in busy_spells(self._life, share=0.8, minutes=13, patience=50)
        )

    def _pools_short_of_workers(self) -> list[str]:
        """They plainly were, every line and snapshot of it is left, and each of their processes stands in one."""
        if not self._whole or len(self._looks) < len(self._life.looks):
            return []
        listed = {process for look in self._life.looks for process, _ in look.listed}
        spells = busy_spells(self._life, share=0.9, minutes=18, patience=90)
        return sorted(
            {
                spell.pool
                for spell in spells
                if listed.issuperset(spell.processes)
                and sum(self._sees_any(self._jobs[job], "enqueued", "scheduled") for job in spell.late) >= _FEW_LATE
            }
        )

    def _is_looping(self, host: str, begins_at: float, ends_at: float) -> bool:
        """Workers of this machine booted again and again between."""
        ends = sorted(
            process.ended_at
            for process in self._life.processes
            if process.host == host
            and process.ended_at is not None
            and begins_at - 10 <= process.booted_at <= ends_at + 10
            and process.ended_at - process.booted_at <= _WITHIN
        )
        return any(later - first <= _WITHIN for first, later in zip(ends, ends[_LOOP - 2 :], strict=False))

    # What plainly happened

    def _faults_of(self, job: Job) -> set[str]:
        plain = {"worker-killed"} if any(run.outcome == "killed" for run in job.runs) else set()
        plain |= {"hopeless"} if job.dead_at is not None else set()
        return job.faults | plain

    def _shows(self, fault: str, job: Job) -> bool:
        return SHOWS[fault](self, job)

    def orphaned(self, job: Job) -> bool:
        killed = [run for run in job.runs if run.outcome == "killed"]
        return any(self._sees(run, "started") and self._later_look(run.ended_at or 0) for run in killed)

    def hung(self, job: Job) -> bool:
        return (
            self.is_hanging(job) and self._sees(job.runs[-1], "started") and self._later_look(job.runs[-1].started_at)
        )

    def is_hanging(self, job: Job) -> bool:
        if not job.runs:
            return False
        run = job.runs[-1]
        return run.outcome is None and run.process.ended_at is None and self._life.ends_at - run.started_at > _SOON

    def ran_slowly(self, job: Job) -> bool:
        """Far longer than any of its class then: one that a deploy made slower has become used to more."""
        if len(job.runs) != 1 or job.runs[0].outcome != "succeeded" or not self._sees_whole(job.runs[0]):
            return False
        [run] = job.runs
        is_slower = any(
            trouble.fault == "class-slower" and trouble.subject == job.job_class and run.started_at >= trouble.begins_at
            for trouble in self._life.troubles
        )
        usual = BY_NAME[job.job_class].longest_usual * (SLOWER if is_slower else 1)
        return (run.ended_at or 0) - run.started_at >= 10 * usual

    def _slow_enough(self, job: Job) -> bool:
        longest = BY_NAME[job.job_class].longest_usual
        return any(
            run.outcome == "succeeded" and (run.ended_at or 0) - run.started_at > 3 * longest for run in job.runs
        )

    def twice(self, job: Job) -> bool:
        """Both it and its twin are seen to be enqueued, by different ids."""
        pair = [
            other for other in self._life.jobs if other.arguments == job.arguments and other.job_class == job.job_class
        ]
        return len(pair) > 1 and all(self._sees_any(other, "enqueued") for other in pair)

    def ran_again(self, job: Job) -> bool:
        return self._runs_again(job) and len(job.runs) == 2 and all(self._sees_whole(run) for run in job.runs)

    @staticmethod
    def _runs_again(job: Job) -> bool:
        return any(
            run.outcome in (None, "succeeded") or (run.ended_at or 0) > later.started_at
            for run, later in pairwise(job.runs)
        )

    def waits(self, job: Job) -> bool:
        waits_long = not job.runs and self._life.ends_at - job.due_at > _SOON
        return waits_long and (self._sees_any(job, "enqueued") or self._later_look(job.due_at))

    def waits_unseen(self, job: Job) -> bool:
        """It waits on its queue, and no line that is left tells that it ever ran."""
        waits = all(run.outcome == "pushed back" for run in job.runs) and self._life.ends_at - job.due_at > 600
        return waits and not self._sees_any(job, "started", "requeued")

    def was_refused(self, job: Job) -> bool:
        return self._sees_any(job, "enqueue_failed")

    def was_locked_out(self, job: Job) -> bool:
        """It is told, and so is the end of the job that had the lock."""
        holder = next(
            other
            for other in self._life.jobs
            if other is not job and other.arguments == job.arguments and other.job_class == job.job_class
        )
        return self._sees_any(job, "lock_conflict") and self._sees_any(holder, "succeeded")

    def was_locked_out_for_nothing(self, job: Job) -> bool:
        """The store shows the lock that kept it out after that, too."""
        return self.was_locked_out(job) and self._later_look(job.created_at)

    def holds_for_nothing(self, job: Job) -> bool:
        """At the end its lock is there, and it is nowhere."""
        look = self._life.looks[-1]
        waiting = [each for queued in look.queued.values() for each, _ in queued]
        put_off = [each for _, each in (*look.scheduled, *look.retrying)]
        return job in look.holders and job not in (*waiting, *put_off, *(run.job for run in look.busy))

    def is_lost(self, job: Job) -> bool:
        return (
            not job.runs
            and self._sees_any(job, "enqueued", "scheduled")
            and self._later_look(job.due_at)
            and self._whole
        )

    def is_held_too_long(self, job: Job) -> bool:
        """The store held it at the end of the day, though its time had come minutes before."""
        last = self._life.looks[-1]
        return any(job is held and at < last.at - 240 for at, held in (*last.scheduled, *last.retrying))

    def is_overdue(self, job: Job) -> bool:
        return not job.runs and self._life.ends_at - job.due_at > _SOON

    def gave_up(self, job: Job) -> bool:
        return job.dead_at is not None and (self._sees_any(job, "retries_exhausted") or self._later_look(job.dead_at))

    def broke(self, job: Job) -> bool:
        """In an hour in which enough of its class are seen to fail."""
        if not job.runs or not self._sees(job.runs[0], "failed"):
            return False
        return self._seen_failing[job.job_class, int((job.runs[0].ended_at or 0) // 3600)] >= 1.2 * _MANY

    def has_new_error(self, job: Job) -> bool:
        """One that its class does not have by habit, or that a planted fault brought first."""
        usual = BY_NAME[job.job_class].errors
        return any(
            run.outcome == "failed" and (run.error not in usual or self._brought[job.job_class, run.error].faults)
            for run in job.runs
        )

    def fails_amid(self, job: Job) -> bool:
        """In an hour in which ten of its class fail."""
        return any(
            self._failing[job.job_class, int((run.ended_at or 0) // 3600)] >= _MANY
            for run in job.runs
            if run.outcome == "failed"
        )

    def tried_often(self, job: Job) -> bool:
        whole = all(run.outcome in ("failed", "succeeded") and self._sees_whole(run) for run in job.runs)
        return whole and job.failed >= 5 and job.dead_at is None

    # What the files still show

    def _sees(self, run: Run, kind: str) -> bool:
        return any(
            event.run is run and event.kind == kind and number in self._seen
            for number, event in self._events[run.job.id]
        )

    def _sees_whole(self, run: Run) -> bool:
        return self._sees(run, "started") and any(self._sees(run, kind) for kind in ("succeeded", "failed"))

    def _sees_any(self, job: Job, *kinds: str) -> bool:
        return any(event.kind in kinds and number in self._seen for number, event in self._events[job.id])

    def _later_look(self, moment: float) -> bool:
        return any(look > moment + 120 for look in self._looks)

    def _death_shows(self, host: str, died_at: float) -> bool:
        """A line of the process that died is seen, and a later look at the store does not list it."""
        return self._later_look(died_at) and any(
            event.process is not None and event.process.host == host and event.process.ended_at == died_at
            for number, event in enumerate(self._life.events)
            if number in self._seen
        )

    def _storm_shows(self, queue: str, begins_at: float) -> bool:
        """At its height 40 runs failed within five minutes, and most of them are seen."""
        failed = [
            (event.at, number in self._seen)
            for number, event in enumerate(self._life.events)
            if event.kind == "failed" and event.job and event.job.queue == queue and event.at >= begins_at
        ]
        return any(
            later - first <= 300 and _most(failed[n : n + 40])
            for n, ((first, _), (later, _)) in enumerate(zip(failed, failed[39:], strict=False))
        )

    def _latency_shows(self, queue: str, begins_at: float) -> bool:
        """For five minutes jobs waited two minutes and more, and most of them are seen."""
        late = [
            (run.started_at, self._sees_any(job, "enqueued") and self._sees(run, "started"))
            for job in self._life.jobs
            if job.queue == queue
            for run in job.runs[:1]
            if run.queued_at >= begins_at and run.started_at - run.queued_at > 120
        ]
        return bool(late) and max(late)[0] - min(late)[0] > 300 and _most(late)

    def _is_worked_off(self, queue: str, _begins_at: float) -> bool:
        """At the end of the day jobs have been waiting on it for minutes, and others were taken until then."""
        ends_at = self._life.ends_at
        jobs = [job for job in self._life.jobs if job.queue == queue]
        waits = any(not job.runs and self._sees_any(job, "enqueued") and job.due_at < ends_at - 360 for job in jobs)
        return waits and any(
            run.started_at > ends_at - 540 for job in jobs for run in job.runs if self._sees(run, "started")
        )

    def _loop_shows(self, host: str, begins_at: float) -> bool:
        """Six boots of the loop are seen."""
        boots = [
            number in self._seen
            for number, event in enumerate(self._life.events)
            if event.kind == "booted" and event.host == host and 0 <= event.at - begins_at <= _WITHIN
        ]
        return sum(boots) > _LOOP

    def _slowness_shows(self, job_class: str, begins_at: float) -> bool:
        """Of this class 60 runs are seen before, and as many after."""
        seen = [
            run.started_at >= begins_at
            for job in self._life.jobs
            if job.job_class == job_class
            for run in job.runs
            if run.outcome == "succeeded" and self._sees_whole(run)
        ]
        return min(sum(seen), len(seen) - sum(seen)) >= 60


def _jobs_an_hour(runs: Iterable[Run]) -> Counter[tuple[str, int]]:
    """Class and hour of the day to the jobs of the class of which such a run ended in it."""
    ends = {((run.job.job_class, int((run.ended_at or 0) // 3600)), run.job.id) for run in runs}
    return Counter(hour for hour, _ in ends)


def _most(seen: list[tuple[float, bool]]) -> bool:
    return sum(each for _, each in seen) > 0.6 * len(seen)


def _failures(life: Life, queue: str) -> Iterator[float]:
    return (event.at for event in life.events if event.kind == "failed" and event.job and event.job.queue == queue)


def _lates(life: Life, queue: str) -> Iterator[float]:
    """When jobs of this queue were waiting for more than a minute."""
    for job in life.jobs:
        if job.queue == queue:
            spans = [(run.queued_at, run.started_at) for run in job.runs]
            spans += [] if job.runs else [(job.due_at, life.ends_at)]
            for since, until in spans:
                if until - since > 60:
                    yield from (since + 60, until)


SHOWS: dict[str, Callable[[Truth, Job], bool]] = {
    "worker-killed": Truth.orphaned,
    "hang": Truth.hung,
    "slow": Truth.ran_slowly,
    "enqueued-twice": Truth.twice,
    "pushed-twice": Truth.ran_again,
    "runs-at-once": Truth.ran_again,
    "unread-queue": Truth.waits,
    "hopeless": Truth.gave_up,
    "stubborn": Truth.tried_often,
    "workers-missing": Truth.waits,
    "lost-push": Truth.is_lost,
    "scheduler-dead": Truth.is_overdue,
    "poison": Truth.orphaned,
    "bad-deploy": Truth.broke,
    "declines": Truth.broke,
    "push-refused": Truth.was_refused,
    "lock-leaked": Truth.was_locked_out,
    "lock-kept": Truth.was_locked_out_for_nothing,
}
"""Fault to whether it is there to be seen on a job that has it."""

_JUDGES: dict[str, Callable[[Truth, Job], bool]] = {
    "orphaned": lambda _, job: any(run.outcome == "killed" for run in job.runs),
    "hung": Truth.is_hanging,
    "leaked-lock": Truth.holds_for_nothing,
    "overdue": Truth.is_held_too_long,
    "slow-run": Truth._slow_enough,  # noqa: SLF001 - its own table
    "redelivered": lambda truth, job: truth._runs_again(job),  # noqa: SLF001 - the same
    "never-started": Truth.waits_unseen,
    "new-error": Truth.has_new_error,
    "error-surge": Truth.fails_amid,
    "retried-often": lambda _, job: job.failed >= 4,
    "retries-exhausted": lambda _, job: job.dead_at is not None,
}
"""Rule to whether it is true of a job, planted or not."""
