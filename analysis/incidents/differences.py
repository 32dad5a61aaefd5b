"""
Which values the jobs of an incident have more often than the jobs they are compared with.

Each value is one question: do the bad jobs have it more often than the good ones? The chance that they do by luck is
the upper tail of the hypergeometric distribution (Fisher's exact test, one-sided); of all the questions asked together
the share of false answers is bounded (Benjamini and Hochberg 1995). What is found is associated with the incident.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.incidents.incident import Difference

Counts = tuple[int, int]
"""Jobs of the incident, and jobs outside of it."""

_FALSE_SHARE = 0.05
"""The part of the differences told that may be none."""
_LEAST_JOBS = 5
"""So many jobs of the incident must have a value: fewer are a coincidence to the eye."""
_LEAST_MORE = 0.1
"""By so much the bad jobs' share must exceed the good ones': less is of no use, however sure."""
_IDENTIFYING = 0.9
"""A name with so many values to its jobs tells them apart; it has nothing in common."""
_FEW_NUMBERS = 20
"""Up to so many numbers are names (a shard, a level); more are amounts, and bounds of them are tried."""
_ABSENT = "none"
_MOST_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class _Question:
    name: str
    value: str
    bad: int
    good: int
    p: float
    more: float
    """By how much the bad jobs' share exceeds the good ones'."""


def differences(
    values: Mapping[str, Mapping[str | None, Counts]], bad: int, good: int
) -> tuple[int, tuple[Difference, ...]]:
    """
    How many values were tried, and the greatest differences.

    ``values``: name to value to the jobs that have it; value None: the jobs that have the name at all. ``bad`` and
    ``good``: jobs compared.
    """
    asked = [
        _Question(name=name, value=value, bad=with_bad, good=with_good, p=p, more=more)
        for name, counts in sorted(values.items())
        for value, (with_bad, with_good) in _candidates(counts, bad, good)
        for more in (with_bad / bad - with_good / good,)
        for p in (_upper_tail(with_bad, bad, with_bad + with_good, bad + good) if more >= _LEAST_MORE else 1.0,)
    ]
    best: dict[str, Difference] = {}
    for question, q in sorted(_with_q(asked), key=lambda each: (-each[0].more, each[0].p, each[0].name, each[0].value)):
        if q <= _FALSE_SHARE and question.bad >= _LEAST_JOBS and question.more >= _LEAST_MORE:
            found = Difference(
                name=question.name, value=question.value, bad=question.bad, good=question.good, q=float(f"{q:.2g}")
            )
            best.setdefault(question.name, found)
    return len(asked), tuple(best.values())[:_MOST_TOLD]


def _candidates(counts: Mapping[str | None, Counts], bad: int, good: int) -> Iterator[tuple[str, Counts]]:
    told = {value: count for value, count in counts.items() if value is not None}
    with_bad, with_good = counts[None]
    if 0 < with_bad + with_good < bad + good:
        yield _ABSENT, (bad - with_bad, good - with_good)
    numbers = _numbers(told)
    if numbers is not None and len(numbers) > _FEW_NUMBERS:
        # Jobs that carry several (the time or the number of each line, say) have no one number to bound.
        if sum(sum(count) for count in told.values()) == with_bad + with_good:
            yield from _bounds(numbers)
    elif len(told) <= _IDENTIFYING * (with_bad + with_good) and (len(told) > 1 or with_bad + with_good < bad + good):
        yield from told.items()


def _numbers(told: Mapping[str, Counts]) -> list[tuple[float, str, Counts]] | None:
    try:
        numbers = sorted((float(value), value, count) for value, count in told.items())
    except ValueError:
        return None
    return numbers if all(math.isfinite(number) for number, _, _ in numbers) else None


def _bounds(numbers: Sequence[tuple[float, str, Counts]]) -> Iterator[tuple[str, Counts]]:
    """At each tenth of the jobs: how many have at least that number, and how many less."""
    bad, good = sum(count[0] for _, _, count in numbers), sum(count[1] for _, _, count in numbers)
    passed: list[int] = []
    for _, _, count in numbers:
        passed.append((passed[-1] if passed else 0) + sum(count))
    places = {bisect_left(passed, (bad + good) * tenth / 10) for tenth in range(1, 10)}
    for place in sorted(places - {0}):
        below = numbers[:place]
        bad_below, good_below = sum(count[0] for _, _, count in below), sum(count[1] for _, _, count in below)
        yield f">= {numbers[place][1]}", (bad - bad_below, good - good_below)
        yield f"< {numbers[place][1]}", (bad_below, good_below)


def _with_q(asked: Sequence[_Question]) -> Iterable[tuple[_Question, float]]:
    """The least share of false answers at which each would still be told (Benjamini and Hochberg's step-up)."""
    ranked = sorted(asked, key=lambda question: question.p)
    least = 1.0
    found: list[tuple[_Question, float]] = []
    for rank in range(len(ranked), 0, -1):
        least = min(least, ranked[rank - 1].p * len(ranked) / rank)
        found.append((ranked[rank - 1], least))
    return found


def _upper_tail(hits: int, drawn: int, marked: int, whole: int) -> float:
    """The chance of at least so many hits among ``drawn`` of ``whole`` jobs, of which ``marked`` have the value."""
    rest = whole - marked
    total = _log_choose(whole, drawn)
    terms = (
        _log_choose(marked, each) + _log_choose(rest, drawn - each) - total
        for each in range(hits, min(drawn, marked) + 1)
        if drawn - each <= rest
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _log_choose(of: int, chosen: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)
