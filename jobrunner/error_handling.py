"""
What becomes of a job whose run raised: tried again, discarded, given to a handler, or left to the backend.

A class lists its rules in ``on_error``; the last that fits wins, those of the class itself before its parents'. Where
none fits an error, they are asked about its cause. Without a rule the error goes to whoever runs the job.

    class ReportJob(Job):
        on_error = (
            retry_on(ConnectionError, wait="polynomially_longer", attempts=8),
            discard_on(ReferenceNotFoundError),
        )
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from jobrunner.callbacks import awaited, callbacks_of

if TYPE_CHECKING:
    from jobrunner.job import Job

Wait = float | timedelta | Literal["polynomially_longer"] | Callable[..., float | timedelta]
"""Seconds, a timedelta, or a function of the count of failures, and of the error if it takes two arguments."""
Then = Callable[[Any, Any], Any]
"""Called with the job and the error."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What to do about errors of some classes."""

    exceptions: tuple[type[Exception], ...]

    async def apply(self, job: Job, error: BaseException, random: Random) -> None:
        """Do it; what this raises goes to whoever runs the job."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Retry(Rule):
    """Try again until the rule has seen so many failures."""

    wait: Wait
    attempts: int | None
    queue: str | None
    priority: int | None
    jitter: float | None
    exhausted: Then | None

    @property
    def group(self) -> str:
        """The key of its counter in the job's data, as Ruby writes a list of classes."""
        return f"[{', '.join(map(_name, self.exceptions))}]"

    def will_retry(self, failures: int) -> bool:
        return self.attempts is None or failures < self.attempts

    def delay(self, failures: int, error: BaseException, usual_jitter: float, random: Random) -> timedelta:
        """Say how long to wait after so many failures; what functions say is spread only if the rule asks for it."""
        jitter = usual_jitter if self.jitter is None else self.jitter
        if self.wait == "polynomially_longer":
            return timedelta(seconds=_spread(failures**4, jitter, random) + 2)
        if not callable(self.wait):
            return timedelta(seconds=_spread(_seconds(self.wait), jitter, random))
        told = self.wait(failures, error) if _takes_the_error(self.wait) else self.wait(failures)
        return timedelta(seconds=_spread(_seconds(told), self.jitter or 0.0, random))

    async def apply(self, job: Job, error: BaseException, random: Random) -> None:
        failures = job.count_failure(self.group)
        if self.will_retry(failures):
            wait = self.delay(failures, error, type(job).retry_jitter, random)
            job.outcome = "retry_scheduled"
            job.retry(wait=wait, queue=self.queue, priority=self.priority)
            return
        job.outcome = "retries_exhausted"
        if self.exhausted is None:
            await run_after_discard(job, error)
            raise error
        await awaited(self.exhausted(job, error))
        await run_after_discard(job, error)


@dataclass(frozen=True, kw_only=True)
class Discard(Rule):
    """Let the job go."""

    then: Then | None

    async def apply(self, job: Job, error: BaseException, random: Random) -> None:  # noqa: ARG002 - as Rule has it
        job.outcome = "discarded"
        if self.then is not None:
            await awaited(self.then(job, error))
        await run_after_discard(job, error)


@dataclass(frozen=True, kw_only=True)
class Rescue(Rule):
    """Let a function do what it thinks right: the run counts as handled unless it raises."""

    then: Then

    async def apply(self, job: Job, error: BaseException, random: Random) -> None:  # noqa: ARG002 - as Rule has it
        job.outcome = "rescued"
        await awaited(self.then(job, error))


def retry_on(  # noqa: PLR0913 - all by name, each with Active Job's default
    *exceptions: type[Exception],
    wait: Wait = 3.0,
    attempts: int | Literal["unlimited"] = 5,
    queue: str | None = None,
    priority: int | None = None,
    jitter: float | None = None,
    exhausted: Then | None = None,
) -> Retry:
    """
    Try again after errors of these classes, ``attempts`` times in all, the first run included.

    The failures are counted per rule. ``jitter`` is the share of the wait that may be added by chance; None means the
    class's ``retry_jitter``, and nothing where ``wait`` is a function. In the end ``exhausted`` is called;
    without it the error goes to whoever runs the job.

    ``TypeError`` if the wait is of no kind that is known, ``ValueError`` if it is another word.
    """
    if isinstance(wait, str) and wait != "polynomially_longer":
        raise ValueError(f'wait={wait!r} is not known: "polynomially_longer" is the only word, or give seconds')
    if isinstance(wait, bool) or not (isinstance(wait, (int, float, timedelta, str)) or callable(wait)):
        raise TypeError(f'wait={wait!r} must be seconds, a timedelta, a function or "polynomially_longer"')
    return Retry(
        exceptions=_some(exceptions),
        wait=wait,
        attempts=None if attempts == "unlimited" else attempts,
        queue=queue,
        priority=priority,
        jitter=jitter,
        exhausted=exhausted,
    )


def discard_on(*exceptions: type[Exception], then: Then | None = None) -> Discard:
    """Let a job go after errors of these classes, and tell ``then``."""
    return Discard(exceptions=_some(exceptions), then=then)


def rescue_from(*exceptions: type[Exception], then: Then) -> Rescue:
    """Call ``then`` after errors of these classes."""
    return Rescue(exceptions=_some(exceptions), then=then)


def rules_of(job_class: type[Job]) -> Iterator[Rule]:
    """List a class's rules, the one that is asked first in front."""
    for each in job_class.__mro__:
        yield from reversed(vars(each).get("on_error", ()))


def rule_for(job_class: type[Job], error: BaseException) -> tuple[Rule, BaseException] | None:
    """Find the rule for an error, or for the nearest of its causes that has one; return that error with it."""
    seen: set[int] = set()
    asked: BaseException | None = error
    while asked is not None and id(asked) not in seen:
        seen.add(id(asked))
        for rule in rules_of(job_class):
            if isinstance(asked, rule.exceptions):
                return rule, asked
        asked = asked.__cause__ or (None if asked.__suppress_context__ else asked.__context__)
    return None


def will_retry(job: Job, error: BaseException) -> bool:
    """Foresee whether a job will be tried again after an error, without counting it."""
    found = rule_for(type(job), error)
    return found is not None and isinstance(found[0], Retry) and found[0].will_retry(job.failures(found[0].group) + 1)


def most_executions(job_class: type[Job]) -> int | None:
    """Say how often a job of a class runs if each rule that can be reached is used up; None for without end."""
    asked: list[type[Exception]] = []
    most = 1
    for rule in rules_of(job_class):
        reached = any(not issubclass(each, tuple(asked)) for each in rule.exceptions)
        asked.extend(rule.exceptions)
        if reached and isinstance(rule, Retry):
            if rule.attempts is None:
                return None
            most += rule.attempts - 1
    return most


async def handle(job: Job, error: Exception, random: Random) -> BaseException:
    """Deal with the error of a run and return it, or the cause that a rule was for; raise it where no rule fits."""
    found = rule_for(type(job), error)
    if found is None:
        job.outcome = "failed"
        await run_after_discard(job, error)
        raise error
    rule, matched = found
    await rule.apply(job, matched, random)
    return matched


async def run_after_discard(job: Job, error: BaseException) -> None:
    """Call all of a class's ``after_discard`` methods; then raise the last error among theirs."""
    failed: Exception | None = None
    for _, name in callbacks_of(type(job), "discard"):
        try:
            await awaited(getattr(job, name)(error))
        except Exception as its:  # noqa: BLE001 - the others are still to be called
            failed = its
    if failed is not None:
        raise failed


def _some(exceptions: tuple[type[Exception], ...]) -> tuple[type[Exception], ...]:
    if not exceptions:
        raise TypeError("name at least one exception class")
    return exceptions


def _name(exception: type[Exception]) -> str:
    name = exception.__qualname__
    return name if exception.__module__ == "builtins" else f"{exception.__module__}.{name}"


def _seconds(wait: Any) -> float:  # noqa: ANN401 - mypy cannot tell a word from seconds here
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _spread(seconds: float, jitter: float, random: Random) -> float:
    return seconds + random.random() * seconds * jitter if jitter else seconds


def _takes_the_error(wait: Callable[..., Any]) -> bool:
    kinds = [each.kind for each in inspect.signature(wait).parameters.values()]
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return inspect.Parameter.VAR_POSITIONAL in kinds or sum(kind in positional for kind in kinds) > 1
