"""What wraps a job: called when it is enqueued, around its run, and when something happens to its worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jobrunner.contract import WorkerEvent
    from jobrunner.job import Job
    from jobrunner.worker import Worker


class Middleware:
    """A wrapper that does nothing; others override what they need."""

    def enqueued(self, job: Job) -> None:
        """Hear that a job was put on its queue or scheduled."""

    async def run(
        self,
        job: Job,  # noqa: ARG002 - for those that override it
        worker: Worker,  # noqa: ARG002
        thread: str,  # noqa: ARG002
        perform: Callable[[], Awaitable[None]],
    ) -> None:
        """Run a job: await ``perform`` once, and let its exception through."""
        await perform()

    def settled(self, job: Job, worker: Worker, thread: str) -> None:
        """Hear what became of a failed job: its ``outcome``, and of another attempt its ``run_at``."""

    def requeued(self, job: Job, worker: Worker, thread: str) -> None:
        """Hear that a stopping worker gave a running job back."""

    def worker_event(self, worker: Worker, event: WorkerEvent, job_count: int | None = None) -> None:
        """Hear what happened to a worker."""

    def job_heartbeat(self, job: Job, worker: Worker, thread: str) -> None:
        """Hear that a job is still running."""
