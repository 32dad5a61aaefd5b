"""Narrowing what was found to a time, a queue, a class, and to what is new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from analysis.baseline import baseline_of, compare
from analysis.finding import Investigation, Selection
from analysis.selection import only_new, select
from analysis.suppression import Suppression, suppress
from tests.analysis.findings import INVESTIGATIONS, NOON, finding, investigation
from tests.analysis.tables import database

HOUR = timedelta(hours=1)


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    places = [("job-1", "Export", "low"), ("job-2", "Mail", "mailers"), ("job-3", "Export", "mailers")]
    with database(
        {
            "jobs": [
                {"job_id": job, "system": "sidekiq", "job_class": job_class, "queue": queue, "state": "running"}
                for job, job_class, queue in places
            ]
        }
    ) as made:
        yield made


FOUND = investigation(
    finding(1, subject={"job_class": "Export", "queue": "low", "system": "sidekiq"}),
    finding(2, subject={"queue": "mailers", "system": "sidekiq"}, jobs=("job-2", "job-3"), job_count=2),
    finding(3, subject={"worker": "w:1", "system": "sidekiq"}, jobs=("job-3",)),
    finding(4, subject={"worker": "w:1", "system": "resque"}, jobs=("job-3",)),
    finding(5, subject={"host": "web-1"}, jobs=(), job_count=0),
)


def told(found: Investigation) -> list[str]:
    return [each.fingerprint[-1] for each in found.findings]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"queue": "low"}, ["1"]),
        ({"queue": "mailers"}, ["2", "3"]),
        ({"queue": "m*"}, ["2", "3"]),
        ({"queue": "*"}, ["1", "2", "3"]),
        ({"job_class": "Export"}, ["1", "2", "3"]),
        ({"job_class": "Mail"}, ["2"]),
        ({"job_class": "Export", "queue": "mailers"}, ["2", "3"]),
        ({"job_class": "Mail", "queue": "low"}, []),
        ({"queue": "mailer"}, []),
    ],
)
def test_a_finding_is_told_if_its_subject_or_one_of_its_jobs_is_of_the_queue_and_class(
    db: duckdb.DuckDBPyConnection, wanted: dict[str, str], numbers: list[str]
) -> None:
    after = select(db, FOUND, Selection(**wanted))
    assert told(after) == numbers
    assert after.selection.left_out == len(FOUND.findings) - len(numbers)


@pytest.mark.parametrize(
    ("since", "until", "is_told"),
    [
        (None, None, True),
        (HOUR, None, True),
        (HOUR + timedelta(microseconds=1), None, False),
        (None, timedelta(0), False),
        (None, timedelta(microseconds=1), True),
        (timedelta(minutes=1), timedelta(minutes=2), True),
        (-HOUR, timedelta(0), False),
    ],
)
def test_a_finding_is_told_if_any_of_its_time_is_within(
    db: duckdb.DuckDBPyConnection,
    since: timedelta | None,
    until: timedelta | None,
    is_told: bool,  # noqa: FBT001 - a case
) -> None:
    found = investigation(finding(1, first_at=NOON, last_at=NOON + HOUR), as_of=NOON + 2 * HOUR)
    wanted = Selection(since=None if since is None else NOON + since, until=None if until is None else NOON + until)
    assert bool(select(db, found, wanted).findings) == is_told


def test_a_finding_without_a_time_is_told_at_any_time(db: duckdb.DuckDBPyConnection) -> None:
    found = investigation(finding(1, first_at=None, last_at=None))
    assert told(select(db, found, Selection(since=NOON))) == ["1"]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Selection(queue="mailer"), "No job has the queue mailer; did you mean mailers?"),
        (Selection(queue="zzz"), "No job has the queue zzz."),
        (Selection(job_class="Exprot"), "No job has the class Exprot; did you mean Export?"),
        (Selection(since=NOON + HOUR), "The inputs end at 2026-01-05 12:00:00 UTC, before the time asked for."),
        (Selection(until=NOON), "The inputs begin at 2026-01-05 12:00:00 UTC, after the time asked for."),
        (Selection(job_class="Mail", queue="low"), None),
    ],
)
def test_what_no_input_knows_is_no_data_and_not_healthy(
    db: duckdb.DuckDBPyConnection, wanted: Selection, says: str | None
) -> None:
    assert select(db, investigation(), wanted).no_data == says


def test_suppressed_ones_and_what_is_gone_are_narrowed_too(db: duckdb.DuckDBPyConnection) -> None:
    gone = [finding(8, subject={"queue": "low"}), finding(9, subject={"queue": "mailers"})]
    aside = suppress(FOUND, [Suppression(number=1, rule="hung", subject={"queue": "mailers"}, reason="known")])
    held = compare(aside, baseline_of(investigation(*gone, *FOUND.findings), NOON))
    after = select(db, held, Selection(queue="low"))
    assert after.baseline is not None
    assert [each.fingerprint[-1] for each in after.baseline.gone] == ["8"]
    assert (told(after), after.suppressed, after.baseline.known) == (["1"], (), 1)
    assert len(select(db, held, Selection(queue="mailers")).suppressed) == 1


def test_only_new_leaves_out_what_is_known(db: duckdb.DuckDBPyConnection) -> None:
    before = [finding(1), finding(2, severity="low")]
    held = compare(investigation(finding(1), finding(2), finding(3)), baseline_of(investigation(*before), NOON))
    after = only_new(select(db, held, Selection()))
    assert [(each.fingerprint[-1], each.status) for each in after.findings] == [("2", "worse"), ("3", "new")]
    assert after.selection == Selection(only_new=True, left_out=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INVESTIGATIONS)
def test_without_a_wish_everything_is_told(db: duckdb.DuckDBPyConnection, found: Investigation) -> None:
    assert select(db, found, Selection()) is found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INVESTIGATIONS)
def test_a_finding_whose_subject_names_the_queue_is_never_left_out(
    db: duckdb.DuckDBPyConnection, found: Investigation
) -> None:
    for each in found.findings:
        queue: Any = each.subject.get("queue")
        if queue is not None and "*" not in queue:
            assert each in select(db, found, Selection(queue=queue)).findings
