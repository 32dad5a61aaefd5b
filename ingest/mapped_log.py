"""
A source made of a mapping: JSON lines or logfmt whose keys a user has named in ``jobtrail.toml`` (``mapping.py``).

    {"ts":"2026-03-01T22:00:05.120Z","level":"info","logger":"worker","msg":"job start","jid":"b6f1","task":"Mail"}
    ts=2026-03-01T22:00:05.120Z level=info logger=worker msg="job start" jid=b6f1 task=Mail

A line that tells one of the mapped events is a row of ``job_events``, any other a log line with what it says of a job.
Keys that no column holds stay in ``attributes``, and so does a value that its column cannot hold. Traps: a key may have
a dot in its name (``log.level``) or the dot may lead into an object; both are tried, in this order. An object that is
led into stays whole in ``attributes``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from ingest import logfmt
from ingest.arrow_frame import ArrowFrame
from ingest.mapping import COUNTS, DURATION_UNITS, MOMENTS, SPANS_OF_TIME, TEXTS, TIME_UNITS, LogMapping
from ingest.sources import Parsed, Source
from ingest.untrusted_json import decoded, encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

_SQL = files("ingest").joinpath("mapped_log.sql").read_text(encoding="utf-8")
_OF_LINES = ("message", "level", "host", "pid", "thread", "job_id", "job_class", "trace_id", "span_id")
"""The columns of ``log_lines`` that a key can be mapped to."""
_LOWER = ("trace_id", "span_id")

_LEVELS = {
    "trace": "debug", "debug": "debug", "info": "info", "information": "info", "notice": "info", "warn": "warn",
    "warning": "warn", "error": "error", "err": "error", "exception": "error", "fatal": "fatal", "critical": "fatal",
    "crit": "fatal", "panic": "fatal", "dpanic": "fatal", "alert": "fatal", "emerg": "fatal",
    "10": "debug", "20": "debug", "30": "info", "40": "warn", "50": "error", "60": "fatal",
}  # fmt: skip
"""Names of levels as loggers write them, and pino's and bunyan's numbers."""

_YEARS = (1970, 2259)
"""A time outside of them is no clock's: it would stretch everything that is counted by time."""
_LONGEST = 3e9
"""Seconds that a run or a wait may take, for the same reason."""
_MICROSECONDS = 1_000_000
_COUNT_LIMIT = {"attempt": 2**31, "max_attempts": 2**31, "pid": 2**63}
_PARTS_OF_DURATION = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}


def source_of(mapping: LogMapping) -> Source:
    """The format that a mapping describes, as the loader takes it."""
    reader = _Reader(mapping)
    told = set(mapping.events.values())
    shows = {
        "enqueues": bool(told & {"enqueued", "scheduled"}),
        "starts": "started" in told,
        "ends": bool(told & {"succeeded", "failed", "acknowledged"}),
        "errors": bool({"error_class", "error_message"} & set(mapping.fields)),
        "arguments": "arguments" in mapping.fields,
    }
    return Source(
        name=mapping.name,
        describes=f"a log of {mapping.system}, {mapping.format}, as mapped",
        kind="log",
        system=mapping.system,
        shows=frozenset(word for word, is_shown in shows.items() if is_shown),
        cannot="What its lines do not say, and what the mapping does not name.",
        claims=reader.claims,
        parse=reader.parse,
        zone=mapping.zone,
    )


def with_mapped(sources: Sequence[Source], mappings: Sequence[LogMapping]) -> tuple[Source, ...]:
    """
    The sources in the order in which they are asked: mapped logs after the others, so that no built-in format loses a
    line to a mapping that takes too much; before them those that say ``first``.
    """
    return (
        *(source_of(mapping) for mapping in mappings if mapping.first),
        *sources,
        *(source_of(mapping) for mapping in mappings if not mapping.first),
    )


@dataclass(frozen=True)
class _Reader:
    """Reads the lines of one mapped log."""

    mapping: LogMapping

    def claims(self, line: pl.Expr) -> pl.Expr:
        mapping = self.mapping
        if mapping.format == "logfmt":
            of_format = ~line.str.starts_with("{") & line.str.contains(rf"(?:^|\s){re.escape(mapping.time)}=")
            conditions = [
                rf"(?:^|\s){re.escape(key)}=(?:{_either(value, encoded(value))})(?:\s|$)"
                for key, value in mapping.when.items()
            ]
        else:
            of_format = line.str.contains(r"^\x{feff}?\s*\{") & line.str.contains(rf"{_json_key(mapping.time)}\s*:")
            conditions = [
                rf"{_json_key(key)}\s*:\s*(?:{_either(value, encoded(value), json.dumps(value))})\s*[,}}]"
                for key, value in mapping.when.items()
            ]
        return pl.all_horizontal([of_format, *(line.str.contains(condition) for condition in conditions)])

    def parse(self, records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
        lines = self._of_json(records, connection) if self.mapping.format == "json" else self._of_logfmt(records)
        clock = _moments(lines[self._place(self.mapping.time)], self.mapping.time_unit)
        lines = lines.with_columns(clock["utc"].alias("occurred_at"), clock["clock"].alias("occurred_at_clock"))
        told = pl.col("occurred_at").is_not_null() | pl.col("occurred_at_clock").is_not_null()
        no_time = f'"{self.mapping.time}" is missing or no time of the years {_YEARS[0]} to {_YEARS[1]}'
        lines = lines.with_columns(reason=pl.coalesce("reason", pl.when(~told).then(pl.lit(no_time))))
        rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
        good = lines.filter(pl.col("reason").is_null())
        columns = [column for column in self.mapping.fields if column != "level"]
        tables = {
            "job_events": self._rows(good.filter("is_event"), columns).with_columns(_event(self.mapping.events)),
            "log_lines": self._rows(
                good.filter(~pl.col("is_event")), [column for column in self.mapping.fields if column in _OF_LINES]
            ).with_columns(pl.col("message").fill_null("")),
        }
        return Parsed(
            rows={name: frame.drop("told_event") for name, frame in tables.items() if not frame.is_empty()},
            rejects=None if rejects.is_empty() else rejects,
        )

    # --- keys

    def _keys(self) -> list[str]:
        """Every key that is looked at, once."""
        mapping = self.mapping
        fields = (each.key for each in mapping.fields.values())
        return list(dict.fromkeys([mapping.time, mapping.event, *fields, *mapping.when]))

    def _place(self, key: str) -> str:
        """The name of the column that holds a key's texts while a batch is read."""
        return f"key_{self._keys().index(key)}"

    def _held(self, columns: Sequence[str]) -> list[str]:
        """The keys whose values these columns hold."""
        message = self.mapping.fields.get("message")
        words = [self.mapping.event] if message is None or message.key == self.mapping.event else []
        return [self.mapping.time, *words, *(self.mapping.fields[column].key for column in columns)]

    def _held_of_events(self) -> list[str]:
        return self._held([column for column in self.mapping.fields if column != "level"])

    def _held_of_lines(self) -> list[str]:
        return self._held([column for column in self.mapping.fields if column in _OF_LINES])

    # --- lines to texts

    def _of_json(self, records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
        keys = self._keys()
        exact, prefixes = _exact_and_prefixes(self.mapping.events)
        of_events, of_lines = self._held_of_events(), self._held_of_lines()
        parameters = {
            "dotted": any("." in key for key in keys),
            "as_written": [_pointer([key]) for key in keys],
            "as_ways": [_pointer(key.split(".")) for key in keys],
            "event_at": keys.index(self.mapping.event) + 1,
            "exact": list(exact),
            "prefixes": list(prefixes),
            "when_at": [keys.index(key) + 1 for key in self.mapping.when],
            "when_values": list(self.mapping.when.values()),
            "keys_of_events": of_events,
            "told_of_events": encoded(dict.fromkeys(of_events)),
            "keys_of_lines": of_lines,
            "told_of_lines": encoded(dict.fromkeys(of_lines)),
        }
        connection.register("records", ArrowFrame(records.select("line_no", "text")))
        lines = pl.DataFrame(connection.sql(_SQL, params=parameters))
        texts = (
            pl.col("told").list.get(index, null_on_oob=True).alias(self._place(key)) for index, key in enumerate(keys)
        )
        return lines.select("line_no", "reason", "is_event", "beside", *texts)

    def _of_logfmt(self, records: pl.DataFrame) -> pl.DataFrame:
        pairs = logfmt.pairs_of(records)
        texts = {self._place(key): pairs.column(key) for key in self._keys()}
        frame = records.select("line_no", pl.lit(None, pl.String).alias("reason")).with_columns(
            **{name: pl.lit(values) for name, values in texts.items()}
        )
        holds = [pl.col(self._place(key)) == value for key, value in self.mapping.when.items()]
        is_event = _event(self.mapping.events, pl.col(self._place(self.mapping.event))).is_not_null()
        frame = frame.with_columns(is_event=pl.all_horizontal([is_event, *holds]).fill_null(value=False))
        of_events, of_lines = set(self._held_of_events()), set(self._held_of_lines())
        kept_in_lines = dict.fromkeys(of_events - of_lines, ~frame["is_event"])
        kept_in_events = dict.fromkeys(of_lines - of_events, frame["is_event"])
        beside = pairs.objects(sorted(of_events & of_lines), kept_in_lines | kept_in_events)
        return frame.with_columns(beside.alias("beside"))

    # --- texts to rows

    def _rows(self, lines: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
        event = pl.col(self._place(self.mapping.event))
        rows = lines.select(
            "line_no",
            "occurred_at",
            "occurred_at_clock",
            pl.lit(self.mapping.system).alias("system"),
            event.alias("told_event"),
            *([] if "message" in self.mapping.fields else [event.alias("message")]),
        )
        misread: dict[str, pl.Series] = {}
        for column in columns:
            key = self.mapping.fields[column].key
            texts = lines[self._place(key)]
            read = self._read(column, texts)
            rows = rows.with_columns(read)
            held = {each.name for each in read}
            unread = (
                texts.is_not_null()
                & pl.select(pl.all_horizontal(pl.lit(rows[name]).is_null() for name in held)).to_series()
                if lines.height
                else pl.Series([], dtype=pl.Boolean)
            )
            if unread.any():
                frame = pl.DataFrame({"texts": texts, "unread": unread})
                misread[key] = frame.select(pl.when("unread").then("texts")).to_series()
        return rows.with_columns(_with(lines["beside"], misread).alias("attributes"))

    def _read(self, column: str, texts: pl.Series) -> list[pl.Series]:
        """A column's values, or for a moment those of the column in UTC and of the one by a wall clock."""
        found = self.mapping.fields[column]
        if column in MOMENTS:
            clock = _moments(texts, self.mapping.time_unit)
            return [clock["utc"].alias(column), clock["clock"].alias(f"{column}_clock")]
        if column in TEXTS:
            read = texts.str.to_lowercase() if column in _LOWER else texts
        elif column in COUNTS:
            read = _counts(texts, _COUNT_LIMIT[column], more=1 - found.first)
        elif column in SPANS_OF_TIME:
            read = _durations(texts, DURATION_UNITS[found.unit or "s"], negative=column == "wait")
        elif column == "arguments":
            read = _by_text(texts, _arguments)
        elif column == "will_retry":
            read = texts.str.to_lowercase().replace_strict(
                {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
            )
        else:
            read = texts.str.to_lowercase().replace_strict(_LEVELS, default=None, return_dtype=pl.String)
        return [read.alias(column)]


def _either(*texts: str) -> str:
    return "|".join(re.escape(text) for text in dict.fromkeys(texts))


def _json_key(key: str) -> str:
    """A pattern of a key as JSON writes it, or of the last part of the way to it."""
    return _either(encoded(key), json.dumps(key), encoded(key.rpartition(".")[2])).join(("(?:", ")"))


def _pointer(parts: Sequence[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _exact_and_prefixes(events: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The words that tell events, and the beginnings that do, the longest first."""
    exact = {words: event for words, event in events.items() if not words.endswith("*")}
    prefixes = {words[:-1]: event for words, event in events.items() if words.endswith("*")}
    return exact, dict(sorted(prefixes.items(), key=lambda each: -len(each[0])))


def _event(events: Mapping[str, str], words: pl.Expr | None = None) -> pl.Expr:
    told = pl.col("told_event") if words is None else words
    exact, prefixes = _exact_and_prefixes(events)
    by_word = told.replace_strict(exact, default=None, return_dtype=pl.String) if exact else pl.lit(None, pl.String)
    by_beginning = [pl.when(told.str.starts_with(prefix)).then(pl.lit(event)) for prefix, event in prefixes.items()]
    return pl.coalesce([by_word, *by_beginning]).alias("event")


def _moments(texts: pl.Series, unit: str | None) -> pl.DataFrame:
    """``utc`` of times that name their zone or count since 1970, ``clock`` of the others."""
    utc = texts.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False)  # most logs, and fast
    none = pl.lit(None, pl.Datetime("us"))
    found = pl.DataFrame({"utc": utc}).select("utc", none.alias("clock"))
    others = texts.is_not_null() & utc.is_null()
    if others.any():
        numbers = pl.arange(len(texts), eager=True)
        read = _other_moments(texts.filter(others), unit).with_columns(number=numbers.filter(others))
        found = (
            found.select(pl.col("utc").alias("first"))
            .with_columns(number=numbers)
            .join(read, on="number", how="left", maintain_order="left")
            .select(pl.coalesce("first", "utc").alias("utc"), "clock")
        )
    return found.with_columns(pl.when(pl.all().dt.year().is_between(*_YEARS)).then(pl.all()).name.keep())


def _other_moments(texts: pl.Series, unit: str | None) -> pl.DataFrame:
    text = pl.col("text").str.strip_chars()
    is_count = text.str.contains(r"^\d{8,20}(?:\.\d{1,12})?$|^\d(?:\.\d{1,18})?[eE]\+?\d{1,2}$")
    whole = pl.when(is_count).then(text).cast(pl.Int64, strict=False)
    fraction = pl.when(is_count & whole.is_null()).then(text).cast(pl.Float64, strict=False)
    counted = pl.coalesce(_by_size(whole, unit), _by_size(fraction, unit).round().cast(pl.Int64, strict=False))
    written = pl.when(~is_count).then(text)
    zone = written.str.extract(r"\d ?(Z|z|UTC|GMT|[+-]\d\d:?\d\d)$", 1)
    shown = (
        written.str.strip_suffix(zone.fill_null(""))
        .str.strip_chars_end(" ")
        .str.replace(r"^(\d{4})[-/](\d\d)[-/](\d\d)[T ]", "${1}-${2}-${3}T")
        .str.replace(",", ".", literal=True)
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    )
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    digits = zone.str.replace(":", "", literal=True)
    minutes = (
        digits.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0) * 60
        + digits.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    ) * sign
    utc = pl.coalesce(
        pl.when(zone.is_not_null()).then(shown - pl.duration(minutes=minutes)), counted.cast(pl.Datetime("us"))
    )
    return pl.DataFrame({"text": texts}).select(utc=utc, clock=pl.when(zone.is_null()).then(shown))


def _by_size(count: pl.Expr, unit: str | None) -> pl.Expr:
    """Microseconds since 1970; null where that would not be of the years that count."""
    last = 9_214_646_400  # seconds: the end of 2261
    if unit is not None:
        factor = TIME_UNITS[unit]
        if factor < 0:
            return count // -factor
        return pl.when(count < last * _MICROSECONDS / factor).then(count * factor)
    read = count // 1000
    for limit, factor in ((1e17, 1), (1e14, 1_000), (1e11, _MICROSECONDS)):
        scaled = pl.when(count < last * _MICROSECONDS / factor).then(count * factor)
        read = pl.when(count < limit).then(scaled).otherwise(read)
    return read


def _counts(texts: pl.Series, limit: int, *, more: int) -> pl.Series:
    whole = texts.str.extract(r"^\s*(-?\d{1,19})(?:\.0)?\s*$", 1).cast(pl.Int64, strict=False)
    frame = pl.DataFrame({"whole": whole}).with_columns(pl.when(pl.col("whole").abs() < limit - 1).then("whole"))
    return (frame["whole"] + more).cast(pl.Int64 if limit > 2**31 else pl.Int32, strict=False)


def _durations(texts: pl.Series, unit: float, *, negative: bool) -> pl.Series:
    """Seconds of bare numbers in this unit, and of texts that name their own: ``1m2.5s``, ``350µs``."""
    text = pl.col("text").str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False) * unit
    with_unit = text.str.contains(r"^(?:\d{1,12}(?:\.\d{1,12})?(?:h|ms|m|s|us|µs|μs|ns))+$")
    parts = pl.sum_horizontal(
        text.str.extract(rf"(?:^|[a-z])(\d+(?:\.\d+)?){name}(?:\d|$)", 1).cast(pl.Float64, strict=False) * seconds
        for name, seconds in _PARTS_OF_DURATION.items()
    )
    least = -_LONGEST if negative else 0.0
    read = pl.coalesce(numbers, pl.when(with_unit).then(parts))
    return (
        pl.DataFrame({"text": texts})
        .select(read.alias("seconds"))
        .select(pl.when(pl.col("seconds").is_between(least, _LONGEST)).then("seconds"))
        .to_series()
    )


def _by_text(texts: pl.Series, read: Callable[[str], str | None]) -> pl.Series:
    """Each different text read once."""
    distinct = texts.drop_nulls().unique().to_list()
    found = pl.DataFrame(
        {"text": distinct, "read": [read(text) for text in distinct]}, schema={"text": pl.String, "read": pl.String}
    )
    return pl.DataFrame({"text": texts}).join(found, on="text", how="left", maintain_order="left")["read"]


def _arguments(text: str) -> str | None:
    if text[:1] not in ("[", "{"):
        return None
    try:
        return encoded(decoded(text))
    except ValueError:
        return None


def _with(beside: pl.Series, misread: Mapping[str, pl.Series]) -> pl.Series:
    """The objects with what could not be read put back, line by line: a mapping that fits makes few of these."""
    if not misread:
        return beside
    put_back = zip(*(values.to_list() for values in misread.values()), strict=True)
    joined = [
        _together(held, dict(zip(misread, values, strict=True)))
        for held, values in zip(beside.to_list(), put_back, strict=True)
    ]
    return pl.Series(beside.name, joined, dtype=pl.String)


def _together(held: str | None, misread: Mapping[str, str | None]) -> str | None:
    members = [f"{encoded(key)}:{encoded(text)}" for key, text in misread.items() if text is not None]
    if not members:
        return held
    return "{" + ",".join([*members, *([held[1:-1]] if held else [])]) + "}"
