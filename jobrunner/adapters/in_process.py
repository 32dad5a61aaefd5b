"""Queues in this process's memory: queued, scheduled, retry and dead jobs, and who runs which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobrunner.adapters.adapter import Adapter
from jobrunner.middleware import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jobrunner.clock import Clock
    from jobrunner.job import Job
    from jobrunner.middleware.middleware import Middleware


class InProcess(Adapter):
    """An adapter whose jobs are lost with the process."""

    def __init__(self, clock: Clock, middleware: Sequence[Middleware]) -> None:
        self.clock = clock
        self.middleware = in_order(middleware)
        self.queued: list[Job] = []
        self.scheduled: list[Job] = []
        self.retry: list[Job] = []
        self.dead: list[Job] = []
        self.leaving: set[str] = set()
        """The ids of running jobs whose worker wants to go."""

    def enqueue(self, job: Job) -> None:
        job.enqueued_at = self.clock.now()
        self.queued.append(job)
        self._tell(job)

    def enqueue_at(self, job: Job, moment: datetime) -> None:
        job.run_at = moment
        if job.executions:
            self.retry.append(job)
        else:
            self.scheduled.append(job)
            self._tell(job)

    def stopping(self, job: Job) -> bool:
        return job.job_id in self.leaving

    def bury(self, job: Job) -> None:
        """Keep a job that nobody tries again."""
        job.run_at = None
        self.dead.append(job)

    def fetch(self, queues: Sequence[str]) -> Job | None:
        """Take the first job of these queues, in their order of precedence."""
        self._promote(self.clock.now())
        for queue in queues:
            for place, job in enumerate(self.queued):
                if job.queue_name == queue:
                    return self.queued.pop(place)
        return None

    def push_back(self, job: Job) -> None:
        """Put a job a stopping worker gives back at the head of its queue; it has not failed and loses no attempt."""
        job.executions -= 1
        job.enqueued_at, job.run_at = self.clock.now(), None
        self.queued.insert(0, job)

    def _tell(self, job: Job) -> None:
        for each in self.middleware:
            each.enqueued(job)

    def _promote(self, now: datetime) -> None:
        for waiting in (self.scheduled, self.retry):
            due = sorted((job for job in waiting if job.run_at and job.run_at <= now), key=lambda job: str(job.run_at))
            for job in due:
                waiting.remove(job)
                job.enqueued_at = job.run_at
                self.queued.append(job)
