"""How commands write to a person: as wide as the terminal is, and wide enough for a file or a pipe."""

from __future__ import annotations

import sys
from datetime import datetime

from rich.console import Console
from rich.text import Text

_PIPE_WIDTH = 200


def console() -> Console:
    """A console without guesses about colours of values; values from logs go in as ``plain`` text."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def plain(value: object) -> Text:
    """A value from a log, fit for a terminal: one line, control characters made visible, no markup."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value).replace("\n", " ")))


def period(first: datetime | None, last: datetime | None) -> str:
    """From when to when, with the day said once where it is one."""
    if first is None or last is None:
        return ""
    end = f"{last:%H:%M:%S}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S} to {end}"
