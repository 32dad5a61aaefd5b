"""Scores of several days, each simulated once per process: few of them in the suite, many with ``make soak``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import pytest
from hypothesis import settings

from tests.simulator.days import Form, scored
from tests.simulator.losses import Loss
from tests.simulator.scoring import Score

SOAKS = settings.get_current_profile_name() == "soak"


@cache
def day(seed: int, form: Form, losses: tuple[Loss, ...] = (), *, faulty: bool = True) -> Score:
    """The score of one day."""
    return scored(seed, form, faulty=faulty, losses=losses)


def together(days: Iterable[Score]) -> Score:
    """The score of these days together."""
    total = Score()
    for each in days:
        total.add(each)
    return total


def known(rules: Mapping[str, str], name: str) -> list[pytest.MarkDecorator]:
    """The mark of a rule that is known to be wrong here, with what is wrong."""
    return [pytest.mark.xfail(strict=True, reason=rules[name])] if name in rules else []
