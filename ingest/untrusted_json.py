"""JSON that others wrote, made safe to store: what is of the wrong type or out of range is kept aside, never raised."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as the tables hold it
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MILLISECONDS_FROM = 100_000_000_000
"""Seconds reach it in the year 5138, milliseconds reached it in 1973."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2259
"""A time outside of them is no clock's: it would stretch everything that is counted by time."""


def decoded(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a JSON text. Raises ValueError, in words, and nothing else."""
    try:
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=str, parse_float=_finite)
        return _whole(value) if "\\ud" in text.lower() else value
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"no valid JSON: {error.msg} at character {error.pos + 1}") from None


def decoded_object(text: Any) -> dict[str, Any]:  # noqa: ANN401 - what should have been text
    """The same for a text that must hold an object."""
    if not isinstance(text, str):
        raise ValueError("not a text that holds a JSON object")  # noqa: TRY004 - one kind of error for bad input
    value = decoded(text)
    if not isinstance(value, dict):
        raise ValueError("JSON, but no object")  # noqa: TRY004 - the same
    return value


def encoded(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Its JSON text, as short as it goes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def canonical(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Its JSON text with sorted keys: the same for every way of writing the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@dataclass
class Fields:
    """An object's fields, taken one by one. What nobody could take is left, and stored as attributes."""

    left: dict[str, Any]
    aside: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Fields:
        return cls(dict(value))

    def take(self, key: str, read: Callable[[Any], T | None]) -> T | None:
        taken = read(self.left.get(key))
        if taken is not None:
            del self.left[key]
        return taken

    def attributes(self) -> str | None:
        kept = {key: value for key, value in {**self.left, **self.aside}.items() if value is not None}
        return encoded(kept) if kept else None


def text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """A text, or a number as text: ids are sometimes one, sometimes the other."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def flag(value: Any) -> bool | None:  # noqa: ANN401 - any JSON value
    """True or false, also where Redis made a word of it."""
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(value) if _is_text(value) else None


def integer(value: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """A whole number that fits 32 bits."""
    return _whole_number(value, 2**31)


def long_integer(value: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """A whole number that fits 64 bits."""
    return _whole_number(value, 2**63)


def number(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """A finite number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def names(value: Any) -> list[str] | None:  # noqa: ANN401 - any JSON value
    """A list of texts and nothing else."""
    return value if isinstance(value, list) and all(_is_text(name) for name in value) else None


def json_value(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """A list or an object, as JSON text."""
    return encoded(value) if isinstance(value, list | dict) else None


def epoch_seconds(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    """A moment from seconds since 1970, to the microsecond."""
    seconds = number(value)
    return None if seconds is None else _since_epoch(seconds)


def epoch(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    """A moment from seconds or milliseconds since 1970; its size tells which."""
    count = number(value)
    if count is None:
        return None
    return _since_epoch(count / 1000 if abs(count) >= _MILLISECONDS_FROM else count)


def iso(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    """A moment from ISO 8601, moved to UTC where it names an offset, read as UTC where it names none."""
    if not _is_text(value) or not value[:1].isdigit():
        return None
    try:
        moment = datetime.fromisoformat(value)
        return _of_a_clock(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)
    except (ValueError, OverflowError):
        return None


def _since_epoch(seconds: float) -> datetime | None:
    try:
        return _of_a_clock(_EPOCH + timedelta(microseconds=round(seconds * 1_000_000)))
    except OverflowError:
        return None


def _of_a_clock(moment: datetime) -> datetime | None:
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _whole_number(value: Any, limit: int) -> int | None:  # noqa: ANN401 - any JSON value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit
    return value if fits else None


def _is_text(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, str)


def _finite(literal: str) -> float | str:
    found = float(literal)
    return found if math.isfinite(found) else literal


def _whole(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same value with every half of a surrogate pair that stands alone shown as U+FFFD: such text is no UTF-8."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
