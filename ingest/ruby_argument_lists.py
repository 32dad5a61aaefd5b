"""
A job's arguments as Ruby writes them in a log line (``7, {:to=>"a"}, nil``), as a JSON array.

Nearly all are flat lists and hashes, which a few replacements turn into JSON in columns; others are read one by one.
"""

from __future__ import annotations

import json

import polars as pl

from ingest.ruby_literals import holds_endless_number, read_literal

_GLOBAL_ID = r"#<GlobalID:0x[0-9a-f]+ @uri=#<URI::GID (gid://[^>\s]+)>>"
_NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?"
_WORD = r"[A-Za-z_]\w*"


def _flat(string: str, key: str) -> str:
    """A pattern for lists of plain values, with lists and hashes in them down to two levels."""
    value = rf"(?:{string}|{_NUMBER}|true|false)"
    for _ in range(2):
        value = rf"(?:{value}|\[(?:{value}(?:, {value})*)?\]|\{{(?:{key}{value}(?:, {key}{value})*)?\}})"
    return rf"^{value}(?:, {value})*$"


_WITH_ARROWS = _flat(r'"[^"\\=\x00-\x1f]*"', rf'(?:"[^"\\=\x00-\x1f]*"|:{_WORD}) ?=> ?')
_WITH_COLONS = _flat(r'"[^"\\=:\x00-\x1f]*"', rf'(?:{_WORD}: |"[^"\\=:\x00-\x1f]*" => )')
"""Strings that hold what is about to be replaced, or what JSON escapes, are left to the slow way."""


def arguments_as_json(text: pl.Expr) -> pl.Expr:
    """Arguments in Ruby's words as JSON text: an array, or a string where they are no plain values. Null stays null."""
    return text.map_batches(_as_json, return_dtype=pl.String)


def _as_json(texts: pl.Series) -> pl.Series:
    text = pl.col("text")
    arrows = text.str.replace_all(rf":({_WORD}) ?=> ?", r'"$1":').str.replace_all(r'" ?=> ?', '":')
    colons = text.str.replace_all(rf"({_WORD}): ", r'"$1":').str.replace_all('" => ', '":', literal=True)
    frame = texts.rename("text").to_frame()
    if frame.select(text.str.contains("#<GlobalID:", literal=True).any()).item():
        frame = frame.with_columns(text.str.replace_all(_GLOBAL_ID, '"$1"'))
    frame = frame.with_columns(
        pl.when(holds_endless_number(text)).then(None)
        .when(text.str.contains(_WITH_ARROWS)).then(pl.format("[{}]", arrows))
        .when(text.str.contains(_WITH_COLONS)).then(pl.format("[{}]", colons))
        .alias("json"),
    )  # fmt: skip
    odd = frame.filter(text.is_not_null() & pl.col("json").is_null())["text"].unique().to_list()
    if odd:
        read = text.replace_strict({one: _one_by_one(one) for one in odd}, default=None, return_dtype=pl.String)
        frame = frame.with_columns(pl.coalesce("json", read).alias("json"))
    return frame["json"].rename(texts.name)


def _one_by_one(text: str) -> str:
    listed = f"[{text}]"
    try:
        value, end = read_literal(listed)
    except (ValueError, RecursionError):
        value, end = text, len(listed)
    return json.dumps(value if end == len(listed) else text, ensure_ascii=False)
