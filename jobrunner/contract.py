"""
The wire contract: what the files look like that workers write. Imports pydantic only.

A job log is JSON lines; each line is a ``JobLogLine``. A snapshot is one JSON line, a ``Snapshot``.
Spans are OpenTelemetry's, as OTLP/JSON lines, with the names and attributes below.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

JOB_LOG_FORMAT: Final = "jobrunner.job_log/1"
SNAPSHOT_FORMAT: Final = "jobrunner.snapshot/1"

JobEvent = Literal[
    "scheduled",
    "enqueued",
    "started",
    "heartbeat",
    "succeeded",
    "failed",
    "retry_scheduled",
    "retries_exhausted",
    "discarded",
    "requeued",
    "interrupted",
    "cancelled",
    "lock_conflict",
    "enqueue_failed",
]
WorkerEvent = Literal["booted", "heartbeat", "quieted", "stopping", "pushed_back", "stopped"]


class JobLogLine(BaseModel):
    """One line of the job log: an event of a job, an event of a worker, or a line the application logged in a job."""

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Literal["jobrunner.job_log/1"] = JOB_LOG_FORMAT
    ts: datetime = Field(description="When, UTC, ISO 8601 with microseconds and Z.")
    event: JobEvent | None = Field(default=None, description="What happened to the job.")
    worker_event: WorkerEvent | None = Field(default=None, description="What happened to the worker process.")
    level: str | None = Field(default=None, description="Of an application's line: debug, info, warning, error.")
    message: str | None = Field(default=None, description="Of an application's line: its words.")
    system: str = Field(default="jobrunner", description="The job system.")
    service: str | None = Field(default=None, description="The application.")
    environment: str | None = Field(default=None, description="production, staging, ...")
    version: str | None = Field(default=None, description="Version of the application.")
    job_id: str | None = Field(default=None, description="The id that stays the same over retries.")
    provider_job_id: str | None = Field(default=None, description="The backend's own id.")
    parent_job_id: str | None = Field(default=None, description="The job that enqueued this one.")
    job_class: str | None = Field(default=None, description="Class of the job.")
    queue: str | None = Field(default=None, description="Queue.")
    attempt: int | None = Field(default=None, description="Number of the execution, 1 for the first.")
    max_attempts: int | None = Field(default=None, description="Executions allowed in all.")
    arguments: list[Any] | dict[str, Any] | None = Field(default=None, description="The job's arguments.")
    idempotency_key: str | None = Field(default=None, description="The application's key for one piece of work.")
    host: str | None = Field(default=None, description="Machine.")
    pid: int | None = Field(default=None, description="Process id.")
    thread: str | None = Field(default=None, description="Thread.")
    worker: str | None = Field(default=None, description="The worker process's own name.")
    queues: list[str] | None = Field(default=None, description="Of a worker: queues it reads.")
    concurrency: int | None = Field(default=None, description="Of a worker: jobs it runs at once.")
    job_count: int | None = Field(default=None, description="Of pushed_back: jobs given back.")
    duration: float | None = Field(default=None, description="Seconds the run took.")
    wait: float | None = Field(default=None, description="Seconds between being due and starting.")
    enqueued_at: datetime | None = Field(default=None, description="When it was put on its queue.")
    run_at: datetime | None = Field(default=None, description="When it is due: of a scheduled job or a retry.")
    will_retry: bool | None = Field(default=None, description="Of a failure: whether it will be tried again.")
    error_class: str | None = Field(default=None, description="Class of the exception.")
    error_message: str | None = Field(default=None, description="Its message.")
    backtrace: str | None = Field(default=None, description="Its backtrace, newline separated.")
    trace_id: str | None = Field(default=None, description="OpenTelemetry trace, hex.")
    span_id: str | None = Field(default=None, description="OpenTelemetry span, hex.")


class SnapshotJob(BaseModel):
    """A job in a snapshot. Fields as in ``JobLogLine``; ``held_in`` says where it was."""

    model_config = ConfigDict(frozen=True)

    held_in: Literal["queued", "scheduled", "retry", "dead", "running"]
    job_id: str
    job_class: str
    queue: str
    position: int | None = None
    attempt: int | None = None
    max_attempts: int | None = None
    arguments: list[Any] | dict[str, Any] | None = None
    idempotency_key: str | None = None
    enqueued_at: datetime | None = None
    run_at: datetime | None = None
    started_at: datetime | None = None
    error_class: str | None = None
    error_message: str | None = None
    worker: str | None = None
    host: str | None = None
    pid: int | None = None
    thread: str | None = None


class SnapshotQueue(BaseModel):
    """A queue in a snapshot."""

    model_config = ConfigDict(frozen=True)

    queue: str
    depth: int
    oldest_at: datetime | None = None
    paused: bool | None = None


class SnapshotProcess(BaseModel):
    """A worker process in a snapshot."""

    model_config = ConfigDict(frozen=True)

    worker: str
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime
    heartbeat_period: float
    queues: list[str]
    concurrency: int
    busy: int
    quiet: bool = False
    version: str | None = None


class SnapshotLock(BaseModel):
    """A lock in a snapshot that keeps other jobs of its key away, and the job that holds it."""

    model_config = ConfigDict(frozen=True)

    lock: str
    kind: str | None = None
    job_class: str | None = None
    holder_id: str | None = None
    held_since: datetime | None = None
    expires_at: datetime | None = None


class Snapshot(BaseModel):
    """A look into the queues at one moment, as one JSON line."""

    model_config = ConfigDict(frozen=True)

    format: Literal["jobrunner.snapshot/1"] = SNAPSHOT_FORMAT
    taken_at: datetime
    system: str = "jobrunner"
    scope: str = ""
    label: str | None = None
    queues: list[SnapshotQueue]
    jobs: list[SnapshotJob]
    processes: list[SnapshotProcess]
    locks: list[SnapshotLock] | None = None
    """Left out where the system has none."""


SPAN_SYSTEM = "jobrunner"
ENQUEUE_SPAN = "send {queue}"
RUN_SPAN = "process {queue}"


class SpanAttribute:
    """Names of span attributes: OpenTelemetry's where it has one, ours under ``jobrunner.`` where it has none."""

    SYSTEM = "messaging.system"
    OPERATION_NAME = "messaging.operation.name"
    OPERATION_TYPE = "messaging.operation.type"
    DESTINATION = "messaging.destination.name"
    MESSAGE_ID = "messaging.message.id"
    ERROR_TYPE = "error.type"
    JOB_CLASS = "jobrunner.job.class"
    PROVIDER_JOB_ID = "jobrunner.job.provider_id"
    ATTEMPT = "jobrunner.job.attempt"
    WAIT = "jobrunner.job.wait"
    OUTCOME = "jobrunner.job.outcome"
    IDEMPOTENCY_KEY = "jobrunner.job.idempotency_key"
    WORKER = "jobrunner.worker"
