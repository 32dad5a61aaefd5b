r"""
systemd's journal as ``journalctl -o json`` writes it, one object per entry, keys in any order.

    {"__CURSOR":"s=7a;i=1;b=9c;m=3;t=64c;x=1f","__REALTIME_TIMESTAMP":"1772402405120000","PRIORITY":"6","_PID":"80",
     "_HOSTNAME":"web-1","_SYSTEMD_UNIT":"sidekiq.service","MESSAGE":"pid=80 tid=g7y class=WelcomeMail INFO: start"}

(on one line). Traps: a message with an escape or another byte that is no printable text comes as an array of bytes, one
given several times as an array of texts, and one that is too long as null, unless ``--all`` is given.
"""

from __future__ import annotations

import json

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import opened_with
from ingest.wrappers.wrapper import Wrapper

_opened = opened_with("journal_json.sql")


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(r"^(?:\x1e|data: )?\{") & line.str.contains('"__REALTIME_TIMESTAMP"', literal=True)


def _peel(lines: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    bare = pl.col("text").str.strip_prefix("\x1e").str.strip_prefix("data: ")
    entries = _opened(lines.with_columns(bare), connection)
    return entries.with_columns(
        pl.coalesce("text", pl.col("array").map_elements(_text, return_dtype=pl.String, skip_nulls=True))
    ).drop("array")


def _text(array: str) -> str:
    """A message that came as bytes, or that was given several times."""
    parts = json.loads(array)
    if all(isinstance(part, int) and 0 <= part < 256 for part in parts):  # noqa: PLR2004 - a byte
        return bytes(parts).decode("utf-8", "replace")
    return "\n".join(part if isinstance(part, str) else _text(json.dumps(part)) for part in parts if part)


WRAPPER = Wrapper(
    name="journal", describes="journalctl -o json", claims=_claims, holds=('"__REALTIME_TIMESTAMP"',), peel=_peel
)
