r"""
Lines of ``key=value`` pairs, in columns.

    ts=2026-03-01T22:00:05Z level=info msg="job \"start\"" jid=7 note= dry

A value may be quoted and hold spaces, and then escapes as Go, C and JSON write them; ``note=`` is the empty text, and a
bare key is true. Nothing is no logfmt: what fits no pair is a bare key. Of a key that comes twice the first is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from ingest.untrusted_json import encoded

_PAIR = r'[^\s="]+=(?:"(?:[^"\\]|\\.)*"|\S*)|\S+'
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "0": "\ufffd"}
_MOST_COLUMNS = 40
"""Keys of a batch up to which each has a column of its own while attributes are made: the faster way for most logs."""
_LAST_CHARACTER = 0x10FFFF


def pairs_of(lines: pl.DataFrame) -> pl.DataFrame:
    """
    Every pair of some lines (``line_no``, ``text``) in order: ``line_no``, ``key``, ``value`` (null of a bare key).

    A key that comes again in its line is named ``key.2``, ``key.3`` and so on.
    """
    found = (
        lines.select("line_no", pl.col("text").str.extract_all(_PAIR).alias("pair"))
        .explode("pair")
        .filter(pl.col("pair").is_not_null())
    )
    has_key = ~pl.col("pair").str.starts_with("=")
    apart = pl.col("pair").str.splitn("=", 2).struct.rename_fields(["key", "value"])
    pairs = found.select("line_no", apart.alias("apart"), "pair").unnest("apart")
    if pairs["key"].eq("").any():
        pairs = pairs.with_columns(
            key=pl.when(has_key).then("key").otherwise("pair"), value=pl.when(has_key).then("value")
        )
    pairs = pairs.drop("pair").with_columns(_unquoted(pairs["value"]))
    if not _repeats(pairs):
        return pairs
    count = pl.int_range(pl.len()).over("line_no", "key") + 1
    return pairs.with_columns(
        key=pl.when(count > 1).then(pl.concat_str("key", pl.lit("."), count.cast(pl.String))).otherwise("key")
    )


def _repeats(pairs: pl.DataFrame) -> bool:
    """Whether a key comes twice in a line; key by key where keys are few, which is much the cheaper way."""
    keys = pairs["key"].unique()
    if len(keys) > _MOST_COLUMNS:
        return pairs.select("line_no", "key").n_unique() < pairs.height
    numbers = (pairs.filter(pl.col("key") == key)["line_no"] for key in keys)
    return any((of_key == of_key.shift(1)).any() for of_key in numbers)


def _unquoted(values: pl.Series) -> pl.Series:
    quoted = values.str.starts_with('"') & values.str.ends_with('"') & (values.str.len_bytes() > 1)
    plain = pl.DataFrame({"value": values, "quoted": quoted}).select(
        pl.when("quoted").then(pl.col("value").str.slice(1).str.head(-1)).otherwise("value").alias("value")
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


def column_of(pairs: pl.DataFrame, key: str, lines: pl.DataFrame) -> pl.Series:
    """The value of a key for each line, null where it has none; a bare key is ``true``."""
    told = pairs.filter(pl.col("key") == key).select("line_no", pl.col("value").fill_null("true"))
    if told.height == lines.height:
        return told["value"]
    return lines.select("line_no").join(told, on="line_no", how="left", maintain_order="left")["value"]


def objects_of(pairs: pl.DataFrame, lines: pl.DataFrame, without: Sequence[str]) -> pl.Series:
    """A JSON object of each line's other pairs, null where there is none: values are texts, bare keys ``true``."""
    left = pairs.filter(~pl.col("key").is_in(list(without)))
    keys = left["key"].unique(maintain_order=True)
    if keys.is_empty():
        return pl.repeat(None, lines.height, dtype=pl.String, eager=True)
    left = left.select(
        "line_no",
        "key",
        pl.when(pl.col("value").is_null()).then(pl.lit("true")).otherwise(_as_json(left["value"])).alias("value"),
    )
    if len(keys) <= _MOST_COLUMNS:
        columns = {
            str(number): pl.select(pl.lit(encoded(key) + ":") + pl.lit(_only(left, key, lines))).to_series()
            for number, key in enumerate(keys)
        }
        members = pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator=",", ignore_nulls=True)).to_series()
    else:
        names = pl.DataFrame({"key": keys, "name": [encoded(key) for key in keys]})
        joined = (
            left.join(names, on="key", how="left", maintain_order="left")
            .group_by("line_no", maintain_order=True)
            .agg(pl.concat_str("name", pl.lit(":"), "value").str.join(",").alias("members"))
        )
        members = lines.select("line_no").join(joined, on="line_no", how="left", maintain_order="left")["members"]
    frame = pl.DataFrame({"members": members})
    held = pl.col("members").fill_null("")
    return frame.select(
        pl.when(held != "").then(pl.concat_str(pl.lit("{"), held, pl.lit("}"))).alias("beside")
    ).to_series()


def _only(left: pl.DataFrame, key: str, lines: pl.DataFrame) -> pl.Series:
    told = left.filter(pl.col("key") == key).select("line_no", "value")
    if told.height == lines.height:
        return told["value"]
    return lines.select("line_no").join(told, on="line_no", how="left", maintain_order="left")["value"]


def _as_json(values: pl.Series) -> pl.Series:
    odd = values.str.contains(r'["\\\x00-\x1f]')
    plain = pl.DataFrame({"value": values}).select(pl.concat_str(pl.lit('"'), "value", pl.lit('"')).alias("value"))
    if not odd.any():
        return plain["value"]
    texts = values.filter(odd).unique().to_list()
    read = pl.DataFrame({"value": texts, "read": [encoded(text) for text in texts]})
    frame = pl.DataFrame({"value": values, "plain": plain["value"]}).join(
        read, on="value", how="left", maintain_order="left"
    )
    return frame.select(pl.coalesce("read", "plain").alias("value"))["value"]
