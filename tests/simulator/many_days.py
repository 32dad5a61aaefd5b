"""Scores of several days, each simulated once per process: few of them in the suite, many with ``make soak``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
from hypothesis import settings

from tests.simulator.days import FORMS, Form, scored
from tests.simulator.losses import Loss
from tests.simulator.scoring import Score

SOAKS = settings.get_current_profile_name() == "soak"


@cache
def day(seed: int, form: Form, faulty: bool, losses: tuple[Loss, ...]) -> Score:  # noqa: FBT001 - what the cache knows it by
    """The score of one day."""
    return scored(seed, form, faulty=faulty, losses=losses)


def in_all(
    seeds: tuple[int, ...], *, faulty: bool, losses: tuple[Loss, ...] = (), forms: tuple[Form, ...] = ()
) -> Score:
    """The score of these days together, in all forms where none are named."""
    total = Score()
    for seed in seeds:
        for form in forms or tuple(FORMS):
            total.add(day(seed, form, faulty, losses))
    return total


def known(rules: Mapping[str, str], name: str) -> list[pytest.MarkDecorator]:
    """The mark of a rule that is known to be wrong here, with what is wrong."""
    return [pytest.mark.xfail(strict=True, reason=rules[name])] if name in rules else []
