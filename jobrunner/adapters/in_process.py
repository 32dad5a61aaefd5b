"""Queues in this process's memory: queued, scheduled, retry and dead jobs, and who runs which."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from jobrunner.middleware import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from random import Random

    from jobrunner.clock import Clock
    from jobrunner.job import Job
    from jobrunner.middleware.middleware import Middleware


class InProcess:
    """An adapter whose jobs are lost with the process."""

    def __init__(self, clock: Clock, random: Random, middleware: Sequence[Middleware]) -> None:
        self.clock = clock
        self.random = random
        self.middleware = in_order(middleware)
        self.queued: list[Job] = []
        self.scheduled: list[Job] = []
        self.retry: list[Job] = []
        self.dead: list[Job] = []

    def enqueue(self, job: Job, wait: timedelta | None = None) -> None:
        job.job_id = str(UUID(int=self.random.getrandbits(128), version=4))
        if wait is None:
            job.enqueued_at = self.clock.now()
            self.queued.append(job)
        else:
            job.run_at = self.clock.now() + wait
            self.scheduled.append(job)
        for each in self.middleware:
            each.enqueued(job)

    def fetch(self, queues: Sequence[str]) -> Job | None:
        """Take the first job of these queues, in their order of precedence."""
        self._promote(self.clock.now())
        for queue in queues:
            for place, job in enumerate(self.queued):
                if job.queue == queue:
                    return self.queued.pop(place)
        return None

    def push_back(self, job: Job) -> None:
        """Put a job a stopping worker gives back at the head of its queue; it has not failed and loses no attempt."""
        job.attempt -= 1
        job.enqueued_at, job.run_at = self.clock.now(), None
        self.queued.insert(0, job)

    def _promote(self, now: datetime) -> None:
        for waiting in (self.scheduled, self.retry):
            due = sorted((job for job in waiting if job.run_at and job.run_at <= now), key=lambda job: str(job.run_at))
            for job in due:
                waiting.remove(job)
                job.enqueued_at = job.run_at
                self.queued.append(job)
