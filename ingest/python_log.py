"""What the logs of Python's job systems share: records with other loggers' lines within, and tracebacks behind them."""

from __future__ import annotations

import polars as pl

from ingest.python_tracebacks import error_of

_TRACEBACK = "Traceback (most recent call last):"
_ERROR = pl.Struct({"error_class": pl.String, "error_message": pl.String, "backtrace": pl.String})


def one_record_each(records: pl.DataFrame, begins: pl.Expr) -> pl.DataFrame:
    """
    Records (``line_no``, ``text``) parted where another one begins within: the application's own lines, which no source
    claims, stand in the record before them. ``begins`` judges each line of the column ``text``.
    """
    text, joined = pl.col("text"), pl.col("text").str.contains("\n", literal=True)
    parts = (
        records.filter(joined)
        .select("line_no", text.str.split("\n"))
        .with_columns(pl.int_ranges(0, text.list.len()).alias("place"))
        .explode("text", "place")
        .with_columns(begins.cum_sum().over("line_no").alias("part"))
        .group_by("line_no", "part", maintain_order=True)
        .agg(pl.col("place").first(), text.str.join("\n"))
        .select(pl.col("line_no") + pl.col("place"), "text")
    )
    return pl.concat([records.filter(~joined).select("line_no", "text"), parts]).sort("line_no")


def with_errors(lives: pl.DataFrame, where: pl.Expr | None = None) -> pl.DataFrame:
    """
    The frame with ``error_class``, ``error_message`` and ``backtrace`` of the traceback that ``follows`` a line; only
    ``where`` that holds.
    """
    follows = pl.col("follows")
    told = follows.str.starts_with(_TRACEBACK)
    tracebacks = pl.when(told if where is None else told & where).then(follows)
    return lives.with_columns(tracebacks.map_batches(_errors, return_dtype=_ERROR).alias("error")).unnest("error")


def continuations(lines: pl.DataFrame, system: str) -> pl.DataFrame:
    """What ``follows`` a line that is whole by itself: another library's words on the same stream."""
    return lines.filter(pl.col("follows").is_not_null()).select(
        pl.col("line_no") + 1, pl.col("follows").alias("message"), pl.lit(system).alias("system")
    )


def _errors(tracebacks: pl.Series) -> pl.Series:
    # Where many jobs fail they fail alike.
    known = {text: _error(text) for text in tracebacks.unique().to_list()}
    return pl.Series("error", [known[text] for text in tracebacks.to_list()], dtype=_ERROR)


def _error(traceback: str | None) -> dict[str, str | None]:
    error = error_of(traceback) if traceback else None
    return {
        "error_class": error.error_class if error else None,
        "error_message": error.error_message if error else None,
        "backtrace": traceback,
    }
