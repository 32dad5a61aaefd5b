"""
A Rails log around the lines of one library: the logger's prefix, the tags before the words, and the lines that follow.

    I, [2026-03-01T22:00:05.120000 #80]  INFO -- : [GoodJob] [80] GoodJob scheduler is shut down.

Development, and production from Rails 8 on, write neither prefix nor time. All processes of a machine may append to the
same file, so that lines behind a record are often not its own.
"""

from __future__ import annotations

import polars as pl

from ingest.active_job_messages import clock_of, level_of, pid_of

PREFIX = r"[DIWEFA], \[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} #\d{1,18}\] +[A-Z]+ -- [^:\n]*: "
TAGS = r"(?:\[[^\]\n]*\] )*?"

_LOGGER_LINE = r"[DIWEFA], \[\d{4}-\d\d-\d\dT[\d:.]+ #\d+\]"
_NOT_ITS_OWN = rf"(?s)(?:^|\n)(?:{_LOGGER_LINE}|{TAGS}Started (?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \").*$"


def headed(records: pl.DataFrame) -> pl.DataFrame:
    """
    Records as ``line_no``, ``occurred_at_clock``, ``level``, ``pid``, ``words`` and ``rest``.

    ``words`` is the first line without the logger's prefix, tags included, ``rest`` the lines behind it or null.
    ``reason`` is null, or says why the time cannot be read.
    """
    text, logged = pl.col("text"), pl.col("logged")
    lines = records.select(
        "line_no",
        text.str.splitn("\n", 2).struct.rename_fields(["first", "rest"]).alias("parts"),
        pl.when(text.str.contains(r"^[DIWEFA], \[\d{4}-")).then(text.str.slice(0, 60)).alias("logged"),
    ).unnest("parts")
    first = pl.col("first").str.strip_suffix("\r")
    # A colon and a blank end what the logger writes, and stand nowhere in it.
    return lines.select(
        "line_no",
        clock_of(logged).alias("occurred_at_clock"),
        level_of(logged).alias("level"),
        pid_of(logged).alias("pid"),
        pl.when(logged.is_null())
        .then(first)
        .otherwise(first.str.splitn(": ", 2).struct.field("field_1"))
        .alias("words"),
        "rest",
        pl.when(logged.is_not_null() & clock_of(logged).is_null())
        .then(pl.lit("its time is no date of the years 1970 to 2259"))
        .alias("reason"),
    )


def own_part(rest: pl.Expr) -> pl.Expr:
    """Of the lines behind a record those before another call of the logger or a request; null where there is none."""
    own = rest.str.replace(_NOT_ITS_OWN, "")
    return pl.when(own != "").then(own)


def loose_lines(lines: pl.DataFrame, own: pl.Expr, system: str) -> pl.DataFrame:
    """Rows of ``log_lines`` for the lines in ``rest`` behind the first ``own`` of them."""
    behind = lines.filter(pl.col("rest").is_not_null()).with_columns(
        pl.col("rest").str.split("\n").alias("line"), own.cast(pl.Int64).alias("own")
    )
    each = behind.select(
        pl.col("line").list.slice(pl.col("own")),
        pl.int_ranges(pl.col("line_no") + 1 + pl.col("own"), pl.col("line_no") + 1 + pl.col("line").list.len()).alias(
            "line_no"
        ),
    )
    each = each.filter(pl.col("line").list.len() > 0).explode("line", "line_no")
    line = pl.col("line")
    prefix = line.str.extract(rf"^({_LOGGER_LINE} +\w+ -- [^:\n]*: )", 1)
    return each.filter(line.str.strip_chars() != "").select(
        "line_no",
        clock_of(prefix).alias("occurred_at_clock"),
        level_of(prefix).alias("level"),
        line.str.slice(prefix.str.len_chars().fill_null(0)).alias("message"),
        pl.when(prefix.is_null()).then(pl.lit(system)).alias("system"),
        pid_of(prefix).alias("pid"),
    )
