"""On bad days the rules find what was planted, and say nothing else."""

from __future__ import annotations

from tests.simulator.days import live, written


def test_the_same_seed_is_the_same_day() -> None:
    first, second = (written(live(3, jobs_a_day=300, faulty=True), "sidekiq") for _ in range(2))
    assert first == second


def test_a_day_with_faults_has_the_quiet_days_jobs_but_for_those_of_a_forgotten_timetable() -> None:
    quiet, bad = (live(3, jobs_a_day=300, faulty=faulty).jobs for faulty in (False, True))
    assert {job.job_class for job in quiet if job.id not in {other.id for other in bad}} <= {"CleanCarts"}
    assert len({job.id for job in bad}) > len(quiet)
