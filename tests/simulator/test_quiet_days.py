"""On days on which nothing goes wrong, no rule says anything above info."""

from __future__ import annotations

import pytest

from tests.simulator.days import FORMS, Form
from tests.simulator.many_days import SOAKS, day

SEEDS = tuple(range(1, 201 if SOAKS else 2))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.xdist_group(f"quiet day {seed}")) for seed in SEEDS]
)
def test_a_quiet_day_gives_no_finding_above_info(seed: int, form: Form) -> None:
    score = day(seed, form, faulty=False)
    assert (score.right | score.false).total() == 0, "\n".join(score.wrong)
