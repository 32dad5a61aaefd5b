"""Jobs that a framework runs on a backend: two logs of one life, and lines that name no job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ingest.evidence import EvidenceDatabase, at

JOB, OTHER = "bc0cf3c5-aebe-4236-8ddd-42130f4661ab", "4aaf9919-66b2-4795-b2ff-e764e2295956"
JID, OTHER_JID = "0123456789abcdef01234567", "89abcdef0123456789abcdef"
ATTEMPTS = "select job_id, state, will_retry, error_class from attempts order by job_id, attempt"
ADAPTER = '{"adapter":"Sidekiq"}'


class Logs(EvidenceDatabase):
    """A framework's log without threads, and its backend's."""

    def framework(self, seconds: float, event: str, job_id: str | None = JOB, **values: Any) -> Logs:
        """Add a line of Active Job; those of a run name the backend."""
        given = {"system": "active_job", "thread": None, "attributes": ADAPTER} | values
        self.event(seconds, event, job_id, **given)  # type: ignore[arg-type]
        return self

    def backend(self, seconds: float, event: str, jid: str = JID, **values: Any) -> Logs:
        """Add a line of Sidekiq."""
        self.event(seconds, event, jid, **values)
        return self


def test_a_run_that_says_retrying_has_failed_though_its_last_line_says_performed() -> None:
    logs = Logs().framework(0, "started").framework(1, "retry_scheduled", error_class="Boom", run_at=at(4))
    logs.framework(1.001, "succeeded", duration=1.0).framework(4, "started").framework(5, "succeeded").derive()
    assert logs.rows(ATTEMPTS) == [(JOB, "failed", True, "Boom"), (JOB, "succeeded", None, None)]
    assert logs.rows("select state, failures, successes from jobs") == [("succeeded", 1, 1)]


@pytest.mark.parametrize("event", ["discarded", "retries_exhausted"])
def test_a_run_that_is_given_up_on_has_failed_for_good(event: str) -> None:
    logs = Logs().framework(0, "started").framework(1, event, error_class="Boom")
    logs.framework(1.001, "succeeded", duration=1.0).derive()
    assert logs.rows(ATTEMPTS) == [(JOB, "failed", False, "Boom")]
    assert logs.rows("select successes from jobs") == [(0,)]


def test_a_job_that_puts_itself_back_without_an_error_has_succeeded() -> None:
    logs = Logs().framework(0, "started").framework(0.5, "retry_scheduled", run_at=at(60)).framework(1, "succeeded")
    assert logs.derive().rows("select state from attempts") == [("succeeded",)]


def test_a_run_halted_by_a_callback_is_cancelled_and_neither_succeeded_nor_hangs() -> None:
    logs = Logs().backend(0, "started").framework(0.001, "started").framework(0.002, "cancelled", duration=0.001)
    logs.backend(0.003, "succeeded").derive()
    assert logs.rows("select state from attempts") == [("cancelled",)]
    assert logs.rows("select state from jobs") == [("discarded",)]


def test_one_execution_that_both_layers_logged_is_one_attempt_of_the_frameworks_job() -> None:
    logs = Logs().backend(0, "started").framework(0.001, "started", provider_job_id=JID)
    logs.framework(1, "succeeded", provider_job_id=JID).backend(1.001, "succeeded").derive()
    assert logs.rows("select job_id, state, thread from attempts") == [(JOB, "succeeded", "t1")]
    assert logs.rows("select id from job_ids order by id") == [(JID,), (JOB,)]


def test_the_failure_that_the_framework_handled_is_a_failure_though_the_backend_is_done() -> None:
    logs = Logs().backend(0, "started").framework(0.001, "started")
    logs.framework(1, "failed", error_class="Boom").framework(
        1.0005, "retry_scheduled", error_class="Boom", run_at=at(3)
    )
    logs.backend(1.001, "succeeded").derive()
    assert logs.rows(ATTEMPTS) == [(JOB, "failed", True, "Boom")]


def test_the_backend_retries_a_job_that_the_framework_gave_up() -> None:
    logs = Logs().backend(0, "started").framework(0.001, "started", provider_job_id=JID)
    logs.framework(1, "retries_exhausted", provider_job_id=JID, error_class="Boom", attempt=5)
    logs.framework(1.0001, "failed", provider_job_id=JID, error_class="Boom").backend(1.001, "failed")
    logs.backend(1.002, "error_reported", JOB, provider_job_id=JID, will_retry=True)
    logs.backend(30, "started").framework(30.001, "started", provider_job_id=JID)
    logs.framework(31, "succeeded", provider_job_id=JID).backend(31.001, "succeeded").derive()
    assert logs.rows(ATTEMPTS) == [(JOB, "failed", True, "Boom"), (JOB, "succeeded", None, None)]


def test_a_backends_id_that_no_line_explains_is_known_by_the_run_it_encloses() -> None:
    logs = Logs().backend(0, "started").framework(0.0012, "started")
    logs.backend(0.2, "started", OTHER_JID, thread="t2").framework(0.2008, "started", OTHER)
    logs.framework(0.5, "succeeded").backend(0.501, "succeeded")
    logs.framework(0.9, "succeeded", OTHER).backend(0.901, "succeeded", OTHER_JID, thread="t2").derive()
    assert logs.rows("select job_id, thread from attempts order by job_id") == [(OTHER, "t2"), (JOB, "t1")]
    assert logs.rows("select job_key, kind from job_ids where id = '0123456789abcdef01234567'") == [
        (f"sidekiq:{JOB}", "provider_job_id")
    ]


def test_where_two_runs_fit_a_backends_id_it_leads_to_both_and_is_no_job_of_its_own() -> None:
    logs = Logs().backend(0, "started").backend(0, "started", OTHER_JID, thread="t2")
    logs.framework(0.001, "started").framework(0.0012, "started", OTHER)
    logs.framework(0.5, "succeeded").framework(0.5002, "succeeded", OTHER)
    logs.backend(0.501, "succeeded").backend(0.501, "succeeded", OTHER_JID, thread="t2").derive()
    assert logs.rows("select job_id, attempts from jobs order by job_id") == [(OTHER, 1), (JOB, 1)]
    assert logs.rows("select id, count(*) from job_ids where kind = 'provider_job_id' group by id order by id") == [
        (JID, 2),
        (OTHER_JID, 2),
    ]


def test_a_run_of_another_class_or_process_explains_no_id() -> None:
    logs = Logs().backend(0, "started", job_class="Mail").backend(1, "succeeded", job_class="Mail")
    logs.framework(0.001, "started").framework(0.999, "succeeded").derive()
    assert logs.rows("select count(*) from jobs") == [(2,)]


def test_a_job_is_its_backends_where_the_backend_is_among_the_inputs_and_else_the_frameworks() -> None:
    alone = Logs().framework(0, "enqueued").derive()
    assert alone.rows("select system from jobs") == [("active_job",)]
    both = Logs().framework(0, "enqueued").backend(1, "started").derive()
    assert both.rows("select distinct system from jobs") == [("sidekiq",)]


# --- lines that name no job


def failed(logs: Logs, seconds: float, job_id: str, *, retried: bool = False) -> None:
    """A run that fails with a Boom, and whose job is enqueued again at once or not."""
    logs.framework(seconds, "started", job_id).framework(seconds + 1, "failed", job_id, error_class="Boom")
    if retried:
        logs.framework(seconds + 1.0005, "scheduled", job_id, run_at=at(seconds + 4))


@pytest.mark.parametrize("event", ["discarded", "retries_exhausted"])
def test_the_end_of_a_job_without_its_id_is_that_of_the_failure_before_it(event: str) -> None:
    logs = Logs()
    failed(logs, 0, JOB)
    logs.framework(1.001, event, None, error_class="Boom", message="given up").derive()
    assert logs.rows("select state from jobs") == [("discarded" if event == "discarded" else "failed",)]


def test_a_retry_without_its_id_is_that_of_the_job_enqueued_again_before_it() -> None:
    logs = Logs()
    failed(logs, 0, OTHER)
    failed(logs, 0.001, JOB, retried=True)
    logs.framework(1.002, "retry_scheduled", None, error_class="Boom", run_at=at(4)).derive()
    assert logs.rows("select job_id, will_retry from attempts order by job_id") == [(OTHER, None), (JOB, True)]


def test_of_failures_open_at_once_each_is_told_its_fate_if_all_are_told_one() -> None:
    logs = Logs()
    failed(logs, 0, JOB)
    failed(logs, 0.0001, OTHER)
    logs.framework(1.001, "discarded", None, error_class="Boom").framework(1.002, "discarded", None, error_class="Boom")
    assert logs.derive().rows("select state from jobs") == [("discarded",), ("discarded",)]


NOT_TOLD = {
    "one line for two failures": [("discarded", "given up")],
    "two fates for two failures": [("discarded", "given up"), ("retries_exhausted", "tried enough")],
}


@pytest.mark.parametrize("lines", NOT_TOLD.values(), ids=NOT_TOLD.keys())
def test_where_two_failures_fit_a_line_it_is_neithers(lines: list[tuple[str, str]]) -> None:
    logs = Logs()
    failed(logs, 0, JOB)
    failed(logs, 0.0001, OTHER)
    for number, (event, words) in enumerate(lines):
        logs.framework(1.001 + number / 1000, event, None, error_class="Boom", message=words)
    assert logs.derive().rows("select state from jobs") == [("unknown",), ("unknown",)]


@pytest.mark.parametrize("other", [{"pid": 101}, {"job_class": "Mail"}, {"error_class": "Bang"}, {"later": True}])
def test_a_line_of_another_process_class_error_or_time_is_not_the_failures(other: dict[str, Any]) -> None:
    logs = Logs()
    failed(logs, 0, JOB)
    seconds = 9.0 if other.pop("later", False) else 1.001
    logs.framework(seconds, "discarded", None, **({"error_class": "Boom"} | other)).derive()
    assert logs.rows("select state from jobs") == [("unknown",)]


# --- the order of cause


def test_a_job_whose_enqueue_is_logged_after_its_start_waited_for_nothing_and_is_running() -> None:
    logs = Logs().framework(0, "started").framework(0.001, "enqueued", pid=7).derive(10)
    assert logs.rows("select state, wait from attempts") == [("running", 0)]
    assert logs.rows("select state from jobs") == [("running",)]


def test_a_job_whose_enqueue_is_logged_after_its_end_has_succeeded() -> None:
    logs = Logs().framework(0, "started").framework(0.001, "succeeded").framework(0.002, "enqueued", pid=7).derive()
    assert logs.rows("select state from jobs") == [("succeeded",)]


def test_the_retry_of_a_run_that_failed_at_once_is_not_what_the_run_waited_for() -> None:
    logs = Logs().framework(0, "enqueued", pid=7).framework(3, "started").framework(3.01, "failed")
    logs.framework(3.011, "scheduled", run_at=at(5)).framework(6, "started").framework(7, "succeeded").derive()
    assert logs.rows("select wait from attempts order by attempt") == [(3.0,), (1.0,)]


def test_an_enqueue_repeated_in_whole_seconds_is_the_one_told_exactly() -> None:
    logs = (
        Logs().framework(0.9, "enqueued", pid=7).framework(1.4, "started", enqueued_at=at(0)).framework(2, "succeeded")
    )
    assert logs.derive().rows("select wait from attempts") == [(0.5,)]
