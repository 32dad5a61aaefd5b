"""Find jobs: by any id one was known by, or by class, queue, state, argument, error and time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb

from analysis.answer import answer_with_zones, question
from analysis.as_of import naive
from analysis.finding import Evidence, Frozen

STATES = (
    "scheduled",
    "queued",
    "running",
    "retrying",
    "succeeded",
    "failed",
    "discarded",
    "interrupted",
    "unknown",
)
"""States a job can be in, as the table ``jobs`` has them."""


class JobLine(Frozen):
    """One job in a list. Times are aware UTC, durations seconds."""

    job_key: str
    job_id: str
    job_class: str | None
    queue: str | None
    state: str
    came_at: datetime | None
    """When it was enqueued, or else first seen."""
    finished_at: datetime | None
    attempts: int
    wait: float | None
    """Of its first run."""
    run: float | None
    """Of its last run."""
    error_class: str | None
    error_message: str | None
    arguments: str | None
    """JSON text."""


class Mention(Evidence):
    """A line that holds a text."""

    job_id: str | None
    """The job it was said in, where the line tells."""


class Wanted(Frozen):
    """Which jobs to list; what is empty or None does not narrow the list."""

    job_class: str | None = None
    """Exact, or with * for any characters."""
    queue: str | None = None
    """The same."""
    state: str | None = None
    error: str | None = None
    """Text within the class or the message of the last error, whatever its case."""
    arguments: tuple[tuple[str, str], ...] = ()
    """Key and value that must stand somewhere in the arguments; an empty key means any. The value may hold *."""
    since: datetime | None = None
    until: datetime | None = None
    """Aware: jobs of which anything was seen between the two."""


class Jobs(Frozen):
    """What was found."""

    total: int
    lines: tuple[JobLine, ...]
    """Latest first, at most as many as were asked for."""


def find_jobs(db: duckdb.DuckDBPyConnection, wanted: Wanted, *, limit: int) -> Jobs:
    """Jobs that meet every wish, latest first; ``limit`` 0 means all."""
    rows = _rows(
        db,
        "search",
        job_class=wanted.job_class,
        queue=wanted.queue,
        state=wanted.state,
        error=wanted.error,
        argument_keys=[key for key, _ in wanted.arguments],
        argument_values=[value for _, value in wanted.arguments],
        since=naive(wanted.since) if wanted.since else None,
        until=naive(wanted.until) if wanted.until else None,
        most=limit or 2**62,
    )
    lines = tuple(JobLine(**{name: row[name] for name in JobLine.model_fields}) for row in rows)
    return Jobs(total=rows[0]["total"] if rows else 0, lines=lines)


def jobs_known_as(db: duckdb.DuckDBPyConnection, some_id: str) -> tuple[JobLine, ...]:
    """The jobs that this id leads to: a job id, a backend's id, a trace id or an idempotency key."""
    return tuple(JobLine(**row) for row in _rows(db, "search_by_id", id=some_id.strip()))


def jobs_given(db: duckdb.DuckDBPyConnection, job_class: str, arguments: str) -> tuple[JobLine, ...]:
    """The jobs of a class with exactly these arguments (valid JSON text), the earliest first."""
    rows = _rows(db, "search_by_arguments", job_class=job_class, arguments=arguments)
    return tuple(JobLine(**row) for row in rows)


def ids_like(db: duckdb.DuckDBPyConnection, some_id: str) -> tuple[str, ...]:
    """Job ids that hold this text, or lie within a slip or two of it; the nearest first."""
    return tuple(row["id"] for row in _rows(db, "search_ids_like", id=some_id.strip()))


def lines_with(db: duckdb.DuckDBPyConnection, text: str) -> tuple[Mention, ...]:
    """Lines of the inputs, unreadable ones included, that hold this text although no job has it as an id."""
    return tuple(Mention(**row) for row in _rows(db, "search_lines", text=text.strip()))


def classes(db: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Every job class seen, the most frequent first."""
    return tuple(row["name"] for row in _rows(db, "search_names", of_queues=False))


def queues(db: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Every queue that jobs were seen on, the most frequent first."""
    return tuple(row["name"] for row in _rows(db, "search_names", of_queues=True))


def _rows(db: duckdb.DuckDBPyConnection, name: str, **given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - parameters
    return answer_with_zones(db, question(__package__, name), given)
