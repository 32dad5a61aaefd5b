"""Where logs and snapshots have holes and clocks are apart, nothing is called dead, lost or waiting that was not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.simulator.days import FORMS, Form, live, written
from tests.simulator.losses import LOSSES, Loss
from tests.simulator.many_days import SOAKS, day, known, together
from tests.simulator.scoring import KNOWN, Score
from tests.simulator.test_faults import LOW_RECALL
from tests.simulator.written import Files

NEVER_FALSE = ("orphaned", "lost", "never-started")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Some losses, and what is known to be wrong then."""

    losses: tuple[Loss, ...]
    days: tuple[tuple[int, Form], ...] = ()
    """On which days and in which form the suite tries them; ``make soak`` tries more."""
    false: dict[str, str] = field(default_factory=dict)
    """Rule to what it says falsely here and does not where nothing is lost."""


_UNSEEN_END = "a run that only a snapshot shows counts as open though the log that would show its end is missing"
_LOST_FAIL = "an exception report without its line 'fail' does not end the run"
_LOST_DONE = "a run without its last line counts as open though a later snapshot of its process does not hold it"
_GIVEN_UP = (
    "a job that a snapshot holds neither to be retried nor dead counts as given up, though a lost log may show more"
)
_PLACED_LATE = "the time that a retry was enqueued at is taken for that of a later run"

CASES = (
    Case(
        losses=("lines",),
        days=((6, "sidekiq"),),
        false={"redelivered": _LOST_FAIL, "hung": _LOST_DONE, "queue-latency": _PLACED_LATE},
    ),
    Case(
        losses=("host",),
        days=((1, "sidekiq"), (6, "job_log")),
        false={"orphaned": _UNSEEN_END, "queue-latency": _PLACED_LATE},
    ),
    Case(losses=("snapshots",), days=((1, "job_log"),)),
    Case(losses=("clocks",), days=((1, "sidekiq"),), false={"queue-latency": _PLACED_LATE}),
)
ALL_AT_ONCE = Case(
    losses=LOSSES,
    false={
        "redelivered": _LOST_FAIL,
        "orphaned": _UNSEEN_END,
        "retries-exhausted": _GIVEN_UP,
        "queue-latency": _PLACED_LATE,
    },
)
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
            marks=[pytest.mark.xdist_group(f"loss of {case.losses}"), *known(case.false, rule)],
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


@pytest.mark.parametrize("form", FORMS)
def test_each_loss_takes_away_or_changes_what_it_says(form: Form) -> None:
    life = live(2, jobs_a_day=200)
    whole = written(life, form)
    left: dict[Loss, Files] = {loss: written(life, form, (loss,)) for loss in LOSSES}
    assert 0.98 < lines_in(left["lines"]) / lines_in(whole) < 1
    assert len({log.host for log in left["host"].logs}) == len({log.host for log in whole.logs}) - 1
    assert len(left["snapshots"].snapshots) == pytest.approx(len(whole.snapshots) * 2 / 3, abs=1)
    assert lines_in(left["clocks"]) == lines_in(whole)
    assert left["clocks"].logs != whole.logs


def lines_in(files: Files) -> int:
    return sum(len(log.lines) for log in files.logs)
