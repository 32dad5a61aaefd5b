"""
Loads a file into a database again and again, each time in a child process that is killed at a random moment.

    python -m tests.ingest.kills DATABASE FILE SEED KILLS

Prints how many loads the kill met. Children are forked from a process that has imported everything and done nothing, so
that the moments lie in the load and not in the start of Python.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from ingest.loading import load
from tests.ingest.loads import NOW

CHUNK = 8192
_LONGEST = 0.25
"""Seconds after which a load is killed at the latest."""


def kill(database: Path, file: Path, *, seed: int, kills: int) -> int:
    """How many of the loads were killed before they had ended."""
    dice, met = random.Random(seed), 0  # noqa: S311 - moments, not secrets
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            try:
                load(database, [file], now=NOW, chunk=CHUNK)
            finally:
                os._exit(0)
        time.sleep(dice.uniform(0, _LONGEST))
        os.kill(child, signal.SIGKILL)
        met += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    return met


if __name__ == "__main__":
    sys.stdout.write(str(kill(Path(sys.argv[1]), Path(sys.argv[2]), seed=int(sys.argv[3]), kills=int(sys.argv[4]))))
