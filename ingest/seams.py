"""Where one of two inputs that overlap can take over from the other, so that no record is cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import polars as pl

from ingest.records import owners
from ingest.sources import Source


def seam(lines: pl.DataFrame, sources: Sequence[Source], *, after: int) -> int | None:
    """
    The first place behind ``after`` lines at which a record begins and none goes on, as a count of lines.

    ``lines`` are those of the overlap (``physical_lines``, or ``peel_all`` with its channels), numbered from 0. None
    where every place cuts a record.
    """
    if lines.is_empty():
        return None
    if "channel" not in lines.columns:
        lines = lines.with_columns(pl.lit("").alias("channel"), pl.col("line_no").alias("last_line_no"))
    frame = lines.with_columns(owners(lines, sources)).with_columns(
        pl.col("last_line_no").shift(1).over("channel").fill_null(-1).alias("before")
    )
    begins = frame["owner"].is_not_null()
    cut = [0] * (int(frame["last_line_no"].max() or 0) + 2)  # type: ignore[arg-type]  # line numbers are integers
    for line, last, before, head in zip(frame["line_no"], frame["last_line_no"], frame["before"], begins, strict=True):
        cut[(line if head else before) + 1] += 1
        cut[last + 1] -= 1
    open_records = list(accumulate(cut))
    heads = frame.filter(begins)["line_no"].unique().sort()
    return next((line for line in heads if line >= after and not open_records[line]), None)
