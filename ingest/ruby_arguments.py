"""A column of values as Ruby's ``inspect`` wrote them, turned into JSON text."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.ruby_literals import holds_endless_number, read_literal
from ingest.untrusted_json import encoded

if TYPE_CHECKING:
    import duckdb

_SQL = files("ingest").joinpath("ruby_arguments.sql").read_text(encoding="utf-8")
_STRING = r'"[^"\\]*"'
_PLAIN = r'^(?:[\[\]{},\s]|""|=>|nil\b|true\b|false\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)*$'
"""What is left of a value once its strings are emptied, where two replacements make JSON of it."""


def arguments_json(inspected: pl.Series, connection: duckdb.DuckDBPyConnection) -> pl.Series:
    """
    The same values as JSON text; what is no plain value (an object, a cut-off line) becomes a JSON string of its text.

    Plain values are rewritten in columns; those with escapes, symbols or objects are read one by one, each once.
    """
    ruby = pl.col("ruby")
    distinct = inspected.alias("ruby").drop_nulls().unique().to_frame()
    skeleton = ruby.str.replace_all(_STRING, '""')
    outside = [
        ruby.str.count_matches(word, literal=True) == skeleton.str.count_matches(word, literal=True)
        for word in ("=>", "nil")
    ]
    escaped = ruby.str.contains("\\", literal=True)
    plain = ~escaped & ~holds_endless_number(ruby) & skeleton.str.contains(_PLAIN) & outside[0] & outside[1]
    rewritten = ruby.str.replace_all("=>", ":", literal=True).str.replace_all("nil", "null", literal=True)
    connection.register("written", ArrowFrame(distinct.with_columns(pl.when(plain).then(rewritten).alias("json"))))
    tried = pl.DataFrame(connection.sql(_SQL))
    connection.unregister("written")
    read = [json or _read(text) for text, json in tried.iter_rows()]
    known = tried.select("ruby", pl.Series("json", read, dtype=pl.String))
    return inspected.alias("ruby").to_frame().join(known, on="ruby", how="left", maintain_order="left")["json"]


def _read(text: str) -> str:
    try:
        value, end = read_literal(text)
        return encoded(value if not text[end:].strip() else text)
    except ValueError:
        return encoded(text)
