"""Keeps what is enqueued for a test to look at, and runs it when the test says so (see ``jobrunner.testing``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobrunner.adapters.adapter import Adapter
from jobrunner.json_lines import through_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from jobrunner.job import Job


@dataclass(frozen=True, kw_only=True)
class Held:
    """A job that a test looks at: its hash, and when it is due, None for at once."""

    job_class: str
    queue_name: str
    priority: int | None
    arguments: list[Any]
    """As Python sees them, named ones as a last ``Keywords``."""
    at: datetime | None
    told: dict[str, Any]


class InTest(Adapter):
    """Jobs wait in ``waiting`` until they are performed; ``enqueued`` has all that ever came."""

    def __init__(self) -> None:
        self.enqueued: list[Held] = []
        self.waiting: list[Held] = []
        self.performed: list[Held] = []
        self.performs_at_once: Callable[[Held], bool] = lambda _: False
        """Which jobs run in the call that enqueues them, those with a time too."""
        self.interrupts: Callable[[Job], bool | str] = lambda _: False
        """Whether the worker is to seem to stop, asked at each checkpoint."""

    def enqueue(self, job: Job) -> None:
        self._take(job, None)

    def enqueue_at(self, job: Job, moment: datetime) -> None:
        self._take(job, moment)

    def stopping(self, job: Job) -> bool | str:
        return self.interrupts(job)

    def perform(self, held: Held) -> None:
        """Run a job from its hash; raises what the run raises."""
        from jobrunner.execution import perform  # noqa: PLC0415 - it knows jobs, which know adapters

        self.performed.append(held)
        perform(held.told)

    def _take(self, job: Job, moment: datetime | None) -> None:
        told = through_json(job.serialize())
        job.read_arguments()
        held = Held(
            job_class=job.job_class,
            queue_name=job.queue_name,
            priority=job.priority,
            arguments=list(job.arguments),
            at=moment,
            told=told,
        )
        self.enqueued.append(held)
        if self.performs_at_once(held):
            self.perform(held)
        else:
            self.waiting.append(held)
