"""What the envelope tells of a row that its record left open: when, on which host, at what level."""

from __future__ import annotations

import polars as pl

WITH_TIME = ("job_events", "worker_events", "log_lines")
"""Tables whose rows an envelope speaks of."""


def told_by_envelope(table: str, rows: pl.DataFrame, inner: pl.DataFrame) -> pl.DataFrame:
    """
    The rows that a source made of inner lines, at their place in the file and with what the envelope knows.

    ``rows`` have the line's place among ``inner`` (``peel_all``) as their ``line_no``. A time, host or level that the
    record names itself stands; where it names a time without a zone, the envelope's own zone is worked out by the loader.
    """
    facts = inner.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("line_no"),
        pl.col("line_no").alias("envelope_line_no"),
        pl.col("record_no").alias("envelope_record_no"),
        "written_at",
        "written_at_clock",
        pl.col("host").alias("envelope_host"),
        pl.col("level").alias("envelope_level"),
        "envelope",
    )
    joined = rows.with_columns(pl.col("line_no").cast(pl.Int64)).join(
        facts, on="line_no", how="left", maintain_order="left"
    )
    placed = joined.with_columns(
        pl.col("envelope_line_no").alias("line_no"),
        (pl.col("envelope_record_no") + (pl.col("record_no") if "record_no" in rows.columns else 0)).alias("record_no"),
    )
    told = _told(placed, table) if table in WITH_TIME else placed
    return told.drop(name for name in facts.columns if name != "line_no")


def _told(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    def own(name: str, dtype: type[pl.DataType] | pl.DataType) -> pl.Expr:
        return pl.col(name).cast(dtype) if name in rows.columns else pl.lit(None, dtype)

    moment = own("occurred_at", pl.Datetime("us"))
    attributes = own("attributes", pl.String).replace("{}", None)
    envelope = pl.concat_str(pl.lit('"envelope":'), "envelope")
    facts = [
        pl.coalesce(moment, "written_at").alias("occurred_at"),
        pl.coalesce(own("host", pl.String), "envelope_host").alias("host"),
        pl.when(pl.col("envelope").is_null())
        .then(attributes)
        .when(attributes.is_null())
        .then(pl.concat_str(pl.lit("{"), envelope, pl.lit("}")))
        .otherwise(pl.concat_str(attributes.str.strip_suffix("}"), pl.lit(","), envelope, pl.lit("}")))
        .alias("attributes"),
    ]
    if table == "log_lines":
        facts.append(pl.coalesce(own("level", pl.String), "envelope_level").alias("level"))
    return rows.with_columns(facts)
