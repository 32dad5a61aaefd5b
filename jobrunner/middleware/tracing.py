"""Spans of jobs: a producer span when one is enqueued, a linked consumer span around each run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags, Tracer

from jobrunner.backtrace import backtrace
from jobrunner.contract import ENQUEUE_SPAN, RUN_SPAN, SPAN_SYSTEM, SpanAttribute
from jobrunner.error_handling import will_retry
from jobrunner.middleware.middleware import Middleware

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from jobrunner.clock import Clock
    from jobrunner.job import Job
    from jobrunner.worker import Worker

NANOSECONDS = 1_000


class Tracing(Middleware):
    """A run's span starts a trace of its own and links to the one that enqueued the job."""

    def __init__(self, tracer: Tracer, clock: Clock) -> None:
        self.tracer = tracer
        self.clock = clock
        self.running: dict[str, Span] = {}

    def enqueued(self, job: Job) -> None:
        now = nanoseconds(self.clock.now())
        attributes = about(job, "send")
        span = self.tracer.start_span(
            ENQUEUE_SPAN.format(queue=job.queue_name),
            Context(),
            SpanKind.PRODUCER,
            attributes=attributes,
            start_time=now,
        )
        context = span.get_span_context()
        job.trace = (context.trace_id, context.span_id)
        span.end(now)

    async def run(self, job: Job, worker: Worker, thread: str, perform: Callable[[], Awaitable[None]]) -> None:
        now = self.clock.now()
        attributes = about(job, "process") | {
            SpanAttribute.ATTEMPT: job.executions,
            SpanAttribute.WORKER: worker.name,
            "host.name": worker.host,
            "process.pid": worker.pid,
            "thread.name": thread,
        }
        if job.due_at:
            attributes[SpanAttribute.WAIT] = (now - job.due_at).total_seconds()
        span = self.tracer.start_span(
            RUN_SPAN.format(queue=job.queue_name),
            Context(),
            SpanKind.CONSUMER,
            attributes=attributes,
            links=[_link(job)] if job.trace else [],
            start_time=nanoseconds(now),
        )
        context = span.get_span_context()
        job.run_trace = (context.trace_id, context.span_id)
        self.running[job.job_id] = span
        try:
            await perform()
        except Exception as error:
            name = type(error).__name__
            told = {"exception.type": name, "exception.message": str(error), "exception.stacktrace": backtrace(error)}
            span.add_event("exception", told, nanoseconds(self.clock.now()))
            span.set_attribute(SpanAttribute.ERROR_TYPE, name)
            span.set_status(Status(StatusCode.ERROR, str(error)))
            self._end(job, "retried" if will_retry(job, error) else "failed")
            raise
        self._end(job, job.outcome or "succeeded")

    def requeued(self, job: Job, worker: Worker, thread: str) -> None:  # noqa: ARG002 - as Middleware has it
        self._end(job, "interrupted")

    def _end(self, job: Job, outcome: str) -> None:
        span = self.running.pop(job.job_id)
        span.set_attribute(SpanAttribute.OUTCOME, outcome)
        span.end(nanoseconds(self.clock.now()))


def nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * NANOSECONDS


def about(job: Job, operation: str) -> dict[str, Any]:
    key = {SpanAttribute.IDEMPOTENCY_KEY: job.idempotency_key} if job.idempotency_key else {}
    return {
        SpanAttribute.SYSTEM: SPAN_SYSTEM,
        SpanAttribute.OPERATION_NAME: operation,
        SpanAttribute.OPERATION_TYPE: operation,
        SpanAttribute.DESTINATION: job.queue_name,
        SpanAttribute.MESSAGE_ID: job.job_id,
        SpanAttribute.JOB_CLASS: job.job_class,
        **key,
    }


def _link(job: Job) -> Link:
    trace_id, span_id = job.trace or (0, 0)
    return Link(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)))
