"""What takes days to know: a class that has stopped is told from one that rests at this hour."""

from __future__ import annotations

from functools import cache

import pytest

from tests.simulator.days import FORMS, Form, scored
from tests.simulator.losses import Loss
from tests.simulator.many_days import SOAKS, together
from tests.simulator.scoring import Score

RULE = "silent-class"
LIVES: tuple[tuple[int, Form], ...] = (
    tuple((seed, form) for seed in range(1, 31) for form in FORMS) if SOAKS else ((1, "sidekiq"), (2, "job_log"))
)
LOSSES: tuple[Loss, ...] = ("lines", "stretch", "host", "snapshots", "clocks") if SOAKS else ("host",)

pytestmark = pytest.mark.xdist_group("several days")


@cache
def life(seed: int, form: Form, losses: tuple[Loss, ...] = (), *, faulty: bool = True) -> Score:
    """Three days, of which the last may be bad."""
    return scored(seed, form, jobs_a_day=1000, days=3, faulty=faulty, losses=losses)


def test_a_class_whose_caller_a_deploy_took_away_is_named_and_no_other() -> None:
    score = together(life(seed, form) for seed, form in LIVES)
    assert score.due[RULE]
    assert score.recall([RULE]) >= 0.99, "\n".join(score.missed)
    assert score.false[RULE] == 0, "\n".join(score.wrong)


@pytest.mark.parametrize("loss", LOSSES)
def test_no_class_is_called_silent_because_something_is_lost(loss: Loss) -> None:
    score = together(life(seed, form, (loss,)) for seed, form in LIVES)
    assert score.false[RULE] == 0, "\n".join(score.wrong)


@pytest.mark.parametrize(("seed", "form"), LIVES)
def test_on_quiet_days_no_class_is_called_silent(seed: int, form: Form) -> None:
    score = life(seed, form, faulty=False)
    assert score.right[RULE] + score.false[RULE] == 0, "\n".join(score.wrong)
