r"""
Lines as ``heroku logs`` prints them: the time, and the dyno in brackets.

    2026-03-01T22:00:05.120000+00:00 app[worker.1]: pid=4 tid=g7y class=WelcomeMail INFO: start
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.moments import DATE_AND_TIME, OFFSET, utc
from ingest.wrappers.wrapper import Wrapper

_HEAD = rf"^({DATE_AND_TIME}{OFFSET}) ([\w-]+)\[([\w.-]+)\]:(?: |$)"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_HEAD)


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    line = pl.col("text")
    time, source, dyno = (line.str.extract(_HEAD, group) for group in (1, 2, 3))
    return lines.select(
        "line_no",
        text=line.str.replace(_HEAD, ""),
        written_at=utc(time),
        host=dyno,
        channel=pl.concat_str(source, dyno, separator=" "),
        kept=json_object(time=time, source=source, dyno=dyno),
    )


WRAPPER = Wrapper(name="heroku", describes="heroku logs", claims=_claims, holds=("]:",), peel=_peel, gives_way=True)
