"""Spans of time as people write and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.durations import as_typed, duration, in_words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20s", 20),
        ("10m", 600),
        ("10min", 600),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        ("300ms", 0.3),
        ("1.5h", 5400),
        ("2d", 172_800),
        ("45", 45),
        (" 20 s ", 20),
        ("0", 0),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5 weeks", "1h30", "s", "1e3s", "nan", "inf", "10 m ago"])
def test_what_is_no_duration_is_answered_with_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write 300ms, 20s, 10m, 1h30m or 1d"):
        duration(text)


@pytest.mark.parametrize("text", ["36526d", "9" * 400 + "h"])
def test_a_duration_beyond_a_century_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        duration(text)


@given(st.integers(min_value=0, max_value=86_400 * 3650))
def test_whole_seconds_come_back_from_their_parts(seconds: int) -> None:
    minutes, rest = divmod(seconds, 60)
    assert duration(f"{minutes}m{rest}s") == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.0004, "0.4 ms"),
        (0.25, "250 ms"),
        (0.9996, "1 s"),
        (1.5, "1.5 s"),
        (59.96, "1 min"),
        (134, "2 min 14 s"),
        (3600, "1 h"),
        (3599.9, "1 h"),
        (90_061, "1 d 1 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_525)))
def test_what_is_typed_for_a_duration_means_it(span: timedelta) -> None:
    assert abs(duration(as_typed(span)) - span) <= timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("span", "typed"),
    [
        (timedelta(0), "0s"),
        (timedelta(minutes=10), "10m"),
        (timedelta(hours=1, minutes=30), "1h30m"),
        (timedelta(hours=72), "3d"),
        (timedelta(milliseconds=300), "300ms"),
        (timedelta(seconds=1, microseconds=500), "1s0.5ms"),
    ],
)
def test_a_duration_is_typed_in_few_letters(span: timedelta, typed: str) -> None:
    assert as_typed(span) == typed
