r"""
Syslog as machines have always written it (RFC 3164), which is also journalctl's own output: no year and no zone.

    <134>Mar  1 22:00:05 web-1 sidekiq[80]: pid=80 tid=g7y class=WelcomeMail INFO: start
    Mar 01 22:00:05 web-1 sidekiq[80]: pid=80 tid=g7y class=WelcomeMail INFO: start

Trap: tabs, and line ends on some machines, come as ``#011`` and ``#012``.
"""

from __future__ import annotations

import re

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.moments import clock
from ingest.wrappers.severity import severity
from ingest.wrappers.wrapper import Wrapper

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = rf"{_MONTH} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{{1,9}})?"
_TAG = r'[^\s:\[\]{}"]+'
_HOST_AND_TAG = rf"(\S+) ({_TAG})(?:\[([^\]\s]*)\])?:(?: |$)"
_HEAD = rf"^(?:<\d{{1,3}}>)?{_TIME} {_HOST_AND_TAG}"
_WIDTH = len("Mar  1 22:00:05")
_LEAP_YEAR = "1972 "
"""One that has a 29th of February."""


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_HEAD)


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    line = pl.col("text")
    dated = line.str.replace(r"^<\d+>", "")
    field = dated.str.slice(_WIDTH).str.splitn(" ", 4).struct
    told = lines.with_columns(
        line.str.extract(r"^<(\d+)>", 1).alias("priority"),
        pl.concat_str(dated.str.slice(0, _WIDTH), field.field("field_0")).alias("time"),
        field.field("field_1").alias("host"),
        field.field("field_2").str.strip_suffix(":").alias("tag"),
        field.field("field_3").fill_null("").alias("inside"),
    )
    priority, time, host, tag = pl.col("priority"), pl.col("time"), pl.col("host"), pl.col("tag")
    in_leap_year = pl.concat_str(pl.lit(_LEAP_YEAR), time.str.replace("  ", " 0", literal=True))
    return told.select(
        "line_no",
        text=pl.col("inside").str.replace_all("#011", "\t", literal=True).str.replace_all("#012", "\n", literal=True),
        written_at_yearless=clock(in_leap_year, "%Y %b %d %H:%M:%S%.f"),
        host=host,
        channel=pl.concat_str(host, tag, separator=" "),
        level=severity(priority),
        kept=json_object(
            priority=priority,
            time=time,
            host=host,
            app=tag.str.replace(r"\[.*\]$", ""),
            process=tag.str.extract(r"\[(.*)\]$", 1),
        ),
    )


WRAPPER = Wrapper(
    name="syslog_short",
    describes="syslog, RFC 3164; journalctl -o short",
    claims=_claims,
    begins=re.compile(rf"(?:<\d{{1,3}}>)?{_TIME} "),
    peel=_peel,
)
