"""Where jobs go: what a backend must be able to do, and what it may do better."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jobrunner.job import Job


class EnqueueError(Exception):
    """A backend did not take a job. Raised by adapters; whoever enqueues finds it in the job's ``enqueue_error``."""


class Adapter(ABC):
    """
    A backend takes jobs as ``job.serialize()`` says them; its worker gives that to ``execution.perform``.

    It may set the job's ``provider_job_id``, its own id for this push.
    """

    @abstractmethod
    def enqueue(self, job: Job) -> None:
        """Put a job on its queue; ``EnqueueError`` if that cannot be done."""

    @abstractmethod
    def enqueue_at(self, job: Job, moment: datetime) -> None:
        """Put a job aside until a moment; ``EnqueueError`` if that cannot be done."""

    def enqueue_all(self, jobs: Sequence[Job]) -> None:
        """Take many jobs, in fewer steps where the backend can; each must know afterwards whether it was taken."""
        for job in jobs:
            job.push()

    def stopping(self, job: Job) -> bool | str:  # noqa: ARG002 - for those that know
        """Say whether the worker of a running job wants to go, or why: at its next checkpoint the job makes way."""
        return False
