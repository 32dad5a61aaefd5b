r"""
Lines of ``key=value`` pairs, in columns.

    ts=2026-03-01T22:00:05Z level=info msg="job \"start\"" jid=7 note= dry

A value may be quoted and hold spaces, and then escapes as Go, C and JSON write them; ``note=`` is the empty text, and a
bare key is true. Nothing is no logfmt: what fits no pair is a bare key. Of a key that comes twice the first is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ingest.untrusted_json import encoded

_PAIR = r'[^\s="]+=(?:"(?:[^"\\]|\\.)*"|\S*)|\S+'
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "0": "\ufffd"}
_MOST_COLUMNS = 40
"""Keys of a batch up to which each has a column of its own while attributes are made: the faster way for most logs."""
_LAST_CHARACTER = 0x10FFFF


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The pairs of some lines."""

    lines: pl.DataFrame
    """The lines: ``line_no``, each once."""
    frame: pl.DataFrame
    """Every pair in order: ``line_no``, ``key``, ``value`` as it is written (null of a bare key)."""
    by_key: dict[str, pl.DataFrame] | None
    """The pairs of each key, where there are few keys: ``line_no``, ``value`` without quotes and escapes."""

    def told(self) -> pl.DataFrame:
        """Every pair in order: ``line_no``, ``key``, ``value`` as it is meant (null of a bare key)."""
        return self.frame.with_columns(_unquoted(self.frame["value"]))

    def column(self, key: str) -> pl.Series:
        """The value of a key for each line, null where it has none; a bare key is ``true``."""
        return self._for_each_line(self._of(key).select("line_no", pl.col("value").fill_null("true")))

    def objects(self, without: Sequence[str], only_where: Mapping[str, pl.Series]) -> pl.Series:
        """
        A JSON object of each line's pairs, null where there is none: values are texts, bare keys ``true``.

        ``without`` are the keys to leave out; ``only_where`` says of others in which lines (a boolean for each) to
        keep them.
        """
        if self.by_key is None:
            return self._objects_of_many(without, only_where)
        columns = {}
        for number, (key, told) in enumerate(self.by_key.items()):
            if key in without:
                continue
            members = told.select("line_no", (pl.lit(encoded(key) + ":") + _as_json(told["value"])).alias("value"))
            column = self._for_each_line(members)
            if key in only_where:
                frame = pl.DataFrame({"column": column, "kept": only_where[key]})
                column = frame.select(pl.when("kept").then("column")).to_series()
            columns[str(number)] = column
        if not columns:
            return pl.repeat(None, self.lines.height, dtype=pl.String, eager=True)
        return _in_braces(
            pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator=",", ignore_nulls=True)).to_series()
        )

    def _objects_of_many(self, without: Sequence[str], only_where: Mapping[str, pl.Series]) -> pl.Series:
        left = self.told().filter(~pl.col("key").is_in(list(without)))
        for key, kept in only_where.items():
            dropped = self.lines.filter(~kept)["line_no"]
            left = left.filter((pl.col("key") != key) | ~pl.col("line_no").is_in(dropped.implode()))
        keys = left["key"].unique()
        names = pl.DataFrame({"key": keys, "name": pl.Series([encoded(key) for key in keys], dtype=pl.String)})
        joined = (
            left.with_columns(_as_json(left["value"]))
            .join(names, on="key", how="left", maintain_order="left")
            .group_by("line_no", maintain_order=True)
            .agg(pl.concat_str("name", pl.lit(":"), "value").str.join(",").alias("value"))
        )
        return _in_braces(self._for_each_line(joined))

    def _of(self, key: str) -> pl.DataFrame:
        if self.by_key is None:
            found = self.frame.filter(pl.col("key") == key)
            return found.with_columns(_unquoted(found["value"]))
        return self.by_key.get(key, self.frame.clear())

    def _for_each_line(self, told: pl.DataFrame) -> pl.Series:
        if told.height == self.lines.height:
            return told["value"]
        return self.lines.join(told, on="line_no", how="left", maintain_order="left")["value"]


def pairs_of(lines: pl.DataFrame) -> Pairs:
    """
    Every pair of some lines (``line_no``, ``text``).

    A key that comes again in its line is named ``key.2``, ``key.3`` and so on.
    """
    found = (
        lines.select("line_no", pl.col("text").str.extract_all(_PAIR).alias("pair"))
        .explode("pair")
        .filter(pl.col("pair").is_not_null())
    )
    has_key = ~pl.col("pair").str.starts_with("=")
    apart = pl.col("pair").str.splitn("=", 2).struct.rename_fields(["key", "value"])
    frame = found.select("line_no", apart.alias("apart"), "pair").unnest("apart")
    if frame["key"].eq("").any():
        frame = frame.with_columns(
            key=pl.when(has_key).then("key").otherwise("pair"), value=pl.when(has_key).then("value")
        )
    frame = frame.drop("pair")
    numbers = lines.select("line_no")
    by_key = _parted(frame)
    if by_key is None:
        repeats = frame.select("line_no", "key").n_unique() < frame.height
    else:
        repeats = any((told["line_no"] == told["line_no"].shift(1)).any() for told in by_key.values())
    if repeats:
        count = pl.int_range(pl.len()).over("line_no", "key") + 1
        again = pl.concat_str("key", pl.lit("."), count.cast(pl.String))
        frame = frame.with_columns(key=pl.when(count > 1).then(again).otherwise("key"))
        known = frame.select("line_no", "key").n_unique() == frame.height
        frame = frame if known else frame.unique(["line_no", "key"], keep="first", maintain_order=True)
        by_key = _parted(frame)
    return Pairs(lines=numbers, frame=frame, by_key=by_key)


def _parted(frame: pl.DataFrame) -> dict[str, pl.DataFrame] | None:
    if frame["key"].n_unique() > _MOST_COLUMNS:
        return None
    parts = frame.partition_by("key", maintain_order=True, include_key=True, as_dict=True)
    return {str(key): part.select("line_no", _unquoted(part["value"])) for (key,), part in parts.items()}


def _in_braces(members: pl.Series) -> pl.Series:
    held = pl.col("members").fill_null("")
    return (
        pl.DataFrame({"members": members})
        .select(pl.when(held != "").then(pl.concat_str(pl.lit("{"), held, pl.lit("}"))).alias("beside"))
        .to_series()
    )


def _unquoted(values: pl.Series) -> pl.Series:
    """Without quotes and escapes; most keys have none in any line."""
    if not values.str.starts_with('"').any():
        return values
    quoted = values.str.starts_with('"') & values.str.ends_with('"') & (values.str.len_bytes() > 1)
    plain = pl.DataFrame({"value": values, "quoted": quoted}).select(
        pl.when("quoted")
        .then(pl.col("value").str.strip_prefix('"').str.strip_suffix('"'))
        .otherwise("value")
        .alias("value")
    )["value"]
    escaped = quoted & plain.str.contains("\\", literal=True)
    if not escaped.any():
        return plain
    texts = plain.filter(escaped).unique().to_list()
    read = pl.DataFrame({"value": texts, "read": [_ESCAPE.sub(_character, text) for text in texts]})
    frame = pl.DataFrame({"value": plain, "escaped": escaped}).join(read, on="value", how="left", maintain_order="left")
    return frame.select(
        pl.when(pl.col("escaped").fill_null(value=False)).then("read").otherwise("value").alias("value")
    )["value"]


def _character(escape: re.Match[str]) -> str:
    by_number = escape[1] or escape[2] or escape[3]
    if not by_number:
        return _ESCAPED.get(escape[4], escape[4])
    code = int(by_number, 16)
    whole = 0 < code <= _LAST_CHARACTER and not 0xD800 <= code <= 0xDFFF  # noqa: PLR2004 - halves of a pair
    return chr(code) if whole else "\ufffd"


def _as_json(values: pl.Series) -> pl.Series:
    """Each text as JSON writes it; null, of a bare key, as ``true``."""
    odd = values.str.contains(r'["\\\x00-\x1f]')
    plain = pl.DataFrame({"value": values}).select(pl.concat_str(pl.lit('"'), "value", pl.lit('"')).alias("value"))
    if not odd.any():
        return plain["value"].fill_null("true")
    texts = values.filter(odd).unique().to_list()
    read = pl.DataFrame({"value": texts, "read": [encoded(text) for text in texts]})
    frame = pl.DataFrame({"value": values, "plain": plain["value"]}).join(
        read, on="value", how="left", maintain_order="left"
    )
    return frame.select(pl.coalesce("read", "plain", pl.lit("true")).alias("value"))["value"]
