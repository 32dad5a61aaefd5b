"""Inputs of any size, the same bytes each time: a job log in JSON, spans in OTLP/JSON, Sidekiq's text log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

_START = datetime(2026, 3, 1, tzinfo=UTC)
_CLASSES = ("WelcomeMail", "ChargeCard", "SyncInventory", "BuildReport", "ResizeImage")
_QUEUES = ("default", "mailers", "low")
_FAILS = 0.02
"""Share of the runs that fail."""


def job_log(random: Random) -> Iterator[str]:
    """Enqueued, started and ended jobs; one line in three has a key that no column holds, one in three arguments."""
    now = _START
    while True:
        job = {
            "system": "jobrunner",
            "service": "shop",
            "job_id": str(UUID(int=random.getrandbits(128))),
            "job_class": random.choice(_CLASSES),
            "queue": random.choice(_QUEUES),
            "attempt": 1,
            "host": f"web-{random.randrange(4)}",
            "pid": 100 + random.randrange(8),
            "thread": f"t{random.randrange(5)}",
        }
        fails = random.random() < _FAILS
        told = (
            {
                "event": "enqueued",
                "arguments": [random.randrange(10**6), {"plan": "a"}],
                "tenant": random.randrange(99),
            },
            {"event": "started", "wait": round(random.random(), 6)},
            {"event": "failed" if fails else "succeeded", "duration": round(random.random(), 6)}
            | ({"error_class": "Timeout", "error_message": "no answer", "backtrace": "a\nb\nc"} if fails else {}),
        )
        for event in told:
            now += timedelta(microseconds=random.randrange(20_000))
            at = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
            line = {"format": "jobrunner.job_log/1", "ts": at} | event | job
            yield json.dumps(line, separators=(",", ":")) + "\n"


def spans(random: Random) -> Iterator[str]:
    """Requests of 500 spans each, as a collector's file exporter writes them."""
    nanoseconds = int(_START.timestamp()) * 10**9
    while True:
        batch = []
        for _ in range(500):
            nanoseconds += random.randrange(20_000_000)
            job_class = random.choice(_CLASSES)
            told = {
                "messaging.system": "sidekiq",
                "messaging.operation.type": "process",
                "messaging.destination.name": random.choice(_QUEUES),
                "messaging.message.id": f"{random.getrandbits(96):024x}",
                "messaging.sidekiq.job_class": job_class,
            }
            batch.append(
                {
                    "traceId": f"{random.getrandbits(128):032x}",
                    "spanId": f"{random.getrandbits(64):016x}",
                    "name": f"{job_class} process",
                    "kind": 5,
                    "startTimeUnixNano": str(nanoseconds),
                    "endTimeUnixNano": str(nanoseconds + random.randrange(10**9)),
                    "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in told.items()],
                    "status": {},
                }
            )
        service = [{"key": "service.name", "value": {"stringValue": "shop"}}]
        scope = {"scope": {"name": "OpenTelemetry::Instrumentation::Sidekiq"}, "spans": batch}
        request = {"resourceSpans": [{"resource": {"attributes": service}, "scopeSpans": [scope]}]}
        yield json.dumps(request, separators=(",", ":")) + "\n"


def sidekiq_text(random: Random) -> Iterator[str]:
    """Starts and ends of runs as Sidekiq 7 writes them."""
    now = _START
    while True:
        told = f"class={random.choice(_CLASSES)} jid={random.getrandbits(96):024x}"
        process = f"pid={100 + random.randrange(8)} tid={random.getrandbits(16):x}"
        fails = random.random() < _FAILS
        for rest in ("INFO: start", f"elapsed={random.random():.3f} INFO: {'fail' if fails else 'done'}"):
            now += timedelta(microseconds=random.randrange(20_000))
            at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield f"{at} {process} {told} {rest}\n"


KINDS: dict[str, Callable[[Random], Iterator[str]]] = {
    "job log": job_log,
    "OTLP/JSON": spans,
    "Sidekiq text": sidekiq_text,
}


def made(kind: str, size: int, folder: Path) -> Path:
    """The input of a kind with at least that many bytes, made where the folder has none."""
    path = folder / f"{kind.replace('/', '-').replace(' ', '-')}-{size}.log"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        left = size
        with unfinished.open("w", encoding="utf-8") as file:
            for line in KINDS[kind](Random(kind)):  # noqa: S311 - the same bytes each time
                left -= file.write(line)
                if left <= 0:
                    break
        unfinished.rename(path)
    return path
