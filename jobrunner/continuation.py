"""
Long jobs in steps that survive a restart: what is done is skipped, what was cut short goes on at its cursor.

    class Import(ContinuableJob):
        def perform(self, file: str) -> None:
            self.step("load", lambda _: load(file))
            self.step("rows", self.rows, start=0)

        def rows(self, step: Step) -> None:
            for row in rows_from(step.cursor):
                row.save()
                step.advance(row.number)

At a checkpoint (before each step but the first, and whenever a cursor is set) the job asks its adapter whether the
worker wants to go. If so it makes way and is enqueued again, with what is done and the cursor in its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from jobrunner.arguments import deserialize, serialize
from jobrunner.callbacks import around_perform
from jobrunner.job import Job, Options

if TYPE_CHECKING:
    from jobrunner.job_data import JobData


class Interrupt(BaseException):
    """The job makes way; like ``KeyboardInterrupt`` so that no ``except Exception`` of a step catches it."""


class ContinuationError(Exception):
    """Steps that are used wrongly; the job fails rather than go on."""


class InvalidStepError(ContinuationError):
    """A step that is nested, comes twice, or is not where an earlier run had it."""


class UnadvanceableCursorError(ContinuationError):
    """A cursor that has no next one."""


class ResumeLimitError(ContinuationError):
    """A job that was resumed as often as it may."""


class Step:
    """The step that runs, with the cursor up to which it has come."""

    def __init__(self, job: ContinuableJob, name: str, cursor: Any, *, resumed: bool) -> None:  # noqa: ANN401 - as set
        self.name = name
        self.cursor = cursor
        self.resumed = resumed
        self._job = job
        self._began_at = cursor

    @property
    def advanced(self) -> bool:
        return bool(self.cursor != self._began_at)

    def set(self, cursor: Any) -> None:  # noqa: ANN401 - what an argument may be
        """Remember how far the step has come, and make way if the worker wants to go."""
        self.cursor = cursor
        self.checkpoint()

    def advance(self, past: int | None = None) -> None:
        """Set the cursor to the number after ``past``, or after itself; ``UnadvanceableCursorError`` if none is."""
        reached = self.cursor if past is None else past
        if not isinstance(reached, int):
            raise UnadvanceableCursorError(
                f"the cursor of {self.name!r} is {reached!r}: only numbers advance, set() it"
            )
        self.set(reached + 1)

    def checkpoint(self) -> None:
        """Make way if the worker wants to go."""
        self._job.checkpoint()


class ContinuableJob(Job):
    """A job whose ``perform`` calls ``step``."""

    max_resumptions: ClassVar[int | None] = None
    resume_options: ClassVar[Options] = {"wait": timedelta(seconds=5)}
    resume_errors_after_advancing: ClassVar[bool] = True
    """Whether an error after some progress counts as an interruption, whatever the rules for errors say."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as Job
        super().__init__(*arguments, **named)
        self.resumptions = 0
        self._completed: list[str] = []
        self._told_step: list[Any] | None = None
        self._current: Step | None = None
        self._encountered: list[str] = []
        self._advanced = self._running_step = self._isolating = False

    def step(
        self,
        name: str,
        work: Callable[[Step], object],
        *,
        start: Any = None,  # noqa: ANN401 - what an argument may be
        isolated: bool = False,
    ) -> None:
        """
        Do a step, unless an earlier run has; ``start`` is its first cursor.

        An ``isolated`` step begins in a run of its own, if another has made progress in this one. ``InvalidStepError``
        if steps are nested, come twice, or not in the order of the run before.
        """
        if self._advanced:
            self.checkpoint()
        self._validate(name)
        self._encountered.append(name)
        if name in self._completed:
            return
        self._isolating = self._isolating or isolated
        if self._isolating and self._advanced:
            self.interrupt("isolating")
        self._run_step(name, work, start)

    def checkpoint(self) -> None:
        """Make way if the adapter says that the worker wants to go."""
        if reason := self.the_adapter.stopping(self):
            self.interrupt("stopping" if reason is True else reason)

    def interrupt(self, reason: str) -> None:
        raise Interrupt(f"interrupted {self.progress} ({reason})")

    @property
    def progress(self) -> str:
        if self._current is not None:
            return f"at {self._current.name!r}, cursor {self._current.cursor!r}"
        return f"after {self._completed[-1]!r}" if self._completed else "not started"

    def serialize(self) -> dict[str, Any]:
        continuation: dict[str, Any] = {"completed": list(self._completed)}
        if self._current is not None:
            continuation["current"] = [self._current.name, *serialize([self._current.cursor])]
        elif self._told_step is not None:
            continuation["current"] = self._told_step
        return {**super().serialize(), "continuation": continuation, "resumptions": self.resumptions}

    def restore(self, data: JobData) -> None:
        super().restore(data)
        told: Mapping[str, Any] = self.extra.pop("continuation", None) or {}
        self.resumptions = self.extra.pop("resumptions", 0)
        self._completed = list(told.get("completed", ()))
        self._told_step = told.get("current")

    def read_arguments(self) -> None:
        super().read_arguments()
        if self._told_step is not None:
            name, cursor = self._told_step
            self._current = Step(self, name, deserialize([cursor])[0], resumed=True)
            self._told_step = None

    @around_perform
    def _continue(self) -> Iterator[None]:
        self._encountered, self._advanced, self._isolating = [], False, False
        if self._completed or self._current is not None:
            self.resumptions += 1
        try:
            yield
        except Interrupt:
            self._resume()
        except ContinuationError:
            raise
        except Exception:
            if not (self.resume_errors_after_advancing and self._advanced):
                raise
            self._resume()

    def _resume(self) -> None:
        if self.max_resumptions is not None and self.resumptions >= self.max_resumptions:
            raise ResumeLimitError(f"{self.job_class} was resumed {self.max_resumptions} times, as often as it may")
        self.retry(**self.resume_options)
        self.outcome = "interrupted"

    def _run_step(self, name: str, work: Callable[[Step], object], start: Any) -> None:  # noqa: ANN401 - as step
        step = self._current = self._current or Step(self, name, start, resumed=False)
        self._running_step = True
        try:
            work(step)
            self._completed.append(name)
            self._current = None
            self._advanced = True
        finally:
            self._running_step = False
            self._advanced = self._advanced or step.advanced

    def _validate(self, name: str) -> None:
        place = len(self._encountered)
        if name in self._encountered:
            raise InvalidStepError(f"step {name!r} comes twice: each step needs a name of its own")
        if self._running_step:
            raise InvalidStepError(f"step {name!r} stands within another: call steps one after the other in perform")
        if place < len(self._completed) and self._completed[place] != name:
            raise InvalidStepError(
                f"step {name!r} came where {self._completed[place]!r} was before: keep steps in order"
            )
        if self._current is not None and name not in (self._current.name, *self._completed):
            raise InvalidStepError(f"step {name!r} came where {self._current.name!r} is to go on: keep steps in order")
