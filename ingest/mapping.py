"""
Mappings: what the keys of a log that no built-in format reads mean, as a user tells it in ``jobtrail.toml``.

    [[log]]
    name = "shop"
    format = "logfmt"
    time = "ts"
    event = "msg"
    [log.events]
    "job start" = "started"
    "job done*" = "succeeded"
    [log.fields]
    job_id = "jid"
    duration = { key = "took", unit = "ms" }

A mapping is checked when it is read: what is misspelt is told with file and key, and no line is read with half of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, cast

from ingest.clocks import ZoneError, zone_named
from ingest.files import InputError

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

EVENTS = (
    "scheduled", "enqueued", "reserved", "started", "heartbeat", "succeeded", "acknowledged", "failed",
    "error_reported", "retry_scheduled", "retries_exhausted", "discarded", "requeued", "interrupted", "cancelled",
    "lock_conflict", "enqueue_failed",
)  # fmt: skip
"""What a line can tell of a job: the column ``event`` of ``job_events``."""

TEXTS = (
    "service", "environment", "version", "job_id", "provider_job_id", "parent_job_id", "job_class", "queue",
    "idempotency_key", "host", "thread", "worker", "error_class", "error_message", "backtrace", "trace_id", "span_id",
    "message",
)  # fmt: skip
COUNTS = ("attempt", "max_attempts", "pid")
SPANS_OF_TIME = ("duration", "wait")
MOMENTS = ("enqueued_at", "run_at")
FIELDS = (*TEXTS, *COUNTS, *SPANS_OF_TIME, *MOMENTS, "arguments", "will_retry", "level")
"""The columns that a key can be mapped to. ``level`` is one of ``log_lines``; the others are of ``job_events``."""

DURATION_UNITS: Mapping[str, float] = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
"""Unit to seconds."""
TIME_UNITS: Mapping[str, int] = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": -1_000}
"""Unit of a count since 1970 to microseconds; a negative one divides."""

_KEYS = ("name", "format", "system", "when", "first", "time", "time_unit", "zone", "event", "events", "fields")
_NEEDED = ("name", "format", "time", "event", "events")


class MappingError(InputError):
    """A mapping cannot be used; the words name the file, the mapping and the key."""


@dataclass(frozen=True, kw_only=True)
class MappedField:
    """Where the value of one column stands."""

    key: str
    """A key as it is written or, in JSON, the way to it: ``job.id``."""
    unit: str | None = None
    """Of a duration: that of a bare number. Seconds without it."""
    first: int = 1
    """Of an attempt: the number of the first run, 1 or 0."""


@dataclass(frozen=True, kw_only=True)
class LogMapping:
    """One log: which lines are its, and what their keys mean."""

    name: str
    format: Literal["json", "logfmt"]
    system: str
    time: str
    event: str
    events: Mapping[str, str]
    """What the event's key says, to an event of ours; a ``*`` at its end stands for any more text."""
    fields: Mapping[str, MappedField] = field(default_factory=dict)
    """Column to where it stands."""
    when: Mapping[str, str] = field(default_factory=dict)
    """Keys and the values they must have, all of them, in a line of this log."""
    first: bool = False
    """Whether it is asked before the built-in formats, for lines that one of those takes for its own."""
    time_unit: str | None = None
    """Of times that are counts since 1970; told by their size without it."""
    zone: tzinfo | None = None
    """Of times that name none."""


def read_mappings(file: Path, *, taken: Sequence[str] = ()) -> tuple[LogMapping, ...]:
    """
    The mappings of a TOML file, in their order; a file without ``[[log]]`` has none.

    ``taken`` are the names of formats that exist. Raises ``MappingError``.
    """
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # beside its own errors, those of numbers with too many digits
        raise MappingError(f"{file} is no valid TOML: {error}") from error
    return mappings_in(told, str(file), taken=taken)


def mappings_in(told: Mapping[str, Any], file: str, *, taken: Sequence[str] = ()) -> tuple[LogMapping, ...]:
    """The same from the values of a TOML file; ``file`` is its name for what is said of mistakes."""
    tables = told.get("log", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise MappingError(f"{file}: log must be a list of tables: write [[log]], with two brackets")
    found: list[LogMapping] = []
    for number, table in enumerate(tables, start=1):
        mapping = _Checked(file, number, table).mapping()
        if mapping.name in [*taken, *(each.name for each in found)]:
            raise MappingError(f"{file}, log {mapping.name}: name: there is a format of that name already")
        found.append(mapping)
    return tuple(found)


@dataclass(frozen=True)
class _Checked:
    """One table of a file while it is checked."""

    file: str
    number: int
    table: Mapping[str, Any]

    def mapping(self) -> LogMapping:
        for key in self.table:
            if key not in _KEYS:
                raise self._wrong(key, f"there is no such key; {_near(key, _KEYS)}")
        for key in _NEEDED:
            if key not in self.table:
                raise self._wrong(key, "it is missing")
        name = self._text("name")
        if not re.fullmatch(r"[a-z0-9_]+", name):
            raise self._wrong("name", f"{name!r} must be of a-z, 0-9 and _")
        form = self._one_of("format", ("json", "logfmt"))
        first = self.table.get("first", False)
        if not isinstance(first, bool):
            raise self._wrong("first", "it must be true or false")
        return LogMapping(
            name=name,
            format=cast('Literal["json", "logfmt"]', form),
            system=self._text("system") if "system" in self.table else name,
            time=self._text("time"),
            time_unit=self._one_of("time_unit", tuple(TIME_UNITS)) if "time_unit" in self.table else None,
            zone=self._zone() if "zone" in self.table else None,
            event=self._text("event"),
            events=self._events(),
            fields={column: self._field(column, value) for column, value in self._table("fields").items()},
            when={key: self._value(key, value) for key, value in self._table("when").items()},
            first=first,
        )

    def _wrong(self, key: str, words: str) -> MappingError:
        name = self.table.get("name")
        return MappingError(f"{self.file}, log {name if isinstance(name, str) else self.number}: {key}: {words}")

    def _text(self, key: str) -> str:
        value = self.table[key]
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "it must be a text that is not empty")
        return value

    def _one_of(self, key: str, known: Sequence[str]) -> str:
        value = self._text(key)
        if value not in known:
            raise self._wrong(key, f"{value!r} is none of {', '.join(known)}")
        return value

    def _table(self, key: str) -> Mapping[str, Any]:
        value = self.table.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "it must be a table")
        return value

    def _zone(self) -> tzinfo:
        try:
            return zone_named(self._text("zone"))
        except ZoneError as error:
            raise self._wrong("zone", str(error)) from error

    def _value(self, key: str, value: object) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, str | int) or not key:
            raise self._wrong(f"when.{key}", "it must be a text, a whole number, true or false")
        return str(value)

    def _events(self) -> Mapping[str, str]:
        events = self._table("events")
        if not events:
            raise self._wrong("events", "it names no event: no line would tell anything of a job")
        for told, event in events.items():
            if not isinstance(event, str) or event not in EVENTS:
                raise self._wrong(f'events."{told}"', f"{event!r} is no event; {_near(str(event), EVENTS)}")
            if "*" in told[:-1]:
                raise self._wrong(f'events."{told}"', "a * may only stand at the end")
        return events

    def _field(self, column: str, value: object) -> MappedField:
        where = f"fields.{column}"
        if column not in FIELDS:
            raise self._wrong(where, f"there is no such field; {_near(column, FIELDS)}")
        options: Mapping[str, Any] = value if isinstance(value, dict) else {"key": value}
        key, unit, first = options.get("key"), options.get("unit"), options.get("first", 1)
        if not isinstance(key, str) or not key:
            raise self._wrong(where, 'it must name a key, such as "jid" or { key = "jid" }')
        allowed = ["key", *(["unit"] if column in SPANS_OF_TIME else []), *(["first"] if column == "attempt" else [])]
        for option in options:
            if option not in allowed:
                raise self._wrong(f"{where}.{option}", f"there is no such key here; there are {', '.join(allowed)}")
        if unit is not None and unit not in DURATION_UNITS:
            raise self._wrong(f"{where}.unit", f"{unit!r} is none of {', '.join(DURATION_UNITS)}")
        if isinstance(first, bool) or first not in (0, 1):
            raise self._wrong(f"{where}.first", "it must be 0 or 1: the number that the log gives the first run")
        return MappedField(key=key, unit=unit, first=first)


def _near(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
