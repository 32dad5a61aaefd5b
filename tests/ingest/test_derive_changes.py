"""When a class became slower, told by its runs alone; and what changed in the installation then."""

from __future__ import annotations

import math
from random import Random

from tests.ingest.evidence import EvidenceDatabase, at

HOUR = 3600


def drawn(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - repeatable, not secret


def runs(evidence: EvidenceDatabase, times: float, since: float, random: Random) -> EvidenceDatabase:
    """Runs of one class for eight hours, each about a second and from some moment on so many times as long."""
    for number in range(240):
        moment = number * 120.0
        took = math.exp(random.gauss(0, 0.2)) * (times if moment >= since else 1.0)
        job = f"job-{number}"
        evidence.event(moment, "started", job, thread=f"t{number}", job_class="Sync")
        evidence.event(moment + took, "succeeded", job, thread=f"t{number}", job_class="Sync", duration=took)
    return evidence


def test_a_class_that_became_slower_has_a_change_and_two_periods() -> None:
    evidence = EvidenceDatabase()
    evidence.add("worker_events", occurred_at=at(4 * HOUR - 60), event="booted", pid=200, host="w1", version="7.0.1")
    runs(evidence, 3.0, 4 * HOUR, drawn(1)).derive()
    [(moment, before, after, times, until)] = evidence.rows(
        "select changed_at, runs_before, runs_after, times_p50, until_at from class_changes"
    )
    assert abs((moment - at(4 * HOUR)).total_seconds()) <= 600
    assert before + after == 240
    assert 2.5 < times < 3.5
    assert until is None
    assert [row[0] for row in evidence.rows("select runs from class_periods order by from_at")] == [before, after]
    assert evidence.rows("select runs from class_baselines") == [(240,)]


def test_a_class_of_one_pace_has_no_change_and_one_period() -> None:
    evidence = runs(EvidenceDatabase(), 1.0, 0, drawn(1)).derive()
    assert evidence.rows("select * from class_changes") == []
    assert evidence.rows("select from_at, runs from class_periods") == [(None, 240)]


CHANGES = "select scope, system, kind, subject, detail from changes order by changed_at, system, detail"


def test_a_mark_concerns_each_installation_that_it_does_not_exclude() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(5, "started", "job-b", system="rq")
    evidence.add("marks", occurred_at=at(2), kind="deploy", subject="shop-web", version="7.0.1")
    evidence.add("marks", occurred_at=at(3), kind="restart", system="rq", detail="by hand")
    evidence.add("marks", occurred_at=at(4), kind="flag", scope="elsewhere")
    assert evidence.derive().rows(CHANGES) == [
        ("", "rq", "mark", "shop-web", "deploy of shop-web, version 7.0.1"),
        ("", "sidekiq", "mark", "shop-web", "deploy of shop-web, version 7.0.1"),
        ("", "rq", "mark", "", "restart: by hand"),
    ]


def test_a_mark_that_two_files_tell_is_one_change_and_one_that_is_yet_to_come_is_none() -> None:
    evidence = EvidenceDatabase().event(0, "started").event(5, "succeeded")
    for seconds in (2, 2, 6):
        evidence.add("marks", occurred_at=at(seconds), kind="deploy")
    assert evidence.derive().rows(CHANGES) == [("", "sidekiq", "mark", "", "deploy")]


def test_what_people_marked_is_told_beside_a_change_of_pace_before_a_restart() -> None:
    evidence = EvidenceDatabase()
    evidence.add("worker_events", occurred_at=at(4 * HOUR - 60), event="booted", pid=200, host="w1")
    evidence.add("marks", occurred_at=at(4 * HOUR - 600), kind="migration", subject="orders")
    runs(evidence, times=2.0, since=4 * HOUR, random=drawn(1)).derive()
    assert evidence.rows("select beside, beside_at from class_changes") == [("migration of orders", at(4 * HOUR - 600))]
