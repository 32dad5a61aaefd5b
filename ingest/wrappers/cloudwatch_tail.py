r"""
Lines as ``aws logs tail`` prints them: the time, and the log stream's name.

    2026-03-01T22:00:05.120000+00:00 ecs/worker/0f3a9c pid=80 tid=g7y class=WelcomeMail INFO: start

Trap: a level may stand where the stream would, in programs that log like this themselves.
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.moments import utc
from ingest.wrappers.wrapper import Wrapper

_HEAD = r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00) (\S*[^\s:]) "
_LEVEL = r"^\S+ (?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL) "


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_HEAD) & ~line.str.contains(_LEVEL)


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    line = pl.col("text")
    time, stream = line.str.extract(_HEAD, 1), line.str.extract(_HEAD, 2)
    return lines.select(
        "line_no",
        text=line.str.replace(_HEAD, ""),
        written_at=utc(time),
        channel=stream,
        kept=json_object(time=time, stream=stream),
    )


WRAPPER = Wrapper(
    name="cloudwatch_tail", describes="aws logs tail", claims=_claims, holds=("+00:00 ",), peel=_peel, gives_way=True
)
