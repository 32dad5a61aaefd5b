r"""
GoodJob's own lines in a Rails log, versions 2 to 4.

    I, [2026-03-01T22:00:05.120000 #80]  INFO -- : [GoodJob] [80] GoodJob 4.9.1 started scheduler with queues=mailers max_threads=5.
    [GoodJob] [80] [GoodJob::Scheduler(queues=mailers max_threads=5)-thread-1] Executed GoodJob 0f8a3b52-7c0e-4f0b-9b0e-0123456789ab

A job's life is told by Active Job in the same log: see ``active_job_text.py``. Traps: ``Executed`` follows every run,
whatever came of it. Before version 4 it names a row, which is the job only by chance. A process has a scheduler for each
group of queues and tells of each; which are shut down one after the other. What aborts an enqueue stands under Active
Job's tag, before version 4.9 without GoodJob's.
"""  # noqa: E501 - lines as they are written

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.rails_log import PREFIX, TAGS, headed, loose_lines, own_part
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OWN_TAG = "[GoodJob] "
_ABORTED = (
    r"^Aborted enqueue of (\S+) \(Job ID: ([^)\s]+)\) because the concurrency key '(.*)' "
    r"has reached its (\w+) limit of "
)
_INTERRUPTED = "GoodJob scheduler has been killed. The following Active Jobs were interrupted: "
_STARTED = r"^GoodJob (?:\d\S* )?started scheduler with queues=(\S*) max_threads=(\d{1,9})\.?"
_ERROR = r"^(?:GoodJob error: |Notifier errored: |Error pinging systemd: )"


def _claims(line: pl.Expr) -> pl.Expr:
    beginning = rf"^(?:{PREFIX})?{TAGS}(?:\[GoodJob\] |\[ActiveJob\] Aborted enqueue of \S+ \(Job ID: )"
    return line.str.contains("[GoodJob] ", literal=True) & line.str.contains(beginning) | line.str.contains(
        "] Aborted enqueue of ", literal=True
    ) & line.str.contains(beginning)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = headed(records)
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    lines = _untagged(lines.filter(pl.col("reason").is_null()))
    executed = lines.filter(pl.col("executed").is_not_null())
    lines = _placed(lines.filter(pl.col("executed").is_null())).with_columns(_meaning())
    meaning = pl.col("meaning")
    errors = meaning == "error"
    own_lines = pl.when(errors).then(own_part(pl.col("rest")).str.count_matches("\n", literal=True) + 1).fill_null(0)
    rows = {
        "job_events": pl.concat(
            [
                _executed(executed),
                _aborted(lines.filter(meaning == "aborted")),
                _interrupted(lines.filter(meaning == "killed")),
            ],
            how="diagonal",
        ),
        "worker_events": _worker_events(lines.filter(meaning.is_in(["booted", "stopping", "stopped", "killed"]))),
        "log_lines": pl.concat(
            [
                _said(lines.filter(errors | meaning.is_null())),
                loose_lines(lines, own_lines, "good_job"),
                loose_lines(executed, pl.lit(0), "good_job"),
            ],
            how="diagonal",
        ),
    }
    return Parsed(
        rows={table: frame for table, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _untagged(lines: pl.DataFrame) -> pl.DataFrame:
    """The words behind GoodJob's tag, the tags before it, and the row of a run that has ended."""
    words = pl.col("words")
    tagged = words.str.contains(rf"^{TAGS}\[GoodJob\] ")
    parts = pl.when(tagged).then(words).str.splitn(_OWN_TAG, 2).struct
    lines = lines.with_columns(
        parts.field("field_0").alias("outer_tags"), pl.coalesce(parts.field("field_1"), words).alias("words")
    )
    ended = words.str.splitn("] Executed GoodJob ", 2).struct.field("field_1")
    return lines.with_columns(pl.when(ended.str.contains(rf"^{_UUID}$")).then(ended).alias("executed"))


def _placed(lines: pl.DataFrame) -> pl.DataFrame:
    """The words without any tag, with the process and thread that tags name, and the job they were said in."""
    words = pl.col("words")
    outer = words.str.extract(rf"^({TAGS}\[ActiveJob\] )Aborted ", 1)
    lines = lines.with_columns(
        pl.coalesce("outer_tags", outer).alias("outer_tags"),
        words.str.slice(outer.str.len_chars().fill_null(0)).alias("words"),
    )
    process = r"^\[(\d{1,18})\] "
    thread = words.str.extract(r"^\[\d{1,18}\] \[([^\]]+)\] GoodJob ", 1)
    inside = words.str.replace(process, "")
    return lines.with_columns(
        pl.coalesce(words.str.extract(process, 1).cast(pl.Int64, strict=False), "pid").alias("pid"),
        thread.alias("thread"),
        inside.str.slice(pl.when(thread.is_null()).then(0).otherwise(thread.str.len_chars() + 3)).alias("words"),
        pl.col("outer_tags").str.extract(rf"\[[A-Z][\w:]*\] \[({_UUID})\] ", 1).alias("said_in"),
    )


def _meaning() -> pl.Expr:
    words = pl.col("words")
    return (
        pl.when(words.str.starts_with("Aborted enqueue of ") & words.str.contains(_ABORTED)).then(pl.lit("aborted"))
        .when(words.str.contains(_STARTED)).then(pl.lit("booted"))
        .when(words.str.starts_with("GoodJob shutting down scheduler")).then(pl.lit("stopping"))
        .when(words.str.starts_with("GoodJob scheduler is shut down")).then(pl.lit("stopped"))
        .when(words.str.starts_with("GoodJob scheduler has been killed")).then(pl.lit("killed"))
        .when(words.str.contains(_ERROR)).then(pl.lit("error"))
        .alias("meaning")
    )  # fmt: skip


_SHARED = ["line_no", "occurred_at_clock", "pid", "thread", pl.lit("good_job").alias("system")]


def _executed(lines: pl.DataFrame) -> pl.DataFrame:
    """
    Ends as the table of jobs tells them, too: there without process and thread, which would make two ends of one. The
    message names both.
    """
    return lines.select(
        "line_no",
        "occurred_at_clock",
        pl.lit("good_job").alias("system"),
        pl.lit(0, pl.Int32).alias("record_no"),
        pl.lit("acknowledged").alias("event"),
        pl.col("executed").alias("job_id"),
        pl.col("words").alias("message"),
    )


def _aborted(lines: pl.DataFrame) -> pl.DataFrame:
    words = pl.col("words")
    return lines.select(
        *_SHARED,
        pl.lit(0, pl.Int32).alias("record_no"),
        pl.lit("lock_conflict").alias("event"),
        words.str.extract(_ABORTED, 2).alias("job_id"),
        words.str.extract(_ABORTED, 1).alias("job_class"),
        pl.col("said_in").alias("parent_job_id"),
        words.alias("message"),
        pl.struct(concurrency_key=words.str.extract(_ABORTED, 3), limit=words.str.extract(_ABORTED, 4))
        .struct.json_encode()
        .alias("attributes"),
    )


def _interrupted(lines: pl.DataFrame) -> pl.DataFrame:
    """Jobs that a scheduler had to leave: their rows are free once its process has gone, and another one takes them."""
    ids = pl.col("words").str.strip_prefix(_INTERRUPTED).str.extract_all(_UUID)
    jobs = lines.filter(pl.col("words").str.starts_with(_INTERRUPTED)).with_columns(
        ids.alias("job_id"), pl.int_ranges(0, ids.list.len(), dtype=pl.Int32).alias("record_no")
    )
    return (
        jobs.filter(pl.col("job_id").list.len() > 0)
        .explode("job_id", "record_no")
        .select(
            *_SHARED,
            "record_no",
            pl.lit("requeued").alias("event"),
            "job_id",
            pl.col("words").alias("message"),
        )
    )


def _worker_events(lines: pl.DataFrame) -> pl.DataFrame:
    words = pl.col("words")
    queues = words.str.extract(_STARTED, 1)
    names = queues.str.strip_prefix("+").str.split(",")
    return lines.select(
        *_SHARED,
        pl.col("meaning").replace({"killed": "stopped"}).alias("event"),
        words.str.extract(r"^GoodJob (\d\S*) started ", 1).alias("version"),
        # A leading minus means all queues but these.
        pl.when(~queues.str.starts_with("-")).then(names).alias("queues"),
        words.str.extract(_STARTED, 2).cast(pl.Int32, strict=False).alias("concurrency"),
        pl.when(words.str.starts_with(_INTERRUPTED))
        .then(words.str.count_matches(_UUID).cast(pl.Int32))
        .alias("job_count"),
        words.alias("message"),
    )


def _said(lines: pl.DataFrame) -> pl.DataFrame:
    error = pl.col("meaning") == "error"
    return lines.select(
        *_SHARED,
        "level",
        pl.concat_str("words", pl.when(error).then(own_part(pl.col("rest"))), separator="\n", ignore_nulls=True).alias(
            "message"
        ),
        pl.col("said_in").alias("job_id"),
    )


SOURCE = Source(
    name="good_job_text",
    describes="GoodJob's own lines in a Rails log, versions 2 to 4",
    kind="log",
    system="good_job",
    shows=frozenset({"ends", "workers"}),
    cannot="What came of a run, and its class and arguments: Active Job's lines in the same log tell; before "
    "version 4, which job a row is; without the logger's prefix, when anything happened.",
    claims=_claims,
    holds=("[GoodJob] ", "] Aborted enqueue of "),
    parse=_parse,
    goes_on=True,
)
