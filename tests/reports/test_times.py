"""Times mean what people mean by them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest

from reports.cli.times import shown, spoken

PARIS = ZoneInfo("Europe/Paris")
END = datetime(2026, 3, 30, 8, 0, 30, tzinfo=UTC)
"""A Monday, ten in the morning in Paris, the day after clocks went forward."""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("yesterday 22:00", "2026-03-29T22:00:00+02:00"),
        ("yesterday", "2026-03-29T00:00:00+01:00"),
        ("today", "2026-03-30T00:00:00+02:00"),
        ("today 9:00", "2026-03-30T09:00:00+02:00"),
        ("22:00", "2026-03-29T22:00:00+02:00"),
        ("9:30", "2026-03-30T09:30:00+02:00"),
        ("monday", "2026-03-23T00:00:00+01:00"),
        ("2 hours ago", "2026-03-30T08:00:30+02:00"),
        ("now", "2026-03-30T10:00:30+02:00"),
        ("2026-03-17", "2026-03-17T00:00:00+01:00"),
        ("2026-03-17 09:30", "2026-03-17T09:30:00+01:00"),
        ("2026-03-17T09:30:00Z", "2026-03-17T09:30:00+00:00"),
        ("2026-03-17T09:30+05:00", "2026-03-17T09:30:00+05:00"),
        ("1774800000", "2026-03-29T16:00:00+00:00"),
    ],
)
def test_words_are_understood_in_the_zone_and_before_the_end_of_the_data(words: str, meant: str) -> None:
    assert spoken(words, before=END, zone=PARIS, option="--since") == datetime.fromisoformat(meant)


@pytest.mark.parametrize("words", ["tea time", "2026-13-40", "", "?", "\x00", "99999999999999999999"])
def test_words_that_mean_no_time_are_refused_with_an_example(words: str) -> None:
    with pytest.raises(click.UsageError, match="write one such as 2026-03-17T09:30"):
        spoken(words, before=END, zone=PARIS, option="--since")


def test_times_are_shown_in_the_zone() -> None:
    assert shown(END, PARIS) == "2026-03-30 10:00:30"
    assert shown(None, PARIS) == ""
