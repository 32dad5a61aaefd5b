"""Runs jobs in threads of this process: for development. What waits or runs is lost when the process ends."""

from __future__ import annotations

import heapq
import logging
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from jobrunner.adapters.adapter import Adapter, EnqueueError
from jobrunner.clock import SystemClock
from jobrunner.json_lines import through_json

if TYPE_CHECKING:
    from datetime import datetime

    from jobrunner.clock import Clock
    from jobrunner.job import Job

LOGGER = logging.getLogger("jobrunner")


class AsyncThreads(Adapter):
    """
    At most ``threads`` jobs run at once and ``most_waiting`` wait; a further one is an ``EnqueueError``.

    Threads start with the first jobs. In ``environment="production"`` a warning goes to the log. A job's error that no
    rule of its class dealt with is logged, and the job is over.
    """

    def __init__(
        self,
        *,
        threads: int = 5,
        most_waiting: int = 10_000,
        environment: str = "development",
        clock: Clock | None = None,
    ) -> None:
        self.threads = threads
        self.most_waiting = most_waiting
        self.clock = clock or SystemClock()
        self._changed = Condition()
        self._waiting: list[tuple[datetime, int, dict[str, Any]]] = []
        self._number = 0
        self._started: list[Thread] = []
        self._busy = 0
        self._stopping = False
        if environment == "production":
            LOGGER.warning(
                "AsyncThreads keeps jobs in the memory of this process: a restart loses all that wait. "
                "Use an adapter with a store in production"
            )

    def enqueue(self, job: Job) -> None:
        self._put(job, self.clock.now())

    def enqueue_at(self, job: Job, moment: datetime) -> None:
        self._put(job, moment)

    def stopping(self, job: Job) -> bool:  # noqa: ARG002 - all of them
        return self._stopping

    def shutdown(self, patience: float | None = None) -> int:
        """
        Take no more jobs and wait for those that run, so many seconds for each thread or without end.

        Jobs that can make way do, at their next checkpoint. Returns how many jobs are lost because they still wait.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._started:
            thread.join(patience)
        return len(self._waiting)

    def _put(self, job: Job, moment: datetime) -> None:
        told = through_json(job.serialize())
        with self._changed:
            if self._stopping:
                raise EnqueueError("AsyncThreads was shut down and takes no more jobs")
            if len(self._waiting) >= self.most_waiting:
                raise EnqueueError(f"{self.most_waiting} jobs wait already: make most_waiting larger or enqueue slower")
            self._number += 1
            heapq.heappush(self._waiting, (moment, self._number, told))
            if self._busy + len(self._waiting) > len(self._started) < self.threads:
                self._start()
            self._changed.notify()

    def _start(self) -> None:
        thread = Thread(target=self._work_forever, name=f"jobrunner-{len(self._started) + 1}", daemon=True)
        self._started.append(thread)
        thread.start()

    def _work_forever(self) -> None:
        from jobrunner.execution import perform  # noqa: PLC0415 - it knows jobs, which know adapters

        while (told := self._next()) is not None:
            try:
                perform(told)
            except Exception:
                LOGGER.exception("%s %s failed for good", told["job_class"], told["job_id"])
            finally:
                with self._changed:
                    self._busy -= 1

    def _next(self) -> dict[str, Any] | None:
        """Wait for a job that is due; None when there will be none."""
        with self._changed:
            while not self._stopping:
                now = self.clock.now()
                if self._waiting and self._waiting[0][0] <= now:
                    self._busy += 1
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait((self._waiting[0][0] - now).total_seconds() if self._waiting else None)
        return None
