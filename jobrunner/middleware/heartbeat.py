"""Says every so often that a worker lives and which jobs it is running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobrunner.middleware.middleware import Middleware

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jobrunner.clock import Clock
    from jobrunner.job import Job
    from jobrunner.worker import Worker


class Heartbeat(Middleware):
    """Keeps the list of running jobs; the worker calls ``beat_forever`` beside its threads."""

    def __init__(self, clock: Clock, period: float = 30.0) -> None:
        self.clock = clock
        self.period = period
        self.running: dict[tuple[str, str], Job] = {}

    async def run(self, job: Job, worker: Worker, thread: str, perform: Callable[[], Awaitable[None]]) -> None:
        self.running[worker.name, thread] = job
        try:
            await perform()
        finally:
            self.running.pop((worker.name, thread), None)

    async def beat_forever(self, worker: Worker) -> None:
        while not worker.stopped:
            await self.clock.sleep(self.period)
            if worker.stopped:
                return
            worker.heartbeat_at = self.clock.now()
            worker.tell("heartbeat")
            for (name, thread), job in list(self.running.items()):
                if name == worker.name:
                    for each in worker.middleware:
                        each.job_heartbeat(job, worker, thread)
