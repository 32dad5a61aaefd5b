"""Changes of level are found where there are some, and seldom where there are none: tried on made-up series."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import settings

from ingest.derive.change_points import changes

SERIES = 1000 if settings.get_current_profile_name() == "soak" else 40
POINTS = 96


def drawn(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - repeatable, not secret


def alike(random: Random, spread: float = 0.15, likeness: float = 0.5) -> list[float]:
    """Logarithms without a change, of which neighbours are alike."""
    value, values = random.gauss(0, spread), []
    for _ in range(POINTS):
        values.append(value)
        value = likeness * value + random.gauss(0, spread * math.sqrt(1 - likeness**2))
    return values


def raised(values: list[float], at: int, times: float) -> list[float]:
    return [value + (math.log(times) if place >= at else 0) for place, value in enumerate(values)]


def share(is_so: Callable[[Random], bool]) -> float:
    return sum(is_so(drawn(number)) for number in range(SERIES)) / SERIES


def test_a_series_without_a_change_has_none() -> None:
    assert share(lambda random: bool(changes(alike(random), "a class"))) <= 0.05


@pytest.mark.parametrize(("times", "least"), [(1.2, 0.4), (1.4, 0.85), (2.0, 0.97)])
def test_a_change_is_found_where_it_is(times: float, least: float) -> None:
    def is_found(random: Random) -> bool:
        at = random.randrange(24, 72)
        return any(abs(found - at) <= 6 for found, _ in changes(raised(alike(random), at, times), "a class"))

    assert share(is_found) >= least


def test_days_that_become_busy_and_quiet_again_have_no_change() -> None:
    def is_found(random: Random) -> bool:
        days = [0.3 * math.sin(2 * math.pi * 3 * place / POINTS) for place in range(POINTS)]
        return bool(changes([day + value for day, value in zip(days, alike(random, 0.1), strict=True)], "a class"))

    assert share(is_found) <= 0.05


def test_a_class_that_became_slower_twice_has_two_changes() -> None:
    values = raised(raised(alike(drawn(7)), 35, 2.0), 65, 2.0)
    assert [at for at, _ in changes(values, "a class")] == [pytest.approx(35, abs=2), pytest.approx(65, abs=2)]


def test_the_same_values_and_seed_give_the_same_changes() -> None:
    values = raised(alike(drawn(3)), 50, 1.5)
    assert changes(values, "a class") == changes(values, "a class") != []


def test_too_few_points_and_equal_values_have_no_change() -> None:
    assert changes(raised([0.0] * 11, 5, 3.0), "a class") == []
    assert changes([1.0] * POINTS, "a class") == []
