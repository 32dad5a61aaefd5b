"""On bad days each rule finds what was planted, and names nothing that did not happen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analysis.rules import RULES
from tests.simulator.blind_spots import ABOUT_INPUTS
from tests.simulator.days import FORMS, Form, live, written
from tests.simulator.faults import RIGHT
from tests.simulator.many_days import SOAKS, day, known, together
from tests.simulator.scoring import KNOWN, Score
from tests.simulator.truth import SHOWS

FEW: tuple[tuple[int, Form], ...] = ((4, "job_log"), (5, "sidekiq"), (22, "job_log"))
"""Days of the suite, which have all faults between them."""

LOW_RECALL: dict[str, str] = {}
"""Rule to what it is known to get wrong."""

NOT_PLANTED = {"discarded", "limit-mismatch", "retries-multiplied", "silent-class", "volatile-adapter", *ABOUT_INPUTS}
"""
Rules of which these days give no cause: nothing discards, nobody declares a limit, there is one layer that retries and
one that keeps jobs, no single day tells what stopped from what rests (see ``test_several_days``), and nothing is lost
of what was written (see ``test_losses``).
"""

pytestmark = pytest.mark.xdist_group("bad days")


def of_all_days() -> Score:
    days = [(seed, form) for seed in range(1, 31) for form in FORMS] if SOAKS else FEW
    return together(day(seed, form) for seed, form in days)


@pytest.mark.parametrize("rule", [pytest.param(rule, marks=known(LOW_RECALL, rule)) for rule in KNOWN])
def test_a_rule_finds_99_of_100_faults(rule: str) -> None:
    score = of_all_days()
    assert score.recall([rule]) >= 0.99, "\n".join(score.missed)


@pytest.mark.parametrize("rule", KNOWN)
def test_of_100_things_that_a_rule_names_99_happened(rule: str) -> None:
    score = of_all_days()
    assert score.precision([rule]) >= 0.99, "\n".join(score.wrong)


def test_an_incident_is_of_one_cause_and_a_cause_one_incident() -> None:
    """But for two things that meet in time and error, such as a double click on what the gateway declines just then."""
    grouping = of_all_days().grouping
    assert grouping.findings > 30
    assert grouping.purity >= 0.97, "\n".join(grouping.mixed)
    assert grouping.completeness >= 0.98, "\n".join(grouping.split)


def test_every_rule_about_jobs_and_queues_has_something_to_find(print_at_the_end: Callable[[str], None]) -> None:
    score = of_all_days()
    print_at_the_end(score.table("simulated bad days"))
    silent = {rule.name for rule in RULES if not (score.due[rule.name] or score.right[rule.name])}
    assert silent == NOT_PLANTED


def test_the_truth_judges_each_fault_that_marks_jobs_and_knows_no_other() -> None:
    assert SHOWS.keys() <= RIGHT.keys()


def test_the_same_seed_is_the_same_day() -> None:
    first, second = (written(live(3, jobs_a_day=300, faulty=True), "sidekiq") for _ in range(2))
    assert first == second


def test_a_day_with_faults_has_the_quiet_days_jobs_but_for_those_of_a_forgotten_timetable() -> None:
    quiet, bad = (live(3, jobs_a_day=300, faulty=faulty).jobs for faulty in (False, True))
    assert {job.job_class for job in quiet if job.id not in {other.id for other in bad}} <= {"CleanCarts"}
    assert len({job.id for job in bad}) > len(quiet)
