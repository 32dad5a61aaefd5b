r"""
Lines with the container's name that ``docker compose logs`` puts before each; a time may follow.

    worker-1  | pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 INFO: start
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.wrapper import Wrapper

_PREFIX = r"^([A-Za-z0-9][A-Za-z0-9_.-]*[-_]\d+) +\|(?: |$)"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_PREFIX)


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    line = pl.col("text")
    container = line.str.extract(_PREFIX, 1)
    return lines.select(
        "line_no",
        text=line.str.replace(_PREFIX, ""),
        channel=container,
        kept=json_object(container=container),
    )


WRAPPER = Wrapper(
    name="compose", describes="docker compose logs", claims=_claims, holds=(" |",), peel=_peel, gives_way=True
)
