"""Workers under the virtual clock: what they write to the job log and as spans, and what they do when stopped."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pytest
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]  # it comes without types
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from ingest.sources import job_log, otlp_json
from jobrunner.adapters.in_process import InProcess
from jobrunner.backtrace import backtrace
from jobrunner.callbacks import Abort, before_perform
from jobrunner.clock import SystemClock, VirtualClock
from jobrunner.continuation import ContinuableJob
from jobrunner.contract import JobLogLine, Snapshot
from jobrunner.error_handling import discard_on, rescue_from, retry_on
from jobrunner.job import Job
from jobrunner.json_lines import json_line
from jobrunner.middleware import MIDDLEWARE
from jobrunner.middleware.heartbeat import Heartbeat
from jobrunner.middleware.job_log import JobLog
from jobrunner.middleware.tracing import Tracing
from jobrunner.otlp_lines import OtlpLines
from jobrunner.snapshot import snapshot
from jobrunner.worker import Worker
from tests.ingest.scratch import SCRATCH

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Site:
    """One worker over one adapter, with its files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.log, self.lines = folder / "jobs.jsonl", folder / "spans.jsonl"
        self.clock = VirtualClock(NOON)
        self.spans = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        provider.add_span_processor(SimpleSpanProcessor(OtlpLines(self.lines)))
        self.job_log = JobLog(self.log, self.clock, service="shop")
        self.heartbeat = Heartbeat(self.clock, 10.0)
        given = [self.heartbeat, self.job_log, Tracing(provider.get_tracer("jobrunner"), self.clock)]
        self.adapter = InProcess(self.clock, given)
        self.worker = Worker(
            host="web-1", pid=7, queues=["default"], concurrency=2, adapter=self.adapter, clock=self.clock,
            random=Random(2), middleware=given,  # noqa: S311 - seeded
        )  # fmt: skip

        class Wait(Job):
            adapter = self.adapter
            clock = self.clock
            on_error = (retry_on(ValueError, attempts=2),)

            async def perform(job, seconds: float) -> None:  # noqa: N805
                await self.clock.sleep(seconds)
                if seconds < 1:
                    raise ValueError("too short")

        self.job = Wait
        self.worker.boot()
        self.clock.start(self.heartbeat.beat_forever(self.worker), self.worker.name)

    def run(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now() + timedelta(seconds=seconds))

    def written(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.log.read_text().splitlines()]

    def runs(self) -> list[ReadableSpan]:
        return [span for span in self.spans.get_finished_spans() if span.name.startswith("process")]

    def events(self) -> list[str]:
        return [line.get("event") or line["worker_event"] for line in self.written()]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.run(1)
    return site


def test_tracing_wraps_the_job_log_wraps_the_heartbeat_in_whatever_order_they_are_given(site: Site) -> None:
    assert (Tracing, JobLog, Heartbeat) == MIDDLEWARE
    assert tuple(type(each) for each in site.worker.middleware) == MIDDLEWARE


def test_a_failing_job_is_tried_again_until_its_attempts_are_used_up(site: Site) -> None:
    site.job.perform_later(0.5)
    site.run(60)
    jobs = [JobLogLine.model_validate(line).event for line in site.written() if "job_id" in line]
    assert jobs == ["enqueued", "started", "failed", "retry_scheduled", "started", "failed", "retries_exhausted"]
    assert len(site.adapter.dead) == 1


class Ending(ContinuableJob):
    """Ends in the way that its argument names."""

    on_error = (discard_on(KeyError), rescue_from(OSError, then=lambda *_: None))

    @before_perform
    def perhaps_not(self) -> None:
        if self.arguments == ["cancelled"]:
            raise Abort

    wait: ClassVar[VirtualClock]

    async def perform(self, how: str) -> None:
        if how != "interrupted":
            raise {"discarded": KeyError, "rescued": OSError}.get(how, TypeError)
        self.step("first", lambda _: None)
        await self.wait.sleep(5)
        self.step("second", lambda _: None)


@pytest.mark.parametrize(
    ("how", "events"),
    [
        ("cancelled", ["started", "cancelled"]),
        ("discarded", ["started", "failed", "discarded"]),
        ("rescued", ["started", "failed"]),
        ("left to the backend", ["started", "failed", "retries_exhausted"]),
    ],
)
def test_the_log_says_how_a_run_ended(site: Site, how: str, events: list[str]) -> None:
    Ending.adapter, Ending.clock = site.adapter, site.clock
    Ending.perform_later(how)
    site.run(10)
    assert [line["event"] for line in site.written() if "job_id" in line][1:] == events
    assert len(site.adapter.dead) == (how == "left to the backend")
    assert site.adapter.retry == []


def test_a_job_in_steps_makes_way_for_a_worker_that_stops_and_goes_on_with_the_next(site: Site) -> None:
    Ending.adapter, Ending.clock, Ending.wait = site.adapter, site.clock, site.clock
    job = Ending.perform_later("interrupted")
    site.run(3)
    site.clock.start(site.worker.stop(60))
    site.run(10)
    ended = next(line for line in site.written() if line.get("event") == "interrupted")
    assert ended["run_at"] > ended["ts"]
    assert site.adapter.retry == [job]
    assert job.serialize()["continuation"] == {"completed": ["first"]}
    assert site.events()[-1] == "stopped"
    assert site.adapter.leaving == set()


def test_log_lines_of_a_run_name_its_span_which_links_to_the_span_that_enqueued_it(site: Site) -> None:
    site.job.perform_later(5)
    site.run(20)
    sent, run = site.spans.get_finished_spans()
    assert (sent.name, run.name) == ("send default", "process default")
    assert run.links[0].context.span_id == sent.context.span_id
    named = {line["event"]: line["span_id"] for line in site.written() if "job_id" in line}
    assert named["enqueued"] == f"{sent.context.span_id:016x}"
    assert named["started"] == named["succeeded"] == f"{run.context.span_id:016x}"


def test_a_stopping_worker_gives_back_the_jobs_that_outlive_its_patience(site: Site) -> None:
    site.job.perform_later(500)
    site.job.perform_later(500)
    site.run(5)
    site.clock.start(site.worker.stop(8))
    site.run(1000)
    assert site.events()[-4:] == ["requeued", "requeued", "pushed_back", "stopped"]
    assert site.written()[-2]["job_count"] == len(site.adapter.queued) == 2
    assert [span.attributes["jobrunner.job.outcome"] for span in site.runs()] == ["interrupted"] * 2  # type: ignore[index]


def test_a_job_given_back_has_lost_no_attempt(site: Site) -> None:
    job = site.job.perform_later(500)
    site.run(5)
    site.clock.start(site.worker.stop(8))
    site.run(60)
    requeued = next(line for line in site.written() if line.get("event") == "requeued")
    assert requeued["attempt"] == 1
    assert job.executions == 0
    assert site.adapter.fetch(["default"]) is job


def test_a_worker_that_stops_idle_gives_nothing_back_and_says_nothing_of_it(site: Site) -> None:
    site.clock.start(site.worker.stop(8))
    site.run(60)
    assert site.events()[-3:] == ["quieted", "stopping", "stopped"]


def test_a_heartbeat_names_each_job_that_runs_and_its_attempt(site: Site) -> None:
    site.run(10)
    job = site.job.perform_later(25)
    site.run(40)
    beats = [line for line in site.written() if line.get("event") == "heartbeat"]
    started = next(line for line in site.written() if line.get("event") == "started")
    assert len(beats) == 2
    for beat in beats:
        held = ("job_id", "job_class", "queue", "attempt", "host", "pid", "thread", "span_id")
        assert {key: beat[key] for key in held} == {key: started[key] for key in held}
        assert beat["job_id"] == job.job_id
        assert started["ts"] < beat["ts"]
    assert sum(line.get("worker_event") == "heartbeat" for line in site.written()) == 5


def test_the_span_of_a_failed_run_has_the_status_and_the_name_of_its_error(site: Site) -> None:
    site.job.perform_later(0.5)
    site.run(60)
    first, last = site.runs()
    for span, outcome in ((first, "retried"), (last, "failed")):
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "too short")
        assert span.attributes is not None
        assert span.attributes["error.type"] == "ValueError"
        assert span.attributes["jobrunner.job.outcome"] == outcome
        assert [event.name for event in span.events] == ["exception"]
    assert all(
        span.status.status_code is StatusCode.UNSET for span in site.spans.get_finished_spans() if not span.links
    )


def test_a_snapshot_tells_where_each_job_is_and_which_workers_live(site: Site) -> None:
    running, failing = site.job.perform_later(500), site.job.perform_later(0.5)
    later = site.job.set(wait=timedelta(hours=1)).perform_later(5)
    elsewhere = site.job.set(queue="nobody").perform_later(5)
    site.run(3)
    looked = snapshot(site.adapter, [site.worker], site.clock.now(), "a look")
    assert Snapshot.model_validate_json(json_line(looked)) == looked
    assert {job.held_in: job.job_id for job in looked.jobs} == {
        "queued": elsewhere.job_id, "scheduled": later.job_id, "retry": failing.job_id, "running": running.job_id,
    }  # fmt: skip
    assert [(queue.queue, queue.depth) for queue in looked.queues] == [("default", 0), ("nobody", 1)]
    assert looked.queues[1].oldest_at == elsewhere.enqueued_at
    assert [(process.worker, process.busy, process.heartbeat_period) for process in looked.processes] == [
        ("web-1:7", 1, 10.0)
    ]
    site.worker.kill()
    assert snapshot(site.adapter, [site.worker], site.clock.now()).processes == []


def test_a_killed_worker_writes_nothing_more(site: Site) -> None:
    site.job.perform_later(500)
    site.run(5)
    before = site.log.read_bytes()
    site.worker.kill()
    site.run(1000)
    assert b'"started"' in before
    assert site.log.read_bytes() == before
    assert len(site.spans.get_finished_spans()) == 1


def test_a_log_that_cannot_be_written_does_not_stop_jobs(site: Site) -> None:
    site.log.unlink()
    site.log.mkdir()
    site.job.perform_later(5)
    site.run(20)
    assert site.job_log.lost > 0
    assert site.spans.get_finished_spans()[-1].attributes["jobrunner.job.outcome"] == "succeeded"  # type: ignore[index]


def test_span_lines_are_otlp_json_with_hex_ids(site: Site) -> None:
    site.job.perform_later(5)
    site.run(20)
    for text, span in zip(site.lines.read_text().splitlines(), site.spans.get_finished_spans(), strict=True):
        request = json.loads(text)
        written = request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        assert written["spanId"] == f"{span.context.span_id:016x}"
        assert isinstance(written["startTimeUnixNano"], str)
        assert written["kind"] in {4, 5}
        for part in [written, *written.get("links", [])]:
            for key in ("traceId", "spanId"):
                part[key] = base64.b64encode(bytes.fromhex(part[key])).decode()
        read = ParseDict(request, TracesData()).resource_spans[0].scope_spans[0].spans[0]
        assert (read.trace_id.hex(), read.start_time_unix_nano) == (f"{span.context.trace_id:032x}", span.start_time)


def test_what_is_written_can_be_read(site: Site) -> None:
    site.job.perform_later(5)
    site.run(20)
    for source, path in ((job_log.SOURCE, site.log), (otlp_json.SOURCE, site.lines)):
        texts = path.read_text().splitlines()
        frame = pl.DataFrame({"line_no": range(1, len(texts) + 1), "text": texts})
        parsed = source.parse(frame, SCRATCH)
        assert parsed.rejects is None or parsed.rejects.is_empty()


def test_the_runner_loads_neither_duckdb_nor_polars() -> None:
    code = "import sys, jobrunner.scenarios; sys.exit(bool({'duckdb', 'polars'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_worker_under_asyncio_gives_its_running_job_back_when_stopped() -> None:
    class Long(Job):
        async def perform(self) -> None:
            await asyncio.sleep(60)

    async def story() -> list[Job]:
        clock = SystemClock()
        adapter = InProcess(clock, [])
        Long.adapter = adapter
        worker = Worker(
            host="web-1", pid=7, queues=["default"], concurrency=1, adapter=adapter, clock=clock,
            random=Random(2), middleware=[],  # noqa: S311 - seeded
        )  # fmt: skip
        Long.perform_later()
        worker.boot()
        await asyncio.sleep(0.01)
        assert len(worker.running) == 1
        await worker.stop(0)
        return adapter.queued

    assert [type(job) for job in asyncio.run(story())] == [Long]


def test_a_backtrace_tells_the_application_from_the_library() -> None:
    try:
        JobLogLine.model_validate({})
    except ValueError as error:
        application, library = backtrace(error).splitlines()
    assert application.startswith("/srv/app/tests/jobrunner/test_worker.py:")
    assert library.startswith("/usr/lib/python3/site-packages/pydantic/main.py:")
