"""On days on which nothing goes wrong, no rule says anything above info."""

from __future__ import annotations

from functools import cache

import pytest

from tests.simulator.days import FORMS, Form, scored
from tests.simulator.scoring import KNOWN, Score
from tests.simulator.span import seeds

_WRONG = {
    "enqueued-twice": "arguments that come often by nature meet within a minute by chance",
    "slow-run": "of a class with a quick and a slow kind of run, the slow kind's longer runs are called slow",
}
"""Rules that are known to speak on quiet days, and of what."""

_of_a_day = cache(lambda seed, form: scored(seed, form, jobs_a_day=2500))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.xdist_group(f"quiet {seed}")) for seed in seeds(2, 200)]
)
def test_a_quiet_day_gives_no_finding_of_any_rule_but_those_known_to_be_wrong(seed: int, form: Form) -> None:
    score: Score = _of_a_day(seed, form)
    assert [words for words in score.wrong if words.partition(":")[0] not in _WRONG] == []
    assert {rule: count for rule, count in score.right.items() if rule not in _WRONG} == {}


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=pytest.mark.xfail(strict=True, reason=why)) for rule, why in _WRONG.items()]
)
@pytest.mark.xdist_group("quiet 1")
def test_a_rule_known_to_be_wrong_is_silent_on_quiet_days(rule: str) -> None:
    assert rule in KNOWN
    assert sum(_of_a_day(1, form).false[rule] for form in FORMS) == 0
