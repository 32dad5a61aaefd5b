"""What a source makes of a text, as plain rows: for the tests of one format."""

from __future__ import annotations

from typing import Any

import polars as pl

from ingest.records import physical_lines, sort_lines
from ingest.sources import Source
from tests.ingest.scratch import SCRATCH

Tables = dict[str, list[dict[str, Any]]]


def rows_of(source: Source, text: str) -> Tables:
    """Table name to its rows; rejects under their own name."""
    if source.document:
        records = pl.DataFrame({"line_no": [1], "text": [text]})
    else:
        parted = sort_lines(physical_lines(text.encode(), line_no=1, byte_offset=0), [source])
        records = parted.records.get(source.name, pl.DataFrame(schema={"line_no": pl.Int64, "text": pl.String}))
    parsed = source.parse(records.select("line_no", "text"), SCRATCH)
    found = {table: frame.to_dicts() for table, frame in parsed.rows.items()}
    return found | ({"rejects": parsed.rejects.to_dicts()} if parsed.rejects is not None else {})


def claimed(source: Source, text: str) -> bool:
    """Whether the source takes the text for its own."""
    return bool(pl.select(source.claims(pl.lit(text[:4096]))).item())
