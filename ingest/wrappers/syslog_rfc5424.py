r"""
Syslog as RFC 5424 has it: priority, version 1, time, host, application, process, message id, structured data.

    <134>1 2026-03-01T22:00:05.120Z web-1 sidekiq 80 - - pid=80 tid=g7y class=WelcomeMail INFO: start

Traps: Heroku's drains leave the structured data out altogether; a job system's own line may begin with a bracket.
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.moments import DATE_AND_TIME, OFFSET, utc
from ingest.wrappers.severity import severity
from ingest.wrappers.wrapper import Wrapper

_ELEMENT = r'\[[^\s=\]"]+(?: [^\s=\]"]+="(?:[^"\\\]]|\\.)*")*\]'
_DATA = rf"^(-|(?:{_ELEMENT})+)(?: |$)"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(rf"^<\d{{1,3}}>1 (?:-|{DATE_AND_TIME}{OFFSET}) \S+ \S+ \S+ \S+(?: |$)")


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    part = pl.col("text").str.splitn(" ", 7).struct
    names = ("priority", "time", "host", "app", "process", "message_id", "rest")
    told = lines.with_columns(part.field(f"field_{number}").alias(name) for number, name in enumerate(names))
    told = told.with_columns(pl.col("priority").str.extract(r"^<(\d+)>", 1), pl.col("rest").fill_null(""))
    told = told.with_columns(pl.col("rest").str.extract(_DATA, 1).alias("data"))
    priority, time, host, app, process, message_id, rest = (pl.col(name) for name in names)
    after_data = rest.str.slice(pl.col("data").str.len_chars() + 1)
    return told.select(
        "line_no",
        text=pl.coalesce(after_data, rest).str.strip_prefix("\ufeff"),
        written_at=utc(time),
        host=_told(host),
        channel=pl.concat_str(host, app, process, separator=" "),
        level=severity(priority),
        kept=json_object(
            priority=priority,
            time=_told(time),
            host=_told(host),
            app=_told(app),
            process=_told(process),
            message_id=_told(message_id),
            data=_told(pl.col("data")),
        ),
    )


def _told(field: pl.Expr) -> pl.Expr:
    return pl.when(field != "-").then(field)


WRAPPER = Wrapper(name="syslog", describes="syslog, RFC 5424", claims=_claims, holds=(">1 ",), peel=_peel)
