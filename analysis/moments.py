"""The turns an incident took, each with its time: what a person would write into a timeline by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import duckdb

from analysis.answer import answer_with_zones, question
from analysis.as_of import naive
from analysis.finding import Frozen

Kind = Literal[
    "first_failure",
    "last_failure",
    "first_retry",
    "first_given_up",
    "most_failures",
    "worker_lost",
    "workers_started",
    "workers_stopped",
    "fullest",
    "drained",
]

_QUESTIONS = ("moments_of_runs", "moments_of_workers", "moments_of_queues")


class Moment(Frozen):
    """One turn. What does not belong to its kind is None."""

    at: datetime
    """Aware UTC. Of ``most_failures`` the first failure of that minute; of ``worker_lost`` the last sign of life."""
    kind: Kind
    job_class: str | None
    queue: str | None
    worker: str | None
    error: str | None
    """Class of the error."""
    number: int
    """Attempt of a retry; runs of a job given up; failures; workers; runs a worker left open; jobs waiting."""


class Moments(Frozen):
    """The turns in order of time, and the questions behind them."""

    listed: tuple[Moment, ...]
    sql: tuple[str, ...]


def moments(db: duckdb.DuckDBPyConnection, as_of: datetime | None) -> Moments:
    """The turns up to ``as_of`` (aware); none where there is no dated evidence."""
    if as_of is None:
        return Moments(listed=(), sql=())
    upto = naive(as_of)
    questions = [question(__package__, name) for name in _QUESTIONS]
    rows = [row for sql in questions for row in answer_with_zones(db, sql, {"as_of": upto} if "$as_of" in sql else {})]
    return Moments(
        listed=tuple(sorted((Moment(**row) for row in rows), key=lambda moment: moment.at)),
        sql=tuple(sql.replace("$as_of", f"timestamp '{upto.isoformat(sep=' ')}'") for sql in questions),
    )
