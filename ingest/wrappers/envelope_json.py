"""JSON objects as envelopes, opened with SQL, and the text that columns are put back into."""

from __future__ import annotations

from importlib.resources import files

import duckdb
import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.wrappers.wrapper import Peel


def opened_with(name: str) -> Peel:
    """A peel that asks the SQL in this file of the table ``records`` (line_no, text)."""
    query = files("ingest.wrappers").joinpath(name).read_text(encoding="utf-8")

    def peel(lines: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
        connection.execute("set timezone = 'UTC'")
        connection.register("records", ArrowFrame(lines.select("line_no", "text")))
        return pl.DataFrame(connection.sql(query))

    return peel


def json_object(**values: pl.Expr) -> pl.Expr:
    """A JSON object of text columns, as text; what is null is left out."""
    pairs = [
        pl.concat_str(pl.lit(f'"{key}":'), _quoted(value))  # null where the value is
        for key, value in values.items()
    ]
    return pl.concat_str(pl.lit("{"), pl.concat_str(pairs, separator=",", ignore_nulls=True), pl.lit("}"))


def _quoted(value: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), value.map_batches(_escaped, return_dtype=pl.String), pl.lit('"'))


def _escaped(values: pl.Series) -> pl.Series:
    if not values.str.contains(r'["\\\x00-\x1f]').any():
        return values  # as in nearly every column of every block
    escaped = values.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    return escaped.str.replace_all(r"[\x00-\x1f]", "\ufffd")
