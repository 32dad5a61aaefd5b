"""
Take the envelopes off log lines, one within the other, until nothing claims what is left.

What comes out has a row per inner line. A line that no wrapper claims stays as it is; after one that a wrapper opened
it is taken for what goes on there: a message of several lines, printed as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import duckdb
import polars as pl

from ingest.records import are_few
from ingest.wrappers import WRAPPERS, Wrapper
from ingest.wrappers.moments import of_a_clock
from ingest.wrappers.wrapper import TOLD

MOST_BETWEEN = 1000
"""Physical lines that may lie between two lines of one record: so many are held until it is known to be whole."""

RECORDS_OF_A_LINE = 16
"""How far the ``record_no`` of two inner lines of one physical line are apart: a source may make several of one."""

_DEEPEST = 8
"""Envelopes within each other: more than anyone has, so that a line made to be deep ends."""

_FACTS = tuple(name for name in TOLD if name not in {"text", "reason", "partial", "kept"})
_BETWEEN = "\x1f"

Claims = Callable[[pl.Expr], pl.Expr]


def wrappers_in(
    lines: pl.DataFrame,
    connection: duckdb.DuckDBPyConnection,
    *,
    known: Claims,
    wrappers: Sequence[Wrapper] = WRAPPERS,
) -> tuple[Wrapper, ...]:
    """The wrappers around any of these lines, the beginning of a file, at any depth; ``known`` as in ``peel_all``."""
    found: set[str] = set()
    frame = _unopened(lines)
    for _ in range(_DEEPEST):
        frame = _claimed(frame, wrappers, known)
        met = set(frame["wrapper"].drop_nulls().unique().to_list())
        if not met:
            break
        found |= met
        frame = _without_one_layer(frame, wrappers, connection)
    return tuple(wrapper for wrapper in wrappers if wrapper.name in found)


def peel_all(
    lines: pl.DataFrame,
    connection: duckdb.DuckDBPyConnection,
    *,
    known: Claims,
    not_after: datetime,
    wrappers: Sequence[Wrapper] = WRAPPERS,
) -> pl.DataFrame:
    """
    From physical lines (``physical_lines``: line_no, byte_offset, bytes, text, reason) to the lines within them.

    ``known`` tells which lines a job system's format claims: those that only look like an envelope are left alone.
    ``not_after`` is when the last line was written at the latest (naive UTC), for times that name no year.

    The frame that comes out has the same columns and beside them ``record_no`` (which line of the physical one),
    ``last_line_no`` (where it comes from several), ``opened`` (whether a wrapper claimed it), ``unfinished`` (whether
    its last part is missing), ``written_at``, ``written_at_clock``, ``host``, ``channel``, ``level`` and ``native_id``
    as ``TOLD`` has them, and ``envelope``: a JSON object, wrapper name to what else it holds. ``bytes`` counts those of
    a physical line once, with the first of its lines.
    """
    frame = _unopened(lines)
    for _ in range(_DEEPEST):
        frame = _claimed(frame, wrappers, known)
        if frame["wrapper"].is_null().all():
            break
        frame = _joined(_without_one_layer(frame, wrappers, connection))
    place = pl.int_range(pl.len())
    place_in_line = place - pl.when(pl.col("line_no").diff().fill_null(1) != 0).then(place).forward_fill()
    return _told_of_what_goes_on(_with_years(frame, not_after)).select(
        "line_no",
        (place_in_line * RECORDS_OF_A_LINE).cast(pl.Int32).alias("record_no"),
        "byte_offset",
        pl.when(place_in_line == 0).then("bytes").otherwise(0).alias("bytes"),
        "text",
        pl.when(pl.col("reason").is_null() & pl.col("text").str.contains("\0", literal=True))
        .then(pl.lit("the line holds NUL bytes"))
        .otherwise("reason")
        .alias("reason"),
        "last_line_no",
        "opened",
        "unfinished",
        "written_at",
        "written_at_clock",
        "host",
        "channel",
        "level",
        "native_id",
        "envelope",
    )


def _unopened(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(
        "line_no",
        "byte_offset",
        "bytes",
        "text",
        "reason",
        pl.col("line_no").alias("last_line_no"),
        pl.lit(value=False).alias("opened"),
        pl.lit(value=True).alias("fresh"),
        pl.lit(value=False).alias("partial"),
        pl.lit(value=False).alias("unfinished"),
        pl.lit(None, pl.String).alias("envelope"),
        *(pl.lit(None, TOLD[name]).alias(name) for name in _FACTS),
    )


def _claimed(frame: pl.DataFrame, wrappers: Sequence[Wrapper], known: Claims) -> pl.DataFrame:
    """With ``wrapper``: the name of the one that opens each line. Only what the layer before let out is looked at."""
    text = pl.col("text")
    open_to_all = pl.col("fresh") & pl.col("reason").is_null()
    frame = frame.with_columns(
        pl.coalesce(
            pl.lit(None, pl.String),
            *(
                pl.when(open_to_all & wrapper.claims(text)).then(pl.lit(wrapper.name))
                for wrapper in _possible(frame, wrappers)
            ),
        ).alias("wrapper")
    )
    giving_way = [wrapper.name for wrapper in wrappers if wrapper.gives_way]
    unsure = frame["wrapper"].is_in(giving_way)
    if not unsure.any():
        return frame
    doubtful = frame.with_row_index().filter(unsure.fill_null(value=False))
    taken = doubtful.filter(known(text))["index"]
    return frame.with_columns(
        pl.when(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(taken.implode())).then("wrapper").alias("wrapper")
    )


def _possible(frame: pl.DataFrame, wrappers: Sequence[Wrapper]) -> Sequence[Wrapper]:
    """Those of which any line may be: of few lines it is cheaper to look for words than to ask all wrappers."""
    if not are_few(frame["text"]):
        return wrappers
    text = "\n".join(frame["text"])
    return [wrapper for wrapper in wrappers if wrapper.may_claim(text)]


def _without_one_layer(
    frame: pl.DataFrame, wrappers: Sequence[Wrapper], connection: duckdb.DuckDBPyConnection
) -> pl.DataFrame:
    """The lines that were claimed, opened; those that have several lines within become several."""
    frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("key"))
    opened = [
        _complete(wrapper, told)
        for wrapper in wrappers
        if not (claimed := frame.filter(pl.col("wrapper") == wrapper.name)).is_empty()
        for told in _peeled(wrapper, claimed.select(pl.col("key").alias("line_no"), "text"), connection)
    ]
    inner = pl.concat(opened)
    both = frame.join(inner, left_on="key", right_on="line_no", how="left", suffix="_inner", maintain_order="left")
    was_opened = pl.col("reason_inner").is_null() & pl.col("text_inner").is_not_null()
    chain = pl.when(pl.col("channel").is_not_null() & pl.col("channel_inner").is_not_null()).then(
        pl.concat_str("channel", "channel_inner", separator=_BETWEEN)
    )
    opened_up = both.select(
        "line_no",
        "byte_offset",
        "bytes",
        pl.when(was_opened)
        .then(pl.col("text_inner").str.strip_suffix("\n").str.split("\n"))
        .otherwise(pl.concat_list("text"))
        .alias("text"),
        pl.coalesce("reason", "reason_inner").alias("reason"),
        "last_line_no",
        (pl.col("opened") | was_opened).alias("opened"),
        was_opened.alias("fresh"),
        pl.col("partial_inner").fill_null(value=False).alias("partial"),
        "unfinished",
        pl.when(pl.col("envelope").is_null() | pl.col("kept").is_null())
        .then(pl.coalesce("envelope", "kept"))
        .otherwise(pl.concat_str("envelope", "kept", separator=","))
        .alias("envelope"),
        *(
            (
                pl.coalesce(chain, "channel", "channel_inner")
                if name == "channel"
                else pl.coalesce("native_id", "native_id_inner")
                if name == "native_id"
                else pl.coalesce(f"{name}_inner", name)
            ).alias(name)
            for name in _FACTS
        ),
    )
    return opened_up.explode("text").with_columns(pl.col("text").str.strip_suffix("\r").fill_null(""))


def _peeled(wrapper: Wrapper, lines: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    """Lines that a wrapper cannot open are halved until the one is found that it stumbles over."""
    try:
        yield wrapper.peel(lines, connection)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other lines of the file are not lost for it
        if lines.height == 1:
            reason = f"could not be read as {wrapper.describes}: {type(error).__name__}"
            yield lines.select("line_no", pl.lit(reason).alias("reason"))
            return
        middle = lines.height // 2
        yield from _peeled(wrapper, lines[:middle], connection)
        yield from _peeled(wrapper, lines[middle:], connection)


def _complete(wrapper: Wrapper, told: pl.DataFrame) -> pl.DataFrame:
    """With every column of ``TOLD``, and ``kept`` under the wrapper's name."""
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in TOLD.items() if name not in told.columns]
    times = [name for name in TOLD if name.startswith("written_at")]
    kept = pl.concat_str(pl.lit(f'"{wrapper.name}":'), "kept")
    return (
        told.with_columns(*missing)
        .select("line_no", *(pl.col(name).cast(dtype) for name, dtype in TOLD.items()))
        .with_columns(kept.alias("kept"), *(of_a_clock(pl.col(name)).alias(name) for name in times))
    )


def _joined(frame: pl.DataFrame) -> pl.DataFrame:
    """Lines that came in parts, made whole: the first part's place, all parts' text."""
    if not frame["partial"].any():
        return frame
    goes_on = (
        pl.col("partial").shift(1).over("channel").fill_null(value=False)
        & (pl.col("line_no").diff().over("channel") <= MOST_BETWEEN)
        & pl.col("reason").is_null()
    )
    begins = pl.when(goes_on.not_()).then(pl.int_range(pl.len()))
    of_the_first = [name for name in frame.columns if name not in {"text", "bytes", "last_line_no", "partial"}]
    return (
        frame.with_columns(begins.alias("begins"))
        .with_columns(pl.col("begins").forward_fill().over("channel").alias("whole"))
        .group_by("whole", maintain_order=True)
        .agg(
            pl.col(of_the_first).first(),
            pl.col("text").str.join(""),
            pl.col("bytes").sum(),
            pl.col("last_line_no", "partial").last(),
        )
        .sort("whole")
        .with_columns(pl.col("unfinished") | pl.col("partial"), partial=pl.lit(value=False))
        .select(frame.columns)
    )


def _with_years(frame: pl.DataFrame, not_after: datetime) -> pl.DataFrame:
    """A time without a year is of the last one in which it is not after the file itself (by more than any zone)."""
    day, bound = pl.col("written_at_yearless"), pl.lit(not_after, pl.Datetime("us")).dt.offset_by("14h")
    this_year = not_after.year + 1
    candidates = [
        pl.when(moment <= bound).then(moment)
        for year in range(this_year, this_year - 9, -1)  # a 29th of February may be eight years ago
        for moment in [_in_year(day, year)]
    ]
    return frame.with_columns(pl.coalesce("written_at_clock", *candidates).alias("written_at_clock"))


def _in_year(day: pl.Expr, year: int) -> pl.Expr:
    """Null for a 29th of February where there was none."""
    text = pl.concat_str(pl.lit(f"{year:04}"), day.dt.strftime("-%m-%d %H:%M:%S%.6f"))
    return text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)


def _told_of_what_goes_on(frame: pl.DataFrame) -> pl.DataFrame:
    """
    A line that no wrapper claimed is of the channel of the line before it, at the same time.

    journalctl's own remarks between the lines (``-- Boot 3f2a --``) are not.
    """
    envelope = pl.when(pl.col("envelope").is_not_null()).then(pl.concat_str(pl.lit("{"), "envelope", pl.lit("}")))
    remark = ~pl.col("opened") & pl.col("text").str.contains("^-- .* --$")
    before = pl.when("opened").then(pl.int_range(pl.len())).forward_fill()
    inherited = ("written_at", "written_at_clock", "host", "channel", "level")
    return frame.with_columns(
        envelope.alias("envelope"),
        *(
            pl.when(pl.col("opened") | remark).then(name).otherwise(pl.col(name).gather(before)).alias(name)
            for name in inherited
        ),
    )
