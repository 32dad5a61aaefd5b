"""The digest that makes equal work equal: a job's class and its arguments, whatever the spacing and order of keys."""

from __future__ import annotations

from importlib.resources import files

import duckdb
import polars as pl

from ingest.arrow_frame import ArrowFrame

_SQL = files("ingest").joinpath("arguments_digest.sql").read_text(encoding="utf-8")


def arguments_digests(frame: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.Series:
    """
    Of each row of ``job_class`` (where there is one) and ``arguments`` (JSON text) the digest: 32 hex digits.

    It is null where there are no arguments. Text that is no JSON counts as it stands.
    """
    job_class = pl.col("job_class") if "job_class" in frame.columns else pl.lit(None)
    work = frame.select(job_class.cast(pl.String).alias("job_class"), pl.col("arguments").cast(pl.String))
    connection.register("work", ArrowFrame(work))
    return pl.DataFrame(connection.sql(_SQL))["digest"]
