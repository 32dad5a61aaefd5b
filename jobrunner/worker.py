"""A worker process: takes jobs from its queues and runs them through the middleware, several at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from jobrunner import execution
from jobrunner.middleware import in_order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from random import Random

    from jobrunner.adapters.in_process import InProcess
    from jobrunner.clock import Clock
    from jobrunner.contract import WorkerEvent
    from jobrunner.job import Job
    from jobrunner.middleware.middleware import Middleware


class Worker:
    """Host and process id are plain values, so that several can be simulated in one process."""

    def __init__(  # noqa: PLR0913 - a process has that many traits, and all are given by name
        self,
        *,
        host: str,
        pid: int,
        queues: Sequence[str],
        concurrency: int,
        adapter: InProcess,
        clock: Clock,
        random: Random,
        middleware: Sequence[Middleware],
        poll: float = 1.0,
    ) -> None:
        self.host = host
        self.pid = pid
        self.name = f"{host}:{pid}"
        self.queues = tuple(queues)
        self.concurrency = concurrency
        self.adapter = adapter
        self.clock = clock
        self.random = random
        self.middleware = in_order(middleware)
        self.poll = poll
        self.started_at = self.heartbeat_at = clock.now()
        self.running: dict[str, Job] = {}
        self.quiet = False
        self.stopped = False

    def boot(self) -> None:
        """Start the threads; each is an owner of its own, so that one job can be cancelled."""
        self.tell("booted")
        for number in range(self.concurrency):
            thread = f"thread-{number + 1}"
            self.clock.start(self.work_forever(thread), (self.name, thread))

    def kill(self) -> None:
        """Die as of SIGKILL: nothing is given back and nothing is said."""
        self.quiet = self.stopped = True
        for number in range(self.concurrency):
            self.clock.kill((self.name, f"thread-{number + 1}"))

    async def work_forever(self, thread: str) -> None:
        """Be one thread of the worker: a job at a time until the worker is told to be quiet."""
        while not self.quiet:
            job = self.adapter.fetch(self.queues)
            if job is None:
                await self.clock.sleep(self.poll * self.random.uniform(0.5, 1.5))
            else:
                await self.run(job, thread)

    async def run(self, job: Job, thread: str) -> None:
        job.started_at = self.clock.now()
        self.running[thread] = job
        try:
            await execution.run(job, wrap=partial(self._through, self.middleware, job, thread), random=self.random)
        except Exception as error:  # noqa: BLE001 - whatever a job raises is its failure, not the worker's
            job.error = error
            self.adapter.bury(job)
        if job.error is not None:
            for each in self.middleware:
                each.settled(job, self, thread)
        self.adapter.leaving.discard(job.job_id)
        self.running.pop(thread, None)

    def tell(self, event: WorkerEvent, job_count: int | None = None) -> None:
        for each in self.middleware:
            each.worker_event(self, event, job_count)

    async def stop(self, patience: float) -> None:
        """Take no more jobs, wait for the running ones, and go."""
        self.quiet = True
        self.tell("quieted")
        self.tell("stopping")
        self.adapter.leaving.update(job.job_id for job in self.running.values())
        deadline = self.clock.now() + timedelta(seconds=patience)
        while self.running and self.clock.now() < deadline:
            await self.clock.sleep(0.5)
        given_back = self._push_back()
        if given_back:
            self.tell("pushed_back", given_back)
        self.stopped = True
        self.tell("stopped")

    def _push_back(self) -> int:
        """Give the jobs that outlived the patience back, the first to start first in its queue again."""
        running = sorted(self.running.items(), key=lambda held: str(held[1].started_at))
        self.running.clear()
        for thread, job in reversed(running):
            self.clock.kill((self.name, thread))
            self.adapter.leaving.discard(job.job_id)
            for each in self.middleware:
                each.requeued(job, self, thread)
            self.adapter.push_back(job)
        return len(running)

    async def _through(
        self, middleware: Sequence[Middleware], job: Job, thread: str, attempt: Callable[[], Awaitable[None]]
    ) -> None:
        if middleware:
            await middleware[0].run(job, self, thread, lambda: self._through(middleware[1:], job, thread, attempt))
        else:
            await attempt()
