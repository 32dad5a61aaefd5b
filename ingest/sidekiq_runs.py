"""
Starts and ends of runs as Sidekiq's text logs tell them: nearly all lines of a log, and the plainest.

    2026-03-01T22:00:05.120Z pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 elapsed=0.044 INFO: done
    INFO 2026-03-01T22:00:05.120Z pid=80 tid=g7y jid=0123456789abcdef01234567 class=WelcomeMail: start

They are read by the places of their words, at a fifth of what patterns cost. A line that says more, or says it in
another order, is left to the patterns of ``sources/sidekiq_text.py``.
"""

from __future__ import annotations

import polars as pl

from ingest.sidekiq_messages import EVENTS

_WORDS = 9
"""One more than any such line has."""
LONGEST = 3e9
"""Seconds, about a century: a run that lasted longer is a misprint."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2259


def runs_by_place(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    Rows of ``job_events`` from these lines (``line_no``, ``text``) without colours, and the lines that remain.

    Of what it reads, the patterns would read the same.
    """
    text = pl.col("text")
    likely = pl.any_horizontal([text.str.ends_with(f" {word}") for word in EVENTS])
    lines_of_one = lines.filter(likely & ~text.str.contains("\n", literal=True))
    from_8 = text.str.starts_with("INFO ")
    after_level = text.str.strip_prefix("INFO").str.strip_chars_start(" ")  # the level is padded where it has a colour
    runs = pl.concat(
        [
            _until_7(_in_words(lines_of_one.filter(~from_8))),
            _from_8(_in_words(lines_of_one.filter(from_8).with_columns(after_level))),
        ]
    )
    if runs.is_empty():
        return runs, lines
    rest = lines.join(runs.select("line_no"), on="line_no", how="anti", maintain_order="left")
    return runs, rest


def _in_words(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select("line_no", pl.col("text").str.splitn(" ", _WORDS).struct.unnest())


def _until_7(words: pl.DataFrame) -> pl.DataFrame:
    has_end = _word(7).is_not_null()
    return _runs(
        words,
        at=_word(0),
        pid=_word(1),
        tid=_word(2),
        job_class=_word(3),
        jid=_word(4),
        elapsed=pl.when(has_end).then(_word(5)),
        last=pl.when(has_end).then(_word(7)).otherwise(_word(6)),
        as_ever=(pl.when(has_end).then(_word(6)).otherwise(_word(5)) == "INFO:") & _word(8).is_null(),
        has_end=has_end,
    )


def _from_8(words: pl.DataFrame) -> pl.DataFrame:
    has_end = _word(6).is_not_null()
    colon = pl.when(has_end).then(_word(5)).otherwise(_word(4)).str.ends_with(":")
    ends_later = ~(  # the first word that ends with a colon ends the context
        _word(3).str.ends_with(":") | (has_end & _word(4).str.ends_with(":"))
    )
    return _runs(
        words,
        at=_word(0),
        pid=_word(1),
        tid=_word(2),
        jid=_word(3),
        job_class=pl.when(has_end).then(_word(4)).otherwise(_word(4).str.strip_suffix(":")),
        elapsed=pl.when(has_end).then(_word(5).str.strip_suffix(":")),
        last=pl.when(has_end).then(_word(6)).otherwise(_word(5)),
        as_ever=colon & ends_later & _word(7).is_null(),
        has_end=has_end,
    )


def _word(place: int) -> pl.Expr:
    return pl.col(f"field_{place}")


def _runs(words: pl.DataFrame, *, last: pl.Expr, as_ever: pl.Expr, **told: pl.Expr) -> pl.DataFrame:
    """Of these lines those that are as they should be in all their words."""
    keys = {"pid": "pid=", "tid": "tid=", "jid": "jid=", "job_class": "class=", "elapsed": "elapsed="}
    named = words.filter(as_ever).select(
        "line_no",
        told["at"].str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False).alias("at"),
        last.alias("last"),
        told["has_end"].alias("has_end"),
        *[pl.when(told[key].str.starts_with(begin)).then(told[key].str.slice(len(begin))).alias(key)
          for key, begin in keys.items()],
    )  # fmt: skip
    pid, elapsed = pl.col("pid").cast(pl.Int64, strict=False), pl.col("elapsed").cast(pl.Float64, strict=False)
    read = named.with_columns(pid=pid, duration=elapsed)
    good = (
        pl.col("at").dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)
        & pl.col("pid").is_not_null()
        & ~pl.col("tid").str.contains(r"^$|:")
        & (pl.col("jid") != "")
        & (pl.col("job_class") != "")
        & pl.when(pl.col("last") == "start")
        .then(pl.col("has_end").not_())
        .otherwise(pl.col("last").is_in(["done", "fail"]) & pl.col("duration").is_between(0, LONGEST))
    )
    return read.filter(good.fill_null(value=False)).select(
        "line_no",
        pl.lit(0, pl.Int32).alias("record_no"),
        pl.col("at").alias("occurred_at"),
        pl.col("last").replace_strict(EVENTS, return_dtype=pl.String).alias("event"),
        pl.lit("sidekiq").alias("system"),
        pl.col("jid").alias("job_id"),
        "job_class",
        "pid",
        pl.col("tid").alias("thread"),
        "duration",
        pl.col("last").alias("message"),
    )
