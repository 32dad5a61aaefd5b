"""How values are written for people: times, durations, numbers, and text from logs made harmless to look at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from analysis.durations import in_words

_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_ALL_DIGITS_BEFORE_THE_POINT = 1000
_BARS = "·▁▂▃▄▅▆▇█"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that show nothing, or change how their neighbours look."""


def visible(text: str) -> str:
    """The text in one line, without terminal colours; characters that hide or reorder text are spelled out."""
    if text.isprintable():
        return text
    plain = _TERMINAL_SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\n", " ⏎ ").replace("\t", " ")
    return "".join(_spelled(character) for character in plain)


def visible_lines(text: str) -> str:
    """The same, with its lines kept."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def _spelled(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - two hex digits hold no more


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "unknown"


def clock(at: datetime) -> str:
    """The time of day of a moment in UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def clock_of(first_at: datetime | None, last_at: datetime | None) -> Callable[[datetime], str]:
    """How to write moments between these two: with their day where there is more than one."""
    one_day = first_at is None or last_at is None or first_at.astimezone(UTC).date() == last_at.astimezone(UTC).date()
    return clock if one_day else _day_and_clock


def _day_and_clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%m-%d %H:%M:%S}"


def axis(first_at: datetime, last_at: datetime, places: int) -> list[str]:
    """Moments at equal distances to write below a picture, with their day where there is more than one."""
    step = (last_at - first_at) / (places - 1)
    moments = [(first_at + step * place).astimezone(UTC) for place in range(places)]
    form = "%H:%M:%S" if moments[0].date() == moments[-1].date() else "%m-%d %H:%M"
    return [f"{at:{form}}" for at in moments]


def period(first_at: datetime | None, last_at: datetime | None) -> str:
    """From when to when, and how long that is."""
    if first_at is None or last_at is None:
        return "no dated evidence"
    first, last = first_at.astimezone(UTC), last_at.astimezone(UTC)
    if first == last:
        return moment(first)
    until = clock(last) if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S} to {until} UTC ({lasting((last - first).total_seconds())})"


def lasting(seconds: float | None) -> str:
    """A duration."""
    return "unknown" if seconds is None else in_words(seconds)


def number(value: float) -> str:
    """A number with its thousands apart."""
    exact = isinstance(value, int) or value.is_integer() or abs(value) >= _ALL_DIGITS_BEFORE_THE_POINT
    return f"{value:,.0f}" if exact else f"{value:,.4g}"


def value(measured: float | str | None) -> str:
    """Anything measured: numbers as numbers, words as they are."""
    if measured is None:
        return "unknown"
    return measured if isinstance(measured, str) else number(measured)


_FATES = {
    "failed": "given up",
    "queued": "waiting on a queue",
    "running": "started and not ended",
    "retrying": "waiting for a retry",
    "scheduled": "scheduled for later",
    "interrupted": "cut off",
    "unknown": "with an unknown end",
}


def fate(state: str) -> str:
    """What became of a job, after its number: a state of the jobs table in words."""
    return _FATES.get(state, state.replace("_", " "))


def sparkline(values: Sequence[int], places: int) -> str:
    """The values as a line of small bars, added up where there are more of them than places."""
    together = -(-len(values) // places) if values else 1
    sums = [sum(values[place : place + together]) for place in range(0, len(values), together)]
    tallest = max(sums, default=0)
    return "".join(_BARS[-(-each * (len(_BARS) - 1) // tallest)] if each else _BARS[0] for each in sums)
