r"""
Lines behind a whole time, the host and a tag: rsyslog's files, ``journalctl -o short-iso`` and ``-o short-full``.

    2026-03-01T22:00:05.120000+00:00 web-1 sidekiq[80]: pid=80 tid=g7y class=WelcomeMail INFO: start
    Sun 2026-03-01 22:00:05 UTC web-1 sidekiq[80]: pid=80 tid=g7y class=WelcomeMail INFO: start

Traps: other programs write their level where the host would stand; ``short-full`` names most zones by letters that mean
several.
"""

from __future__ import annotations

import re

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
_BEGINS = re.compile(rf"(?:<\d{{1,3}}>)?(?:{_ISO}|{_FULL}) [^ ]+ [^ ]+:(?: |$)")
_HEAD = rf"^(?:<\d{{1,3}}>)?(?:{_ISO}|{_FULL}) {_HOST_AND_TAG}"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_HEAD) & ~line.str.contains(rf"^(?:<\d{{1,3}}>)?{_ISO} {_LEVEL} ")


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    in_full = pl.col("text").str.contains("^(?:<[0-9]+>)?[A-Z]")
    return pl.concat([_opened(lines.filter(~in_full), _with_iso()), _opened(lines.filter(in_full), _with_full())])


def _with_iso() -> tuple[int, pl.Expr, pl.Expr]:
    """In how many words the time stands; the moment in UTC, and by the clock."""
    return 1, utc(pl.col("time")), pl.lit(None, pl.Datetime("us"))


def _with_full() -> tuple[int, pl.Expr, pl.Expr]:
    told = clock(pl.col("time").str.extract(r"(\d{4}-\S+ \S+)", 1), "%Y-%m-%d %H:%M:%S%.f")
    in_utc = pl.col("time").str.contains(" (?:UTC|GMT)$")
    return 4, pl.when(in_utc).then(told), pl.when(~in_utc).then(told)


def _opened(lines: pl.DataFrame, form: tuple[int, pl.Expr, pl.Expr]) -> pl.DataFrame:
    words, moment, by_clock = form
    line = pl.col("text")
    priority = line.str.extract(r"^<(\d+)>", 1)
    part = line.str.strip_chars_start("<0123456789>") if words > 1 else line.str.replace(r"^<\d+>", "")
    field = part.str.splitn(" ", words + 3).struct
    time = pl.concat_str([field.field(f"field_{number}") for number in range(words)], separator=" ")
    told = lines.with_columns(
        priority.alias("priority"),
        time.alias("time"),
        field.field(f"field_{words}").alias("host"),
        field.field(f"field_{words + 1}").str.strip_suffix(":").alias("tag"),
        field.field(f"field_{words + 2}").fill_null("").alias("inside"),
    ).with_columns(pl.col("tag").str.extract(r"\[(.*)\]$", 1).alias("process"))
    host, process, tag = pl.col("host"), pl.col("process"), pl.col("tag").str.replace(r"\[.*\]$", "")
    return told.select(
        "line_no",
        text=pl.col("inside"),
        written_at=moment,
        written_at_clock=by_clock,
        host=host,
        channel=pl.concat_str(host, "tag", separator=" "),
        level=severity(pl.col("priority")),
        kept=json_object(priority=pl.col("priority"), time=pl.col("time"), host=host, app=tag, process=process),
    )


WRAPPER = Wrapper(
    name="syslog_iso",
    describes="rsyslog's files, journalctl -o short-iso and -o short-full",
    claims=_claims,
    begins=_BEGINS,
    peel=_peel,
    gives_way=True,
)
