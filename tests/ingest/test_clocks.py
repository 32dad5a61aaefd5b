"""Wall clocks to UTC: zones, days, and the hour that comes twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clocks import Clock, ZoneError, zone_named

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../etc/passwd", "+99:00", "", "a/" * 5000, "a" * 5000, "\0"])
def test_a_zone_that_there_is_not_is_refused_in_words(name: str) -> None:
    with pytest.raises(ZoneError, match="there is no time zone"):
        zone_named(name)


def clock(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read(start: Clock, *shown: datetime | None) -> tuple[Clock, list[datetime]]:
    frame = pl.DataFrame(
        {"line_no": range(len(shown)), "occurred_at_clock": shown},
        schema_overrides={"occurred_at_clock": pl.Datetime("us")},
    )
    after, frames = start.read({"job_events": frame})
    return after, frames["job_events"]["occurred_at"].to_list()


def read_times(start: Clock, *shown: time) -> tuple[Clock, list[Any]]:
    frame = pl.DataFrame(
        {"line_no": range(len(shown)), "time_of_day": shown}, schema_overrides={"time_of_day": pl.Time}
    )
    after, frames = start.read({"log_lines": frame})
    found = frames["log_lines"]
    return after, found["occurred_at"].to_list() if "occurred_at" in found.columns else []


@pytest.mark.parametrize(
    ("zone", "shown", "utc"),
    [
        ("Europe/Paris", "2026-03-01T12:00:00", "2026-03-01T11:00:00"),
        ("Europe/Paris", "2026-07-01T12:00:00", "2026-07-01T10:00:00"),
        ("+05:30", "2026-07-01T12:00:00", "2026-07-01T06:30:00"),
        ("UTC-03:30", "2026-07-01T12:00:00.123456", "2026-07-01T15:30:00.123456"),
        ("UTC", "2026-07-01T12:00:00", "2026-07-01T12:00:00"),
        # An hour that was left out: the clock of that machine was not set forward yet.
        ("Europe/Paris", "2026-03-29T02:30:00", "2026-03-29T01:30:00"),
    ],
)
def test_a_stated_zone_moves_the_clock_to_utc(zone: str, shown: str, utc: str) -> None:
    assert read(Clock(zone=zone_named(zone), basis="stated"), clock(shown))[1] == [clock(utc)]


@pytest.mark.parametrize("name", ["Europe/Nowhere", "+25:61", "", "../../etc/passwd", "+"])
def test_a_zone_that_does_not_exist_is_refused_in_words(name: str) -> None:
    with pytest.raises(ZoneError, match="Europe/Paris"):
        zone_named(name)


def _through_the_change() -> list[datetime]:
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    return [start + timedelta(minutes=5 * step) for step in range(36)]


@pytest.mark.parametrize("cut", [0, 1, 9, 15, 20, 25, 36])
def test_the_hour_that_comes_twice_is_told_apart_by_the_order_of_lines_in_whatever_pieces(cut: int) -> None:
    moments = _through_the_change()
    shown = [moment.astimezone(PARIS).replace(tzinfo=None) for moment in moments]
    after, first = read(Clock(zone=PARIS, basis="stated"), *shown[:cut])
    _, second = read(after, *shown[cut:])
    assert first + second == [moment.replace(tzinfo=None) for moment in moments]


def test_the_zone_is_worked_out_from_moments_told_both_ways_unless_it_is_stated() -> None:
    moments = pl.DataFrame({"clock": [clock("2026-07-01T12:00:07")], "utc": [clock("2026-07-01T10:00:00")]})
    assert Clock().told_by(moments).name == "UTC+02:00"
    assert Clock().told_by(moments).basis == "worked out"
    stated = Clock(zone=PARIS, basis="stated")
    assert stated.told_by(moments) == stated
    absurd = pl.DataFrame({"clock": [clock("2026-07-09T12:00:00")], "utc": [clock("2026-07-01T10:00:00")]})
    assert Clock().told_by(absurd) == Clock()


@given(st.lists(st.integers(0, 20 * 3_600), min_size=1, max_size=30), st.integers(0, 29))
def test_times_of_day_go_on_over_midnight_in_whatever_pieces(steps: list[int], cut: int) -> None:
    moments = [datetime(2026, 5, 1, 22, 0, 5)]  # noqa: DTZ001 - a wall clock
    for step in steps:
        moments.append(moments[-1] + timedelta(seconds=step))
    times = [moment.time() for moment in moments]
    cut = max(1, min(cut, len(times)))
    after, first = read_times(Clock(first_day=date(2026, 5, 1)), *times[:cut])
    _, second = read_times(after, *times[cut:])
    assert first + second == moments


def test_two_lines_in_the_wrong_order_at_midnight_are_no_day_apart() -> None:
    shown = [time(23, 59, 58), time(0, 0, 1), time(23, 59, 59), time(0, 0, 2)]
    days = [moment.day for moment in read_times(Clock(first_day=date(2026, 5, 1)), *shown)[1]]
    assert days == [1, 2, 1, 2]


def test_without_a_day_a_time_of_day_is_no_moment() -> None:
    assert read_times(Clock(zone=timezone(timedelta(hours=2)), basis="stated"), time(12))[1] == []


def test_a_time_with_its_zone_is_left_alone() -> None:
    told = pl.DataFrame(
        {
            "line_no": [1, 2],
            "occurred_at": [clock("2026-07-01T12:00:00"), None],
            "occurred_at_clock": [None, clock("2026-07-01T12:00:00")],
        },
        schema_overrides={"occurred_at": pl.Datetime("us"), "occurred_at_clock": pl.Datetime("us")},
    )
    _, frames = Clock(zone=PARIS, basis="stated").read({"job_events": told})
    assert frames["job_events"]["occurred_at"].to_list() == [clock("2026-07-01T12:00:00"), clock("2026-07-01T10:00:00")]
    assert "occurred_at_clock" not in frames["job_events"].columns
