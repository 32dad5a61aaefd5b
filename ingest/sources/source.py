"""What an input format is to the loader: how its records begin, and how they become rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Literal

import duckdb
import polars as pl

Rows = Mapping[str, pl.DataFrame]
"""
Evidence table name to its rows. A frame may leave out columns (they become null) but has none the table lacks.
``source_id`` and ``arguments_digest`` are filled in by the loader; ``record_no`` and ``scope`` default to 0 and ''.

A moment that a line tells without a zone stands in ``X_clock`` instead of the timestamp column ``X``, as written; a
time of day without a date in ``time_of_day`` (see ``clocks.py``).
"""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What a source made of a batch of records. Each record is in ``rows`` at least once, or in ``rejects``."""

    rows: Rows = field(default_factory=dict)
    rejects: pl.DataFrame | None = None
    """Columns ``line_no`` and ``reason``: records that look like this format and are not."""
    moments: pl.DataFrame | None = None
    """Columns ``clock`` and ``utc``: moments that a line told both without a zone and in UTC, within a few minutes."""


Parse = Callable[[pl.DataFrame, duckdb.DuckDBPyConnection], Parsed]
"""
From records to rows. The frame has a row per record:

``line_no``      number of its first line, from 1
``text``         the record, without its last line end; several lines joined by ``\\n`` where it went on

The connection is a scratch one in memory, for formats that are read with SQL. Nothing of it survives the call.
"""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One input format."""

    name: str
    """Its name in the ledger and for ``--format``."""

    describes: str
    """What writes it, in words."""

    kind: Literal["log", "span", "snapshot"]
    system: str | None
    """The job system it is about, where the format alone tells."""

    shows: frozenset[str]
    """What it can show: enqueues, starts, ends, errors, arguments, workers, queues, heartbeats."""

    cannot: str
    """What it cannot tell, in one sentence for people."""

    claims: Callable[[pl.Expr], pl.Expr]
    """From the column of physical lines to a boolean column: does a record of this format begin here? A cheap test."""

    parse: Parse
    holds: tuple[str, ...] = ()
    """
    Texts of which what ``claims`` accepts holds one: only such lines are given to it; all of them, if none. Of many
    formats few are possible then, and an expression is dearer to make ready than a text is to search.
    """

    begins: re.Pattern[str] | None = None
    """What at least such a record begins with, where no text is in all of them."""

    goes_on: bool = False
    """Whether a record may go on over the lines after it that no source claims."""

    document: bool = False
    """Whether a whole file is one record (pretty-printed JSON); ``claims`` then judges its first 4 KiB as one text."""

    zone: tzinfo | None = None
    """The zone of its times that name none, where who describes the format states it."""

    def may_claim(self, text: str) -> bool:
        """Whether it is possible at all that ``claims`` accepts this text, or a line of it."""
        if self.holds and not any(held in text for held in self.holds):
            return False
        return self.begins is None or any(map(self.begins.match, text.split("\n")))
