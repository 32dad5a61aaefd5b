"""A job's life as the inputs tell it: what it is, its runs, every piece of evidence in order, its queue, its twins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from analysis.answer import answer_with_zones, question
from analysis.as_of import naive
from analysis.finding import Evidence, Frozen
from analysis.rules import enqueued_twice

_MOST_STEPS = 2000
"""Pieces of evidence that a story holds; of a job with more, the first and the last half."""

_LATELY = timedelta(minutes=15)
"""The time before the moment asked about in which a queue's speed is measured."""


class Step(Evidence):
    """One piece of evidence."""

    kind: str
    """log, span or snapshot."""
    event: str
    """started, failed, queued, line, run, ..."""
    attempt: int | None
    """The run it belongs to; None where it is about the job as a whole."""


class Run(Frozen):
    """One execution. Times are aware UTC, durations seconds."""

    attempt: int
    attempt_logged: int | None
    queue: str | None
    eligible_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    state: str
    """running (no end seen), succeeded, failed, interrupted, cancelled, unknown."""
    will_retry: bool | None
    wait: float | None
    run: float | None
    worker: str | None
    thread: str | None
    worker_state: str
    """alive, gone, stopped, unknown."""
    worker_basis: str | None
    worker_confidence: str | None
    worker_seen_at: datetime | None
    heartbeat_at: datetime | None
    error_class: str | None
    error_message: str | None

    @property
    def died(self) -> bool:
        """Whether it was cut off by the death of its worker."""
        return self.state == "running" and self.worker_state == "gone"


class Usual(Frozen):
    """What is usual for its class on its queue, in seconds; None where nothing is known."""

    runs: int
    run: float | None
    run_p99: float | None
    run_max: float | None
    waits: int
    wait: float | None
    wait_p99: float | None


class Place(Frozen):
    """The queue in which a job waits."""

    workers: int
    """Worker processes whose queues are known."""
    readers: int
    """Of these, those that read this queue."""
    readers_alive: int
    ever_started: bool
    """Whether any job of this queue ever ran."""
    ahead: int
    """Jobs waiting there that were enqueued earlier."""
    started_lately: int
    """Runs begun from it in the quarter of an hour before."""
    looked_at: datetime | None
    """The last snapshot that shows the queue."""
    depth: int | None
    paused: bool | None
    likely_queue: str | None
    """A queue that workers read and whose name is nearly the same."""


class Twin(Frozen):
    """Another job that does the same work."""

    job_id: str
    came_at: datetime | None
    state: str
    basis: str
    """What is equal: idempotency key or arguments."""


class Lock(Frozen):
    """The lock that kept a job from its queue."""

    lock: str | None
    """Its key, where told."""
    holder_id: str | None
    """The job that held it, or held it last."""
    holder_basis: str | None
    """How that is known: lock (both name the same one), arguments (it does the same work)."""
    holder_end: str | None
    """How the holder had ended; None while it could hold the lock."""
    holder_ended_at: datetime | None
    next_at: datetime | None
    """When another job with that lock or work next came or ran."""
    left_behind_at: datetime | None
    """The last snapshot that shows it, of a lock whose holder was nowhere by then."""


class Alias(Frozen):
    """Another id that leads to the job."""

    id: str
    kind: str


class Life(Frozen):
    """Everything the inputs say about one job. Times are aware UTC."""

    as_of: datetime
    """The moment all this is true at."""
    job_key: str
    system: str
    scope: str
    job_id: str
    aliases: tuple[Alias, ...]
    job_class: str | None
    queue: str | None
    queue_basis: str | None
    """seen, or inferred from the queue of its class."""
    arguments: str | None
    """JSON text."""
    idempotency_key: str | None
    parent_job_id: str | None
    identity: str
    """exact; inferred or ambiguous where the system gives no ids."""
    state: str
    state_basis: str
    state_at: datetime | None
    enqueued_at: datetime | None
    eligible_at: datetime | None
    """From when on a worker could have taken it, after its last way onto a queue."""
    run_at: datetime | None
    finished_at: datetime | None
    last_seen_at: datetime | None
    max_attempts: int | None
    failures: int
    successes: int
    interruptions: int
    error_class: str | None
    error_message: str | None
    runs: tuple[Run, ...]
    steps: tuple[Step, ...]
    steps_left_out: int
    """Pieces of evidence between the first and the last ones shown."""
    usual: Usual
    place: Place | None
    """Of a job that waits on a queue whose name is known."""
    twins: tuple[Twin, ...]
    lock: Lock | None
    """Of a job that one kept out."""
    next_look_at: datetime | None
    """The last snapshot of its installation, where it was taken after the last sign of the job."""


def read_life(db: duckdb.DuckDBPyConnection, job_key: str, moment: datetime) -> Life:
    """
    Read one job's life from derived tables that speak of this moment (naive UTC).

    Raises ``LookupError`` for a key that no job has.
    """
    rows = _rows(db, "job", job_key=job_key)
    if not rows:
        raise LookupError(f"no job has the key {job_key}")
    job = rows[0]
    steps = _rows(db, "steps", job_key=job_key, most=_MOST_STEPS)
    pieces = steps[0]["pieces"] if steps else 0
    within = enqueued_twice.RULE.params.within
    return Life(
        as_of=moment.replace(tzinfo=UTC),
        **{name: job[name] for name in Life.model_fields if name in job},
        aliases=tuple(Alias(**row) for row in _rows(db, "aliases", job_key=job_key)),
        runs=tuple(Run(**row) for row in _rows(db, "runs", job_key=job_key)),
        steps=tuple(Step(**{name: row[name] for name in Step.model_fields}) for row in steps),
        steps_left_out=pieces - len(steps),
        usual=Usual(
            runs=job["usual_runs"] or 0,
            run=job["usual_run"],
            run_p99=job["usual_run_p99"],
            run_max=job["usual_run_max"],
            waits=job["usual_waits"] or 0,
            wait=job["usual_wait"],
            wait_p99=job["usual_wait_p99"],
        ),
        place=_place(db, job, moment),
        twins=tuple(Twin(**row) for row in _rows(db, "twins", job_key=job_key, within=within)),
        lock=next((Lock(**row) for row in _rows(db, "lock", job_key=job_key)), None),
        next_look_at=_rows(db, "next_look", job_key=job_key)[0]["taken_at"],
    )


def _place(db: duckdb.DuckDBPyConnection, job: dict[str, Any], moment: datetime) -> Place | None:
    if job["state"] not in ("queued", "interrupted") or job["queue"] is None:
        return None
    since = job["eligible_at"] or job["state_at"]
    given = {
        "scope": job["scope"],
        "system": job["system"],
        "queue": job["queue"],
        "job_key": job["job_key"],
        "eligible_at": naive(since) if since else moment,
        "as_of": moment,
        "lately": _LATELY,
    }
    return Place(**_rows(db, "queue", **given)[0])


def _rows(db: duckdb.DuckDBPyConnection, name: str, **given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - parameters
    return answer_with_zones(db, question(__package__, name), given)
