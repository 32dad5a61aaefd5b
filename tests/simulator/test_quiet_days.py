"""On days on which nothing goes wrong, no rule says anything above info."""

from __future__ import annotations

import pytest

from tests.simulator.days import FORMS, Form
from tests.simulator.many_days import SOAKS, day, together

SEEDS = tuple(range(1, 201 if SOAKS else 2))

SPEAKING = {
    "slow-run": "of a class with quick and slow runs, the longer ones of the slow kind are called slow",
}
"""Rules that are known to speak on quiet days, and of what."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.xdist_group(f"quiet day {seed}")) for seed in SEEDS]
)
def test_a_quiet_day_gives_no_finding_of_any_rule_that_is_not_known_to_speak(seed: int, form: Form) -> None:
    score = day(seed, form, faulty=False)
    said = {rule: score.right[rule] + score.false[rule] for rule in score.right | score.false}
    assert {rule for rule, count in said.items() if count} <= SPEAKING.keys(), "\n".join(score.wrong)


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=pytest.mark.xfail(strict=True, reason=why)) for rule, why in SPEAKING.items()]
)
@pytest.mark.xdist_group("quiet day 1")
def test_a_rule_that_is_known_to_speak_is_silent_on_the_first_quiet_day(rule: str) -> None:
    score = together(day(1, form, faulty=False) for form in FORMS)
    assert score.right[rule] + score.false[rule] == 0, "\n".join(score.wrong)
