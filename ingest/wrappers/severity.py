"""The levels of log lines by syslog's numbers."""

from __future__ import annotations

import polars as pl

_LEVELS = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")
_SEVERITIES = 8
"""A priority is eight times the facility and the severity."""


def severity(priority: pl.Expr) -> pl.Expr:
    """From a priority, as text, to a level."""
    number = priority.cast(pl.Int64, strict=False) % _SEVERITIES
    return number.replace_strict(dict(enumerate(_LEVELS)), default=None, return_dtype=pl.String)
