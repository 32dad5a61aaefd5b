"""The command as a process of its own, as the console script starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any


def started(*words: str | Path, **options: Any) -> subprocess.Popen[str]:
    """It has begun; its output and its complaints are pipes."""
    command = [sys.executable, "-c", "from reports.cli import main; main()", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
