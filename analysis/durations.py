"""Spans of time as people write and read them: ``20s``, ``300ms``, ``1h30m``; ``2 min 14 s``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_NUMBER = r"\d+(?:\.\d+)?"
_PART = re.compile(rf"({_NUMBER})\s*(ms|s|min|m|h|d)\s*")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LONGEST = timedelta(days=36_525)
"""Beyond a century a moment less the duration may fall out of the calendar."""


def duration(text: str) -> timedelta:
    """The duration a text means: numbers with ms, s, m, h or d; a bare number is seconds. Raises ``ValueError``."""
    parts = _PART.findall(text)
    if re.fullmatch(rf"\s*{_NUMBER}\s*", text):
        parts = [(text, "s")]
    elif not parts or not re.fullmatch(rf"\s*(?:{_PART.pattern})+", text):
        raise ValueError(f"{text!r} is no duration; write 300ms, 20s, 10m, 1h30m or 1d")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"{text!r} is too long; at most {_LONGEST.days}d")
    return timedelta(seconds=seconds)


def as_typed(span: timedelta) -> str:
    """The span as ``duration`` reads it back, such as ``1h30m``; not negative."""
    rest = span // timedelta(microseconds=1)
    parts = []
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE), ("s", 1)):
        many, rest = divmod(rest, size * 1_000_000)
        parts += [f"{many}{unit}"] if many else []
    parts += [f"{rest / 1000:g}ms"] if rest else []
    return "".join(parts) or "0s"


def in_words(seconds: float) -> str:
    """So many seconds, as a person says it."""
    milliseconds = seconds * 1000
    if milliseconds < 1:
        return f"{milliseconds:.2g} ms"
    if round(milliseconds) < 1000:  # noqa: PLR2004 - in a second
        return f"{milliseconds:.0f} ms"
    if float(f"{seconds:.3g}") < _MINUTE:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    if whole < _HOUR:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < _DAY:
        return _two(whole // 3600, "h", whole % 3600 // 60, "min")
    return _two(whole // 86400, "d", whole % 86400 // 3600, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"
