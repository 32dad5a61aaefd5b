"""The targets of ``fuzz/`` on their seeds and on some damage, the same each time; ``make soak`` goes on from here."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from fuzz.mutations import inputs
from fuzz.target import Target
from fuzz.targets import TARGETS


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_promise_of_a_target_holds_for_its_seeds_and_for_damaged_ones(target: Target) -> None:
    seeds = target.seeds()
    assert seeds
    dice = random.Random(target.name)  # noqa: S311 - no secret
    undamaged = 1 + len(seeds)
    for data in (b"", *dice.sample(seeds, min(len(seeds), target.quick))):
        target.holds(data)
    for data in islice(inputs(seeds, dice), undamaged, undamaged + target.quick):
        target.holds(data)
