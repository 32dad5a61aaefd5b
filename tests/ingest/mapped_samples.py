"""Logs of workers that name their fields each in their own way: two jobs, one that succeeds and one that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

IDS = ("6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1", "7a2d91be-11c3-4f60-8f0e-0c5b3f7d2a12")
AT = datetime(2026, 3, 1, 22, 0, 5, 120000, UTC)


def _told() -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
    """Moment, job, what happened, and what is told with it."""
    for number, job in enumerate(IDS):
        begin = AT + timedelta(seconds=number)
        yield begin, job, "enqueued", {}
        yield begin + timedelta(milliseconds=200), job, "started", {}
        if number:
            yield begin + timedelta(milliseconds=450), job, "failed", {"error": "no room left", "ms": 250}
        else:
            yield begin + timedelta(milliseconds=450), job, "succeeded", {"ms": 250}


def _line(*pairs: tuple[str, object]) -> str:
    return " ".join(f'{key}="{value}"' if " " in str(value) else f"{key}={value}" for key, value in pairs)


def zap() -> str:
    """Zap's production encoder: seconds with a fraction."""
    words = {"enqueued": "job enqueued", "started": "starting job", "succeeded": "job finished", "failed": "job failed"}
    levels = {"failed": "error"}
    return "".join(
        json.dumps(
            {
                "level": levels.get(event, "info"),
                "ts": at.timestamp(),
                "caller": "worker/run.go:41",
                "msg": words[event],
                "job_id": job,
                "job_type": "Export",
                "queue": "low",
                "attempt": 1,
            }
            | ({"elapsed_ms": more["ms"]} if more else {})
            | ({"error": more["error"]} if "error" in more else {})
        )
        + "\n"
        for at, job, event, more in _told()
    )


def logrus() -> str:
    """Logrus' JSON formatter, at an offset."""
    words = {"enqueued": "queued", "started": "begin", "succeeded": "done", "failed": "error"}
    return "".join(
        json.dumps(
            {
                "level": "info",
                "time": (at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "+02:00",
                "msg": words[event],
                "jid": job,
                "task": "mail.welcome",
                "q": "mailers",
            }
            | ({"took": f"{more['ms']}ms"} if more else {})
        )
        + "\n"
        for at, job, event, more in _told()
    )


def pino() -> str:
    """Pino: levels are numbers, times milliseconds; its pid and hostname are those that BullMQ's reader looks for."""
    return "".join(
        json.dumps(
            {
                "level": 30,
                "time": int(at.timestamp() * 1000),
                "pid": 80,
                "hostname": "worker-1",
                "taskId": job,
                "taskName": "render",
                "event": f"task.{event}",
                "msg": f"task {job} {event}",
            },
            separators=(",", ":"),
        )
        + "\n"
        for at, job, event, more in _told()
    )


def structlog() -> str:
    """Structlog's logfmt renderer."""
    words = {
        "enqueued": "task_queued",
        "started": "task_started",
        "succeeded": "task_completed",
        "failed": "task_failed",
    }
    return "".join(
        _line(
            ("timestamp", at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
            ("level", "info"),
            ("event", words[event]),
            ("task_id", job),
            ("task_name", "shop.mail"),
            *([("duration", more["ms"] / 1000)] if more else []),
            *([("error", more["error"])] if "error" in more else []),
        )
        + "\n"
        for at, job, event, more in _told()
    )


def go_worker() -> str:
    """A worker's logfmt with slog: local times and Go's durations."""
    words = {"enqueued": "enqueue job", "started": "start job", "succeeded": "finish job", "failed": "fail job"}
    return "".join(
        _line(
            ("time", at.strftime("%Y-%m-%dT%H:%M:%S.%f")),
            ("level", "INFO"),
            ("msg", words[event]),
            ("job", "resize"),
            ("id", job),
            ("try", 0),
            *([("elapsed", f"{more['ms']}ms")] if more else []),
        )
        + "\n"
        for at, job, event, more in _told()
    )


def nested() -> str:
    """Keys inside objects, as ECS writes them."""
    return "".join(
        json.dumps(
            {
                "@timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "log.level": "info",
                "event": {"action": f"job-{event}"},
                "job": {"id": job, "name": "Invoice", "queue": "bills", "attempt": 1},
                "host": {"name": "web-1"},
            }
            | ({"error": {"type": "IOError", "message": more["error"]}} if "error" in more else {})
        )
        + "\n"
        for at, job, event, more in _told()
    )


SAMPLES = {each.__name__: each for each in (zap, logrus, pino, structlog, go_worker, nested)}
