"""What really happened: the ledger of the simulator, which no rule ever sees. Times are seconds since the day began."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, Literal

Outcome = Literal["succeeded", "failed", "pushed back", "killed"]


@dataclass(eq=False, kw_only=True)
class Process:
    """A worker process, from its boot to its end."""

    host: str
    pid: int
    log: str
    """Name of the log that it, its predecessor and its successor write."""
    queues: tuple[str, ...]
    concurrency: int
    booted_at: float
    version: str
    threads: tuple[str, ...]
    ended_at: float | None = None
    killed: bool = False
    """Whether it ended without a word."""
    accepting: bool = True
    running: dict[str, Run] = field(default_factory=dict)
    """Thread to what it runs now."""


@dataclass(eq=False, kw_only=True)
class Run:
    """One execution of a job."""

    job: Job
    number: int
    """From 1, over all executions of the job."""
    attempt: int
    """As the queue counts: failures before it, and one."""
    process: Process
    thread: str
    queued_at: float
    """When its job was put on the queue that it was taken from."""
    started_at: float
    ended_at: float | None = None
    outcome: Outcome | None = None
    error: tuple[str, str] = ("", "")
    """Class and message of the error that it fails with."""


@dataclass(eq=False, kw_only=True)
class Job:
    """One job, whatever became of it."""

    id: str
    job_class: str
    queue: str
    arguments: list[Any]
    host: str
    """Where it was enqueued."""
    created_at: float
    retries: int
    """Failures after which it is tried again."""
    delay: float | None = None
    """Seconds ahead that it is scheduled for; None: it runs at once."""
    run_at: float | None = None
    due_at: float = 0.0
    """When it was last put on its queue, or meant to be."""
    failures: int = 0
    """So many runs will fail, one after the other."""
    error: tuple[str, str] = ("", "")
    """What its failures are, where nothing else is wrong."""
    duration: float | None = None
    """Seconds its first run takes; None: as long as its class takes. Endless where it hangs."""
    kills: int = 0
    """So many runs will kill their process."""
    runs: list[Run] = field(default_factory=list)
    failed: int = 0
    """Runs that failed so far."""
    has_lock: bool = False
    """Whether it took a lock when it was enqueued."""
    dead_at: float | None = None
    faults: set[str] = field(default_factory=set)
    """Names of the faults that were planted on it."""
    causes: set[str] = field(default_factory=set)
    """What made it suffer, planted on it or not: name of the fault and, where it comes more than once, which."""

    @property
    def lock(self) -> str:
        """The key of the lock that keeps other jobs of its work away, where its class has one."""
        return f"uniquejobs:{md5(repr((self.job_class, self.arguments)).encode()).hexdigest()}"  # noqa: S324 - as the gem

    def last_failure(self, before: float) -> Run | None:
        """The last run that had failed by then."""
        failed = [run for run in self.runs if run.outcome == "failed" and (run.ended_at or 0) <= before]
        return failed[-1] if failed else None

    def __lt__(self, other: Job) -> bool:
        return self.id < other.id  # two of one moment stand in a sorted set by their text


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that a log may tell of. Its place in ``Life.events`` is its number."""

    at: float
    kind: str
    host: str
    job: Job | None = None
    run: Run | None = None
    process: Process | None = None
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the queue's own store held at one moment."""

    at: float
    queued: dict[str, tuple[tuple[Job, float], ...]]
    """Queue to its jobs, the next one first, and when each was put there."""
    scheduled: tuple[tuple[float, Job], ...]
    retrying: tuple[tuple[float, Job], ...]
    dead: tuple[tuple[float, Job], ...]
    listed: tuple[tuple[Process, float], ...]
    """Processes and their last heartbeats: one that was killed stays for a minute."""
    busy: tuple[Run, ...]
    holders: tuple[Job, ...]
    """Jobs that hold a lock, each one of its own work."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What was planted on a queue, a class or a worker rather than on jobs."""

    fault: str
    subject: str
    begins_at: float
    ends_at: float


@dataclass(kw_only=True)
class Life:
    """Some days of a job system."""

    seed: int
    ends_at: float
    jobs: list[Job] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
