"""Writes the job log: one JSON line per event of a job or worker, appended and flushed at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobrunner.backtrace import backtrace
from jobrunner.contract import JobLogLine
from jobrunner.error_handling import will_retry
from jobrunner.json_lines import json_line
from jobrunner.middleware.middleware import Middleware

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jobrunner.clock import Clock
    from jobrunner.contract import WorkerEvent
    from jobrunner.job import Job
    from jobrunner.worker import Worker


class JobLog(Middleware):
    """The log of one application; a log that cannot be written is counted and never stops a job."""

    def __init__(self, path: Path, clock: Clock, **application: str) -> None:
        self.path = path
        self.clock = clock
        self.application = application
        self.lost = 0

    def enqueued(self, job: Job) -> None:
        self.write(
            event="scheduled" if job.enqueued_at is None else "enqueued",
            arguments=job.serialized_arguments,
            **about(job),
        )

    async def run(self, job: Job, worker: Worker, thread: str, perform: Callable[[], Awaitable[None]]) -> None:
        started = self.clock.now()
        context = about(job) | where(worker, thread)
        wait = (started - job.due_at).total_seconds() if job.due_at else None
        self.write(event="started", wait=wait, arguments=job.serialized_arguments, **context)
        try:
            await perform()
        except Exception as error:
            self.write(
                event="failed",
                duration=(self.clock.now() - started).total_seconds(),
                will_retry=will_retry(job, error),
                **context | of_error(error),
            )
            raise
        took = (self.clock.now() - started).total_seconds()
        self.write(event=job.outcome, duration=took, **about(job) | where(worker, thread))

    def settled(self, job: Job, worker: Worker, thread: str) -> None:
        if job.outcome == "rescued":
            return
        event = "retries_exhausted" if job.outcome == "failed" else job.outcome
        words = {} if job.error is None else of_error(job.error)
        words.pop("backtrace", None)
        self.write(event=event, **about(job) | where(worker, thread) | words)

    def requeued(self, job: Job, worker: Worker, thread: str) -> None:
        self.write(event="requeued", **about(job) | where(worker, thread))

    def worker_event(self, worker: Worker, event: WorkerEvent, job_count: int | None = None) -> None:
        self.write(
            worker_event=event,
            queues=list(worker.queues),
            concurrency=worker.concurrency,
            job_count=job_count,
            **where(worker, None),
        )

    def job_heartbeat(self, job: Job, worker: Worker, thread: str) -> None:
        self.write(event="heartbeat", **about(job) | where(worker, thread))

    def say(self, job: Job, worker: Worker, thread: str, level: str, message: str) -> None:
        """Write a line of the application's own."""
        self.write(level=level, message=message, **about(job) | where(worker, thread))

    def write(self, **fields: Any) -> None:  # noqa: ANN401 - JobLogLine checks them
        line = JobLogLine(ts=self.clock.now(), **{**self.application, **fields})
        try:
            with self.path.open("a", encoding="utf-8") as log:
                log.write(json_line(line))
        except OSError as error:
            self.lost += 1
            if self.lost == 1:
                sys.stderr.write(f"jobrunner: cannot write the job log {self.path}: {error}; jobs go on without it\n")


def about(job: Job) -> dict[str, Any]:
    trace = job.run_trace or job.trace
    return {
        "job_id": job.job_id,
        "parent_job_id": job.parent_job_id,
        "job_class": job.job_class,
        "queue": job.queue_name,
        "attempt": job.executions or None,
        "max_attempts": job.max_attempts,
        "idempotency_key": job.idempotency_key,
        "enqueued_at": job.enqueued_at,
        "run_at": job.run_at,
        "trace_id": f"{trace[0]:032x}" if trace else None,
        "span_id": f"{trace[1]:016x}" if trace else None,
    }


def where(worker: Worker, thread: str | None) -> dict[str, Any]:
    return {"host": worker.host, "pid": worker.pid, "worker": worker.name, "thread": thread}


def of_error(error: Exception) -> dict[str, Any]:
    return {"error_class": type(error).__name__, "error_message": str(error), "backtrace": backtrace(error)}
