"""What people bring in a form of our own, as JSON lines or CSV: from records to the rows of one table."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest import untrusted_json as read
from ingest.sources.source import Parsed

if TYPE_CHECKING:
    import duckdb

_Record = tuple[int, int, Mapping[str, Any]]
"""Line, number within it, and what it says."""


@dataclass(frozen=True)
class Brought:
    """One table that people may fill themselves."""

    table: str
    word: str
    """What a record is called in messages."""
    schema: Mapping[str, pl.DataType]
    """The columns of a row, beside ``line_no`` and ``record_no``."""
    row: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """From what a record says to a row; raises ``ValueError`` with the reason in words where it is none."""

    def of_json_lines(self, records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
        """Rows of lines that are an object each, and the lines that are none."""
        rejects: list[tuple[int, str]] = []

        def decoded() -> Iterator[_Record]:
            for line_no, text in records.select("line_no", "text").iter_rows():
                try:
                    told = read.decoded_object(text)
                except ValueError as error:
                    rejects.append((line_no, str(error)))
                else:
                    yield line_no, 0, told

        return self._parsed(decoded(), rejects)

    def of_csv(self, records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
        """Rows of tables that are a record each, and what is none."""
        rejects: list[tuple[int, str]] = []

        def decoded() -> Iterator[_Record]:
            csv.field_size_limit(1 << 30)
            for line_no, text in records.select("line_no", "text").iter_rows():
                number = -1
                table = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""))
                for number, told in enumerate(table):
                    yield line_no, number, {name: value or None for name, value in told.items() if name is not None}
                if number < 0:
                    rejects.append((line_no, f"names of columns and no {self.word} below them"))

        return self._parsed(decoded(), rejects)

    def _parsed(self, told: Iterable[_Record], rejects: list[tuple[int, str]]) -> Parsed:
        found = []
        for line_no, record_no, record in told:
            try:
                found.append({"line_no": line_no, "record_no": record_no, **self.row(record)})
            except ValueError as error:
                rejects.append((line_no, str(error)))
        rows = pl.DataFrame(found, schema={"line_no": pl.Int64(), "record_no": pl.Int32(), **self.schema})
        refused = pl.DataFrame(rejects, schema={"line_no": pl.Int64, "reason": pl.String}, orient="row")
        return Parsed(
            rows={} if rows.is_empty() else {self.table: rows}, rejects=None if refused.is_empty() else refused
        )
