"""
Lines that were read before from another export: known by the id they had before it.

Some exports name no ids. Their events get one of what they say and how often it was said before, and it counts only in
a row of events that is as long as an overlap of two logs must be (``overlaps.py``): one event may be another's equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

import duckdb
import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.overlaps import LEAST_BYTES, LEAST_LINES

_UNKNOWN = files("ingest.wrappers").joinpath("unknown_ids.sql").read_text(encoding="utf-8")
_KNOWN = files("ingest.wrappers").joinpath("known_ids.sql").read_text(encoding="utf-8")
_MADE_UP = "like:"
"""What a made-up id begins with."""


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


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Events without ids of their own that other exports have, too."""

    read_before: int = 0
    """Those that are left out, being part of an overlap."""
    doubtful: int = 0
    """Those in rows that are too short to tell, which are kept."""
    path: str | None = None
    """One of the inputs that have them."""

    @property
    def joined(self) -> str | None:
        """What was left out, in words."""
        return f"{self.read_before:,} of its events were read from {self.path}" if self.read_before else None

    @property
    def overlap(self) -> str | None:
        """What may count twice, in words."""
        if not self.doubtful:
            return None
        return (
            f"shares {self.doubtful:,} events with {self.path}, less than the {LEAST_LINES} lines and {LEAST_BYTES:,}"
            " bytes in a row that tell an overlap: they may count twice"
        )


def with_made_up_ids(
    db: duckdb.DuckDBPyConnection, inner: pl.DataFrame, sealed: Callable[[str], str]
) -> tuple[pl.DataFrame, Shared]:
    """
    The lines of a document's events (``peel_all``), with ids for events that have none, and which of these are shared.

    ``sealed`` makes of a digest what may be stored. An event whose id is known already and that is in no overlap gets
    none: it is another one that says the same.
    """
    nameless = inner.filter(pl.col("native_id").is_null())
    if nameless.is_empty():
        return inner, Shared()
    facts = ("written_at", "host", "channel", "envelope")
    events = (
        nameless.group_by("byte_offset", maintain_order=True)
        .agg(*(pl.col(name).first() for name in facts), pl.col("bytes").sum(), pl.col("text").str.join("\n"))
        .with_columns(
            says=pl.concat_str(
                *(pl.col(name).cast(pl.String).fill_null("") for name in (*facts, "text")), separator="\0"
            )
        )
        .with_columns(says=pl.concat_str("says", pl.int_range(pl.len()).over("says"), separator="\0"))
    )
    ids = [_MADE_UP + sealed(blake2b(says.encode(), digest_size=16).hexdigest()) for says in events["says"]]
    events = events.select("byte_offset", "bytes", pl.Series("made_up", ids, dtype=pl.String))
    db.register("ids_at_hand", ArrowFrame(events.select(pl.col("made_up").alias("native_id"))))
    known = pl.DataFrame(db.sql(_KNOWN), schema={"native_id": pl.String, "path": pl.String})
    db.unregister("ids_at_hand")
    in_a_row = pl.col("is_known").rle_id()
    events = (
        events.join(known, left_on="made_up", right_on="native_id", how="left", maintain_order="left")
        .with_columns(is_known=pl.col("path").is_not_null())
        .with_columns(
            long=(pl.len().over(in_a_row) >= LEAST_LINES) & (pl.col("bytes").sum().over(in_a_row) >= LEAST_BYTES)
        )
        .with_columns(made_up=pl.when(~pl.col("is_known") | pl.col("long")).then("made_up"))
    )
    named = inner.join(events.select("byte_offset", "made_up"), on="byte_offset", how="left", maintain_order="left")
    shared = events.filter("is_known")
    return named.with_columns(native_id=pl.coalesce("native_id", "made_up")).drop("made_up"), Shared(
        read_before=int(shared["long"].sum()),
        doubtful=int((~shared["long"]).sum()),
        path=None if shared.is_empty() else str(shared["path"][0]),
    )
