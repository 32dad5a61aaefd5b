"""
What an application writes: a class with ``perform``, put on its queue with ``perform_later``.

    class ReportJob(Job):
        queue_as = "reports"
        on_error = (retry_on(ConnectionError, wait=10, attempts=8),)

        def perform(self, number: int, *, form: str = "pdf") -> None: ...

    ReportJob.perform_later(42, form="csv")
    ReportJob.set(wait=timedelta(minutes=5), priority=10).perform_later(42)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, ParamSpec, Protocol, Self, TypedDict, Unpack, cast
from uuid import UUID

from jobrunner.adapters.adapter import EnqueueError
from jobrunner.arguments import Keywords, deserialize, serialize
from jobrunner.callbacks import Chain, finished
from jobrunner.clock import SystemClock
from jobrunner.error_handling import most_executions
from jobrunner.job_data import JobData

if TYPE_CHECKING:
    from jobrunner.adapters.adapter import Adapter
    from jobrunner.clock import Clock
    from jobrunner.error_handling import Rule

P = ParamSpec("P")

Outcome = Literal[
    "succeeded",
    "cancelled",
    "interrupted",
    "retry_scheduled",
    "retries_exhausted",
    "discarded",
    "rescued",
    "failed",
]


class UnknownJobClassError(LookupError):
    """No class, or more than one, has the name that a job's hash gives."""


class Options(TypedDict, total=False):
    """How to enqueue. ``wait`` is seconds or a timedelta; ``wait_until`` goes before it; None is as if left out."""

    wait: float | timedelta | None
    wait_until: datetime | None
    queue: str | None
    priority: int | None
    idempotency_key: str | None


class _Performs(Protocol[P]):
    def perform(self, *arguments: P.args, **named: P.kwargs) -> Any: ...  # noqa: ANN401 - a job returns what it likes


class Job:
    """
    A piece of work done later. ``perform`` may be a coroutine function or a plain one.

    Class attributes say how its jobs are enqueued and what becomes of their errors. ``on_commit`` is a function that
    calls back once the open transaction commits, such as Django's ``transaction.on_commit``: enqueues wait for that.
    """

    adapter: ClassVar[Adapter]
    clock: ClassVar[Clock] = SystemClock()
    random: ClassVar[Random] = SystemRandom()
    job_class: ClassVar[str] = "Job"
    """The name in the job's hash; the class's own unless it says another, such as a Ruby worker's."""
    queue_as: ClassVar[str | Callable[[Any], str]] = "default"
    """A name, or a method that is asked when the name is needed."""
    queue_prefix: ClassVar[str | None] = None
    queue_delimiter: ClassVar[str] = "_"
    queue_with_priority: ClassVar[int | Callable[[Any], int | None] | None] = None
    """A number, or a method; which numbers come first is the backend's."""
    on_error: ClassVar[tuple[Rule, ...]] = ()
    retry_jitter: ClassVar[float] = 0.15
    """The share of a retry's wait that chance may add."""
    on_commit: ClassVar[Callable[[Callable[[], object]], object] | None] = None

    def __init_subclass__(cls, **named: Any) -> None:  # noqa: ANN401 - other bases' own
        super().__init_subclass__(**named)
        if "job_class" not in vars(cls):
            cls.job_class = cls.__name__
        known = _CLASSES.setdefault(cls.job_class, {})
        known[cls.__module__, cls.__qualname__] = cls

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - arguments are the application's
        self.arguments = [*arguments, Keywords(named)] if named else list(arguments)
        self.job_id = str(UUID(int=self.random.getrandbits(128), version=4))
        self.provider_job_id: str | None = None
        self.executions = 0
        self.exception_executions: dict[str, int] | None = {}
        self.locale = "en"
        self.timezone: str | None = None
        self.enqueued_at: datetime | None = None
        self.scheduled_at: datetime | None = None
        self.idempotency_key: str | None = None
        self.extra: dict[str, Any] = {}
        self.successfully_enqueued = False
        self.enqueue_error: EnqueueError | None = None
        self.outcome: Outcome | None = None
        self.result: Any = None
        self.error: Exception | None = None
        self.run_at: datetime | None = None
        self.started_at: datetime | None = None
        self.parent_job_id: str | None = None
        self.trace: tuple[int, int] | None = None
        self.run_trace: tuple[int, int] | None = None
        self._queue_name: str | None = None
        self._priority = type(self).queue_with_priority
        self._unread: list[Any] | None = None

    def perform(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - a job takes what its author says
        """Do the work; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} has no perform: define it in the class")

    @classmethod
    def perform_later(cls: type[_Performs[P]], *arguments: P.args, **named: P.kwargs) -> Job:
        """
        Enqueue a job and return it; it knows whether it was ``successfully_enqueued``.

        An adapter's ``EnqueueError`` is kept in ``enqueue_error``; others are raised, and ``SerializationError``.
        """
        job = cast("type[Job]", cls)(*arguments, **named)
        job.enqueue()
        return job

    @classmethod
    def perform_now(cls: type[_Performs[P]], *arguments: P.args, **named: P.kwargs) -> Any:  # noqa: ANN401
        """Run a job here and now, with its callbacks and rules; as ``execution.run_to_end``."""
        return cast("type[Job]", cls)(*arguments, **named).run()

    @classmethod
    def set(cls: type[_Performs[P]], **options: Unpack[Options]) -> ConfiguredJob[P]:
        return ConfiguredJob(cast("type[Job]", cls), options)

    @classmethod
    def deserialize(cls, told: Mapping[str, Any]) -> Job:
        """Make a job from its hash, its arguments still unread. ``JobDataError``, ``UnknownJobClassError``."""
        data = JobData.from_json(told)
        job = _class_named(data.job_class)()
        job.restore(data)
        return job

    @property
    def queue_name(self) -> str:
        if self._queue_name is None:
            named = type(self).queue_as
            self._queue_name = self.prefixed(named(self) if callable(named) else named)
        return self._queue_name

    @property
    def priority(self) -> int | None:
        if callable(self._priority):
            self._priority = self._priority(self)
        return self._priority

    @property
    def due_at(self) -> datetime | None:
        return self.run_at or self.enqueued_at

    @property
    def max_attempts(self) -> int | None:
        return most_executions(type(self))

    @classmethod
    def prefixed(cls, queue: str) -> str:
        return f"{cls.queue_prefix}{cls.queue_delimiter}{queue}" if cls.queue_prefix else queue

    def configure(self, **options: Unpack[Options]) -> Self:
        """Take options over; what they leave out stays."""
        wait, until, queue = options.get("wait"), options.get("wait_until"), options.get("queue")
        if wait is not None:
            self.scheduled_at = self.clock.now() + (wait if isinstance(wait, timedelta) else timedelta(seconds=wait))
        if until is not None:
            self.scheduled_at = until
        if queue is not None:
            self._queue_name = self.prefixed(queue)
        if (priority := options.get("priority")) is not None:
            self._priority = int(priority)
        self.idempotency_key = options.get("idempotency_key") or self.idempotency_key
        return self

    def enqueue(self, **options: Unpack[Options]) -> bool:
        """Enqueue this job with its callbacks, or promise to at the commit; say whether that is done."""
        self.configure(**options)
        defer = type(self).on_commit
        if defer is None:
            self._enqueue_with_callbacks()
        else:
            self.successfully_enqueued, self.enqueue_error = True, None
            defer(self._enqueue_with_callbacks)
        return self.successfully_enqueued

    def retry(self, **options: Unpack[Options]) -> None:
        """
        Enqueue this job once more; time, queue and priority of the run at hand stay what they are.

        At once, whatever ``on_commit`` says: the rollback of a failed run must not drop its retry. Raises the adapter's
        ``EnqueueError``: a retry that nobody took would be a job lost without a word.
        """
        held = self.scheduled_at, self._queue_name, self._priority
        try:
            self.configure(**options)
            self._enqueue_with_callbacks()
        finally:
            self.scheduled_at, self._queue_name, self._priority = held
        if self.enqueue_error is not None:
            raise self.enqueue_error

    def push(self) -> None:
        """Give this job to its adapter, without callbacks; ``successfully_enqueued`` says whether it took it."""
        self.successfully_enqueued, self.enqueue_error = False, None
        try:
            if self.scheduled_at is None:
                self.the_adapter.enqueue(self)
            else:
                self.the_adapter.enqueue_at(self, self.scheduled_at)
            self.successfully_enqueued = True
        except EnqueueError as error:
            self.enqueue_error = error

    def run(self) -> Any:  # noqa: ANN401 - what perform returns
        """Run this job here and now; as ``execution.run_to_end``."""
        from jobrunner.execution import run_to_end  # noqa: PLC0415 - it knows this class

        return run_to_end(self)

    @property
    def the_adapter(self) -> Adapter:
        adapter: Adapter | None = getattr(type(self), "adapter", None)
        if adapter is None:
            raise RuntimeError(f"{type(self).__name__} has no adapter: set Job.adapter, for example to AsyncThreads()")
        return adapter

    def serialize(self) -> dict[str, Any]:
        """Say this job as Active Job's hash; ``SerializationError`` if an argument cannot be said."""
        extra = dict(self.extra)
        if self.idempotency_key:
            extra["idempotency_key"] = self.idempotency_key
        return JobData(
            job_class=type(self).job_class,
            job_id=self.job_id,
            provider_job_id=self.provider_job_id,
            queue_name=self.queue_name,
            priority=self.priority,
            arguments=self.serialized_arguments,
            executions=self.executions,
            exception_executions=self.exception_executions,
            locale=self.locale,
            timezone=self.timezone,
            enqueued_at=self.clock.now(),
            scheduled_at=self.scheduled_at,
            extra=extra,
        ).to_json()

    def restore(self, data: JobData) -> None:
        """Become the job of a hash."""
        self.job_id, self.provider_job_id = data.job_id, data.provider_job_id
        self._queue_name, self._priority = data.queue_name, data.priority
        self._unread = data.arguments
        self.executions = data.executions
        told = data.exception_executions
        self.exception_executions = None if told is None else dict(told)
        self.locale, self.timezone = data.locale, data.timezone
        self.enqueued_at, self.scheduled_at = data.enqueued_at, data.scheduled_at
        self.extra = dict(data.extra)
        self.idempotency_key = self.extra.pop("idempotency_key", None)

    @property
    def serialized_arguments(self) -> list[Any]:
        return serialize(self.arguments) if self._unread is None else self._unread

    def read_arguments(self) -> None:
        """Read the arguments, unless that is done; ``DeserializationError`` if they cannot be read."""
        if self._unread is not None:
            self.arguments = deserialize(self._unread)
            self._unread = None

    def failures(self, group: str) -> int:
        """How many failures a rule has seen; in data of old versions, all runs before this one."""
        return self.executions - 1 if self.exception_executions is None else self.exception_executions.get(group, 0)

    def count_failure(self, group: str) -> int:
        """Count one more failure and return how many that makes."""
        count = self.failures(group) + 1
        if self.exception_executions is not None:
            self.exception_executions[group] = count
        return count

    def _enqueue_with_callbacks(self) -> None:
        self.successfully_enqueued, self.enqueue_error = False, None
        finished(Chain(self, "enqueue", self.push).run())


@dataclass(frozen=True, slots=True)
class ConfiguredJob(Generic[P]):
    """A job class with options for the next job."""

    job_class: type[Job]
    options: Options

    def perform_later(self, *arguments: P.args, **named: P.kwargs) -> Job:
        """As ``Job.perform_later``."""
        job = self.job_class(*arguments, **named)
        job.enqueue(**self.options)
        return job

    def perform_now(self, *arguments: P.args, **named: P.kwargs) -> Any:  # noqa: ANN401 - what perform returns
        """As ``Job.perform_now``."""
        return self.job_class(*arguments, **named).configure(**self.options).run()


def perform_all_later(*jobs: Job | Iterable[Job]) -> None:
    """
    Enqueue many jobs, each adapter's in one go, and without enqueue callbacks; each knows whether it was taken.

    Those whose class has ``on_commit`` wait for their transaction.
    """
    groups: dict[tuple[int, Any], list[Job]] = {}
    for job in _flat(jobs):
        groups.setdefault((id(job.the_adapter), type(job).on_commit), []).append(job)
    for (_, defer), group in groups.items():
        if defer is None:
            group[0].the_adapter.enqueue_all(group)
        else:
            for job in group:
                job.successfully_enqueued = True
            defer(lambda group=group: group[0].the_adapter.enqueue_all(group))


def _flat(jobs: Iterable[Job | Iterable[Job]]) -> Iterable[Job]:
    for each in jobs:
        if isinstance(each, Job):
            yield each
        else:
            yield from _flat(each)


_CLASSES: dict[str, dict[tuple[str, str], type[Job]]] = {}


def _class_named(name: str) -> type[Job]:
    found = list(_CLASSES.get(name, {}).values())
    if not found:
        raise UnknownJobClassError(f"no job class is named {name!r}: import its module where workers start")
    if len(found) > 1:
        places = ", ".join(sorted(f"{each.__module__}.{each.__qualname__}" for each in found))
        raise UnknownJobClassError(f"{places} are all named {name!r}: give all but one another job_class")
    return found[0]
