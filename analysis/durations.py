"""Spans of time as people write and read them: ``20s``, ``300ms``, ``10m``; ``2 min 14 s``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(text: str) -> timedelta:
    """The duration that a text means: a number and ms, s, m, h or d. Raises ``ValueError``."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is no duration; write 300ms, 20s, 10m, 2h or 1d")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2] or "s"])


def in_words(seconds: float) -> str:
    """So many seconds, as a person says it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    if whole < _HOUR:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < _DAY:
        return _two(whole // 3600, "h", whole % 3600 // 60, "min")
    return _two(whole // 86400, "d", whole % 86400 // 3600, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"
