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
import re
from typing import TYPE_CHECKING

import polars as pl

from ingest.ruby_literals import bracket_end
from ingest.sidekiq_messages import rows_of
from ingest.sidekiq_runs import LONGEST, runs_by_place
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_COLOUR = r"\x1b\[[0-9;]*m"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
_CLOCK = r"(?:19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
"""A time that a clock may show: one of the year 1 would stretch everything that is counted by time."""
_SEVERITY = r"(?:DEBUG|INFO|WARN|ERROR|FATAL|UNKNOWN)"

_PROCESS = rf"^(?:{_TIME} )?pid=\d+ tid=\S+"
_BEFORE_8 = rf"{_PROCESS}.*? {_SEVERITY}: ?"
_FROM_8 = rf"^{_SEVERITY} +{_TIME} pid=\d+ tid=[^\s:]+(.*?):(?: |\n|$)"
_REPORT_FROM_8 = rf"(?s)^{_SEVERITY} +{_TIME} pid=\d+ tid=[^\s:]+(?: \w+=\S+)*? (context=[^\n]*? job=\{{.*)"
_NEXT_KEY = re.compile(r" (?=[A-Za-z_][\w.]*=)")
_ID = r"[0-9a-f]"


def _claims(line: pl.Expr) -> pl.Expr:
    before_8 = line.str.contains(rf"^(?:{_TIME} )?pid=\d+ tid=\S+ ")
    return before_8 | line.str.contains(rf"^(?:{_COLOUR})?{_SEVERITY} *(?:{_COLOUR})? *{_TIME} pid=\d+ tid=")


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    text = pl.col("text")
    lines = records.select("line_no", "text")
    if lines.select(text.str.contains("\x1b", literal=True).any()).item():
        lines = lines.with_columns(text.str.replace_all(_COLOUR, ""))
    runs, rest = runs_by_place(lines)
    told = by_patterns(rest) if rest.height else Parsed()
    if runs.is_empty():
        return told
    events = [runs, *(frame for table, frame in told.rows.items() if table == "job_events")]
    return Parsed(rows={**told.rows, "job_events": pl.concat(events, how="diagonal")}, rejects=told.rejects)


def by_patterns(lines: pl.DataFrame) -> Parsed:
    """What these records (``line_no``, ``text``, without colours) say, of whatever kind each is."""
    text, prefix = pl.col("text"), pl.col("prefix")
    from_8 = text.str.contains(rf"^{_SEVERITY} ")
    newer = lines.filter(from_8)
    if newer.is_empty():
        parted = _parted_before_8(lines)
    else:
        parted = pl.concat([_parted_before_8(lines.filter(~from_8)), _parted_from_8(newer)]).sort("line_no")
    reason = (
        pl.when(prefix.is_null())
        .then(pl.lit("it begins like a line of Sidekiq's log, but has no severity"))
        .when(prefix.str.contains(_TIME) & ~prefix.str.contains(_CLOCK))
        .then(pl.lit("its time is none of the years 1970 to 2259"))
    )
    judged = parted.with_columns(reason.alias("reason"))
    rejects = judged.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    good = judged.filter(pl.col("reason").is_null())
    return Parsed(rows=rows_of(good.select(*_columns())).rows, rejects=None if rejects.is_empty() else rejects)


def _parted_before_8(lines: pl.DataFrame) -> pl.DataFrame:
    """Each line's prefix and, in it, the context."""
    prefix = pl.col("text").str.extract(f"({_BEFORE_8})", 1)
    context = pl.col("prefix").str.replace(_PROCESS, "").str.replace(rf" {_SEVERITY}: ?$", "")
    return lines.with_columns(prefix.alias("prefix")).with_columns(
        context.alias("context"),
        pl.lit(None, pl.String).alias("report"),
        pl.lit(None, pl.Int64).alias("report_end"),
    )


def _parted_from_8(lines: pl.DataFrame) -> pl.DataFrame:
    """The same; the report of an error is a context of its own kind."""
    text, report = pl.col("text"), pl.col("report")
    return lines.with_columns(
        text.str.extract(f"({_FROM_8})", 1).alias("prefix"),
        text.str.extract(_FROM_8, 1).alias("context"),
        text.str.extract(_REPORT_FROM_8, 1).alias("report"),
    ).with_columns(
        pl.when(report.is_null()).then("context").otherwise(pl.lit("")).alias("context"),
        report.map_batches(_report_ends, return_dtype=pl.Int64).alias("report_end"),
    )


def _columns() -> list[pl.Expr]:
    text, prefix, context, report = pl.col("text"), pl.col("prefix"), pl.col("context"), pl.col("report")
    words = text.str.slice(prefix.str.len_chars())
    elapsed = context.str.extract(r" elapsed=(\S+)", 1).cast(pl.Float64, strict=False)
    after_report = report.str.slice(pl.col("report_end")).str.strip_prefix(":").str.strip_prefix(" ")
    return [
        pl.col("line_no"),
        prefix.str.extract(f"({_CLOCK})", 1).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False)
        .alias("occurred_at"),
        prefix.str.extract(f"({_SEVERITY})", 1).str.to_lowercase().alias("level"),
        prefix.str.extract(r"pid=(\d{1,18})", 1).cast(pl.Int64, strict=False).alias("pid"),
        prefix.str.extract(r"tid=([^\s:]+)", 1).alias("thread"),
        context.str.extract(r" jid=(\S+)", 1).alias("job_id"),
        context.str.extract(r" class=(\S+)", 1).alias("job_class"),
        context.str.extract(r" queue=(\S+)", 1).alias("queue"),
        context.str.extract(rf" trace_id=({_ID}{{32}})(?: |$)", 1).alias("trace_id"),
        context.str.extract(rf" span_id=({_ID}{{16}})(?: |$)", 1).alias("span_id"),
        pl.when(elapsed.is_between(0, LONGEST)).then(elapsed).alias("duration"),
        report.str.slice(0, pl.col("report_end")).alias("report"),
        pl.when(report.is_null()).then(words).otherwise(after_report).alias("words"),
        context.str.replace_all(
            rf" (?:(?:jid|class|elapsed|queue)=\S+|trace_id={_ID}{{32}}\b|span_id={_ID}{{16}}\b)", ""
        ).alias("rest")
        .map_batches(_attributes, return_dtype=pl.String).alias("attributes"),
    ]  # fmt: skip


def _report_ends(reports: pl.Series) -> pl.Series:
    """Where the payload of each report of an error ends: the error's own words after it may hold brackets, too."""
    return pl.Series(reports.name, [_report_end(report) for report in reports.to_list()], dtype=pl.Int64)


def _report_end(report: str | None) -> int | None:
    if report is None:
        return None
    return bracket_end(report, report.index(" job={")) or report.rfind("}: ") + 1 or len(report)


def _attributes(rests: pl.Series) -> pl.Series:
    """What else a line's context says, as JSON; the same few contexts come again and again."""
    distinct = {rest: _as_json(rest) for rest in rests.unique().to_list()}
    return pl.Series(rests.name, [distinct[rest] for rest in rests.to_list()], dtype=pl.String)


def _as_json(rest: str | None) -> str | None:
    """A value, such as a tag, may hold spaces: it ends where the next key begins."""
    pairs = [part.partition("=") for part in _NEXT_KEY.split(rest or "") if part.strip()]
    if not pairs:
        return None
    return json.dumps(
        {key.strip(): value.split(",") if key.strip() == "tags" else value for key, _, value in pairs},
        ensure_ascii=False,
    )


SOURCE = Source(
    name="sidekiq_text",
    describes="Sidekiq's text log, versions 6 to 8",
    kind="log",
    system="sidekiq",
    shows=frozenset({"starts", "ends", "errors", "workers"}),
    cannot="When a job was put on its queue, and the queue and arguments of jobs that did not fail.",
    claims=_claims,
    holds=("pid=",),
    parse=_parse,
    goes_on=True,
)
