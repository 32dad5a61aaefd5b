"""What an application writes: a class with ``perform``, put on its queue with ``perform_later``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Adapter(Protocol):
    """Where jobs go: it gives them an id and the time."""

    def enqueue(self, job: Job, wait: timedelta | None = None) -> None:
        """Put a job on its queue, or aside until its wait is over."""


class Job:
    """A piece of work done later. ``perform`` may be a coroutine function or a plain one."""

    adapter: ClassVar[Adapter]
    queue: str = "default"
    max_attempts: int = 5
    retry_wait: ClassVar[float | Callable[[int], float]] = 3.0

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - arguments are the application's
        self.arguments = list(arguments)
        self.job_id = ""
        self.attempt = 0
        self.enqueued_at: datetime | None = None
        self.run_at: datetime | None = None
        self.started_at: datetime | None = None
        self.parent_job_id: str | None = None
        self.idempotency_key: str | None = None
        self.trace: tuple[int, int] | None = None
        self.run_trace: tuple[int, int] | None = None
        self.error: Exception | None = None

    def perform(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - a job takes what its author says
        """Do the work; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} has no perform: define it in the class")

    @classmethod
    def set(
        cls, *, wait: timedelta | None = None, queue: str | None = None, idempotency_key: str | None = None
    ) -> ConfiguredJob:
        return ConfiguredJob(cls, wait, queue, idempotency_key)

    @classmethod
    def perform_later(cls, *arguments: Any) -> Job:  # noqa: ANN401 - as perform
        return cls.set().perform_later(*arguments)

    @classmethod
    def wait_after(cls, attempt: int) -> float:
        """Seconds to wait after the failure of an attempt."""
        wait = cls.retry_wait
        return wait(attempt) if callable(wait) else wait

    @property
    def due_at(self) -> datetime | None:
        return self.run_at or self.enqueued_at


@dataclass(frozen=True, slots=True)
class ConfiguredJob:
    """A job class with options for the next enqueue."""

    job_class: type[Job]
    wait: timedelta | None
    queue: str | None
    idempotency_key: str | None

    def perform_later(self, *arguments: Any) -> Job:  # noqa: ANN401 - as Job.perform
        job = self.job_class(*arguments)
        job.queue = self.queue or job.queue
        job.idempotency_key = self.idempotency_key
        job.adapter.enqueue(job, self.wait)
        return job
