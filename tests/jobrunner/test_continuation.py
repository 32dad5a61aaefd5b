"""Jobs in steps: what is done is not done again, whatever stops them in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from jobrunner.adapters.test import InTest
from jobrunner.clock import VirtualClock
from jobrunner.continuation import (
    ContinuableJob,
    InvalidStepError,
    ResumeLimitError,
    Step,
    UnadvanceableCursorError,
)
from jobrunner.job import Job
from jobrunner.testing import jobs_in_test, perform_enqueued_jobs

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Import(ContinuableJob):
    done: ClassVar[list[str]] = []
    fails_at: ClassVar[int | None] = None

    def perform(self) -> None:
        self.step("load", lambda _: self.done.append("load"))
        self.step("rows", self.rows, start=0)
        self.step("tidy", lambda _: self.done.append("tidy"))

    def rows(self, step: Step) -> None:
        while step.cursor < 3:
            self.done.append(f"row {step.cursor}")
            step.advance()
            if step.cursor == self.fails_at:
                raise ValueError("bad row")


ALL = ["load", "row 0", "row 1", "row 2", "tidy"]


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[InTest]:
    monkeypatch.setattr(Job, "clock", VirtualClock(NOON))
    Import.done.clear()
    with jobs_in_test() as adapter:
        yield adapter


def stop_once(jobs: InTest, when: Callable[[Any], bool]) -> None:
    def asked(job: Job) -> bool:
        if not when(job):
            return False
        jobs.interrupts = lambda _: False
        return True

    jobs.interrupts = asked


@pytest.mark.parametrize(
    ("when", "continuation"),
    [
        ("after 'load'", {"completed": ["load"]}),
        ("at 'rows', cursor 2", {"completed": ["load"], "current": ["rows", 2]}),
        ("after 'rows'", {"completed": ["load", "rows"]}),
    ],
)
def test_a_job_that_made_way_goes_on_where_it_was(jobs: InTest, when: str, continuation: dict[str, Any]) -> None:
    stop_once(jobs, lambda job: job.progress == when)
    Import.perform_later()
    assert perform_enqueued_jobs() == 2
    assert Import.done == ALL
    again = jobs.enqueued[1]
    assert (again.told["continuation"], again.told["resumptions"]) == (continuation, 0)
    assert again.at == NOON + timedelta(seconds=5)
    assert again.told["job_id"] == jobs.enqueued[0].told["job_id"]


def test_a_run_that_makes_way_is_interrupted_and_no_failure(jobs: InTest) -> None:
    stop_once(jobs, lambda job: job.progress == "after 'load'")
    job = Import()
    job.run()
    assert (job.outcome, job.error, job.exception_executions) == ("interrupted", None, {})


def test_an_error_after_progress_resumes_and_one_without_goes_to_the_rules(
    jobs: InTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Import, "fails_at", 2)
    Import.perform_later()
    perform_enqueued_jobs()
    assert Import.done == ALL
    monkeypatch.setattr(Import, "resume_errors_after_advancing", False)
    with pytest.raises(ValueError, match="bad row"):
        Import.perform_now()
    assert len(jobs.enqueued) == 2


def test_a_job_is_not_resumed_more_often_than_it_may_be(jobs: InTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Import, "max_resumptions", 1)
    jobs.interrupts = lambda _: True
    Import.perform_later()
    with pytest.raises(ResumeLimitError, match="1 times"):
        perform_enqueued_jobs()


class Isolated(ContinuableJob):
    def perform(self) -> None:
        self.step("quick", lambda _: None)
        self.step("long", lambda _: None, isolated=True)


def test_an_isolated_step_begins_in_a_run_of_its_own(jobs: InTest) -> None:
    Isolated.perform_later()
    assert perform_enqueued_jobs() == 2
    assert jobs.enqueued[1].told["continuation"] == {"completed": ["quick"]}


def job_of(perform: Callable[[Any], None]) -> type[Job]:
    return type("Wrong", (ContinuableJob,), {"perform": perform})


@pytest.mark.parametrize(
    ("perform", "words"),
    [
        (lambda job: [job.step("a", id), job.step("a", id)], "comes twice"),
        (lambda job: job.step("a", lambda _: job.step("b", id)), "stands within another"),
    ],
)
def test_steps_used_wrongly_fail_the_job(perform: Callable[[Any], None], words: str) -> None:
    with pytest.raises(InvalidStepError, match=words):
        job_of(perform).perform_now()


@pytest.mark.parametrize(
    ("continuation", "words"),
    [
        ({"completed": ["b"]}, "'a' came where 'b' was before"),
        ({"completed": [], "current": ["b", 1]}, "'a' came where 'b' is to go on"),
    ],
)
def test_steps_in_another_order_than_in_the_run_before_fail_the_job(continuation: Any, words: str) -> None:
    kind = job_of(lambda job: job.step("a", id))
    told = kind().serialize() | {"continuation": continuation}
    with pytest.raises(InvalidStepError, match=words):
        Job.deserialize(told).run()


def test_a_cursor_that_is_no_number_does_not_advance() -> None:
    with pytest.raises(UnadvanceableCursorError, match=r"set\(\) it"):
        job_of(lambda job: job.step("a", lambda step: step.advance(), start="x")).perform_now()


def test_progress_of_a_job_that_nobody_ran_yet_goes_on_in_its_hash() -> None:
    told = Import().serialize() | {"continuation": {"completed": ["load"], "current": ["rows", 1]}, "resumptions": 3}
    assert Job.deserialize(told).serialize() == told
