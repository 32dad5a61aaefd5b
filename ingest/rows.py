"""From records to rows of the evidence tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from ingest.clocks import tells_by_clock
from ingest.ledger import Ledger, Stream
from ingest.records import Sorted
from ingest.sources import Parsed, Source
from ingest.wrappers.native_ids import ids_of, not_read_before
from ingest.wrappers.sorting import SortedInside, sort_inside
from ingest.wrappers.telling import told_by_envelope


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a source made of records."""

    source: Source
    records: pl.DataFrame
    parsed: Parsed


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Has sources read records, and adds what they tell to the ledger."""

    ledger: Ledger
    sources: tuple[Source, ...]
    scratch: duckdb.DuckDBPyConnection

    @property
    def line_sources(self) -> tuple[Source, ...]:
        """The formats whose records are lines."""
        return tuple(source for source in self.sources if not source.document)

    def told(self, records: Mapping[str, pl.DataFrame]) -> list[Told]:
        """What each source makes of its records."""
        return [
            Told(source=source, records=records[source.name], parsed=parsed)
            for source in self.sources
            if source.name in records
            for parsed in self._parsed(source, records[source.name])
        ]

    def add_parts(
        self,
        stream: Stream,
        parted: Sorted | SortedInside,
        told: Sequence[Told],
        inner: pl.DataFrame | None = None,
    ) -> None:
        """Add what the records of sorted lines tell, and the lines beside them; ``inner`` are those in envelopes."""
        for each in told:
            self.add_told(stream, each, inner)
        if not parted.loose.is_empty():
            systems = {source.name: source.system for source in self.sources}
            before = pl.col("follows").fill_null(pl.lit(stream.last_format, pl.String))
            rows = parted.loose.select(
                "line_no",
                pl.col("text").alias("message"),
                before.replace_strict(systems, return_dtype=pl.String, default=None).alias("system"),
            )
            self._add(stream, Parsed(rows={"log_lines": rows}), inner)
        self._reject_lines(stream, parted.rejected, inner)
        stream.blank += parted.blank_bytes
        stream.last_format = parted.last_format or stream.last_format

    def add_told(self, stream: Stream, told: Told, inner: pl.DataFrame | None = None) -> None:
        """Add what one source made of its records."""
        stream.note_formats([told.source.name])
        stream.clock = stream.clock.stated_by(told.source.zone)
        self._add(stream, told.parsed, inner)
        if told.parsed.rejects is not None:
            reasons = told.parsed.rejects.select("line_no", "reason")
            placed = reasons.join(told.records, on="line_no", how="inner", maintain_order="left")
            self._reject_lines(stream, placed, inner)

    def _reject_lines(self, stream: Stream, lines: pl.DataFrame, inner: pl.DataFrame | None) -> None:
        if not lines.is_empty():
            line_no = lines["line_no"] if inner is None else inner["line_no"].gather(lines["line_no"])
            self.ledger.reject_lines(stream, lines.with_columns(line_no.alias("line_no")))

    def _add(self, stream: Stream, parsed: Parsed, inner: pl.DataFrame | None) -> None:
        told = parsed if inner is None else told_by_envelope(parsed, inner)
        stream.told_by_clock |= tells_by_clock(told.rows)
        stream.clock, frames = stream.clock.told_by(told.moments).read(told.rows)
        for table, rows in frames.items():
            self.ledger.add(stream, table, rows)

    def _parsed(self, source: Source, records: pl.DataFrame) -> Iterator[Parsed]:
        """A batch that a source cannot read is halved until the one record is found that it stumbles over."""
        try:
            yield source.parse(records.select("line_no", "text"), self.scratch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other lines of the file are not lost for it
            if records.height == 1:
                reason = f"could not be read as {source.name}: {type(error).__name__}"
                yield Parsed(rejects=records.select("line_no").with_columns(pl.lit(reason).alias("reason")))
                return
            middle = records.height // 2
            yield from self._parsed(source, records[:middle])
            yield from self._parsed(source, records[middle:])

    def add_inside(self, stream: Stream, inner: pl.DataFrame, parted: SortedInside | None = None) -> None:
        """Add what the lines in envelopes tell, but those that another export told before."""
        if self.ledger.redactor:
            inner = inner.with_columns(self.ledger.redactor.names(inner["native_id"]))
        new = not_read_before(self.ledger.db, inner)
        if parted is None or new.height < inner.height:
            inner, parted = new, sort_inside(new, self.line_sources)
        self.ledger.add(stream, "native_ids", ids_of(inner))
        self.add_parts(stream, parted, self.told(parted.records), inner)
