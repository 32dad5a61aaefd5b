"""
What a job class does before, after and around its enqueue and its run: methods that a decorator names.

They run as an onion, in the order they stand in, those of parent classes first: what stands first begins first and ends
last. A ``before_`` method that raises ``Abort`` halts the chain: the work and all ``after_`` methods are left out. An
``around_`` method yields once, where the work is to happen. Those of a run may be ``async``.
"""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

When = Literal["before", "after", "around"]
Function = TypeVar("Function", bound="Callable[..., Any]")

_MARK: Final = "_jobrunner_callbacks"
_FOUND: Final[dict[tuple[type, str], tuple[tuple[When, str], ...]]] = {}


class Abort(Exception):  # noqa: N818 - not an error: a word of the one who halts
    """Raised in ``before_enqueue`` or ``before_perform``: do not."""


def _named(kind: str) -> Callable[[Function], Function]:
    def mark(function: Function) -> Function:
        setattr(function, _MARK, (*getattr(function, _MARK, ()), kind))
        return function

    return mark


before_enqueue = _named("before enqueue")
after_enqueue = _named("after enqueue")
around_enqueue = _named("around enqueue")
before_perform = _named("before perform")
after_perform = _named("after perform")
around_perform = _named("around perform")
after_discard = _named("after discard")
"""Called with the error when a job ends by one: discarded, given up, or handed to the backend."""


def callbacks_of(job_class: type, what: str) -> tuple[tuple[When, str], ...]:
    """List a class's callbacks as when and method; a method that a subclass overrides keeps its place."""
    if (job_class, what) not in _FOUND:  # asked for thrice a job, and the same for all jobs of a class
        _FOUND[job_class, what] = _declared(job_class, what)
    return _FOUND[job_class, what]


def _declared(job_class: type, what: str) -> tuple[tuple[When, str], ...]:
    found: dict[tuple[When, str], None] = {}
    for each in reversed(job_class.__mro__):
        for name, function in vars(each).items():
            for kind in getattr(function, _MARK, ()):
                when, _, about = kind.partition(" ")
                if about == what:
                    found[when, name] = None
    return tuple(found)


class Chain:
    """One pass through the callbacks of a job around a piece of work."""

    def __init__(self, job: object, what: Literal["enqueue", "perform"], work: Callable[[], Any]) -> None:
        self.job = job
        self.work = work
        self.halted = False
        self.result: Any = None
        self._callbacks = callbacks_of(type(job), what)

    async def run(self, place: int = 0) -> None:
        """Run the callbacks from a place on, and the work within them."""
        if place == len(self._callbacks):
            self.result = await awaited(self.work())
            return
        when, name = self._callbacks[place]
        callback = getattr(self.job, name)
        if when == "before":
            await self._before(callback, place)
        elif when == "around":
            await self._around(callback, place)
        else:
            await self.run(place + 1)
            if not self.halted:
                await awaited(callback())

    async def _before(self, callback: Callable[[], Any], place: int) -> None:
        try:
            await awaited(callback())
        except Abort:
            self.halted = True
            return
        await self.run(place + 1)

    async def _around(self, callback: Callable[[], Any], place: int) -> None:
        if inspect.isasyncgenfunction(callback):
            async with asynccontextmanager(callback)():
                await self.run(place + 1)
        else:
            with contextmanager(callback)():
                await self.run(place + 1)


async def awaited(value: Any) -> Any:  # noqa: ANN401 - what a plain function returned, or a coroutine
    return await value if inspect.isawaitable(value) else value


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """Run a coroutine that has nothing to wait for; ``RuntimeError`` if it waits after all."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise RuntimeError("something async was called where nothing can be awaited: make it a plain function")
