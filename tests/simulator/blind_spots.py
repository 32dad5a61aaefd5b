"""What the files that are left of a life do not show, told from the life: what is right to say of inputs."""

from __future__ import annotations

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulator.life import Event, Job, Life
from tests.simulator.shop import WEB_HOSTS
from tests.simulator.written import Files

ABOUT_INPUTS = frozenset({"log-gap", "clock-skew", "depth-mismatch", "unlinked-traces", "ambiguous-units"})
"""Rules whose findings are about inputs."""

_OF_RUNS = {"started", "succeeded", "failed"}
_SHOWN_BY_LOOKS = 3
_FEW = 2
_MANY = 20
_OFTEN = 60
_PLAINLY = 1.1
_FAR = 12
_EDGE = 15


class BlindSpots:
    """What is missing in the files of a life."""

    def __init__(self, life: Life, files: Files) -> None:
        self._life = life
        self._files = files
        self._seen = files.seen()

    def must(self) -> Iterator[tuple[str, str]]:
        """Rules and subjects that have to be named: what is left shows it."""
        half, whole = self._half_told(), self._untold()
        for log in sorted(self._files.gappy):
            if half[log] >= _FEW or whole[log] >= _MANY:
                yield ("log-gap", f"lines of {log}")
        if self._hosts_without_log(_SHOWN_BY_LOOKS):
            yield ("log-gap", "logs of workers")
        if len(self._files.snapshots) < len(self._life.looks):
            yield ("log-gap", "snapshots")
        if self._clocks_show():
            yield ("clock-skew", "causes and effects")
        yield from (("depth-mismatch", queue) for queue in sorted(self._queues_that_do_not_add_up()))

    def may(self, rule: str, subject: str) -> bool:
        """Whether it is true."""
        if rule == "clock-skew":
            ahead = [0.0, *self._files.clocks.ahead.values()]
            return subject == "causes and effects" and max(ahead) - min(ahead) > 1
        if rule == "depth-mismatch":
            return any(job.queue == subject for job in self._jobs_half_told())
        if subject.startswith("lines of "):
            return subject.removeprefix("lines of ") in self._files.gappy
        if subject == "logs of workers":
            return bool(self._hosts_without_log(1))
        return subject == "snapshots" and len(self._files.snapshots) < len(self._life.looks)

    # Queues

    def _jobs_half_told(self) -> Iterator[Job]:
        """Jobs whose enqueue or first start was told during the day and is in no file."""
        for number, event in enumerate(self._life.events):
            told = event.kind in {"enqueued", "started"} and (event.run is None or event.run.number == 1)
            if event.job and told and 0 <= event.at <= self._life.ends_at and number not in self._seen:
                yield event.job

    def _queues_that_do_not_add_up(self) -> set[str]:
        """Queues of which far more jobs began between two snapshots than the files tell."""
        looks = [snapshot.at for snapshot in self._files.snapshots]
        unseen, all_of = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
        for number, event in enumerate(self._life.events):
            if event.kind == "started" and event.run and event.run.number == 1 and event.run.job.delay is None:
                pair = bisect(looks, event.at)
                at_an_edge = min((abs(event.at - look) for look in looks), default=0) < _EDGE
                if 1 < pair < len(looks) - 1 and not at_an_edge:
                    all_of[event.run.job.queue, pair] += 1
                    unseen[event.run.job.queue, pair] += number not in self._seen
        return {key[0] for key, times in unseen.items() if times >= _FAR and times > 0.4 * all_of[key]}

    # Clocks

    def _clocks_show(self) -> bool:
        """Whether many jobs seem to start a second before they were enqueued."""
        ahead = self._files.clocks.ahead
        pairs = Counter(
            (event.run.job.host, event.host)
            for event in map(self._life.events.__getitem__, self._seen)
            if event.kind == "started" and event.run and event.run.number == 1 and event.run.job.delay is None
        )
        return any(
            times >= _OFTEN and ahead.get(web, 0) - ahead.get(worker, 0) > _PLAINLY
            for (web, worker), times in pairs.items()
        )

    # Logs

    def _logs(self) -> dict[str, str]:
        """Which log the workers of a place write, or a machine does."""
        return {
            self._writer(self._life.events[line.event]): log.name
            for log in self._files.logs
            for line in log.lines
            if line.event is not None
        }

    @staticmethod
    def _writer(event: Event) -> str:
        return event.process.log if event.process else event.host

    def _missing(self) -> list[tuple[str, Event]]:
        """What a log that is there should tell and does not."""
        logs = self._logs()
        return [
            (logs[self._writer(event)], event)
            for number, event in enumerate(self._life.events)
            if event.kind in {*_OF_RUNS, "enqueued", "scheduled"}
            and number not in self._seen
            and 0 <= event.at <= self._life.ends_at
            and self._writer(event) in logs
        ]

    def _half_told(self) -> Counter[str]:
        """Log to how many runs it has the end of and not the start."""
        told: dict[int, set[str]] = defaultdict(set)
        for number in self._seen:
            event = self._life.events[number]
            if event.run is not None and event.kind in _OF_RUNS:
                told[id(event.run)].add(event.kind)
        return Counter(
            log
            for log, event in self._missing()
            if event.kind == "started" and told[id(event.run)] & {"succeeded", "failed"}
        )

    def _untold(self) -> Counter[str]:
        """Log to how many runs it has neither the start nor the end of."""
        missing: dict[int, list[str]] = defaultdict(list)
        for log, event in self._missing():
            if event.run is not None and event.kind in _OF_RUNS:
                missing[id(event.run)].append(log)
        return Counter(logs[0] for logs in missing.values() if len(logs) > 1)

    def _hosts_without_log(self, looks: int) -> set[str]:
        """Machines of workers that so many snapshots list, and of which no log is left."""
        there = {log.host for log in self._files.logs} | set(WEB_HOSTS)
        left = {snapshot.at for snapshot in self._files.snapshots}
        listed = Counter(
            host
            for look in self._life.looks
            if look.at in left
            for host in {process.host for process, _ in look.listed}
        )
        return {host for host, times in listed.items() if host not in there and times >= looks}
