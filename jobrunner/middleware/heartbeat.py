"""Says every so often that a worker lives and which jobs it is running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobrunner.middleware.middleware import Middleware

if TYPE_CHECKING:
    from jobrunner.clock import Clock
    from jobrunner.worker import Worker


class Heartbeat(Middleware):
    """Speaks for the jobs its worker runs; start ``beat_forever`` beside its threads."""

    def __init__(self, clock: Clock, period: float = 30.0) -> None:
        self.clock = clock
        self.period = period

    async def beat_forever(self, worker: Worker) -> None:
        while not worker.stopped:
            await self.clock.sleep(self.period)
            if worker.stopped:
                return
            worker.heartbeat_at = self.clock.now()
            worker.tell("heartbeat")
            for thread, job in worker.running.items():
                for each in worker.middleware:
                    each.job_heartbeat(job, worker, thread)
