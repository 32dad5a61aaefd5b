r"""
Lines with the time that ``docker logs --timestamps`` and ``kubectl logs --timestamps`` put before each.

    2026-03-01T22:00:05.120123456Z pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 INFO: start

Trap: job systems begin their own lines with such a time. Only these two always write nine digits after the second.
"""

from __future__ import annotations

import re

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.moments import OFFSET, utc
from ingest.wrappers.wrapper import Wrapper

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(rf"^{_TIME}{OFFSET}(?: |$)")


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    part = pl.col("text").str.splitn(" ", 2).struct
    time = part.field("field_0")
    return lines.select(
        "line_no", text=part.field("field_1").fill_null(""), written_at=utc(time), kept=json_object(time=time)
    )


WRAPPER = Wrapper(
    name="container_times",
    describes="docker logs --timestamps, kubectl logs --timestamps",
    claims=_claims,
    begins=re.compile(_TIME),
    peel=_peel,
)
