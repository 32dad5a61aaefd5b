"""Takes a look at the queues and the workers: which jobs wait where, which run, and who lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobrunner.contract import Snapshot, SnapshotJob, SnapshotProcess, SnapshotQueue
from jobrunner.middleware.heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jobrunner.adapters.in_process import InProcess
    from jobrunner.job import Job
    from jobrunner.worker import Worker


def snapshot(adapter: InProcess, workers: Sequence[Worker], taken_at: datetime, label: str | None = None) -> Snapshot:
    """Say what the adapter and these workers hold at this moment; stopped and killed workers hold nothing."""
    living = [worker for worker in workers if not worker.stopped]
    return Snapshot(
        taken_at=taken_at,
        label=label,
        queues=_queues(adapter, living),
        jobs=[*_waiting(adapter), *_running(living)],
        processes=[_process(worker, taken_at) for worker in living],
    )


def _queues(adapter: InProcess, workers: Sequence[Worker]) -> list[SnapshotQueue]:
    names = {queue for worker in workers for queue in worker.queues} | {job.queue_name for job in adapter.queued}
    found = []
    for name in sorted(names):
        since = [job.enqueued_at for job in adapter.queued if job.queue_name == name and job.enqueued_at]
        found.append(SnapshotQueue(queue=name, depth=len(since), oldest_at=min(since, default=None), paused=False))
    return found


def _waiting(adapter: InProcess) -> list[SnapshotJob]:
    places: dict[str, int] = {}
    found = []
    for job in adapter.queued:
        place = places[job.queue_name] = places.get(job.queue_name, -1) + 1
        found.append(SnapshotJob(held_in="queued", position=place, **_about(job)))
    found += [SnapshotJob(held_in="scheduled", **_about(job)) for job in adapter.scheduled]
    found += [SnapshotJob(held_in="retry", **_about(job), **_failure(job)) for job in adapter.retry]
    found += [SnapshotJob(held_in="dead", **_about(job), **_failure(job)) for job in adapter.dead]
    return found


def _running(workers: Sequence[Worker]) -> list[SnapshotJob]:
    return [
        SnapshotJob(
            held_in="running",
            started_at=job.started_at,
            worker=worker.name,
            host=worker.host,
            pid=worker.pid,
            thread=thread,
            **_about(job),
        )
        for worker in workers
        for thread, job in worker.running.items()
    ]


def _about(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "job_class": job.job_class,
        "queue": job.queue_name,
        "attempt": job.executions or None,
        "max_attempts": job.max_attempts,
        "arguments": job.serialized_arguments,
        "idempotency_key": job.idempotency_key,
        "enqueued_at": job.enqueued_at,
        "run_at": job.run_at,
    }


def _failure(job: Job) -> dict[str, Any]:
    return {"error_class": type(job.error).__name__, "error_message": str(job.error)} if job.error else {}


def _process(worker: Worker, taken_at: datetime) -> SnapshotProcess:
    """A worker without heartbeats is in this process, which lives: it is vouched for by the look itself."""
    period = next((each.period for each in worker.middleware if isinstance(each, Heartbeat)), None)
    return SnapshotProcess(
        worker=worker.name,
        host=worker.host,
        pid=worker.pid,
        started_at=worker.started_at,
        heartbeat_at=taken_at if period is None else worker.heartbeat_at,
        heartbeat_period=period or 0.0,
        queues=list(worker.queues),
        concurrency=worker.concurrency,
        busy=len(worker.running),
        quiet=worker.quiet,
    )
