"""The console script's first step: from here on Ctrl-C ends the command with a word instead of a traceback."""

from __future__ import annotations

from reports.interrupts import ending_at_once


def main() -> None:
    """Load the command line and run it; ends with its exit code."""
    with ending_at_once():
        from reports.cli import main as run  # noqa: PLC0415 - so that Ctrl-C is heeded while it is loaded
    run()
