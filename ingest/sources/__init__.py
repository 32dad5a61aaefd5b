"""The input formats, one per file. The first that claims a line reads it."""

from __future__ import annotations

from ingest.sources.source import Parsed, Rows, Source

SOURCES: tuple[Source, ...] = ()

__all__ = ["SOURCES", "Parsed", "Rows", "Source"]
