"""Do one thing while the next is got ready: rows are written behind the lines that are read."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Behind:
    """
    A second thread with one task at a time. Whoever leaves the ``with`` block has waited for the last one, and a task's
    exception is raised where it is waited for.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="behind")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._thread.shutdown()

    def do(self, task: Callable[[], None]) -> None:
        """Begin with a task as soon as the one before it has ended."""
        self.wait()
        self._under_way = self._thread.submit(task)

    def wait(self) -> None:
        """Return when nothing is under way."""
        if self._under_way is not None:
            ended, self._under_way = self._under_way, None
            ended.result()
