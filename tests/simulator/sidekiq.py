"""
A life as Sidekiq 7 would have left it: a text log per supervisor, the client middleware's log, and Redis keys.

Sidekiq itself logs nothing when a job is enqueued; the web processes of this shop do, in a log of their own.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.simulator.life import Event, Job, Life, Look, Process, Run
from tests.simulator.written import Clocks, Files, Line, LogFile, Snapshot

SETTINGS = """
[[log]]
name = "shop_client"
format = "json"
system = "sidekiq"
time = "time"
event = "msg"
[log.when]
logger = "sidekiq.client"
[log.events]
"job enqueued" = "enqueued"
"job scheduled" = "scheduled"
"enqueueing failed" = "enqueue_failed"
"not enqueued, locked" = "lock_conflict"
[log.fields]
job_id = "jid"
job_class = "class"
queue = "queue"
arguments = "args"
error_class = "error"
error_message = "error_message"
run_at = "at"
host = "host"
"""
_OF_CLIENTS = {
    "enqueued": "job enqueued",
    "scheduled": "job scheduled",
    "enqueue_failed": "enqueueing failed",
    "lock_conflict": "not enqueued, locked",
}


def write(life: Life, clocks: Clocks) -> Files:
    """A log per supervisor and web machine, and a file for each look into Redis."""
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for number, event in enumerate(life.events):
        log = event.process.log if event.process else event.host
        for place, text in enumerate(_texts(event, clocks)):
            lines[log, event.host].append(Line(at=event.at, text=text, event=None if place else number))
    return Files(
        logs=tuple(
            LogFile(
                name=f"{log}.log" if host.startswith("web") else f"sidekiq.{log}.log",
                host=host,
                lines=tuple(line for line in sorted(told, key=lambda line: line.at) if 0 <= line.at <= life.ends_at),
            )
            for (log, host), told in sorted(lines.items())
        ),
        snapshots=tuple(_snapshot(look, clocks) for look in life.looks),
        settings=SETTINGS,
        clocks=clocks,
    )


# Lines


def _texts(event: Event, clocks: Clocks) -> Iterator[str]:
    """The lines of an event; its own word is the first."""
    if event.kind in _OF_CLIENTS and event.job is not None:
        yield _client_line(event, event.job, clocks)
    elif event.run is not None and event.process is not None:
        yield from _run_lines(event, event.process, clocks)
    elif event.process is not None:
        yield from _process_lines(event, event.process, clocks)


def _client_line(event: Event, job: Job, clocks: Clocks) -> str:
    told = {"time": clocks.shows(event.at, event.host).isoformat(), "logger": "sidekiq.client", "level": "info"}
    told |= {"msg": _OF_CLIENTS[event.kind], "host": event.host, "jid": job.id, "class": job.job_class}
    at = {"at": clocks.shows(job.run_at, event.host).isoformat()} if job.run_at is not None else {}
    if event.kind == "enqueue_failed":
        told |= dict(zip(("error", "error_message"), event.told["error"], strict=True)) | {"level": "error"}
    if event.kind == "lock_conflict":
        told |= {"lock_digest": job.lock}
    return json.dumps(told | {"queue": job.queue, "args": job.arguments} | at)


def _run_lines(event: Event, process: Process, clocks: Clocks) -> Iterator[str]:
    job, run = event.job, event.run
    if job is None or run is None:
        return
    begins = f"{_iso(clocks, event.at, event.host)} pid={process.pid} tid={run.thread}"
    named = f"{begins} class={job.job_class} jid={job.id}"
    elapsed = round((run.ended_at or event.at) - run.started_at, 3)
    if event.kind == "started":
        yield f"{named} INFO: start"
    elif event.kind == "succeeded":
        yield f"{named} elapsed={elapsed} INFO: done"
    elif event.kind == "requeued":
        yield f"{named} elapsed={elapsed} INFO: fail"
    elif event.kind == "failed":
        yield f"{named} elapsed={elapsed} INFO: fail"
        payload = _payload(job, clocks, queued_at=run.queued_at, failure=job.last_failure(run.started_at))
        yield f"{begins} WARN: {json.dumps({'context': 'Job raised exception', 'job': payload}, separators=(',', ':'))}"
        yield f"{begins} WARN: {run.error[0]}: {run.error[1]}"
        yield f"{begins} WARN: app/jobs/shop.rb:{len(job.job_class) * 7}:in `perform'"
    elif event.kind == "retries_exhausted":
        yield f"{named} INFO: Adding dead {job.job_class} job {job.id}"


def _process_lines(event: Event, process: Process, clocks: Clocks) -> Iterator[str]:
    begins = f"{_iso(clocks, event.at, event.host)} pid={process.pid} tid={process.pid:x}"
    if event.kind == "booted":
        yield f"{begins} INFO: Running in ruby 3.3.6 (2024-11-05 revision 75015d4c1f) +YJIT [x86_64-linux]"
        yield f'{begins} INFO: Sidekiq 7.3.10 connecting to Redis with options {{:size=>10, :pool_name=>"internal"}}'
    elif event.kind == "quieted":
        yield f"{begins} INFO: Received TSTP, no longer accepting new work"
        yield f"{begins} INFO: Terminating quiet threads for default capsule"
    elif event.kind == "stopping":
        yield f"{begins} INFO: Shutting down"
        yield f"{begins} INFO: Pausing to allow jobs to finish..."
    elif event.kind == "pushed_back":
        yield f"{begins} WARN: Terminating {len(event.told['runs'])} busy threads"
        yield f"{begins} INFO: Pushed {len(event.told['runs'])} jobs back to Redis"
    elif event.kind == "stopped":
        yield f"{begins} INFO: Bye!"


def _payload(job: Job, clocks: Clocks, *, queued_at: float | None, failure: Run | None) -> dict[str, Any]:
    told = {"retry": job.retries, "queue": job.queue, "class": job.job_class, "args": job.arguments, "jid": job.id}
    told |= {"created_at": clocks.epoch(job.created_at, job.host)}
    if job.has_lock:
        told |= {"lock": "until_executed", "lock_ttl": None, "lock_digest": job.lock}
    if queued_at is not None:
        told |= {"enqueued_at": clocks.epoch(queued_at, job.host)}
    if failure is not None:
        told |= {"error_message": failure.error[1], "error_class": failure.error[0], "retry_count": failure.attempt - 1}
        told |= {"failed_at": clocks.epoch(failure.ended_at or failure.started_at, failure.process.host)}
    return told


# Snapshots


def _snapshot(look: Look, clocks: Clocks) -> Snapshot:
    keys: dict[str, Any] = {"queues": _typed("set", sorted(look.queued))}
    for queue, waiting in sorted(look.queued.items()):
        if waiting:
            payloads = [
                json.dumps(_payload(job, clocks, queued_at=since, failure=job.last_failure(since)))
                for job, since in reversed(waiting)
            ]
            keys[f"queue:{queue}"] = _typed("list", payloads)
    for key, waiting in (("schedule", look.scheduled), ("retry", look.retrying), ("dead", look.dead)):
        members = [
            {"member": json.dumps(_waiting(job, look.at, clocks)), "score": clocks.epoch(due)}
            for due, job in sorted(waiting)
        ]
        if members:
            keys[key] = _typed("zset", members)
    keys["processes"] = _typed("set", [_identity(process) for process, _ in look.listed])
    for process, beat in look.listed:
        keys[_identity(process)] = _typed("hash", _process(process, beat, clocks), ttl_ms=55_000)
    for process, _ in look.listed:
        work = {
            run.thread: json.dumps(
                {"queue": run.job.queue, "payload": json.dumps(_held(run, clocks)),
                 "run_at": int(clocks.epoch(run.started_at, process.host))}
            )
            for run in look.busy
            if run.process is process
        }  # fmt: skip
        if work:
            keys[f"{_identity(process)}:work"] = _typed("hash", work, ttl_ms=55_000)
    for job in look.holders:
        holders = keys.setdefault(f"{job.lock}:LOCKED", _typed("hash", {}))["value"]
        holders[job.id] = str(clocks.epoch(job.created_at, job.host))
    seconds = clocks.epoch(look.at)
    told = {"captured_at": _iso(clocks, look.at), "redis_time": [int(seconds), int(seconds % 1 * 1e6)], "label": "cron"}
    return Snapshot(name=f"redis-{look.at:06.0f}.json", at=look.at, text=json.dumps({**told, "keys": keys}))


def _waiting(job: Job, at: float, clocks: Clocks) -> dict[str, Any]:
    failure = job.last_failure(at)
    return _payload(job, clocks, queued_at=failure.queued_at if failure else None, failure=failure)


def _held(run: Run, clocks: Clocks) -> dict[str, Any]:
    return _payload(run.job, clocks, queued_at=run.queued_at, failure=run.job.last_failure(run.started_at))


def _process(process: Process, beat: float, clocks: Clocks) -> dict[str, str]:
    info = {
        "hostname": process.host,
        "started_at": clocks.epoch(process.booted_at, process.host),
        "pid": process.pid,
        "tag": "shop",
        "concurrency": process.concurrency,
        "queues": list(process.queues),
        "version": "7.3.10",
        "identity": _identity(process),
    }
    told = {"rtt_us": "61", "rss": "182908", "quiet": str(not process.accepting).lower(), "info": json.dumps(info)}
    return told | {
        "busy": str(len(process.running)),
        "beat": str(clocks.epoch(beat, process.host)),
        "concurrency": str(process.concurrency),
    }


def _identity(process: Process) -> str:
    return f"{process.host}:{process.pid}:{process.pid * 7919:012x}"


def _typed(kind: str, value: Any, ttl_ms: int = -1) -> dict[str, Any]:
    return {"type": kind, "ttl_ms": ttl_ms, "value": value}


def _iso(clocks: Clocks, at: float, host: str = "") -> str:
    return clocks.shows(at, host).isoformat(timespec="milliseconds").replace("+00:00", "Z")
