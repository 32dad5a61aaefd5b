"""A life as the job log and the snapshots of jobrunner's workers, from the description of the format alone."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from tests.simulator.life import Event, Job, Life, Look
from tests.simulator.written import Clocks, Files, Line, LogFile, Snapshot, beats

_HEARTBEAT = 60.0
_OF_PROCESSES = {"booted", "quieted", "stopping", "pushed_back", "stopped"}
_UNSEEN = {"killed", "lost"}


def write(life: Life, clocks: Clocks) -> Files:
    """A log per machine, and a file with a snapshot for each look."""
    lines: dict[str, list[Line]] = defaultdict(list)
    for number, event in enumerate(life.events):
        if event.kind not in _UNSEEN:
            lines[event.host].append(_line(event, number, clocks))
    for process in life.processes:
        ended_at = life.ends_at if process.ended_at is None else process.ended_at
        for moment in beats(process.booted_at, ended_at, _HEARTBEAT):
            event = Event(at=moment, kind="heartbeat", host=process.host, process=process)
            lines[process.host].append(_line(event, None, clocks))
    return Files(
        logs=tuple(
            LogFile(
                name=f"jobs.{host}.jsonl",
                host=host,
                lines=tuple(line for line in sorted(of_host, key=lambda line: line.at) if 0 <= line.at <= life.ends_at),
            )
            for host, of_host in sorted(lines.items())
        ),
        snapshots=tuple(_snapshot(look, clocks) for look in life.looks),
        clocks=clocks,
    )


def _line(event: Event, number: int | None, clocks: Clocks) -> Line:
    of_process = event.kind in _OF_PROCESSES or (event.kind == "heartbeat" and event.job is None)
    told: dict[str, Any] = {"format": "jobrunner.job_log/1", "ts": _iso(clocks, event.at, event.host)}
    told |= {"worker_event" if of_process else "event": event.kind, "system": "jobrunner", "host": event.host}
    process = event.process
    if process is not None:
        told |= {"service": "shop-worker", "version": process.version, "pid": process.pid}
        told |= {"worker": f"{process.host}:{process.pid}"}
    if of_process and process is not None:
        told |= {"queues": list(process.queues), "concurrency": process.concurrency}
        told |= {"job_count": len(event.told["runs"])} if event.kind == "pushed_back" else {}
    if event.job is not None:
        told |= _about(event, event.job, clocks)
        told |= {"lock_digest": event.job.lock} if event.kind == "lock_conflict" else {}
    return Line(at=event.at, text=json.dumps(told, separators=(",", ":")), event=number)


def _about(event: Event, job: Job, clocks: Clocks) -> dict[str, Any]:
    told: dict[str, Any] = {"job_id": job.id, "job_class": job.job_class, "queue": job.queue}
    told["max_attempts"] = job.retries + 1
    if event.run is None:
        told |= {"arguments": job.arguments, "service": "shop-web"}
    if event.kind == "enqueued":
        told["enqueued_at"] = _iso(clocks, event.at, event.host)
    if event.kind == "enqueue_failed":
        told["error_class"], told["error_message"] = event.told["error"]
    if event.kind == "scheduled" and job.run_at is not None:
        told["run_at"] = _iso(clocks, job.run_at, event.host)
    if event.run is not None:
        told |= {"attempt": event.run.attempt, "thread": event.run.thread}
        if event.kind in ("succeeded", "failed") and event.run.ended_at is not None:
            told["duration"] = round(event.run.ended_at - event.run.started_at, 6)
    if event.run is not None and event.kind in ("failed", "retry_scheduled", "retries_exhausted"):
        told |= {"error_class": event.run.error[0], "error_message": event.run.error[1]}
    if event.kind == "failed":
        told["will_retry"] = event.told["will_retry"]
    if event.kind == "retry_scheduled":
        told["run_at"] = _iso(clocks, event.told["run_at"], event.host)
    return told


def _snapshot(look: Look, clocks: Clocks) -> Snapshot:
    jobs = [
        _held("queued", job, look.at) | {"position": position, "enqueued_at": _iso(clocks, since, job.host)}
        for waiting in look.queued.values()
        for position, (job, since) in enumerate(waiting)
    ]
    for held_in, waiting in (("scheduled", look.scheduled), ("retry", look.retrying)):
        jobs += [_held(held_in, job, look.at) | {"run_at": _iso(clocks, due)} for due, job in sorted(waiting)]
    jobs += [_held("dead", job, look.at) for _, job in look.dead]
    jobs += [
        _held("running", run.job, look.at)
        | {"attempt": run.attempt, "started_at": _iso(clocks, run.started_at, run.process.host), "thread": run.thread}
        | {"worker": f"{run.process.host}:{run.process.pid}", "host": run.process.host, "pid": run.process.pid}
        for run in look.busy
    ]
    processes = [
        {
            "worker": f"{process.host}:{process.pid}",
            "host": process.host,
            "pid": process.pid,
            "started_at": _iso(clocks, process.booted_at, process.host),
            "heartbeat_at": _iso(clocks, beat, process.host),
            "heartbeat_period": 10.0,
            "queues": list(process.queues),
            "concurrency": process.concurrency,
            "busy": len(process.running),
            "quiet": not process.accepting,
        }
        for process, beat in look.listed
    ]
    queues = [
        {"queue": queue, "depth": len(waiting), "oldest_at": _iso(clocks, waiting[0][1]) if waiting else None}
        for queue, waiting in sorted(look.queued.items())
    ]
    locks = [
        {"lock": job.lock, "holder_id": job.id, "held_since": _iso(clocks, job.created_at, job.host)}
        | {"kind": "until_executed", "job_class": job.job_class}
        for job in look.holders
    ]
    told = {"format": "jobrunner.snapshot/1", "taken_at": _iso(clocks, look.at), "system": "jobrunner", "scope": ""}
    text = json.dumps(
        {**told, "queues": queues, "jobs": jobs, "processes": processes, "locks": locks}, separators=(",", ":")
    )
    return Snapshot(name="snapshots.jsonl", at=look.at, text=text)


def _held(held_in: str, job: Job, at: float) -> dict[str, Any]:
    told: dict[str, Any] = {"held_in": held_in, "job_id": job.id, "job_class": job.job_class, "queue": job.queue}
    told |= {"arguments": job.arguments, "max_attempts": job.retries + 1}
    failed = job.last_failure(at)
    if failed is None or held_in not in ("retry", "dead"):
        return told
    return told | {"attempt": failed.attempt, "error_class": failed.error[0], "error_message": failed.error[1]}


def _iso(clocks: Clocks, at: float, host: str = "") -> str:
    return clocks.shows(at, host).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
