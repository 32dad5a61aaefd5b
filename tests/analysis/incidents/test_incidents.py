"""Incidents of real evidence: one broken gateway is one incident, with its cost, its mark and the change before it."""

from __future__ import annotations

import random
from collections.abc import Iterable

import duckdb
import pytest

from analysis.check import check
from analysis.incidents import Incident, incidents
from tests.ingest.evidence import EvidenceDatabase, at

GATEWAY = {"error_class": "GatewayTimeout", "error_message": "no answer in 5 s"}


def found(evidence: EvidenceDatabase) -> tuple[Incident, ...]:
    evidence.db.execute("update sources set shows = ['starts', 'ends', 'errors', 'enqueues', 'workers', 'queues']")
    db = evidence.derive().db
    return incidents(db, check(db))


def worker(evidence: EvidenceDatabase, seconds: float, pid: int, **values: object) -> None:
    evidence.add("worker_events", occurred_at=at(seconds), event="booted", pid=pid, **values)


def outage(*, jobs: int = 40, others: int = 40) -> EvidenceDatabase:
    """Forty jobs of two classes on host b, which a deploy has changed, fail and give up; as many on host a are fine."""
    evidence = EvidenceDatabase()
    worker(evidence, 0, 100, host="a", version="1.0")
    worker(evidence, 900, 200, host="b", version="1.1")
    evidence.add("worker_events", occurred_at=at(0), event="booted", pid=300, host="b", version="1.0")
    for number in range(others):
        place = {"pid": 100, "host": "a", "thread": f"t{number}", "job_class": "Charge", "queue": "payments"}
        evidence.event(1000 + number, "enqueued", f"fine-{number}", host="web", queue="payments", job_class="Charge")
        evidence.event(1001 + number, "started", f"fine-{number}", attributes={"region": "eu"}, **place)
        evidence.event(1002 + number, "succeeded", f"fine-{number}", duration=1.0, **place)
    for number in range(jobs):
        kind = {"job_class": "Charge" if number % 2 else "Refund", "queue": "payments" if number % 2 else "refunds"}
        place = {"pid": 200, "host": "b", "thread": f"t{number}", **kind}
        evidence.event(1000 + number, "enqueued", f"bad-{number}", host="web", **kind)
        for attempt in range(1, 6):
            begins = 1001 + number + 60 * attempt
            evidence.event(begins, "started", f"bad-{number}", attempt=attempt, attributes={"region": "us"}, **place)
            evidence.event(
                begins + 5,
                "failed",
                f"bad-{number}",
                attempt=attempt,
                will_retry=attempt < 5,
                duration=5.0,
                **place,
                **GATEWAY,
            )
    return evidence


@pytest.fixture(scope="module")
def incident() -> Incident:
    [only] = found(outage())
    return only


def test_one_broken_gateway_is_one_incident_with_all_its_jobs_and_what_they_cost(incident: Incident) -> None:
    assert (incident.jobs, incident.jobs_hurt, incident.unresolved) == (40, 40, 40)
    assert (incident.wasted_runs, incident.wasted_seconds) == (200, 1000.0)
    assert incident.severity == "critical"
    assert incident.shared == {"error_class": "GatewayTimeout"}
    assert len(incident.findings) >= 4


def test_it_says_what_its_jobs_have_and_the_others_of_their_classes_lack(incident: Incident) -> None:
    assert incident.comparison
    told = {each.name: (each.value, each.bad, each.good) for each in incident.comparison.differences}
    assert told["region"] == ("us", 40, 0)
    assert told["host"] == ("b", 40, 0)
    assert told["version"] == ("1.1", 40, 0)
    assert (incident.comparison.bad, incident.comparison.good) == (40, 40)


def test_it_says_which_change_came_last_before_it(incident: Incident) -> None:
    assert incident.change
    assert (incident.change.kind, incident.change.detail) == ("version", "version 1.1 was first seen, after 1.0")
    assert incident.first_at
    assert incident.change.before == (incident.first_at - incident.change.at).total_seconds() == 161


def test_what_people_marked_is_a_change_too() -> None:
    evidence = outage()
    evidence.add("marks", occurred_at=at(1000), kind="configuration", subject="GATEWAY_URL", system="sidekiq")
    [incident] = found(evidence)
    assert incident.change
    assert (incident.change.kind, incident.change.detail) == ("mark", "configuration of GATEWAY_URL")


@pytest.mark.parametrize(("jobs", "others"), [(4, 40), (40, 19)], ids=["few of it", "few others"])
def test_where_few_jobs_can_be_compared_nothing_is_told_of_differences(jobs: int, others: int) -> None:
    assert all(each.comparison is None for each in found(outage(jobs=jobs, others=others)))


def test_two_troubles_of_one_hour_are_two_incidents_the_graver_first() -> None:
    evidence = outage()
    for number in range(3):
        place = {"pid": 100, "host": "a", "thread": f"m{number}", "job_class": "Mail", "queue": "mailers"}
        evidence.event(1100 + number, "started", f"mail-{number}", **place)
        evidence.event(1101 + number, "failed", f"mail-{number}", will_retry=False, error_class="KeyError", **place)
    first, second = found(evidence)
    assert (first.jobs, second.jobs) == (40, 3)
    assert second.shared == {"queue": "mailers", "job_class": "Mail", "error_class": "KeyError"}


def test_without_findings_there_is_no_incident() -> None:
    assert found(EvidenceDatabase().event(0, "started").event(1, "succeeded")) == ()
    assert found(EvidenceDatabase()) == ()


def turned(db: duckdb.DuckDBPyConnection, tables: Iterable[str], seed: int) -> None:
    for name in tables:
        rows = db.execute(f"select * from {name}").fetchall()
        random.Random(seed).shuffle(rows)  # noqa: S311 - a seeded shuffle
        db.execute(f"delete from {name}")
        if rows:
            db.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)


def test_the_order_of_rows_and_the_number_of_threads_do_not_matter() -> None:
    evidence = outage()
    once = found(evidence)
    turned(evidence.db, ("jobs", "attempts", "workers", "attempt_evidence", "job_events"), seed=3)
    evidence.db.execute("set threads = 4")
    assert incidents(evidence.db, check(evidence.db)) == once


def test_two_late_queues_and_the_workers_of_both_that_had_no_thread_free_are_one_incident() -> None:
    evidence = EvidenceDatabase()
    worker(evidence, 0, 100, host="a", queues=["images", "exports"], concurrency=1)
    for number in range(30):
        kind = {"queue": "images" if number % 2 else "exports", "job_class": "Draw" if number % 2 else "Export"}
        evidence.event(0, "enqueued", f"job-{number}", host="web", pid=900, thread="t9", **kind)
        evidence.event(1 + 60 * number, "started", f"job-{number}", host="a", **kind)
        evidence.event(60 + 60 * number, "succeeded", f"job-{number}", host="a", **kind)
    evidence.add("worker_events", occurred_at=at(1900), event="heartbeat", pid=100, host="a")
    [only] = found(evidence)
    rules = [
        (finding.rule, finding.subject.get("queue"), finding.subject.get("pool"))
        for finding in check(evidence.db).findings
    ]
    assert sorted(rules, key=str) == [
        ("queue-latency", "exports", None),
        ("queue-latency", "images", None),
        ("saturated", None, "exports, images"),
    ]
    assert (len(only.findings), only.jobs) == (3, 29)
