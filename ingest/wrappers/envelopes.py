"""What is around the log lines of one file, judged by its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from ingest.records import physical_lines
from ingest.sources import Source
from ingest.wrappers import WRAPPERS, Wrapper
from ingest.wrappers.documents import Events, cut, document_of
from ingest.wrappers.peeling import Claims, peel_all, wrappers_in


@dataclass(frozen=True, kw_only=True)
class Envelopes:
    """The wrappers around a file's lines, none for most files; and how it is cut where it is one document."""

    wrappers: tuple[Wrapper, ...]
    """Those that were met. Other events of a document may be wrapped otherwise: they are tried with all."""
    events: Events | None
    known: Claims
    not_after: datetime
    connection: duckdb.DuckDBPyConnection

    @classmethod
    def of(
        cls, head: bytes, written_at: datetime, *, sources: Sequence[Source], connection: duckdb.DuckDBPyConnection
    ) -> Envelopes:
        """
        Judge a file by its first bytes alone, so that it does not matter how it is cut into chunks.

        ``written_at`` is when the file was last written (naive UTC); ``sources`` are the formats that lines may have.
        """

        def known(line: pl.Expr) -> pl.Expr:
            return pl.any_horizontal(pl.lit(value=False), *(source.claims(line) for source in sources))

        def around(text: str) -> tuple[Wrapper, ...]:
            one = pl.DataFrame({"line_no": [1], "byte_offset": [0], "bytes": [0], "text": [text]})
            return wrappers_in(one.with_columns(reason=pl.lit(None, pl.String)), connection, known=known)

        text = head.decode("utf-8", "replace").removeprefix("\ufeff")
        events = document_of(text, lambda event: bool(around(event)))
        if events:
            wrappers = around(next(events(text)).text)
        else:
            whole = head[: head.rfind(b"\n") + 1] or head
            lines = physical_lines(whole, line_no=1, byte_offset=0) if whole else None
            wrappers = () if lines is None else wrappers_in(lines, connection, known=known)
        return cls(wrappers=wrappers, events=events, known=known, not_after=written_at, connection=connection)

    @property
    def names(self) -> tuple[str, ...]:
        """The wrappers' names."""
        return tuple(wrapper.name for wrapper in self.wrappers)

    def peeled(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The lines within these physical ones (``peel_all``)."""
        wrappers = WRAPPERS if self.events else self.wrappers
        return peel_all(lines, self.connection, known=self.known, not_after=self.not_after, wrappers=wrappers)

    def lines_of(self, document: str) -> pl.DataFrame:
        """
        The lines within the events of a document, in the order they were written.

        Consoles export the latest event first; what an event holds stays in its order.
        """
        inner = self.peeled(cut(document, self.events)) if self.events else pl.DataFrame()
        told = inner["written_at"].drop_nulls() if "written_at" in inner.columns else pl.Series()
        if told.is_empty() or told[0] <= told[-1]:
            return inner
        return inner.sort("byte_offset", descending=True, maintain_order=True)
