"""Times as envelopes write them, read in columns."""

from __future__ import annotations

import polars as pl

DATE_AND_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?"
OFFSET = r"(?:Z|[+-]\d\d:?\d\d)"

_FIRST_YEAR, _LAST_YEAR = 1970, 2259
"""A time outside of them is no clock's: it would stretch everything that is counted by time."""


def utc(text: pl.Expr) -> pl.Expr:
    """ISO 8601 with an offset or Z, as naive UTC to the microsecond; null for anything else."""
    with_offset = text.str.replace("Z$", "+0000")
    moment = with_offset.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
    return moment.dt.replace_time_zone(None)


def clock(text: pl.Expr, form: str) -> pl.Expr:
    """A date and time without a zone, as written; null for anything else."""
    return text.str.to_datetime(form, time_unit="us", strict=False)


def of_a_clock(moment: pl.Expr) -> pl.Expr:
    """The same without moments that no clock shows."""
    return pl.when(moment.dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)).then(moment)
