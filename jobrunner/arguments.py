"""
A job's arguments as JSON and back, exactly as Active Job writes them, so that Ruby and Python read each other's jobs.

Numbers, texts, lists and dicts stay what they are; a tuple comes back as a list. Named arguments are a last dict,
marked as keywords. Of an object a reference goes along (``references``). All other types have a serializer that is
named in the JSON; an application adds its own with ``SERIALIZERS.add``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol, Self
from zoneinfo import ZoneInfo

from jobrunner.references import REFERENCES, RecordNotFoundError, Referable

GLOBAL_ID: Final = "_aj_globalid"
SYMBOL_KEYS: Final = "_aj_symbol_keys"
KEYWORDS: Final = "_aj_ruby2_keywords"
INDIFFERENT: Final = "_aj_hash_with_indifferent_access"
SERIALIZED: Final = "_aj_serialized"
RESERVED: Final = frozenset({GLOBAL_ID, SYMBOL_KEYS, KEYWORDS, INDIFFERENT, SERIALIZED})
OURS: Final = "ActiveJob::Serializers::"


class SerializationError(ValueError):
    """An argument that cannot travel with a job; the message says which, where, and what to pass instead."""


class DeserializationError(ValueError):
    """Arguments that cannot be read back; the cause is kept."""


class ReferenceNotFoundError(DeserializationError):
    """An argument names an object that is gone. Usually the job has nothing left to do: ``discard_on`` it."""


class Symbol(str):
    """A Ruby symbol; to Python it is the text of its name."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Symbol({str.__repr__(self)})"


class Keywords(dict[str, Any]):
    """Named arguments, last in the list of a job's arguments."""


def apart(arguments: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Take a job's arguments apart into those by place and those by name."""
    if arguments and isinstance(arguments[-1], Keywords):
        return arguments[:-1], arguments[-1]
    return arguments, {}


class IndifferentDict(dict[str, Any]):
    """A Rails hash with indifferent access; kept apart only to be written back as one."""


class Duration(timedelta):
    """A Rails duration. ``parts`` says what it was made of: a month is not always as many seconds."""

    parts: tuple[tuple[str, float], ...]

    def __new__(cls, seconds: float, parts: Sequence[tuple[str, float]]) -> Self:
        made = super().__new__(cls, seconds=seconds)
        made.parts = tuple(parts)
        return made


@dataclass(frozen=True, slots=True)
class Range:
    """A Ruby range; either end may be None, which means without end."""

    begin: Any
    end: Any
    exclude_end: bool = False


class Serializer(Protocol):
    """How values of one type travel. ``name`` stands in the JSON and must be the same wherever the job is read."""

    name: str

    @property
    def kind(self) -> type | None:
        """The type of its values; None for one that only reads."""

    def serialize(self, value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a value of kind
        """Say the value in JSON."""

    def deserialize(self, told: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a value of kind
        """Make the value again."""


class Serializers:
    """The serializers in use; one that was added later goes before those that were there."""

    def __init__(self, *known: Serializer) -> None:
        self._known = list(known)

    def add(self, serializer: Serializer) -> None:
        self._known.insert(0, serializer)

    def of(self, value: object) -> Serializer | None:
        """Find the serializer of a value: that of exactly its class, else one of a class it inherits from."""
        exact = (each for each in self._known if each.kind is type(value))
        inherited = (each for each in self._known if each.kind and isinstance(value, each.kind))
        return next(exact, None) or next(inherited, None)

    def named(self, name: str) -> Serializer:
        found = next((each for each in self._known if each.name == name), None)
        if found is None:
            raise DeserializationError(
                f"no serializer is named {name!r}: add it with SERIALIZERS.add where workers start"
            )
        return found


def serialize(arguments: Sequence[Any]) -> list[Any]:
    """Say arguments in JSON; ``SerializationError`` for one that cannot be said."""
    return [_said(each, f"argument {place}") for place, each in enumerate(arguments, 1)]


def deserialize(arguments: Sequence[Any]) -> list[Any]:
    """Read arguments from JSON; ``DeserializationError``, with what went wrong as its cause."""
    try:
        return [_read(each) for each in arguments]
    except (RecordNotFoundError, ReferenceNotFoundError) as error:
        raise ReferenceNotFoundError(f"an argument cannot be read: {error}") from error
    except Exception as error:
        raise DeserializationError(f"an argument cannot be read: {error}") from error


def exact_time(moment: datetime) -> str:
    """Write a time as Ruby's ``iso8601(9)`` does: nanoseconds, Z or an offset of whole minutes."""
    offset = moment.utcoffset()
    if offset is None:
        raise SerializationError(f"{moment!r} names no zone: datetime.now(UTC) does, or .replace(tzinfo=...)")
    if offset.seconds % 60 or offset.microseconds:  # which Ruby cannot read
        moment = moment.astimezone(UTC)
    text = moment.isoformat(timespec="microseconds")
    zone = "Z" if moment.tzname() == "UTC" else text[26:]
    return f"{text[:26]}000{zone}"


def read_time(text: str) -> datetime:
    """Read a time with its zone; what is finer than microseconds is cut off. ``ValueError`` if it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no zone")
    return moment


def _said(value: Any, where: str) -> Any:  # noqa: ANN401, PLR0911 - any value has its own way
    if value is None or type(value) in {bool, int, str}:
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise SerializationError(f"{where} is {value}, which JSON cannot say: pass None or a text")
        return value
    serializer = SERIALIZERS.of(value)
    if serializer is not None:
        return _by(serializer, value, where)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Referable):
        return _reference(value, where)
    if isinstance(value, (list, tuple)):
        return [_said(each, f"{where}[{place}]") for place, each in enumerate(value)]
    if isinstance(value, dict):
        return _dict(value, where)
    raise SerializationError(
        f"{where} is a {type(value).__qualname__}, which a job cannot carry: pass plain values, "
        "give its class a job_reference, or add a serializer with SERIALIZERS.add"
    )


def _by(serializer: Serializer, value: Any, where: str) -> dict[str, Any]:  # noqa: ANN401 - a value of its kind
    try:
        return {SERIALIZED: serializer.name, **serializer.serialize(value)}
    except SerializationError as error:
        raise SerializationError(f"{where} is a {type(value).__qualname__} that cannot go along: {error}") from error


def _reference(value: Referable, where: str) -> dict[str, str]:
    reference = value.job_reference()
    if not reference.id:
        raise SerializationError(f"{where} is a {type(value).__qualname__} without an id: save it before it goes along")
    return {GLOBAL_ID: str(reference)}


def _dict(value: dict[Any, Any], where: str) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise SerializationError(f"{where} has the key {key!r}, a {type(key).__qualname__}: keys must be texts")
        if key in RESERVED:
            raise SerializationError(f"{where} has the key {key!r}, which Active Job keeps for itself: rename it")
    said = {str.__str__(key): _said(each, f"{where}[{key!r}]") for key, each in value.items()}
    if isinstance(value, IndifferentDict):
        return {**said, INDIFFERENT: True}
    if isinstance(value, Keywords):
        return {**said, KEYWORDS: list(said)}
    return {**said, SYMBOL_KEYS: [str.__str__(key) for key in value if isinstance(key, Symbol)]}


def _read(told: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(told, list):
        return [_read(each) for each in told]
    if not isinstance(told, dict):
        return told
    if set(told) == {GLOBAL_ID}:
        return REFERENCES.find(told[GLOBAL_ID])
    if SERIALIZED in told:
        return SERIALIZERS.named(told[SERIALIZED]).deserialize(told)
    return _read_dict(told)


def _read_dict(told: dict[str, Any]) -> dict[str, Any]:
    read = {key: _read(each) for key, each in told.items() if key not in RESERVED}
    if told.get(INDIFFERENT):
        return IndifferentDict(read)
    if SYMBOL_KEYS not in told and KEYWORDS in told:
        return Keywords(read)
    symbols = told.get(SYMBOL_KEYS) or ()
    return {Symbol(key) if key in symbols else key: each for key, each in read.items()}


class _SymbolSerializer:
    name = OURS + "SymbolSerializer"
    kind = Symbol

    def serialize(self, value: Symbol) -> Mapping[str, Any]:
        return {"value": str.__str__(value)}

    def deserialize(self, told: Mapping[str, Any]) -> Symbol:
        return Symbol(told["value"])


class _DurationSerializer:
    name = OURS + "DurationSerializer"
    kind = timedelta

    def serialize(self, value: timedelta) -> Mapping[str, Any]:
        seconds = _number(value.total_seconds())
        parts = value.parts if isinstance(value, Duration) else (("seconds", seconds),)
        return {"value": seconds, "parts": serialize([[Symbol(unit), count] for unit, count in parts])}

    def deserialize(self, told: Mapping[str, Any]) -> timedelta:
        parts = [(str(unit), count) for unit, count in _read(told["parts"])]
        plain = [("seconds", told["value"])]
        return timedelta(seconds=told["value"]) if parts == plain else Duration(told["value"], parts)


class _TimeSerializer:
    """Python has one type for Ruby's three: a time in a zone with a name is written as one, any other as a ``Time``."""

    name = OURS + "TimeSerializer"
    kind: type | None = datetime

    def serialize(self, value: datetime) -> Mapping[str, Any]:
        told = {"value": exact_time(value)}
        if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key:
            return {SERIALIZED: _TimeWithZoneSerializer.name, **told, "time_zone": value.tzinfo.key}
        return told

    def deserialize(self, told: Mapping[str, Any]) -> datetime:
        moment = read_time(told["value"])
        zone = told.get("time_zone")
        return moment.astimezone(ZoneInfo(zone)) if zone else moment


class _TimeWithZoneSerializer(_TimeSerializer):
    name = OURS + "TimeWithZoneSerializer"
    kind = None


class _DateTimeSerializer(_TimeSerializer):
    name = OURS + "DateTimeSerializer"
    kind = None


class _DateSerializer:
    name = OURS + "DateSerializer"
    kind = date

    def serialize(self, value: date) -> Mapping[str, Any]:
        return {"value": value.isoformat()}

    def deserialize(self, told: Mapping[str, Any]) -> date:
        return date.fromisoformat(told["value"])


class _ModuleSerializer:
    """
    A class travels by its name.

    Only what is imported is looked at: reading a job must not import what its sender names.
    """

    name = OURS + "ModuleSerializer"
    kind = type

    def serialize(self, value: type) -> Mapping[str, Any]:
        if "<locals>" in value.__qualname__:
            raise SerializationError(
                f"{value.__qualname__} is made inside a function: a class must stand in its module"
            )
        return {"value": f"{value.__module__}:{value.__qualname__}"}

    def deserialize(self, told: Mapping[str, Any]) -> type:
        module, _, path = told["value"].partition(":")
        found: Any = sys.modules.get(module)
        for part in path.split("."):
            found = getattr(found, part, None)
        if not isinstance(found, type):
            raise DeserializationError(f"there is no class {told['value']!r}: import its module where workers start")
        return found


class _RangeSerializer:
    name = OURS + "RangeSerializer"
    kind = Range

    def serialize(self, value: Range) -> Mapping[str, Any]:
        begin, end = _said(value.begin, "its begin"), _said(value.end, "its end")
        return {"begin": begin, "end": end, "exclude_end": value.exclude_end}

    def deserialize(self, told: Mapping[str, Any]) -> Range:
        return Range(_read(told["begin"]), _read(told["end"]), told["exclude_end"])


class _DecimalSerializer:
    name = OURS + "BigDecimalSerializer"
    kind = Decimal

    def serialize(self, value: Decimal) -> Mapping[str, Any]:
        """Write it as Ruby does: ``0.15e1``."""
        sign, digits, exponent = value.as_tuple()
        minus = "-" if sign else ""
        if value.is_nan():
            return {"value": "NaN"}
        if not isinstance(exponent, int):
            return {"value": f"{minus}Infinity"}
        text = "".join(map(str, digits)).lstrip("0")
        point = len(text) + exponent
        text = text.rstrip("0")
        return {"value": f"{minus}0.{text}e{point}" if text else f"{minus}0.0"}

    def deserialize(self, told: Mapping[str, Any]) -> Decimal:
        return Decimal(told["value"])


def _number(seconds: float) -> float:
    return int(seconds) if seconds.is_integer() else seconds


SERIALIZERS: Final = Serializers(
    _SymbolSerializer(),
    _DurationSerializer(),
    _TimeSerializer(),
    _DateSerializer(),
    _ModuleSerializer(),
    _RangeSerializer(),
    _DecimalSerializer(),
    _DateTimeSerializer(),
    _TimeWithZoneSerializer(),
)
