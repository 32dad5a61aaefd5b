"""Give each inner line to who reads it: records of the sources, lines of none; and where a block of them can be cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ingest.records import owners
from ingest.sources import Source
from ingest.wrappers.peeling import MOST_BETWEEN

_SHAPE = ("line_no", "byte_offset", "bytes", "text")


@dataclass(frozen=True, kw_only=True)
class SortedInside:
    """
    The inner lines of a block, sorted by who reads them. ``line_no`` is the line's place among the inner lines of the
    block, from 0: ``told_by_envelope`` puts its true place back.
    """

    records: dict[str, pl.DataFrame]
    """Format name to its records: ``line_no``, ``byte_offset``, ``bytes`` and ``text`` of each."""
    loose: pl.DataFrame
    """Readable lines of no format, with ``follows``: the format of the record before them, null where there is none."""
    rejected: pl.DataFrame
    """Lines that cannot be read at all, with ``reason``."""
    blank: pl.DataFrame
    """Lines with nothing in them, alone on their physical line: ``byte_offset`` and ``bytes``."""
    formats: pl.DataFrame
    """Of each line the ``format`` of the latest record, with its ``byte_offset``."""
    whole_before: int | None
    """Every record of a line before this byte offset is whole, whatever follows the block; null where all are."""

    @property
    def blank_bytes(self) -> int:
        """Bytes of empty lines."""
        return int(self.blank["bytes"].sum())

    @property
    def last_format(self) -> str | None:
        """The format of the last record."""
        return None if self.formats.is_empty() else self.formats["format"][-1]

    def before(self, cut: int) -> SortedInside:
        """The same for the lines before a byte offset at which no record is cut."""
        earlier = pl.col("byte_offset") < cut
        records = {name: frame.filter(earlier) for name, frame in self.records.items()}
        return SortedInside(
            records={name: frame for name, frame in records.items() if not frame.is_empty()},
            loose=self.loose.filter(earlier),
            rejected=self.rejected.filter(earlier),
            blank=self.blank.filter(earlier),
            formats=self.formats.filter(earlier),
            whole_before=None,
        )


def sort_inside(inner: pl.DataFrame, sources: Sequence[Source]) -> SortedInside:
    """
    As ``sort_lines``, but a record goes on only with lines of its own channel, however many of others lie between, up
    to ``MOST_BETWEEN``. Lines that no wrapper opened belong to the record before them.
    """
    readable = pl.col("reason").is_null()
    going_on = [index for index, source in enumerate(sources) if source.goes_on]
    apart = pl.col("line_no") - pl.col("last_line_no").shift(1) > MOST_BETWEEN
    frame = (
        inner.with_columns(owners(inner, sources), pl.int_range(pl.len(), dtype=pl.Int64).alias("place"))
        .with_columns(pl.col("owner").forward_fill().alias("after"))
        .with_columns((pl.col("owner").is_not_null() | apart.over("channel").fill_null(value=False)).alias("begins"))
        .with_columns(pl.when("begins").then("place").forward_fill().over("channel").alias("record"))
        .with_columns(pl.col("owner").gather("record").alias("follows"))
    )
    part = readable & pl.col("follows").is_in(going_on).fill_null(value=False) | pl.col("owner").is_not_null()
    alone = (pl.col("byte_offset").diff().fill_null(1) != 0) & (pl.col("byte_offset").diff(-1).fill_null(1) != 0)
    blank = readable & ~part & (pl.col("text").str.strip_chars() == "")
    frame = frame.with_columns(part.alias("part"), blank.alias("blank"), (blank & alone).alias("blank_line"))
    whole = (
        frame.filter("part")
        .group_by("record", maintain_order=True)
        .agg(
            pl.col("follows", "byte_offset").first(),
            pl.col("bytes").sum(),
            pl.col("text").str.join("\n").str.strip_chars_end("\n"),
            pl.col("last_line_no").max(),
        )
        .sort("record")
        .rename({"record": "line_no"})
    )
    names = {index: source.name for index, source in enumerate(sources)}
    by_place = frame.with_columns(pl.col("place").alias("line_no"))
    return SortedInside(
        records={
            sources[index].name: group.select(*_SHAPE)
            for (index,), group in whole.partition_by("follows", as_dict=True, maintain_order=True).items()
        },
        loose=by_place.filter(readable & ~pl.col("part") & ~pl.col("blank")).select(
            *_SHAPE, pl.col("after").replace_strict(names, return_dtype=pl.String, default=None).alias("follows")
        ),
        rejected=by_place.filter(~readable).select(*_SHAPE, "reason"),
        blank=frame.filter("blank_line").select("byte_offset", "bytes"),
        formats=frame.select(
            "byte_offset", pl.col("after").replace_strict(names, return_dtype=pl.String, default=None).alias("format")
        ),
        whole_before=_whole_before(frame, going_on),
    )


def _whole_before(frame: pl.DataFrame, going_on: Sequence[int]) -> int | None:
    """The last byte offset at which the block can be cut: no record lies on both sides, and none before it is open."""
    last = frame["last_line_no"].max()
    spans = frame.group_by(pl.when("part").then("record").otherwise("place").alias("record")).agg(
        pl.col("channel").first(),
        pl.col("byte_offset").min().alias("begins"),
        pl.col("byte_offset").max().alias("ends"),
        pl.col("last_line_no").max(),
        pl.col("follows").first(),
        pl.col("unfinished").any(),
        pl.col("place").max(),
    )
    latest = pl.col("place") == pl.col("place").max().over("channel")
    may_go_on = pl.col("unfinished") | pl.col("follows").is_in(going_on).fill_null(value=False)
    open_ones = spans.filter(latest & may_go_on & (last - pl.col("last_line_no") <= MOST_BETWEEN))
    ends = [frame.filter("opened")["byte_offset"].max(), open_ones["begins"].min()]
    found = [end for end in ends if isinstance(end, int)]
    if not found:
        return None
    cut = min(found)
    while isinstance(
        begins := spans.filter((pl.col("begins") < cut) & (pl.col("ends") >= cut))["begins"].min(),
        int,
    ):
        cut = begins
    return cut
