"""Jobs as an application sees them: options, queues, callbacks, errors; one case per line of the semantics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar

import pytest

from jobrunner import execution
from jobrunner.adapters.adapter import Adapter, EnqueueError
from jobrunner.adapters.inline import Inline
from jobrunner.adapters.test import InTest
from jobrunner.arguments import DeserializationError, SerializationError
from jobrunner.callbacks import (
    Abort,
    after_discard,
    after_enqueue,
    after_perform,
    around_enqueue,
    around_perform,
    before_enqueue,
    before_perform,
)
from jobrunner.clock import VirtualClock
from jobrunner.error_handling import discard_on, most_executions, rescue_from, retry_on
from jobrunner.job import Job, UnknownJobClassError, perform_all_later
from jobrunner.testing import jobs_in_test, perform_enqueued_jobs

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class NoChance(Random):
    """Always the half."""

    def random(self) -> float:
        return 0.5


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[InTest]:
    monkeypatch.setattr(Job, "clock", VirtualClock(NOON))
    with jobs_in_test() as adapter:
        yield adapter


class Told(Job):
    """Tells what happens to it."""

    log: ClassVar[list[str]] = []

    def perform(self, *arguments: Any, **named: Any) -> Any:
        self.log.append(f"perform {arguments} {named}")
        return "done"


@pytest.fixture(autouse=True)
def log() -> list[str]:
    Told.log.clear()
    return Told.log


# --- enqueue and options


def test_a_job_later_takes_positional_and_named_arguments_through_json(jobs: InTest, log: list[str]) -> None:
    job = Told.perform_later(42, form="pdf")
    assert job.successfully_enqueued
    assert jobs.enqueued[0].told["arguments"] == [42, {"form": "pdf", "_aj_ruby2_keywords": ["form"]}]
    assert perform_enqueued_jobs() == 1
    assert log == ["perform (42,) {'form': 'pdf'}"]


def test_ruby_may_mark_a_last_hash_as_keywords_that_has_none(log: list[str]) -> None:
    told = Told().serialize() | {"arguments": [1, {"_aj_ruby2_keywords": []}]}
    execution.perform(told)
    assert log == ["perform (1,) {}"]


def test_perform_now_returns_what_perform_does() -> None:
    assert Told.perform_now(1) == "done"


@pytest.mark.parametrize(
    ("options", "at"),
    [
        ({}, None),
        ({"wait": 90}, NOON + timedelta(seconds=90)),
        ({"wait": timedelta(hours=1)}, NOON + timedelta(hours=1)),
        ({"wait_until": NOON + timedelta(days=1)}, NOON + timedelta(days=1)),
        ({"wait": 90, "wait_until": NOON + timedelta(days=1)}, NOON + timedelta(days=1)),
    ],
)
def test_wait_and_wait_until_say_when_and_wait_until_wins(jobs: InTest, options: Any, at: datetime | None) -> None:
    Told.set(**options).perform_later()
    assert jobs.enqueued[0].at == at


def test_the_hash_has_active_jobs_keys_and_formats(jobs: InTest) -> None:
    job = Told.set(wait=60, queue="slow", priority=7).perform_later(1)
    assert jobs.enqueued[0].told == {
        "job_class": "Told",
        "job_id": job.job_id,
        "provider_job_id": None,
        "queue_name": "slow",
        "priority": 7,
        "arguments": [1],
        "executions": 0,
        "exception_executions": {},
        "locale": "en",
        "timezone": None,
        "enqueued_at": "2026-03-01T12:00:00.000000000Z",
        "scheduled_at": "2026-03-01T12:01:00.000000000Z",
    }


class Prefixed(Told):
    queue_prefix = "shop"

    def queue_as(self) -> str:
        return "vip" if self.arguments[0] == 1 else "all"

    def queue_with_priority(self) -> int:
        return int(self.arguments[0])


@pytest.mark.parametrize(("argument", "queue"), [(1, "shop_vip"), (2, "shop_all")])
def test_queue_and_priority_may_be_functions_of_the_job_and_the_prefix_goes_before(argument: int, queue: str) -> None:
    job = Prefixed.perform_later(argument)
    assert (job.queue_name, job.priority) == (queue, argument)


def test_a_queue_that_is_set_is_prefixed_too() -> None:
    assert Prefixed.set(queue="slow").perform_later(1).queue_name == "shop_slow"


class Other(Job):
    def perform(self) -> None:
        """Do nothing."""


class Refusing(Adapter):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def enqueue(self, job: Job) -> None:  # noqa: ARG002 - as Adapter has it
        raise self.error

    def enqueue_at(self, job: Job, moment: datetime) -> None:  # noqa: ARG002 - the same
        raise self.error


def test_an_enqueue_error_of_the_adapter_is_kept_and_others_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "adapter", Refusing(EnqueueError("full")))
    job = Told.perform_later()
    assert (job.successfully_enqueued, str(job.enqueue_error)) == (False, "full")
    assert job.enqueue() is False
    monkeypatch.setattr(Job, "adapter", Refusing(OSError("no route")))
    with pytest.raises(OSError, match="no route"):
        Told.perform_later()


def test_an_argument_that_cannot_travel_is_refused_where_it_is_enqueued() -> None:
    with pytest.raises(SerializationError):
        Told.perform_later(object())


def test_a_class_without_adapter_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "adapter", None)
    with pytest.raises(RuntimeError, match=r"Told has no adapter: set Job\.adapter"):
        Told.perform_later()


def test_a_hash_of_an_unknown_class_says_what_to_import() -> None:
    with pytest.raises(UnknownJobClassError, match="import its module"):
        Job.deserialize({"job_class": "Nobody", "job_id": "1", "arguments": []})


def test_many_jobs_at_once_have_no_enqueue_callbacks_and_may_be_nested(jobs: InTest, log: list[str]) -> None:
    perform_all_later(Onion(), [Told(1), [Told(2)]])
    assert [held.job_class for held in jobs.enqueued] == ["Onion", "Told", "Told"]
    assert log == []


def test_many_jobs_at_once_go_on_where_one_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Told, "adapter", Refusing(EnqueueError("full")), raising=False)
    refused, taken = Told(), Other()
    perform_all_later(refused, taken)
    assert [job.successfully_enqueued for job in (refused, taken)] == [False, True]


def test_enqueues_wait_for_the_commit_and_a_rollback_drops_them(jobs: InTest, monkeypatch: pytest.MonkeyPatch) -> None:
    promised: list[Any] = []
    monkeypatch.setattr(Told, "on_commit", promised.append, raising=False)
    assert Told.perform_later(1).successfully_enqueued
    perform_all_later(Told(2), Told(3), Other())
    assert [held.job_class for held in jobs.enqueued] == ["Other"]
    for each in promised:
        each()
    assert [held.arguments for held in jobs.enqueued[1:]] == [[1], [2], [3]]


# --- callbacks


class Onion(Told):
    @before_enqueue
    def b(self) -> None:
        self.log.append("before enqueue")

    @around_enqueue
    def a(self) -> Iterator[None]:
        self.log.append("around enqueue")
        yield
        self.log.append("around enqueue ends")

    @after_enqueue
    def c(self) -> None:
        self.log.append("after enqueue")

    @after_perform
    def first(self) -> None:
        self.log.append("after, declared first")

    @before_perform
    def second(self) -> None:
        self.log.append("before")
        if self.arguments == ["halt"]:
            raise Abort

    @around_perform
    def third(self) -> Iterator[None]:
        self.log.append("around")
        yield
        self.log.append("around ends")

    @after_perform
    async def fourth(self) -> None:
        self.log.append("after, declared last")


class Within(Onion):
    @before_perform
    def fifth(self) -> None:
        self.log.append("of the subclass")

    def second(self) -> None:
        self.log.append("overridden")


def test_callbacks_of_an_enqueue_go_around_it(log: list[str]) -> None:
    Onion.perform_later()
    assert log == ["before enqueue", "around enqueue", "after enqueue", "around enqueue ends"]


def test_callbacks_of_a_run_are_an_onion_and_those_after_it_run_last_declared_first(log: list[str]) -> None:
    Within.perform_now()
    assert log == [
        "overridden",
        "around",
        "of the subclass",
        "perform () {}",
        "after, declared last",
        "around ends",
        "after, declared first",
    ]


def test_an_abort_before_the_run_leaves_out_the_run_and_what_comes_after(log: list[str]) -> None:
    job = Onion("halt")
    assert job.run() is None
    assert (log, job.outcome) == (["before"], "cancelled")


class NotNow(Told):
    @before_enqueue
    def never(self) -> None:
        raise Abort

    @after_enqueue
    def after(self) -> None:
        self.log.append("after")


def test_an_abort_before_the_enqueue_leaves_the_job_unenqueued(jobs: InTest, log: list[str]) -> None:
    assert not NotNow.perform_later().successfully_enqueued
    assert (jobs.enqueued, log) == ([], [])


# --- errors


class Flaky(Exception):  # noqa: N818
    pass


class VeryFlaky(Flaky):
    pass


class Failing(Told):
    on_error: ClassVar[Any] = ()

    def perform(self, *arguments: Any, **named: Any) -> Any:
        super().perform(*arguments, **named)
        raise self.raises()

    @classmethod
    def raises(cls) -> Exception:
        return Flaky("again")

    @after_discard
    def gone(self, error: Exception) -> None:
        self.log.append(f"gone by {error}")


def failing(*rules: Any, **attributes: Any) -> type[Job]:
    return type("Rules", (Failing,), {"on_error": rules, "__module__": __name__, **attributes})


@pytest.mark.parametrize(
    ("wait", "waits"),
    [
        (3, [3.225, 3.225, 3.225]),
        (2.0, [2.15, 2.15, 2.15]),
        (timedelta(minutes=1), [64.5, 64.5, 64.5]),
        ("polynomially_longer", [3.075, 19.2, 89.075]),
        (lambda failures: failures * 10, [10, 20, 30]),
        (lambda failures, error: len(str(error)) + failures, [6, 7, 8]),
        (lambda failures: timedelta(hours=failures), [3600, 7200, 10800]),
    ],
)
def test_waits_grow_as_told_with_jitter_on_all_but_functions(jobs: InTest, wait: Any, waits: list[float]) -> None:
    job = failing(retry_on(Flaky, wait=wait))()
    job.random = NoChance()  # type: ignore[misc]
    for _ in waits:
        job.run()
    assert [(held.at - NOON).total_seconds() for held in jobs.enqueued if held.at] == pytest.approx(waits)


def test_what_a_function_says_is_spread_where_the_rule_itself_asks_for_it(jobs: InTest) -> None:
    job = failing(retry_on(Flaky, wait=lambda failures: failures * 10, jitter=0.2))()
    job.random = NoChance()  # type: ignore[misc]
    job.run()
    assert jobs.enqueued[0].at == NOON + timedelta(seconds=11)


def test_a_wait_of_an_unknown_kind_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="polynomially_longer"):
        retry_on(Flaky, wait="exponentially_longer")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be seconds"):
        retry_on(Flaky, wait=None)  # type: ignore[arg-type]


def test_attempts_count_the_first_run_and_then_the_error_goes_to_whoever_runs_the_job(log: list[str]) -> None:
    failing(retry_on(Flaky, attempts=3)).perform_later()
    with pytest.raises(Flaky):
        perform_enqueued_jobs()
    assert log == ["perform () {}"] * 3 + ["gone by again"]


def test_a_handler_takes_the_error_of_a_job_whose_attempts_are_used_up(log: list[str]) -> None:
    rule = retry_on(Flaky, attempts=2, exhausted=lambda job, error: job.log.append(f"given up: {error}"))
    failing(rule).perform_later()
    assert perform_enqueued_jobs() == 2
    assert log[2:] == ["given up: again", "gone by again"]


def test_unlimited_attempts_never_end(jobs: InTest) -> None:
    job = failing(retry_on(Flaky, attempts="unlimited"))()
    job.exception_executions = {f"[{__name__}.Flaky]": 1_000_000}
    job.run()
    assert len(jobs.enqueued) == 1


def test_each_rule_counts_for_itself_under_the_names_of_its_classes(jobs: InTest) -> None:
    kind = failing(retry_on(Flaky, ValueError, attempts=9), retry_on(KeyError))
    job = kind()
    job.run()
    kind.raises = classmethod(lambda _: KeyError("k"))  # type: ignore[attr-defined]
    job.run()
    assert job.exception_executions == {f"[{__name__}.Flaky, ValueError]": 1, "[KeyError]": 1}
    assert most_executions(kind) == 1 + 8 + 4
    assert jobs.enqueued[-1].told["executions"] == 2


def test_in_hashes_of_old_versions_all_runs_count(jobs: InTest) -> None:
    job = failing(retry_on(Flaky, attempts=3))()
    job.exception_executions, job.executions = None, 2
    with pytest.raises(Flaky):
        job.run()
    assert jobs.enqueued == []


def test_a_retry_keeps_the_id_and_leaves_time_queue_and_priority_of_the_run_at_hand(jobs: InTest) -> None:
    job = failing(retry_on(Flaky, queue="late", priority=9))()
    job.run()
    told = jobs.enqueued[0].told
    assert (told["job_id"], told["queue_name"], told["priority"]) == (job.job_id, "late", 9)
    assert (job.scheduled_at, job.queue_name, job.priority) == (None, "default", None)


def test_a_retry_does_not_wait_for_a_commit_that_may_never_come(jobs: InTest) -> None:
    kind = failing(retry_on(Flaky), on_commit=lambda _: None)
    kind.perform_now()
    assert jobs.enqueued[0].at is not None


def test_a_retry_that_the_adapter_does_not_take_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "adapter", Refusing(EnqueueError("full")))
    with pytest.raises(EnqueueError, match="full"):
        failing(retry_on(Flaky)).perform_now()


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ([discard_on(Flaky), retry_on(Flaky)], "retry_scheduled"),
        ([retry_on(Flaky), discard_on(Flaky)], "discarded"),
        ([discard_on(VeryFlaky), retry_on(Flaky)], "retry_scheduled"),
        ([retry_on(Flaky), discard_on(VeryFlaky)], "retry_scheduled"),
        ([rescue_from(Exception, then=lambda job, error: None)], "rescued"),  # noqa: ARG005
        ([discard_on(KeyError)], "failed"),
    ],
)
def test_the_last_rule_that_fits_wins(rules: Any, outcome: str) -> None:
    job = failing(*rules)()
    try:
        handled = job.run()
    except Flaky:
        handled = None
    assert job.outcome == outcome
    assert (handled is None) == (outcome == "failed")


def test_a_subclass_asks_its_own_rules_before_those_of_its_parents() -> None:
    parent = failing(discard_on(Flaky))
    child = type("Child", (parent,), {"on_error": (retry_on(Exception),)})
    heir = type("Heir", (parent,), {})
    outcomes = []
    for kind in (child, heir):
        job = kind()
        job.run()
        outcomes.append(job.outcome)
    assert outcomes == ["retry_scheduled", "discarded"]


def test_a_rule_for_the_cause_of_an_error_deals_with_it_and_is_told_the_cause() -> None:
    def raises(_: object) -> Exception:
        error = RuntimeError("wrapped")
        error.__cause__ = Flaky("inner")
        return error

    told: list[str] = []
    job = failing(discard_on(Flaky, then=lambda _, error: told.append(str(error))), raises=classmethod(raises))()
    job.run()
    assert (job.outcome, told) == ("discarded", ["inner"])


def test_an_error_that_no_rule_fits_is_told_to_after_discard_and_raised(log: list[str]) -> None:
    with pytest.raises(Flaky):
        failing().perform_now()
    assert log == ["perform () {}", "gone by again"]


def test_all_after_discard_methods_run_and_the_last_error_of_theirs_is_raised(log: list[str]) -> None:
    def breaks(self: Any, error: Exception) -> None:  # noqa: ARG001
        raise KeyError("one")

    def breaks_too(self: Any, error: Exception) -> None:  # noqa: ARG001
        raise KeyError("two")

    kind = failing(discard_on(Flaky), breaks=after_discard(breaks), breaks_too=after_discard(breaks_too))
    with pytest.raises(KeyError, match="two"):
        kind.perform_now()
    assert "gone by again" in log


def test_arguments_that_cannot_be_read_are_an_error_of_the_run_which_rules_deal_with(log: list[str]) -> None:
    told = failing(discard_on(DeserializationError))(1).serialize()
    told["arguments"] = [{"_aj_serialized": "Nobody"}]
    job = Job.deserialize(told)
    job.run()
    assert (job.outcome, job.executions) == ("discarded", 1)
    assert "no serializer is named 'Nobody'" in log[0]


def test_an_unread_job_goes_on_as_it_came_keys_and_arguments() -> None:
    told = Told(1).serialize() | {"arguments": [{"_aj_serialized": "Nobody", "x": 1}], "resumptions": 2}
    assert Job.deserialize(told).serialize() == told


# --- async


class Async(Told):
    async def perform(self, *arguments: Any, **named: Any) -> Any:
        await asyncio.sleep(0)
        return super().perform(*arguments, **named)


def test_an_async_job_runs_in_a_loop_of_its_own_or_is_awaited_in_one_that_runs() -> None:
    assert Async.perform_now() == "done"

    async def within() -> Any:
        with pytest.raises(RuntimeError, match=r"await execution\.run"):
            Async.perform_now()
        return await execution.run(Async())

    assert asyncio.run(within()) == "done"


# --- inline


def test_inline_runs_a_job_from_its_hash_in_the_call_that_enqueues_it(
    monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    monkeypatch.setattr(Job, "adapter", Inline())
    Told.perform_later((1, 2))
    assert log == ["perform ([1, 2],) {}"]
    with pytest.raises(NotImplementedError, match="Inline runs jobs at once"):
        Told.set(wait=5).perform_later()
