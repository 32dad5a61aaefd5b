"""Findings that belong together make one group, and what merely happens at the same time does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.incidents.belonging import Complaint, groups
from tests.ingest.evidence import at

HOUR = 3600


def complaint(  # noqa: PLR0913 - all of a complaint
    jobs: str = "",
    first: float | None = 0,
    last: float | None = HOUR,
    *,
    rule: str = "retried-often",
    is_of_its_queue: bool = True,
    is_about_its_queue: bool = False,
    **traits: str,
) -> Complaint:
    """About these jobs, a letter each, in seconds past noon."""
    return Complaint(
        rule=rule,
        is_of_its_queue=is_of_its_queue,
        is_about_its_queue=is_about_its_queue,
        jobs=frozenset(("", "sidekiq", job) for job in jobs),
        first_at=None if first is None else at(first),
        last_at=None if last is None else at(last),
        traits={name: frozenset({value}) for name, value in traits.items()},
    )


TOGETHER: dict[str, tuple[Complaint, Complaint]] = {
    "half of the smaller one's jobs are in both": (complaint("abcd"), complaint("dcxy", 9 * HOUR, 10 * HOUR)),
    "a tenth of the greater one's jobs are in both": (complaint("abcdefghij"), complaint("a")),
    "an error of the same words at the same time": (
        complaint(error="e1", queue="a"),
        complaint(error="e1", queue="b", first=HOUR + 300, last=2 * HOUR),
    ),
    "an error of one class on one queue at the same time": (
        complaint(error_class="Timeout", queue="a"),
        complaint(error_class="Timeout", queue="a", first=HOUR, last=2 * HOUR),
    ),
    "one worker that died": (complaint(worker="w1"), complaint(worker="w1", first=2 * HOUR, last=3 * HOUR)),
    "a queue for three tenths of the time of both": (
        complaint(queue="a", last=1000),
        complaint(queue="a", first=700, last=1000, rule="queue-latency", is_about_its_queue=True),
    ),
    "workers for whom their jobs wait for three tenths of the time of both": (
        complaint(readers="a, b", last=1000),
        complaint(readers="a, b", first=700, last=1000, rule="queue-latency"),
    ),
    "what moves jobs that are due": (complaint(mover="x"), complaint(mover="x", first=HOUR - 1)),
    "one rule, and the same beginning and end": (complaint("a", 1, 500), complaint("b", 9, 506)),
}

APART: dict[str, tuple[Complaint, Complaint]] = {
    "nothing but the hour": (complaint("a"), complaint("b", rule="slow-run")),
    "fewer than half of the smaller one's jobs": (complaint("abcde"), complaint("abxyz", rule="slow-run")),
    "one job among more than ten": (complaint("abcdefghijk"), complaint("a", rule="slow-run")),
    "the same error, six minutes apart": (
        complaint(error="e1"),
        complaint(error="e1", first=HOUR + 301, last=2 * HOUR),
    ),
    "an error of one class on other queues": (
        complaint(error_class="Timeout", queue="a"),
        complaint(error_class="Timeout", queue="b", rule="retries-exhausted"),
    ),
    "one queue for less of the time of both": (
        complaint(queue="a", last=1000),
        complaint(queue="a", first=701, last=1000, rule="queue-latency", is_about_its_queue=True),
    ),
    "one queue, but neither of them is about the queue": (complaint(queue="a"), complaint(queue="a", rule="slow-run")),
    "what moves jobs that are due, six minutes apart": (
        complaint(mover="x"),
        complaint(mover="x", first=HOUR + 301, last=2 * HOUR),
    ),
    "one queue, but one of them about jobs that came twice": (
        complaint(queue="a", is_about_its_queue=True),
        complaint(queue="a", rule="enqueued-twice", is_of_its_queue=False),
    ),
    "one rule, one begins eleven seconds later": (complaint("a", 0, 900), complaint("b", 11, 900)),
    "one rule, the same beginning and end, other errors": (
        complaint("a", 1, 500, error_class="Timeout"),
        complaint("b", 1, 500, error_class="KeyError"),
    ),
    "no time": (complaint(error="e1", first=None, last=None), complaint(error="e1")),
}


@pytest.mark.parametrize("pair", TOGETHER.values(), ids=TOGETHER.keys())
def test_findings_belong_together_that_share(pair: tuple[Complaint, Complaint]) -> None:
    assert groups(pair) == [[0, 1]]
    assert groups(pair[::-1]) == [[0, 1]]


@pytest.mark.parametrize("pair", APART.values(), ids=APART.keys())
def test_findings_are_apart_that_share(pair: tuple[Complaint, Complaint]) -> None:
    assert groups(pair) == [[0], [1]]
    assert groups(pair[::-1]) == [[0], [1]]


def test_what_each_has_to_do_with_a_third_is_one_group() -> None:
    assert groups([complaint("ab"), complaint("x", rule="hung"), complaint("bc"), complaint("cd")]) == [[0, 2, 3], [1]]


moments = st.none() | st.integers(0, 5 * HOUR).map(at)


@st.composite
def complaints(draw: st.DrawFn) -> Complaint:
    first, last = draw(moments), draw(moments)
    if first and last and last < first:
        first, last = last, first
    return Complaint(
        rule=draw(st.sampled_from(["hung", "slow-run"])),
        is_of_its_queue=draw(st.booleans()),
        is_about_its_queue=draw(st.booleans()),
        jobs=frozenset(("", "s", job) for job in draw(st.sets(st.sampled_from("abcdef")))),
        first_at=first,
        last_at=last,
        traits={
            name: frozenset(draw(st.sets(st.sampled_from("xyz"), max_size=2)))
            for name in ("queue", "error", "error_class", "worker", "readers", "mover")
        },
    )


@given(st.lists(complaints(), max_size=7), st.randoms(use_true_random=False))
def test_every_finding_is_in_one_group_and_the_order_does_not_matter(given_: list[Complaint], random: Any) -> None:
    places = list(range(len(given_)))
    random.shuffle(places)
    turned = groups([given_[place] for place in places])
    assert sorted(sorted(places[each] for each in group) for group in turned) == sorted(groups(given_))
    assert sorted(place for group in turned for place in group) == sorted(places)


def test_a_thousand_findings_take_no_minute() -> None:
    many = [complaint(first=number * HOUR, last=number * HOUR + 60, queue=f"q{number}") for number in range(1000)]
    assert len(groups(many)) == len(many)
