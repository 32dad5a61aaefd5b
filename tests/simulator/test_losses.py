"""Where logs and snapshots have holes and clocks are apart, nothing is called dead, lost or waiting that was not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.simulator.blind_spots import ABOUT_INPUTS
from tests.simulator.days import FORMS, Form, live, written
from tests.simulator.losses import LOSSES, Loss
from tests.simulator.many_days import SOAKS, day, together
from tests.simulator.scoring import KNOWN, Score
from tests.simulator.test_faults import LOW_RECALL
from tests.simulator.written import Files

NEVER_FALSE = ("orphaned", "lost", "never-started")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Some losses, and the days they are tried on."""

    losses: tuple[Loss, ...]
    days: tuple[tuple[int, Form], ...] = ()
    """Seeds and forms in the suite; ``make soak`` tries more."""


CASES = (
    Case(losses=("lines",), days=((6, "sidekiq"), (3, "job_log"))),
    Case(losses=("stretch",), days=((2, "sidekiq"), (3, "job_log"))),
    Case(losses=("host",), days=((1, "sidekiq"), (6, "job_log"))),
    Case(losses=("snapshots",), days=((1, "job_log"),)),
    Case(losses=("clocks",), days=((1, "sidekiq"),)),
)
ALL_AT_ONCE = Case(losses=LOSSES)
TRIED = (*CASES, ALL_AT_ONCE) if SOAKS else CASES


def of(case: Case) -> Score:
    days = [(seed, form) for seed in range(1, 9) for form in FORMS] if SOAKS else case.days
    return together(day(seed, form, case.losses) for seed, form in days)


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        pytest.param(
            case,
            rule,
            id=f"{'-and-'.join(case.losses)}-{rule}",
            marks=pytest.mark.xdist_group(f"loss of {case.losses}"),
        )
        for case in TRIED
        for rule in KNOWN
    ],
)
def test_a_rule_says_nothing_false_because_something_is_lost(case: Case, rule: str) -> None:
    score = of(case)
    allowed = 0 if rule in NEVER_FALSE else 0.01 * score.right[rule]
    assert score.false[rule] <= allowed, "\n".join(score.wrong)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id="-and-".join(case.losses), marks=pytest.mark.xdist_group(f"loss of {case.losses}"))
        for case in TRIED
    ],
)
def test_what_is_left_is_enough_to_find_99_of_100_faults_that_it_shows(case: Case) -> None:
    score = of(case)
    assert score.recall(KNOWN.keys() - LOW_RECALL.keys()) >= 0.99, "\n".join(score.missed)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id="-and-".join(case.losses), marks=pytest.mark.xdist_group(f"loss of {case.losses}"))
        for case in TRIED
    ],
)
def test_a_rule_about_inputs_names_each_loss(case: Case) -> None:
    score = of(case)
    assert sum(score.due[rule] for rule in ABOUT_INPUTS)
    assert score.recall(ABOUT_INPUTS) == pytest.approx(1, abs=0.01), "\n".join(score.missed)


@pytest.mark.parametrize("form", FORMS)
def test_each_loss_takes_away_or_changes_what_it_says(form: Form) -> None:
    life = live(2, jobs_a_day=200)
    whole = written(life, form)
    left: dict[Loss, Files] = {loss: written(life, form, (loss,)) for loss in LOSSES}
    assert 0.98 < lines_in(left["lines"]) / lines_in(whole) < 1
    assert len(left["stretch"].gappy) == 1
    assert len({log.host for log in left["host"].logs}) == len({log.host for log in whole.logs}) - 1
    assert len(left["snapshots"].snapshots) == pytest.approx(len(whole.snapshots) * 2 / 3, abs=1)
    assert lines_in(left["clocks"]) == lines_in(whole)
    assert left["clocks"].logs != whole.logs


def lines_in(files: Files) -> int:
    return sum(len(log.lines) for log in files.logs)
