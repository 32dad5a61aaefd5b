r"""
Lines behind a whole time, the host and a tag: rsyslog's files, ``journalctl -o short-iso``, ``short-full`` and their kin.

    2026-03-01T22:00:05.120000+00:00 web-1 sidekiq[80]: pid=80 tid=g7y class=WelcomeMail INFO: start
    Sun 2026-03-01 22:00:05 UTC web-1 sidekiq[80]: pid=80 tid=g7y class=WelcomeMail INFO: start

Traps: other programs write their level where the host would stand; ``short-full`` names most zones by letters that mean
several.
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.moments import DATE_AND_TIME, OFFSET, clock, utc
from ingest.wrappers.severity import severity
from ingest.wrappers.wrapper import Wrapper

_ISO = rf"{DATE_AND_TIME}{OFFSET}"
_FULL = r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? [A-Z0-9+-]{2,6}"
_LEVEL = "(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)"
_TAG = r'[^\s:\[\]{}"]+'
_HOST_AND_TAG = rf"(\S+) ({_TAG})(?:\[([^\]\s]*)\])?:(?: |$)"
_HEAD = rf"^(?:<\d{{1,3}}>)?(?:{_ISO}|{_FULL}) {_HOST_AND_TAG}"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_HEAD) & ~line.str.contains(rf"^(?:<\d{{1,3}}>)?{_ISO} {_LEVEL} ")


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    line = pl.col("text")
    head = line.str.extract(f"({_HEAD})", 1)
    priority = head.str.extract(r"^<(\d+)>", 1)
    time, after = head.str.extract(f"({_ISO}|{_FULL})", 1), head.str.extract(rf"(?:{_ISO}|{_FULL}) (.*)$", 1)
    host, tag, process = (after.str.extract(f"^{_HOST_AND_TAG}", group) for group in (1, 2, 3))
    in_full = time.str.extract(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ", 1)
    told = clock(in_full, "%Y-%m-%d %H:%M:%S%.f")
    in_utc = time.str.contains(" (?:UTC|GMT)$")
    return lines.select(
        "line_no",
        text=line.str.slice(head.str.len_chars()),
        written_at=pl.coalesce(utc(time), pl.when(in_utc).then(told)),
        written_at_clock=pl.when(~in_utc).then(told),
        host=host,
        channel=pl.concat_str(host, tag, process, separator=" ", ignore_nulls=True),
        level=severity(priority),
        kept=json_object(priority=priority, time=time, host=host, app=tag, process=process),
    )


WRAPPER = Wrapper(
    name="syslog_iso",
    describes="rsyslog's files, journalctl -o short-iso and -o short-full",
    claims=_claims,
    peel=_peel,
    gives_way=True,
)
