"""How commands write to a person: as wide as the terminal is, and wide enough for a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2
"""Spaces between two columns."""
PIPE_WIDTH = 200
"""Columns where nobody watches: of a pipe or a file."""


def console() -> Console:
    """A console without guesses about colours of values; values from logs go in as ``plain`` text."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def plain(value: object) -> Text:
    """A value from a log, fit for a terminal: one line, control characters made visible, no markup."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value).replace("\n", " ")))


def fitting_table(
    rows: Sequence[Mapping[str, str]], *, goes_first: Sequence[str], right: Sequence[str], width: int
) -> Table:
    """
    A table of these rows, column to text. While it is wider than ``width``, the columns of ``goes_first`` are left
    out, in that order; then the first column folds, and no other ever does.
    """
    widths = {heading: max(len(heading), *(len(row[heading]) for row in rows)) + GAP for heading in rows[0]}
    left_out = []
    for heading in goes_first:
        if sum(widths.values()) > width:
            del widths[heading]
            left_out.append(heading)
    first, *others = widths
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    table.add_column(first, overflow="fold", max_width=max(width - sum(widths[each] for each in others) - GAP, 1))
    for heading in others:
        table.add_column(heading, no_wrap=True, justify="right" if heading in right else "left")
    for row in rows:
        table.add_row(*(plain(row[heading]) for heading in widths))
    if left_out:
        table.caption = Text(f"Left out for want of room: {', '.join(left_out)}.", style="dim", justify="left")
        table.caption_justify = "left"
    return table


def period(first: datetime | None, last: datetime | None) -> str:
    """From when to when, with the day said once where it is one."""
    if first is None or last is None:
        return ""
    if first == last:
        return f"{first:%Y-%m-%d %H:%M:%S}"
    end = f"{last:%H:%M:%S}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S} to {end}"
