"""How long a class has been silent, and what the same hours of earlier days were like, told by enqueues alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ingest.evidence import EvidenceDatabase, at

HOUR = 3600
DAY = 24 * HOUR
HALF_HOUR = 1800

SILENCE = """
select days, comings, longest_gap, others_then, others_since, compared from class_silences where job_class = 'Mail'
"""


def always(_moment: float) -> bool:
    return True


def days(
    comes: Callable[[float], bool], *, since: float = 0, until: float = 3 * DAY, host: str = "web-2"
) -> EvidenceDatabase:
    """Tuesday noon to Friday noon: each half an hour a job of Mail, if it comes, and a minute later another."""
    evidence = EvidenceDatabase()
    for number in range(int((until - since) / HALF_HOUR)):
        moment = since + number * HALF_HOUR
        if comes(moment):
            evidence.event(moment, "enqueued", f"m{number}", job_class="Mail", host="web-1")
        evidence.event(moment + 60, "enqueued", f"o{number}", job_class="Other", host=host)
    return evidence


def until_six(moment: float) -> bool:
    """It comes until six in the evening of the third day."""
    return moment <= 2 * DAY + 6 * HOUR


def test_a_silence_is_held_against_the_same_hours_of_each_earlier_day() -> None:
    evidence = days(until_six).derive(2 * DAY + 12 * HOUR)
    [(count, comings, longest, then, since, compared)] = evidence.rows(SILENCE)
    assert (count, comings, longest, compared) == (2, 22, HALF_HOUR, 5 * HOUR + HALF_HOUR + 60)
    assert (then, since) == (24, 12)


def test_a_class_that_rests_at_these_hours_every_day_has_rested_as_long_before() -> None:
    evidence = days(lambda moment: moment % DAY <= 6 * HOUR).derive(2 * DAY + 12 * HOUR)
    [(count, comings, longest, *_)] = evidence.rows(SILENCE)
    assert (count, comings) == (2, 0)
    assert longest == 5 * HOUR + HALF_HOUR + 60


def test_of_a_silence_of_days_the_first_is_compared() -> None:
    evidence = days(lambda moment: moment <= DAY + 6 * HOUR).derive(3 * DAY)
    assert [row[-1] for row in evidence.rows(SILENCE)] == [DAY]
    assert evidence.rows("select silent_for from class_silences where job_class = 'Mail'") == [
        (DAY + 17.5 * HOUR + 60,)
    ]


def test_a_weekend_is_not_held_against_working_days() -> None:
    evidence = days(lambda moment: moment <= 4 * DAY, since=2 * DAY, until=4.5 * DAY).derive()  # till Saturday night
    assert evidence.rows(SILENCE) == [(0, 0, None, 0, 24, 11.5 * HOUR + 60)]


def test_the_logs_of_a_day_compare_nothing() -> None:
    evidence = days(always, until=DAY).derive()
    assert evidence.rows("select * from class_silences") == []


@pytest.mark.parametrize(("host", "seen"), [("web-1", 1.0), ("web-2", 0.0)])
def test_a_machine_that_tells_of_others_would_have_told_of_the_class(host: str, seen: float) -> None:
    evidence = days(until_six, host=host).derive(2 * DAY + 12 * HOUR)
    assert evidence.rows("select seen_share, enqueues_seen from class_silences where job_class = 'Mail'") == [
        (seen, seen > 0)
    ]


def test_where_machines_come_and_go_the_queue_that_is_still_worked_off_would_have_told_of_the_class() -> None:
    evidence = days(until_six)
    for number in range(40):
        evidence.event(number * HOUR, "started", f"m{2 * number}", job_class="Mail", host="pod-1", queue="low")
    evidence.event(2 * DAY + 11 * HOUR, "started", "o500", job_class="Other", host="pod-2", queue="low")
    evidence.derive(2 * DAY + 12 * HOUR)
    assert evidence.rows("select seen_share, enqueues_seen from class_silences where job_class = 'Mail'") == [
        (1.0, False)
    ]


def test_a_class_that_comes_instead_and_the_version_that_came_with_it_are_named() -> None:
    evidence = days(until_six)
    for number in range(8):
        evidence.event(2 * DAY + 7 * HOUR + number * HALF_HOUR, "enqueued", f"n{number}", job_class="MailJob")
    for moment, version in ((0, "7.0.0"), (2 * DAY + 6 * HOUR + 300, "7.0.1")):
        evidence.add("worker_events", occurred_at=at(moment), event="booted", pid=moment, host="w", version=version)
    evidence.derive(2 * DAY + 12 * HOUR)
    assert evidence.rows(
        "select successor, successor_at, beside, beside_at from class_silences where job_class = 'Mail'"
    ) == [("MailJob", at(2 * DAY + 7 * HOUR), "version 7.0.1", at(2 * DAY + 6 * HOUR + 300))]
