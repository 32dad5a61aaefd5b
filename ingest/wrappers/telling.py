"""What the envelope tells of a row that its record left open: when, on which host, at what level."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ingest.sources import Parsed

_TOLD_OF = ("job_events", "worker_events", "log_lines")
"""Tables whose rows an envelope speaks of."""

_MOMENT = pl.Datetime("us")
_QUARTER = 15 * 60 * 1_000_000
"""Microseconds; no zone is a smaller part of an hour away from UTC."""
_AHEAD = 60 * 1_000_000
"""Microseconds that a program's clock may be ahead of the one that wrote its line down."""


def told_by_envelope(parsed: Parsed, inner: pl.DataFrame) -> Parsed:
    """
    What a source made of inner lines, at their place in the file and with what the envelope knows.

    Its rows have the line's place among ``inner`` (``peel_all``) as their ``line_no``. What a record tells itself
    stands. Where it tells its time by a wall clock and the envelope in UTC, the difference is the zone, to a quarter of
    an hour: a line is written down after its time, if not by much.
    """
    facts = inner.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("line_no"),
        pl.col("line_no").alias("envelope_line_no"),
        pl.col("record_no").alias("envelope_record_no"),
        "written_at",
        pl.col("written_at_clock"),
        pl.col("host").alias("envelope_host"),
        pl.col("level").alias("envelope_level"),
        "envelope",
    )
    return replace(
        parsed,
        rows={table: _with_facts(table, rows, facts) for table, rows in parsed.rows.items()},
        moments=_told_both_ways(parsed, facts),
    )


def _told_both_ways(parsed: Parsed, facts: pl.DataFrame) -> pl.DataFrame | None:
    """Moments that the record tells in UTC and the envelope by a wall clock, and those that the source knew of."""
    clocks = facts.select("line_no", clock="written_at_clock").drop_nulls()
    both = [
        rows.select(pl.col("line_no").cast(pl.Int64), utc=pl.col("occurred_at"))
        .drop_nulls()
        .join(clocks, on="line_no")
        .select("clock", "utc")
        for table, rows in parsed.rows.items()
        if table in _TOLD_OF and "occurred_at" in rows.columns and not clocks.is_empty()
    ]
    known = [] if parsed.moments is None else [parsed.moments.select("clock", "utc")]
    return pl.concat([*known, *both]) if known or both else None


def _with_facts(table: str, rows: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    record_no = pl.col("record_no") if "record_no" in rows.columns else pl.lit(0, pl.Int32)
    joined = rows.with_columns(pl.col("line_no").cast(pl.Int64)).join(
        facts, on="line_no", how="left", maintain_order="left"
    )
    placed = joined.with_columns(
        pl.col("envelope_line_no").alias("line_no"),
        (pl.col("envelope_record_no") + record_no).cast(pl.Int32).alias("record_no"),
    )
    told = _with_time(_with_names(table, placed)) if table in _TOLD_OF else placed
    return told.drop(name for name in facts.columns if name != "line_no")


def _with_names(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    attributes = _own(rows, "attributes", pl.String).replace("{}", None)
    envelope = pl.concat_str(pl.lit('"envelope":'), "envelope")
    beside = pl.concat_str(attributes.str.strip_suffix("}"), pl.lit(","), envelope, pl.lit("}"))
    alone = pl.concat_str(pl.lit("{"), envelope, pl.lit("}"))
    level = pl.coalesce(_own(rows, "level", pl.String), "envelope_level").alias("level")
    return rows.with_columns(
        pl.coalesce(_own(rows, "host", pl.String), "envelope_host").alias("host"),
        pl.coalesce(beside, alone, attributes).alias("attributes"),
        *([level] if table == "log_lines" else []),
    )


def _with_time(rows: pl.DataFrame) -> pl.DataFrame:
    by_clock = _own(rows, "occurred_at_clock", _MOMENT)
    later = (pl.col("written_at") - by_clock).dt.total_microseconds()
    to_utc = pl.duration(microseconds=(later + _AHEAD) // _QUARTER * _QUARTER)
    has_own = _own(rows, "occurred_at", _MOMENT).is_not_null() | by_clock.is_not_null()
    clocks = [name for name in rows.columns if name.endswith("_clock") and name != "written_at_clock"]
    told = rows.with_columns(
        has_own.alias("has_own"),
        *(_in_utc(rows, name, to_utc) for name in clocks),
        *(pl.when(to_utc.is_null()).then(name).alias(name) for name in clocks),
    )
    return told.with_columns(
        pl.coalesce(_own(told, "occurred_at", _MOMENT), pl.when(~pl.col("has_own")).then("written_at")).alias(
            "occurred_at"
        ),
        pl.coalesce(
            _own(told, "occurred_at_clock", _MOMENT),
            pl.when(~pl.col("has_own") & pl.col("written_at").is_null()).then("written_at_clock"),
        ).alias("occurred_at_clock"),
    ).drop("has_own")


def _in_utc(rows: pl.DataFrame, name: str, to_utc: pl.Expr) -> pl.Expr:
    target = name.removesuffix("_clock")
    return pl.coalesce(_own(rows, target, _MOMENT), pl.col(name) + to_utc).alias(target)


def _own(rows: pl.DataFrame, name: str, dtype: type[pl.DataType] | pl.DataType) -> pl.Expr:
    return pl.col(name).cast(dtype) if name in rows.columns else pl.lit(None, dtype)
