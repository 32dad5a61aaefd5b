"""Where time comes from: the machine's clock, or one that jumps from event to event so that hours pass in a second."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator


class Clock(Protocol):
    """The time now, and a way to let some of it pass."""

    def now(self) -> datetime:
        """Return the time in UTC."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Let others run for so long."""

    def start(self, task: Coroutine[Any, Any, None], owner: object = None) -> None:
        """Run a coroutine beside the others, on behalf of its owner."""

    def kill(self, owner: object) -> None:
        """Stop everything of an owner where it stands."""


class SystemClock:
    """The machine's clock, for workers run by asyncio."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], object] = {}

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> Awaitable[None]:
        return asyncio.sleep(seconds)

    def start(self, task: Coroutine[Any, Any, None], owner: object = None) -> None:
        started = asyncio.get_running_loop().create_task(task)
        self._tasks[started] = owner
        started.add_done_callback(self._tasks.pop)

    def kill(self, owner: object) -> None:
        for task in [task for task, of in self._tasks.items() if of == owner]:
            task.cancel()


@dataclass(frozen=True, slots=True)
class _Pause:
    seconds: float

    def __await__(self) -> Generator[float, None, None]:
        yield self.seconds


@dataclass(order=True, slots=True)
class _Waiting:
    due: datetime
    number: int
    task: Coroutine[Any, Any, None] = field(compare=False)
    owner: object = field(compare=False)


class VirtualClock:
    """Runs coroutines in the order of their sleeps; equal moments in the order they were asked for."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._number = 0
        self._waiting: list[_Waiting] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> Awaitable[None]:
        return _Pause(seconds)

    def start(self, task: Coroutine[Any, Any, None], owner: object = None) -> None:
        """Run a coroutine from now on, on behalf of its owner (a simulated process)."""
        self._put(self._now, task, owner)

    def kill(self, owner: object) -> None:
        """Stop everything of an owner where it stands, as SIGKILL does."""
        for waiting in self._waiting:
            if waiting.owner == owner:
                waiting.task.close()
        self._waiting = [waiting for waiting in self._waiting if waiting.owner != owner]
        heapq.heapify(self._waiting)

    def run_until(self, end: datetime) -> None:
        """Let everything happen that is due up to a moment."""
        while self._waiting and self._waiting[0].due <= end:
            waiting = heapq.heappop(self._waiting)
            self._now = waiting.due
            try:
                seconds = waiting.task.send(None)
            except StopIteration:
                continue
            self._put(self._now + timedelta(seconds=seconds), waiting.task, waiting.owner)
        self._now = end

    def close(self) -> None:
        """Drop all that still waits: what it would have done next never happens."""
        for waiting in self._waiting:
            waiting.task.close()
        self._waiting.clear()

    def _put(self, due: datetime, task: Coroutine[Any, Any, None], owner: object) -> None:
        self._number += 1
        heapq.heappush(self._waiting, _Waiting(due, self._number, task, owner))
