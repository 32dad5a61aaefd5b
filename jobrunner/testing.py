"""
For an application's tests: what was enqueued, what ran, and running it.

    def test_a_report_is_made_later(jobs: InTest) -> None:  # a fixture: with jobs_in_test() as adapter: yield adapter
        with assert_enqueued(ReportJob, arguments=[42], queue="reports"):
            order.pay()
        perform_enqueued_jobs()
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from jobrunner.adapters.test import Held, InTest
from jobrunner.arguments import apart
from jobrunner.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

NEAR = timedelta(seconds=1)
"""How far the time of a job may be from the one expected."""


class Traits(TypedDict, total=False):
    """What an expected job is like; what is left out or None may be anything."""

    arguments: Sequence[Any] | None
    named: Mapping[str, Any] | None
    queue: str | None
    priority: int | None
    at: datetime | None


@contextmanager
def jobs_in_test(job_class: type[Job] = Job) -> Iterator[InTest]:
    """Let a class and its subclasses enqueue into an adapter for tests, for as long as this lasts."""
    before = vars(job_class).get("adapter")
    job_class.adapter = adapter = InTest()
    try:
        yield adapter
    finally:
        if before is None:
            del job_class.adapter
        else:
            job_class.adapter = before


@contextmanager
def assert_enqueued(
    job_class: type[Job] = Job, *, count: int | None = None, **traits: Unpack[Traits]
) -> Iterator[list[Held]]:
    """
    Assert that what happens within enqueues such a job, or exactly ``count`` of them; 0 for none.

    Yields a list that holds them afterwards. ``AssertionError`` names what was enqueued instead.
    """
    adapter = _adapter_of(job_class)
    before = len(adapter.enqueued)
    found: list[Held] = []
    yield found
    _check(_Expected("enqueued", job_class, **traits), adapter.enqueued[before:], found, count)


@contextmanager
def assert_performed(
    job_class: type[Job] = Job, *, count: int | None = None, **traits: Unpack[Traits]
) -> Iterator[list[Held]]:
    """
    Run what is enqueued within at once, whatever its time, and assert that such a job ran, as ``assert_enqueued``.

    Only jobs of this class and its subclasses run.
    """
    adapter = _adapter_of(job_class)
    before = len(adapter.performed)
    found: list[Held] = []
    with performing_jobs(job_class):
        yield found
    _check(_Expected("performed", job_class, **traits), adapter.performed[before:], found, count)


@contextmanager
def performing_jobs(job_class: type[Job] = Job) -> Iterator[None]:
    """Run jobs of a class and its subclasses in the call that enqueues them, retries too, for as long as this lasts."""
    adapter = _adapter_of(job_class)
    before = adapter.performs_at_once
    names = _names(job_class)
    adapter.performs_at_once = lambda held: held.job_class in names
    try:
        yield
    finally:
        adapter.performs_at_once = before


def perform_enqueued_jobs(
    job_class: type[Job] = Job, *, queue: str | None = None, until: datetime | None = None
) -> int:
    """
    Run the jobs that wait, and those that these enqueue, and return how many ran.

    Narrowed to a class with its subclasses, a queue, or those due ``until`` a moment. Raises what a run raises.
    """
    adapter = _adapter_of(job_class)
    names = _names(job_class)
    ran = 0
    while True:
        due = [
            held
            for held in adapter.waiting
            if held.job_class in names
            and queue in {None, held.queue_name}
            and (until is None or held.at is None or held.at <= until)
        ]
        if not due:
            return ran
        adapter.waiting.remove(due[0])
        adapter.perform(due[0])
        ran += 1


@dataclass(frozen=True)
class _Expected:
    what: str
    job_class: type[Job]
    arguments: Sequence[Any] | None = None
    named: Mapping[str, Any] | None = None
    queue: str | None = None
    priority: int | None = None
    at: datetime | None = None

    def fits(self, held: Held) -> bool:
        positional, named = apart(held.arguments)
        return (
            held.job_class in _names(self.job_class)
            and (self.arguments is None or list(self.arguments) == positional)
            and (self.named is None or dict(self.named) == dict(named))
            and self.queue in {None, held.queue_name}
            and self.priority in {None, held.priority}
            and (self.at is None or (held.at is not None and abs(held.at - self.at) <= NEAR))
        )

    def __str__(self) -> str:
        told = {
            "arguments": self.arguments,
            "named": self.named,
            "queue": self.queue,
            "priority": self.priority,
            "at": self.at,
        }
        return " ".join([self.job_class.__name__, *(f"{key}={each}" for key, each in told.items() if each is not None)])


def _check(expected: _Expected, seen: Sequence[Held], found: list[Held], count: int | None) -> None:
    found += [held for held in seen if expected.fits(held)]
    if len(found) == count or (count is None and found):
        return
    wanted = "at least one" if count is None else str(count)
    others = "".join(f"\n  {_told(held)}" for held in seen) or " nothing"
    raise AssertionError(
        f"{wanted} of {expected} should have been {expected.what}, {len(found)} were. There was:{others}"
    )


def _told(held: Held) -> str:
    return f"{held.job_class} arguments={held.arguments} queue={held.queue_name} priority={held.priority} at={held.at}"


def _adapter_of(job_class: type[Job]) -> InTest:
    adapter = getattr(job_class, "adapter", None)
    if not isinstance(adapter, InTest):
        raise TypeError(f"{job_class.__name__} does not enqueue into InTest here: use jobs_in_test() around the test")
    return adapter


def _names(job_class: type[Job]) -> set[str]:
    return {job_class.job_class}.union(*map(_names, job_class.__subclasses__()))
