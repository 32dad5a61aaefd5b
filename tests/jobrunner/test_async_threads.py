"""Jobs in threads of the process: bounded, in order of their time, and lost with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from threading import Event, current_thread
from typing import ClassVar

import pytest

from jobrunner.adapters.async_threads import AsyncThreads
from jobrunner.continuation import ContinuableJob
from jobrunner.job import Job


class Noted(Job):
    ran: ClassVar[list[str]] = []
    go: ClassVar[Event] = Event()
    begun: ClassVar[Event] = Event()

    def perform(self, what: str, *, waits: bool = False) -> None:
        type(self).begun.set()
        if waits:
            type(self).go.wait(10)
        if what == "fail":
            raise ValueError("on purpose")
        self.ran.append(f"{what} on {current_thread().name}")


@pytest.fixture
def threads() -> Iterator[AsyncThreads]:
    Noted.ran.clear()
    Noted.go, Noted.begun = Event(), Event()
    ContinuableJob.adapter = Noted.adapter = adapter = AsyncThreads(threads=2, most_waiting=3)
    yield adapter
    Noted.go.set()
    adapter.shutdown(5)
    del Noted.adapter, ContinuableJob.adapter


def until_ran(count: int) -> None:
    deadline = time.monotonic() + 10
    while len(Noted.ran) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(Noted.ran) == count


def test_a_job_runs_in_a_thread_of_the_adapter(threads: AsyncThreads) -> None:
    Noted.perform_later("now")
    until_ran(1)
    assert Noted.ran == ["now on jobrunner-1"]
    assert threads.shutdown(5) == 0


@pytest.mark.usefixtures("threads")
def test_jobs_with_a_wait_run_when_it_is_over_in_the_order_of_their_times() -> None:
    Noted.set(wait=0.2).perform_later("later")
    Noted.set(wait=0.05).perform_later("sooner")
    until_ran(2)
    assert [told.split()[0] for told in Noted.ran] == ["sooner", "later"]


@pytest.mark.usefixtures("threads")
def test_a_further_job_than_may_wait_is_not_taken() -> None:
    jobs = [Noted.set(wait=60).perform_later("never") for _ in range(4)]
    assert [job.successfully_enqueued for job in jobs] == [True, True, True, False]
    assert "3 jobs wait already" in str(jobs[3].enqueue_error)


def test_a_failing_job_is_logged_and_its_thread_goes_on(
    threads: AsyncThreads, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "jobrunner"):
        Noted.perform_later("fail")
        Noted.perform_later("next")
        Noted.perform_later("next")
        until_ran(2)
        threads.shutdown(5)
    assert "Noted" in caplog.text
    assert "on purpose" in caplog.text


def test_a_shutdown_waits_for_what_runs_counts_what_is_lost_and_takes_no_more(threads: AsyncThreads) -> None:
    Noted.perform_later("running", waits=True)
    assert Noted.begun.wait(10)
    Noted.set(wait=60).perform_later("waiting")
    Noted.go.set()
    assert threads.shutdown(5) == 1
    assert [told.split()[0] for told in Noted.ran] == ["running"]
    assert not Noted.perform_later("late").successfully_enqueued


def test_production_is_warned(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "jobrunner"):
        AsyncThreads()
        assert caplog.text == ""
        AsyncThreads(environment="production")
    assert "a restart loses all that wait" in caplog.text
