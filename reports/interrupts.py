"""What Ctrl-C does: while modules are loaded it ends the process at once, afterwards it is an exception like any."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPPED = 130
"""The exit code."""

WORDS = "Stopped. What was stored before is kept; the same command can be run again.\n"


@contextmanager
def ending_at_once() -> Iterator[None]:
    """
    Ctrl-C ends the process here without unwinding. Nothing is under way that would have to be put away, and an
    exception would come out of whichever module is being loaded, some of which turn it into another or swallow it.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # by whoever started it in the background
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def noted() -> Callable[[], bool]:
    """
    Have Ctrl-C raise ``KeyboardInterrupt``; returns what tells whether it came, because what it meets in the database
    or in a thread may come out as another exception.
    """
    came = False

    def note(number: int, frame: object) -> None:  # noqa: ARG001 - a signal handler's arguments
        nonlocal came
        came = True
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, note)
    return lambda: came


def end_undisturbed() -> None:
    """From here on Ctrl-C is not heeded: what is left takes no time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(_number: int, _frame: object) -> None:
    os.write(2, WORDS.encode())
    os._exit(STOPPED)
