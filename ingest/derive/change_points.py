"""
Where a series changes its level: the split of largest energy distance that shuffling in blocks does not reach.

After Matteson and James (2014), for series of some dozens of points, without any dependency. Neighbouring points are
alike in most series, so it is blocks of them that are shuffled. What is found depends on the values and the seed alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from statistics import median

import duckdb

LEAST_CHANGE = math.log(1.15)
"""Smaller changes of a logarithm are none: 15 %."""
LEAST_POINTS = 6
"""On each side of a change in a short series; a quarter of a longer one, up to ``ENOUGH_POINTS``."""
ENOUGH_POINTS = 12
SHUFFLES = 199
LEVEL = 0.05
LEVEL_WITHIN = 0.01
"""What a change parts is parted again only where that is surer: more splits are tried there."""
LONGEST_BLOCK = 6
SUDDEN = 0.5
"""So much of a change must lie between the points beside it: a day that becomes busier by and by has no change."""


def find(db: duckdb.DuckDBPyConnection) -> None:
    """Fill the table ``change_points`` from ``run_points``: a row per class and change."""
    rows = db.execute(
        "select scope, system, job_class, queue, list(from_at order by point), list(log_run order by point)"
        " from run_points group by all order by all"
    ).fetchall()
    found = [
        (*name, moments[max(0, at - 2)], moments[min(len(moments) - 1, at + 2)], moments[at], chance)
        for *name, moments, values in rows
        for at, chance in changes(values, "\n".join(str(part) for part in name))
    ]
    columns = list(zip(*found, strict=True)) or [()] * 8
    db.execute(
        "create or replace temp table change_points as select unnest($1::varchar[]) as scope,"
        " unnest($2::varchar[]) as system, unnest($3::varchar[]) as job_class, unnest($4::varchar[]) as queue,"
        " unnest($5::timestamp[]) as not_before, unnest($6::timestamp[]) as not_after,"
        " unnest($7::timestamp[]) as changed_at, unnest($8::double[]) as chance",
        [list(column) for column in columns],
    )


def changes(values: Sequence[float], seed: str) -> list[tuple[int, float]]:
    """Index of the first value of each new level, and how often chance alone would part the values so clearly."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    found = sorted(_splits(values, 0, len(values), random))
    while found:
        edges = [0, *(at for at, _ in found), len(values)]
        levels = [median(values[since:until]) for since, until in pairwise(edges)]
        steps = [abs(after - before) for before, after in pairwise(levels)]
        weakest = min(range(len(steps)), key=steps.__getitem__)
        if steps[weakest] >= LEAST_CHANGE:
            break
        del found[weakest]
    return found


def _splits(values: Sequence[float], since: int, until: int, random: Random) -> Iterator[tuple[int, float]]:
    found = _split(values[since:until], random, LEVEL if until - since == len(values) else LEVEL_WITHIN)
    if found is not None:
        at, chance = since + found[0], found[1]
        yield at, chance
        yield from _splits(values, since, at, random)
        yield from _splits(values, at, until, random)


def _split(values: Sequence[float], random: Random, level: float) -> tuple[int, float] | None:
    """The best split and its chance, if it is large, sudden and chance is below the level."""
    size = len(values)
    margin = max(LEAST_POINTS, min(ENOUGH_POINTS, size // 4))
    if size < 2 * margin:
        return None
    apart = [[abs(one - other) for other in values] for one in values]
    best, at = _largest_distance(apart, range(size), margin)
    change = median(values[at:]) - median(values[:at])
    step = _step(values, at)
    if abs(step) < max(LEAST_CHANGE, SUDDEN * abs(change)):
        return None
    block = max(2, min(LONGEST_BLOCK, size // 8))
    too_often = math.floor(level * (SHUFFLES + 1))
    reached = 0
    for _ in range(SHUFFLES):
        reached += _largest_distance(apart, _shuffled(size, block, random), margin)[0] >= best
        if reached >= too_often:
            return None
    return at, (reached + 1) / (SHUFFLES + 1)


def _largest_distance(apart: Sequence[Sequence[float]], order: Sequence[int], margin: int) -> tuple[float, int]:
    """The largest energy distance of the first values from the others, weighed by their numbers; and how many."""
    size = len(order)
    whole = sum(map(sum, apart))
    left, between, best, at = 0.0, 0.0, -1.0, 0
    totals = [sum(row) for row in apart]
    for number, here in enumerate(order[: size - margin], start=1):
        to_left = sum(map(apart[here].__getitem__, order[: number - 1]))
        left += 2 * to_left
        between += totals[here] - 2 * to_left
        if number >= margin:
            rest = size - number
            right = whole - left - 2 * between
            distance = 2 * between / (number * rest) - left / number**2 - right / rest**2
            weighed = distance * number * rest / size
            if weighed > best:
                best, at = weighed, number
    return best, at


def _step(values: Sequence[float], at: int) -> float:
    near = max(3, len(values) // 16)
    return median(values[at : at + near]) - median(values[max(0, at - near) : at])


def _shuffled(size: int, block: int, random: Random) -> list[int]:
    """The places of a series whose blocks are shuffled. Where the first block begins is drawn, too."""
    first = random.randrange(block)
    edges = [0, *range(first or block, size, block), size]
    blocks = [range(since, until) for since, until in pairwise(edges)]
    random.shuffle(blocks)
    return [place for each in blocks for place in each]
