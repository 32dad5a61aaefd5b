r"""
Sidekiq's JSON log, versions 6 to 8: one object per line, what the job adds in ``ctx``.

    {"ts":"2026-03-01T22:00:05.120Z","pid":80,"tid":"g7y","lvl":"INFO","msg":"done","ctx":{"class":"WelcomeMail",
     "jid":"0123456789abcdef01234567","elapsed":0.044}}

(on one line). Traps: the first lines of such a log may be text, and other libraries write to the same stream. In 6 and
7 the report of an error is JSON text inside ``msg``, in 8 it stands in ``ctx``.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from ingest.arrow_frame import ArrowFrame
from ingest.sidekiq_messages import rows_of
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_SQL = files("ingest.sources").joinpath("sidekiq_json.sql").read_text(encoding="utf-8")


def _claims(line: pl.Expr) -> pl.Expr:
    return (
        line.str.starts_with('{"ts":"')
        & line.str.contains('"pid":', literal=True)
        & line.str.contains('"tid":', literal=True)
        & line.str.contains('"lvl":', literal=True)
    )


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    connection.execute("set timezone = 'UTC'")
    connection.register("records", ArrowFrame(records.select("line_no", "text")))
    lines = pl.DataFrame(connection.sql(_SQL))
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    parsed = rows_of(lines.filter(pl.col("reason").is_null()).drop("reason"))
    return Parsed(rows=parsed.rows, rejects=None if rejects.is_empty() else rejects)


SOURCE = Source(
    name="sidekiq_json",
    describes="Sidekiq's JSON log, versions 6 to 8",
    kind="log",
    system="sidekiq",
    shows=frozenset({"starts", "ends", "errors", "workers"}),
    cannot="When a job was put on its queue, and the queue and arguments of jobs that did not fail.",
    claims=_claims,
    holds=('"tid":',),
    parse=_parse,
)
