"""Clocks that disagree: what is measured from one machine to another is no surer than that their clocks agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.answer import answer, question
from analysis.durations import in_words

if TYPE_CHECKING:
    import duckdb

    from analysis.finding import Confidence
    from analysis.rule import Row

_TOLERATED = 0.1
"""This part of a time between two machines may be wrong without more doubt."""


def as_sure_as_timed(
    db: duckdb.DuckDBPyConnection, confidence: Confidence, reason: str, *, across: float | None, row: Row
) -> tuple[Confidence, str]:
    """
    Confidence and reason: medium at most where clocks of the row's installation are known to be apart by more than a
    tenth of ``across``, the seconds between times of two machines that it rests on.
    """
    if across is None or confidence != "high":
        return confidence, reason
    given = {"scope": row["scope"], "system": row["system"], "tolerated": _TOLERATED * across}
    apart = next(iter(answer(db, question(__package__, "clocks"), given)), None)
    if apart is None:
        return confidence, reason
    clocks = f"the clocks of {apart['cause_clock']} and {apart['effect_clock']}"
    return "medium", f"{reason}; but {clocks} are at least {in_words(apart['behind'])} apart"
