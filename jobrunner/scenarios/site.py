"""
A simulated installation: two hosts with worker processes, one set of queues, the files they write, and a virtual clock.

Everything runs through the real adapter, workers and middleware. All ids come from random numbers seeded by the site's
name and all times from its clock, so that the same story writes the same bytes on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, TypedDict

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from jobrunner.adapters.in_process import InProcess
from jobrunner.clock import VirtualClock
from jobrunner.json_lines import json_line
from jobrunner.middleware.heartbeat import Heartbeat
from jobrunner.middleware.job_log import JobLog
from jobrunner.middleware.middleware import Middleware
from jobrunner.middleware.tracing import Tracing
from jobrunner.otlp_lines import OtlpLines
from jobrunner.snapshot import snapshot
from jobrunner.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from jobrunner.job import Job

WEB = "web-1"
PATIENCE = 25.0
SPANS_SENT_EVERY = 10.0


@dataclass(frozen=True, kw_only=True)
class Post:
    """A place for one worker process; whenever its process goes, another one takes it."""

    host: str
    queues: tuple[str, ...]
    concurrency: int


EXPORTS = Post(host="worker-2", queues=("exports",), concurrency=2)
POSTS = (
    EXPORTS,
    Post(host="worker-1", queues=("payments", "mailers", "default"), concurrency=3),
    Post(host="worker-2", queues=("payments", "mailers", "default"), concurrency=3),
)


class Planted(TypedDict, total=False):
    """
    What a story planted: the jobs, or the queue as a whole, that a rule must name.

    ``may_name`` holds jobs that another rule tells of already, and that this one may leave to it.
    """

    rule: str
    jobs: list[str]
    may_name: list[str]
    queue: str


class Site:
    """Opens with all its workers booted; ``until`` lets time pass, and whoever tells a story acts in between."""

    def __init__(self, folder: Path, name: str, opens: datetime, *, heartbeat_every: float, poll: float) -> None:
        self.folder = folder
        self.name = name
        self.heartbeat_every = heartbeat_every
        self.poll = poll
        self.clock = VirtualClock(opens)
        self.span_ids = SeededIds(self.random("span ids"))
        self.spans = SpanBatches(OtlpLines(folder / "spans.jsonl"))
        self.pids = self.random("pids")
        self.adapter = InProcess(self.clock, [])
        self.enqueued = Enqueued()
        self.workers: dict[Post, Worker] = {}
        self.planted: list[Planted] = []
        self.release("4.1.0")
        for post in POSTS:
            self.boot(post)
        self.clock.start(self._send_spans_forever())

    def random(self, purpose: str) -> Random:
        """Random numbers of their own for each purpose, so that a change to one leaves the others alone."""
        return Random(f"{self.name}: {purpose}")  # noqa: S311 - a story must come out the same each time

    def until(self, moment: str) -> None:
        """Let time pass until the next HH:MM or HH:MM:SS, UTC."""
        now = self.clock.now()
        then = datetime.combine(now.date(), time.fromisoformat(moment), UTC)
        self.clock.run_until(then if then > now else then + timedelta(days=1))

    def release(self, version: str) -> None:
        """Let the web application enqueue as this version from now on; workers that boot from now on run it, too."""
        self.version = version
        self.adapter.middleware = (*self._telemetry("shop-web", WEB), self.enqueued)

    def deploy(self, version: str) -> None:
        """Release a version and restart the workers, one after the other, in good order."""
        self.release(version)
        self.clock.start(self._restart_all())

    def boot(self, post: Post) -> None:
        heartbeat = Heartbeat(self.clock, self.heartbeat_every)
        pid = self.pids.randrange(1_000, 32_000)
        worker = Worker(
            host=post.host,
            pid=pid,
            queues=post.queues,
            concurrency=post.concurrency,
            adapter=self.adapter,
            clock=self.clock,
            random=self.random(f"worker {pid}"),
            middleware=[*self._telemetry("shop-worker", post.host), heartbeat],
            poll=self.poll,
        )
        self.workers[post] = worker
        worker.boot()
        self.clock.start(heartbeat.beat_forever(worker))

    def kill(self, post: Post, *, back_after: float) -> None:
        """Kill a worker process as the kernel does; its supervisor boots another one some seconds later."""
        self.workers[post].kill()
        self.clock.start(self._boot_after(back_after, post))

    def look(self, label: str | None = None) -> None:
        """Take a snapshot."""
        taken = snapshot(self.adapter, list(self.workers.values()), self.clock.now(), label)
        with (self.folder / "snapshots.jsonl").open("a", encoding="utf-8") as file:
            file.write(json_line(taken))

    def waiting(self, job: Job) -> timedelta:
        """How long a job has been due."""
        return self.clock.now() - (job.due_at or self.clock.now())

    def plant(self, rule: str, jobs: Iterable[Job], may_name: Iterable[Job] = ()) -> None:
        """Note that a rule is to name these jobs and no others, but for those it may name as well."""
        planted: Planted = {"rule": rule, "jobs": _ids(jobs)}
        if others := _ids(may_name):
            planted["may_name"] = others
        self.planted.append(planted)

    def plant_on_queue(self, rule: str, queue: str) -> None:
        """Note that a rule about queues as a whole is to name this one and no other."""
        self.planted.append({"rule": rule, "queue": queue})

    def close(self) -> None:
        """End the story; what still runs or waits stays as the files have it."""
        self.spans.send()
        self.clock.close()

    def _telemetry(self, service: str, host: str) -> Sequence[Middleware]:
        about = {"service": service, "environment": "production", "version": self.version}
        resource = {
            "service.name": service,
            "service.version": self.version,
            "deployment.environment.name": "production",
            "host.name": host,
        }
        provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource(resource), id_generator=self.span_ids, shutdown_on_exit=False
        )
        provider.add_span_processor(self.spans)
        log = JobLog(self.folder / f"jobs.{host}.jsonl", self.clock, host=host, **about)
        return (Tracing(provider.get_tracer("jobrunner"), self.clock), log)

    async def _restart_all(self) -> None:
        for post in POSTS:
            await self.workers[post].stop(PATIENCE)
            await self._boot_after(4.0, post)

    async def _boot_after(self, seconds: float, post: Post) -> None:
        await self.clock.sleep(seconds)
        self.boot(post)

    async def _send_spans_forever(self) -> None:
        while True:
            await self.clock.sleep(SPANS_SENT_EVERY)
            self.spans.send()


def _ids(jobs: Iterable[Job]) -> list[str]:
    return sorted(job.job_id for job in jobs)


class Enqueued(Middleware):
    """Remembers every job, so that a story can say afterwards what became of them."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def enqueued(self, job: Job) -> None:
        self.jobs.append(job)


class SeededIds(IdGenerator):
    """Trace and span ids that are the same each time."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def generate_span_id(self) -> int:
        return self.random.getrandbits(64) or 1

    def generate_trace_id(self) -> int:
        return self.random.getrandbits(128) or 1


class SpanBatches(SpanProcessor):
    """Collects the spans of all processes and writes them in batches, as a collector does."""

    def __init__(self, lines: OtlpLines) -> None:
        self.lines = lines
        self.ended: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span)

    def send(self) -> None:
        if self.ended:
            self.lines.export(self.ended)
            self.ended = []
