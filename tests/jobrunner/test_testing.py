"""What an application's tests ask of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from jobrunner.adapters.test import InTest
from jobrunner.clock import VirtualClock
from jobrunner.error_handling import retry_on
from jobrunner.job import Job
from jobrunner.testing import (
    assert_enqueued,
    assert_performed,
    jobs_in_test,
    perform_enqueued_jobs,
    performing_jobs,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Report(Job):
    queue_as = "reports"
    made: ClassVar[list[int]] = []

    def perform(self, number: int, *, form: str = "pdf") -> None:  # noqa: ARG002 - a test looks at it
        self.made.append(number)


class Stubborn(Job):
    on_error = (retry_on(ValueError, attempts=3),)

    def perform(self) -> None:
        raise ValueError


class Mail(Job):
    def perform(self, number: int) -> None:
        Report.perform_later(number)


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[InTest]:
    monkeypatch.setattr(Job, "clock", VirtualClock(NOON))
    Report.made.clear()
    with jobs_in_test() as adapter:
        yield adapter


def test_an_expected_job_is_found_among_others_by_all_that_is_said_of_it() -> None:
    with assert_enqueued(
        Report,
        count=1,
        arguments=[1],
        named={"form": "csv"},
        queue="slow",
        priority=3,
        at=NOON + timedelta(seconds=60.9),
    ) as found:
        Report.set(wait=60, queue="slow", priority=3).perform_later(1, form="csv")
        Report.perform_later(2)
        Mail.perform_later(1)
    assert [held.job_class for held in found] == ["Report"]


def test_what_was_not_enqueued_is_said_with_what_was_instead() -> None:
    with pytest.raises(AssertionError) as failed, assert_enqueued(Report, arguments=[1], queue="slow"):
        Report.perform_later(2)
    assert str(failed.value) == (
        "at least one of Report arguments=[1] queue=slow should have been enqueued, 0 were. There was:\n"
        "  Report arguments=[2] queue=reports priority=None at=None"
    )


def test_none_can_be_expected_and_what_came_before_does_not_count() -> None:
    Report.perform_later(1)
    with assert_enqueued(count=0):
        pass
    with pytest.raises(AssertionError, match="0 of Job should have been enqueued, 1 were"), assert_enqueued(count=0):
        Report.perform_later(1)


def test_waiting_jobs_run_with_those_that_they_enqueue() -> None:
    Mail.perform_later(7)
    assert perform_enqueued_jobs() == 2
    assert Report.made == [7]


def test_running_can_be_narrowed_to_a_class_a_queue_or_a_time() -> None:
    Mail.perform_later(7)
    Report.perform_later(1)
    Report.set(wait=60).perform_later(2)
    Report.set(queue="slow").perform_later(3)
    assert perform_enqueued_jobs(Report, queue="reports", until=NOON) == 1
    assert Report.made == [1]
    assert perform_enqueued_jobs(Report) == 2


def test_jobs_can_run_in_the_call_that_enqueues_them_retries_too(jobs: InTest) -> None:
    with pytest.raises(ValueError), performing_jobs():  # noqa: PT011 - the job's own
        Stubborn.perform_later()
    assert len(jobs.performed) == 3
    assert jobs.waiting == []
    Report.perform_later(1)
    assert Report.made == []


def test_an_expected_run_is_found() -> None:
    with assert_performed(Report, arguments=[1]):
        Report.set(wait=3600).perform_later(1)
    assert Report.made == [1]
    with pytest.raises(AssertionError, match="should have been performed, 0 were"), assert_performed(Report):
        Mail.perform_later(1)


def test_a_class_that_enqueues_elsewhere_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "adapter", None)
    with pytest.raises(TypeError, match=r"use jobs_in_test\(\)"):
        perform_enqueued_jobs()
