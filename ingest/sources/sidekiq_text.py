r"""
Sidekiq's text logs, as its pretty and plain formatters write them from version 6 to 8.

Sidekiq 6 and 7, and 7 where the platform adds the time (then no line has any):

    2026-03-01T22:00:05.120Z pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 elapsed=0.044 INFO: done
    pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 INFO: start

Sidekiq 8, with the severity in front, coloured even in files unless the plain formatter is chosen:

    INFO 2026-03-01T22:00:05.120Z pid=80 tid=g7y jid=0123456789abcdef01234567 class=WelcomeMail tags=a,b: start

Traps: lines without a prefix go on the record before them, or are another library's noise on the same stream. The
records of an error carry neither class nor job id in 6 and 7; in 8 they are one record at INFO.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from ingest.sidekiq_messages import rows_of
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_COLOUR = r"\x1b\[[0-9;]*m"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
_SEVERITY = r"(?:DEBUG|INFO|WARN|ERROR|FATAL|UNKNOWN)"

_BEFORE_8 = rf"^(?:{_TIME} )?pid=\d+ tid=\S+(.*?) {_SEVERITY}: ?"
_FROM_8 = rf"^{_SEVERITY} +{_TIME} pid=\d+ tid=[^\s:]+(.*?):(?: |\n|$)"
_REPORT_FROM_8 = rf"^{_SEVERITY} +{_TIME} pid=\d+ tid=[^\s:]+ (context=.*? job=\{{.*\}}): "


def _claims(line: pl.Expr) -> pl.Expr:
    before_8 = line.str.contains(rf"^(?:{_TIME} )?pid=\d+ tid=\S+ ")
    return before_8 | line.str.contains(rf"^(?:{_COLOUR})?{_SEVERITY} *(?:{_COLOUR})? *{_TIME} pid=\d+ tid=")


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    text = pl.col("text")
    lines = records.select("line_no", text.str.replace_all(_COLOUR, ""))
    lines = lines.with_columns(
        text.str.contains(rf"^{_SEVERITY} ").alias("from_8"),
        text.str.extract(_REPORT_FROM_8, 1).alias("report"),
    )
    whole = pl.coalesce(
        pl.when("from_8").then(text.str.extract(f"({_FROM_8})", 1)).otherwise(text.str.extract(f"({_BEFORE_8})", 1)),
    )
    context = pl.when("from_8").then(text.str.extract(_FROM_8, 1)).otherwise(text.str.extract(_BEFORE_8, 1))
    lines = lines.with_columns(
        whole.alias("prefix"),
        pl.when(pl.col("report").is_null()).then(context).otherwise(pl.lit("")).alias("context"),
    )
    rejects = lines.filter(pl.col("prefix").is_null()).select(
        "line_no", pl.lit("it begins like a line of Sidekiq's log, but has no severity").alias("reason")
    )
    good = lines.filter(pl.col("prefix").is_not_null())
    parsed = rows_of(good.select(*_columns()))
    return Parsed(rows=parsed.rows, rejects=None if rejects.is_empty() else rejects)


def _columns() -> list[pl.Expr]:
    text, prefix, context, report = pl.col("text"), pl.col("prefix"), pl.col("context"), pl.col("report")
    words = text.str.slice(prefix.str.len_chars())
    after_report = text.str.replace(_REPORT_FROM_8, "")
    return [
        pl.col("line_no"),
        prefix.str.extract(f"({_TIME})", 1).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False)
        .alias("occurred_at"),
        prefix.str.extract(f"({_SEVERITY})", 1).str.to_lowercase().alias("level"),
        prefix.str.extract(r"pid=(\d{1,18})", 1).cast(pl.Int64, strict=False).alias("pid"),
        prefix.str.extract(r"tid=([^\s:]+)", 1).alias("thread"),
        context.str.extract(r" jid=(\S+)", 1).alias("job_id"),
        context.str.extract(r" class=(\S+)", 1).alias("job_class"),
        context.str.extract(r" elapsed=(\S+)", 1).cast(pl.Float64, strict=False).alias("duration"),
        report,
        pl.when(report.is_null()).then(words).otherwise(after_report).alias("words"),
        context.str.replace_all(r" (?:jid|class|elapsed)=\S+", "").alias("rest")
        .map_batches(_attributes, return_dtype=pl.String).alias("attributes"),
    ]  # fmt: skip


def _attributes(rests: pl.Series) -> pl.Series:
    """What else a line's context says, as JSON; the same few contexts come again and again."""
    distinct = {rest: _as_json(rest) for rest in rests.unique().to_list()}
    return pl.Series(rests.name, [distinct[rest] for rest in rests.to_list()], dtype=pl.String)


def _as_json(rest: str | None) -> str | None:
    pairs = [part.partition("=") for part in (rest or "").split()]
    if not pairs:
        return None
    return json.dumps(
        {key: value.split(",") if key == "tags" else value for key, _, value in pairs}, ensure_ascii=False
    )


SOURCE = Source(
    name="sidekiq_text",
    describes="Sidekiq's text log, versions 6 to 8",
    kind="log",
    system="sidekiq",
    shows=frozenset({"starts", "ends", "errors", "workers"}),
    claims=_claims,
    parse=_parse,
    goes_on=True,
)
