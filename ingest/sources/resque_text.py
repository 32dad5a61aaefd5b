r"""
Resque's worker log, as VVERBOSE and VERBOSE make a worker write it, with what the plugin resque-retry adds.

VVERBOSE has the time before the date, without a zone, and the process that wrote the line:

    ** [22:00:05 2026-03-01] 80: got: (Job{mailers} | WelcomeMail | [7, {"lang"=>"de"}])
    ** [22:00:05 2026-03-01] 80: resque-3.0.0: Forked 91 at 1772402405
    ** [22:00:06 2026-03-01] 91: done: (Job{mailers} | WelcomeMail | [7, {"lang"=>"de"}])

VERBOSE has neither time nor process:

    *** got: (Job{mailers} | WelcomeMail | [7, {"lang"=>"de"}])

Traps: there is no job id; class and arguments are all that names a job. The parent takes a job and forks, the child
ends it: which child is whose, only ``Forked`` tells. Lines that tell the time twice, once as seconds since 1970, tell
the zone. A child that was killed writes nothing. With Active Job the class is that of its wrapper; the job's own class,
id and arguments stand in the wrapper's only argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest.ruby_arguments import arguments_json
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_STAMP = r"\d\d:\d\d:\d\d \d{4}-\d\d-\d\d"
_TIMED = rf"^\*\* \[{_STAMP}\] \d+: "
_UNTIMED = (
    r"^\*\*\* (?:got: \(Job\{|done: \(Job\{|\(Job\{|Starting worker \S+:\d+:|Pruning dead worker: |Exiting\.\.\.|"
    r"Killing child at |Sending \w+ signal to child |Child \d+ not found, |Reconnected to Redis|Error reserving job: |"
    r"USR2 received; pausing|CONT received; resuming|resque-retry -- )"
)
_YEARS = r" (?:19[7-9]\d|2[01]\d\d|22[0-5]\d)-"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.starts_with("** [") & line.str.contains(_TIMED) | line.str.starts_with("*** ") & line.str.contains(
        _UNTIMED
    )


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = records.select("line_no", *_header()).with_columns(*_kind())
    clock = pl.col("occurred_at_clock")
    bad_time = pl.col("stamp").is_not_null() & (clock.is_null() | ~pl.col("stamp").str.contains(_YEARS))
    rejects = lines.filter(bad_time).select(
        "line_no", pl.lit("its time is no date of the years 1970 to 2259").alias("reason")
    )
    good = lines.filter(~bad_time)
    told = pl.col("event").is_not_null()
    of_worker = pl.col("worker_event").is_not_null() & ~told
    rows = {
        "job_events": _job_events(good.filter(told), connection),
        "worker_events": _worker_events(good.filter(of_worker)),
        "log_lines": good.filter(~told & ~of_worker).select(*_SHARED, message="words"),
    }
    return Parsed(
        rows={table: frame for table, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
        moments=_moments(good),
    )


_SHARED = ["line_no", "occurred_at_clock", "pid", pl.lit("resque").alias("system")]


def _header() -> list[pl.Expr]:
    text = pl.col("text")
    stamp = text.str.extract(rf"^\*\* \[({_STAMP})\]", 1)
    return [
        stamp.alias("stamp"),
        stamp.str.to_datetime("%H:%M:%S %Y-%m-%d", time_unit="us", strict=False).alias("occurred_at_clock"),
        text.str.extract(r"^\*\* \[[^\]]*\] (\d{1,18}): ", 1).cast(pl.Int64, strict=False).alias("pid"),
        text.str.replace(r"^\*\*(?:\*| \[[^\]]*\] \d+:) ", "").alias("words"),
    ]


def _kind() -> list[pl.Expr]:
    """What a line tells of a job, or of the worker."""
    words = pl.col("words")
    plugin = words.str.starts_with("resque-retry -- ")
    return [
        pl.when(words.str.starts_with("got: (Job{")).then(pl.lit("started"))
        .when(words.str.starts_with("done: (Job{")).then(pl.lit("succeeded"))
        .when(words.str.starts_with("(Job{") & words.str.contains(") failed: ", literal=True)).then(pl.lit("failed"))
        .when(plugin & words.str.contains(r"\]: retry delay: \d")).then(pl.lit("retry_scheduled"))
        .when(plugin & words.str.contains("]: retry criteria not sufficient for retry", literal=True))
        .then(pl.lit("retries_exhausted"))
        .alias("event"),
        pl.when(words.str.starts_with("Starting worker ")).then(pl.lit("booted"))
        .when(words.str.starts_with("Exiting...")).then(pl.lit("stopping"))
        .when(words.str.starts_with("USR2 received; pausing")).then(pl.lit("quieted"))
        .when(words.str.contains(r"^resque-[^\s:]+: Forked \d+ at ")).then(pl.lit("forked"))
        .alias("worker_event"),
    ]  # fmt: skip


def _job_events(lines: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    words, event, behind = pl.col("words"), pl.col("event"), pl.col("behind")
    of_plugin = words.str.starts_with("resque-retry -- ")
    parts = pl.when(~of_plugin).then(words).str.splitn(" | ", 3)
    lines = lines.with_columns(
        queue=parts.struct.field("field_0").str.extract(r"\(Job\{(.*)\}$", 1),
        job_class=parts.struct.field("field_1"),
        behind=parts.struct.field("field_2"),
        delay=pl.when(of_plugin)
        .then(words)
        .str.extract(r"\]: retry delay: (\d{1,9}(?:\.\d+)?)", 1)
        .cast(pl.Float64, strict=False),
        queue_of_retry=pl.when(of_plugin).then(words).str.extract(r"\]: retry delay: \S+ for queue: (\S+)", 1),
    ).with_columns(
        inspected=pl.when(event == "failed").then(behind.str.extract(r"(?s)^(.*?)\) failed: ", 1))
        .when(pl.col("job_class").is_not_null()).then(behind.str.extract(r"^([^\n]*)\)", 1)),
        error=pl.when(event == "failed").then(behind.str.extract(r"(?s)\) failed: (.*)", 1)),
    )  # fmt: skip
    told = lines.with_columns(arguments=arguments_json(lines["inspected"], connection))
    return told.select(
        *_SHARED,
        "event",
        *_job(),
        pl.coalesce("queue", "queue_of_retry").alias("queue"),
        (pl.col("occurred_at_clock") + pl.duration(microseconds=(pl.col("delay") * 1e6).cast(pl.Int64))).alias(
            "run_at_clock"
        ),
        *_error(),
        pl.col("words").alias("message"),
    )


def _job() -> list[pl.Expr]:
    """The job's class, arguments and, of an Active Job inside its wrapper, id and number of the run."""
    arguments = pl.col("arguments")
    wrapped = pl.col("job_class").str.ends_with("JobWrapper") & arguments.str.starts_with('[{"job_class":')

    def inner(name: str) -> pl.Expr:
        return pl.when(wrapped).then(arguments.str.json_path_match(f"$[0].{name}"))

    enqueued_at = inner("enqueued_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False)
    return [
        inner("job_id").alias("job_id"),
        pl.coalesce(inner("job_class"), "job_class").alias("job_class"),
        pl.coalesce(inner("arguments"), "arguments").alias("arguments"),
        (inner("executions").cast(pl.Int32, strict=False) + 1).alias("attempt"),
        pl.when(enqueued_at.dt.year().is_between(1970, 2259)).then(enqueued_at).alias("enqueued_at"),
    ]


def _error() -> list[pl.Expr]:
    """Class and message of an exception as Ruby inspects it; from Ruby 3.4 on a message of several lines is quoted."""
    error = pl.coalesce(pl.col("error").str.extract(r"(?s)^#<(.*)>(?:\n|$)", 1), pl.col("error").str.strip_prefix("#<"))
    error_class = error.str.extract(r"^([A-Z]\w*(?:::\w+)*)", 1)
    message = error.str.slice(error_class.fill_null("").str.len_chars())
    quoted = message.str.extract(r'(?s)^: ?"(.*)"$', 1).str.replace_many(_ESCAPES)
    return [
        error_class.alias("error_class"),
        pl.coalesce(pl.when(message.str.starts_with(':"')).then(quoted), message.str.strip_prefix(": ")).alias(
            "error_message"
        ),
    ]


_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\"": '"', r"\\": "\\", r"\#": "#"}


def _worker_events(lines: pl.DataFrame) -> pl.DataFrame:
    words = pl.col("words")
    worker = words.str.extract(r"^Starting worker (\S+:\d+:\S*)", 1)
    child = words.str.extract(r": Forked (\d{1,18}) at ", 1).cast(pl.Int64, strict=False)
    return lines.select(
        "line_no",
        "occurred_at_clock",
        pl.col("worker_event").alias("event"),
        pl.lit("resque").alias("system"),
        words.str.extract(r"^resque-([^\s:]+): ", 1).alias("version"),
        worker.str.extract(r"^(.+):\d+:[^:]*$", 1).alias("host"),
        pl.coalesce(worker.str.extract(r":(\d{1,18}):[^:]*$", 1).cast(pl.Int64, strict=False), "pid").alias("pid"),
        worker.alias("worker"),
        worker.str.extract(r":\d+:([^:]*)$", 1).str.split(",").alias("queues"),
        words.alias("message"),
        pl.when(child.is_not_null()).then(pl.struct(child.alias("child_pid")).struct.json_encode()).alias("attributes"),
    )


def _moments(lines: pl.DataFrame) -> pl.DataFrame | None:
    """The lines that tell the time twice: as the clock shows it, and as seconds since 1970."""
    seconds = pl.col("words").str.extract(
        r"^resque-[^\s:]+: (?:Processing \S+ since|Forked \d+ at) (\d{9,11})(?:$|[ \n])", 1
    )
    told = lines.select(
        pl.col("occurred_at_clock").alias("clock"),
        pl.from_epoch(seconds.cast(pl.Int64), time_unit="s").cast(pl.Datetime("us")).alias("utc"),
    ).drop_nulls()
    return None if told.is_empty() else told


SOURCE = Source(
    name="resque_text",
    describes="Resque's worker log under VVERBOSE or VERBOSE, with the lines of resque-retry",
    kind="log",
    system="resque",
    shows=frozenset({"starts", "ends", "errors", "arguments", "workers"}),
    cannot="Which of two jobs with the same class and arguments it speaks of, and when a job was put on its queue; "
    "under VERBOSE no line has a time or tells its process.",
    claims=_claims,
    holds=("** [", "*** "),
    parse=_parse,
    goes_on=True,
)
