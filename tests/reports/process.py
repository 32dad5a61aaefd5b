"""The command as a process of its own, as the console script starts it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def started(*words: str | Path, flags: Sequence[str] = (), **options: Any) -> subprocess.Popen[str]:
    """It has begun; its output and its complaints are pipes. ``flags`` are those of the interpreter."""
    command = [sys.executable, *flags, "-c", "from reports.entry import main; main()", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
