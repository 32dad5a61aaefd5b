"""Gaps of inputs: what is said because an event was not seen is no surer than that it would have been seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.answer import answer, question

if TYPE_CHECKING:
    import duckdb

    from analysis.finding import Confidence
    from analysis.rule import Row, Unseen

_MAY_STAND = {"stretch": "may have come then", "machine": "may stand there", "lines": "may be among them"}
"""Kind of gap to where what was not seen may be."""


def as_sure_as_seen(
    db: duckdb.DuckDBPyConnection, confidence: Confidence, reason: str, *, unseen: Unseen | None, rows: Sequence[Row]
) -> tuple[Confidence, str]:
    """
    Confidence and reason: low at most where a log is silent or absent at the time of all the rows, medium where it is
    at the time of some, or where its lines are missing here and there.
    """
    if unseen is None or confidence == "low":
        return confidence, reason
    gap = _gap(db, unseen, rows)
    if gap is None:
        return confidence, reason
    doubt = f"{_in_words(gap)}, and the {unseen} {_MAY_STAND[gap['kind']]}"
    cap: Confidence = "low" if gap["kind"] != "lines" and gap["touched"] >= len(rows) else "medium"
    return cap, f"{doubt}; {reason}"


def _gap(db: duckdb.DuckDBPyConnection, unseen: Unseen, rows: Sequence[Row]) -> Row | None:
    given = {
        "scope": rows[0]["scope"],
        "system": rows[0]["system"],
        "job_keys": [row["job_key"] for row in rows],
        "attempts": [row["attempt"] for row in rows],
        "firsts": [row["first_at"] for row in rows],
        "lasts": [row["last_at"] for row in rows],
        "anywhere": unseen != "end",
    }
    return next(iter(answer(db, question(__package__, "gaps"), given)), None)


def _in_words(gap: Row) -> str:
    if gap["kind"] == "machine":
        return f"no log of {gap['host']} is among the inputs"
    log = f"{gap['log']} of {gap['host']}" if gap["host"] else gap["log"]
    between = f"{gap['from_at']:%Y-%m-%d %H:%M:%S} and {gap['to_at']:%Y-%m-%d %H:%M:%S} UTC"
    what = "is silent" if gap["kind"] == "stretch" else "lacks lines"
    return f"{log} {what} between {between}"
