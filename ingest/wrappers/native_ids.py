"""Lines that were read before from another export: known by the id they had before it."""

from __future__ import annotations

from importlib.resources import files

import duckdb
import polars as pl

from ingest.arrow_frame import ArrowFrame

_UNKNOWN = files("ingest.wrappers").joinpath("unknown_ids.sql").read_text(encoding="utf-8")


def not_read_before(db: duckdb.DuckDBPyConnection, inner: pl.DataFrame) -> pl.DataFrame:
    """Inner lines (``peel_all``) without those whose id is known already, or stands further up among them."""
    ids = inner.select("native_id").drop_nulls().unique()
    if ids.is_empty():
        return inner
    db.register("ids_at_hand", ArrowFrame(ids))
    unknown = pl.DataFrame(db.sql(_UNKNOWN))["native_id"]
    db.unregister("ids_at_hand")
    native_id = pl.col("native_id")
    first_place = pl.col("byte_offset").first().over("native_id")
    new = native_id.is_in(unknown.implode()) & (pl.col("byte_offset") == first_place)
    return inner.filter(native_id.is_null() | new)


def ids_of(inner: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``native_ids`` for these lines; an event of several lines has one."""
    return (
        inner.filter(pl.col("native_id").is_not_null())
        .unique("native_id", keep="first", maintain_order=True)
        .select("line_no", "record_no", "native_id")
    )
