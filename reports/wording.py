"""How values are written for people: times, durations, numbers, and text from logs made harmless to look at."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from analysis.durations import in_words

_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that show nothing, or change how their neighbours look."""


def visible(text: str) -> str:
    """The text in one line, without terminal colours; characters that hide or reorder text are spelled out."""
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


def period(first_at: datetime | None, last_at: datetime | None) -> str:
    """From when to when, and how long that is."""
    if first_at is None or last_at is None:
        return "no dated evidence"
    first, last = first_at.astimezone(UTC), last_at.astimezone(UTC)
    until = clock(last) if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S} to {until} UTC ({lasting((last - first).total_seconds())})"


def lasting(seconds: float | None) -> str:
    """A duration."""
    return "unknown" if seconds is None else in_words(seconds)


def number(value: float) -> str:
    """A number with its thousands apart."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def count(value: int, one: str, many: str | None = None) -> str:
    """So many of something."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"
