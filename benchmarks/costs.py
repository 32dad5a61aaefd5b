"""What a piece of work costs: run in a process of its own, with its CPU seconds, its time and its peak memory."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a piece of work took."""

    told: str
    """What it said of itself."""
    cpu: float
    wall: float
    peak: int
    """Bytes of memory at most."""


def cost_of(work: Callable[[], str]) -> Cost | None:
    """Do it in a child process; None where it failed, after its traceback on standard error."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told")
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                told.write_text(work(), encoding="utf-8")
                code = 0
            except Exception:  # noqa: BLE001 - whatever it is: said, and told as a failure
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status, usage = os.wait4(child, 0)
        if status:
            return None
        return Cost(
            told=told.read_text(encoding="utf-8"),
            cpu=usage.ru_utime + usage.ru_stime,
            wall=time.monotonic() - began,
            peak=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        )


def report(line: str) -> None:
    """Print a line at once: the next figure may take minutes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
