"""What an envelope around log lines is to the loader: how its lines begin, and what lies inside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import polars as pl

TOLD: dict[str, type[pl.DataType] | pl.DataType] = {
    "text": pl.String,
    "reason": pl.String,
    "written_at": pl.Datetime("us"),
    "written_at_clock": pl.Datetime("us"),
    "written_at_yearless": pl.Datetime("us"),
    "host": pl.String,
    "channel": pl.String,
    "level": pl.String,
    "native_id": pl.String,
    "partial": pl.Boolean,
    "kept": pl.String,
}
"""
What a wrapper tells of a line, beside the ``line_no`` it was given. Columns may be left out.

``text``                 what lies inside; several lines are joined by ``\\n``
``reason``               why the envelope cannot be read, where it cannot; the line is then rejected
``written_at``           when the line was written, UTC
``written_at_clock``     the same as the envelope has it, where it names no zone
``written_at_yearless``  the same where it names no year either: a date of the year 1972
``host``                 the machine as the program inside sees its name: a container's or pod's, not the node's
``channel``              what wrote the line: unit and pid, container, stream. A record goes on within its channel only
``level``                debug, info, warn, error, fatal
``native_id``            an id of the line that is the same in every export
``partial``              whether the line goes on in the next one of its channel, without a line end between
``kept``                 everything else of the envelope, a JSON object
"""

Peel = Callable[[pl.DataFrame, duckdb.DuckDBPyConnection], pl.DataFrame]
"""
From a frame of ``line_no`` (unique) and ``text``, all of them claimed, to a frame of ``line_no`` and ``TOLD``, one row
each. The connection is a scratch one in memory, as for sources.
"""


@dataclass(frozen=True, kw_only=True)
class Wrapper:
    """One envelope around log lines."""

    name: str
    """Its name in ``attributes``."""

    describes: str
    """What writes it, in words."""

    claims: Callable[[pl.Expr], pl.Expr]
    """From a column of lines to a boolean column: is this line in such an envelope? A cheap test."""

    peel: Peel

    holds: tuple[str, ...] = ()
    """Texts of which every line that ``claims`` accepts holds one; none where no text is in all of them."""

    begins: re.Pattern[str] | None = None
    """What at least such a line begins with; an expression is dearer to make ready than a few lines are to look at."""

    gives_way: bool = False
    """Whether a line may look like this and be a job system's own: what a source claims is then left alone."""

    def may_claim(self, text: str) -> bool:
        """Whether it is possible at all that ``claims`` accepts this text, or a line of it."""
        if self.holds and not any(held in text for held in self.holds):
            return False
        return self.begins is None or any(map(self.begins.match, text.split("\n")))
