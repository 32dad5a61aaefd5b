r"""
RQ's log, as ``rq worker`` writes it, from version 1 on; also its scheduler's, its pool's and its cron's.

    22:00:05 Worker w1: mailers: shop.mail('a', 7) (6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1)
    22:00:05 Successfully completed shop.mail('a', 7) job in 0:00:00.163156s on worker w1
    22:00:05 Worker w1: mailers: Job OK (6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1)

(versions 1 and 2 leave out ``Worker w1:``). Traps: by default a line has the time of day and no date; say the day of
the first line, or let the worker write it (``--date-format``). The line that tells how long a run took names no job,
the next one does. A retry leaves no line: the same job is taken up again. Errors go to standard error, the rest to
standard output: half a log has starts without ends. The words of a job may be its caller's own, and arguments are cut
after 75 characters: such arguments are left out, as they would make different jobs look equal. Who says that a job
was abandoned is another worker than the one that ran it. A warm shutdown lets the job finish.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from ingest.python_log import continuations, with_errors
from ingest.rq_descriptions import arguments_of_call, class_of_call
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_LEVEL = r"DEBUG|INFO|WARNING|ERROR|CRITICAL"
_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}
_TIME = r"\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?: ?(?:Z|[+-]\d\d:?\d\d))?\]?"
_BETWEEN = r"[ :|-]+"
_PREFIX = rf"{_TIME}(?:{_BETWEEN}\[?(?:{_LEVEL}|rq(?:\.\w+)*)\]?)*{_BETWEEN}"
_PARTS = (
    r"(?s)^\[?(?:(?P<date>\d{4}-\d\d-\d\d)[T ])?(?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,6}))?"
    r"(?: ?(?P<zone>Z|[+-]\d\d:?\d\d))?\]?"
    rf"(?P<names>(?:{_BETWEEN}\[?(?:{_LEVEL}|rq(?:\.\w+)*)\]?)*){_BETWEEN}(?P<words>.*)$"
)
"""The same as the prefix, in parts; an application's line has one, too."""
_MORE_THAN_TIME = rf"^.{{8}}(?:{_BETWEEN}\[?(?:{_LEVEL}|rq)| [ :|-])"

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OF_WORKER = (
    "started |started,|subscribing to|unsubscribing from|cleaning |warm shut|cold shut|stopping |done, quitting|"
    "idle for |finished |suspended|note: |job |handling |preparing |dequeu|performing |sent heartbeat|got signal|"
    "registering |killed horse|work horse |horse already|could not connect|found an unhandled|received message|"
    r"Redis connection|exception during|pubsub thread|taking down|started job|moving |calling |saving |"
    r"\*\*\* Listening|shutdown signal|result: |with pid \d+ is "
)
_WORDS = "|".join(
    (
        rf"Worker \S+?(?: \[PID \d+\])?:? (?:{_OF_WORKER}|[^\s:]+: .*\([^()\s]+\)$|[^\s:]+: {_UUID}$)",
        rf"[^\s:]+: (?:Job OK \([^()\s]+\)$|[\w.]+\(.*\) \([^()\s]+\)$|.*\({_UUID}\)$|{_UUID}$)",
        r"Successfully completed .* in (?:\d+ days?, )?[\d:.]+s on worker \S+$",
        r"Result (?:is kept for \d+ seconds|will never expire|discarded immediately)",
        r"\*\*\* Listening on ",
        r"Cleaning registries for queue: ",
        r"(?:Subscribing to|Unsubscribing from) channel rq:pubsub:",
        r"\[?Job [^\s\]]+?\]?: (?:exception raised while executing|scheduled for retry|enqueued for retry|handling )",
        r"Work[ -]horse (?:killed for job |process was terminated |terminated unexpectedly)",
        r"Moving job to FailedJobRegistry",
        r"(?:Warm|Cold) shut down",
        r"Acquired scheduler lock for ",
        r"Scheduler (?:for .* started with PID|with PID \d+ has stopped|stopping, releasing locks)",
        r"CronScheduler \S+: ",
        r"Enqueued job \S+ to queue \S+$",
        r"Loading cron configuration from ",
        r"Registered '.*' to run on ",
        r"Successfully registered \d+ cron jobs",
        r"StartedJobRegistry cleanup: ",
    )
)
_OWN = rf"^{_PREFIX}(?:{_WORDS})|^StartedJobRegistry cleanup: .*(?:FailedJobRegistry|AbandonedJobError)"
"""How a line of RQ's own begins; the application's begin with a time as well."""

_WORKER_EVENTS = (
    ("started with PID ", "booted"),
    ("started, version ", "booted"),
    ("*** Listening on ", "reading"),
    ("warm shut down requested", "stopping"),
    ("cold shut down", "stopping"),
    ("stopping on request", "stopping"),
    ("done, quitting", "stopping"),
    ("idle for ", "stopping"),
    ("finished executing ", "stopping"),
    ("Redis connection timeout, quitting", "stopping"),
    ("found an unhandled exception, quitting", "stopping"),
    ("unsubscribing from channel ", "stopped"),
    ("Unsubscribing from channel ", "stopped"),
    ("sent heartbeat ", "heartbeat"),
)
"""How a line about a worker goes on behind its name. It unsubscribes last of all."""

_YEARS = (1970, 2259)


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_OWN)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = _lines(_one_line_each(records)).with_columns(_reason().alias("reason"))
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    lines = _with_meaning(lines.filter(pl.col("reason").is_null()))
    told, of_worker = pl.col("job_event").is_not_null(), pl.col("worker_event").is_not_null()
    lives = with_errors(lines.filter(told), where=pl.col("job_event") == "failed")
    workers = lines.filter(of_worker & ~told)
    tables = {
        "job_events": _job_events(lives),
        "worker_events": _worker_events(workers),
        "log_lines": pl.concat(
            [
                _log_lines(lines.filter(~told & ~of_worker)),
                continuations(lives.filter(pl.col("backtrace").is_null()), "rq"),
                continuations(workers, "rq"),
            ],
            how="diagonal",
        ),
    }
    return Parsed(
        rows={name: frame for name, frame in tables.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _one_line_each(records: pl.DataFrame) -> pl.DataFrame:
    """The application's lines, which stand in the records before them, as records of their own."""
    text, joined = pl.col("text"), pl.col("text").str.contains("\n", literal=True)
    parts = (
        records.filter(joined)
        .select("line_no", text.str.split("\n"))
        .with_columns(pl.int_ranges(0, text.list.len()).alias("place"))
        .explode("text", "place")
        .with_columns(
            (text.str.contains(f"^{_PREFIX}") & (pl.col("place") > 0)).cum_sum().over("line_no").alias("part")
        )
        .group_by("line_no", "part", maintain_order=True)
        .agg(pl.col("place").first(), text.str.join("\n"))
        .select(pl.col("line_no") + pl.col("place"), "text", (pl.col("place") == 0).alias("own"))
    )
    whole = records.filter(~joined).select("line_no", "text", pl.lit(value=True).alias("own"))
    return pl.concat([whole, parts]).sort("line_no")


def _lines(records: pl.DataFrame) -> pl.DataFrame:
    """The prefix of each line in columns, and its words: ``first`` line and what ``follows`` it."""
    text = pl.col("text")
    # Most lines have a time and a space before their words; pulling them apart by a pattern takes long.
    plain = (text.str.slice(8, 1) == " ") & text.str.contains(r"^\d\d:") & ~text.str.contains(_MORE_THAN_TIME)
    parts = pl.when(~plain).then(text).str.extract_groups(_PARTS)
    frame = (
        records.with_columns(plain.alias("plain"), parts.alias("parts"))
        .unnest("parts")
        .with_columns(
            pl.when("plain").then(text.str.slice(0, 8)).otherwise("time").alias("time"),
            pl.when("plain").then(text.str.slice(9)).otherwise("words").alias("words"),
        )
        .with_columns(
            pl.coalesce("words", "text").str.splitn("\n", 2).struct.rename_fields(["first", "follows"]).alias("words")
        )
        .unnest("words")
    )
    fraction = pl.col("fraction").fill_null("0").str.pad_end(6, "0").cast(pl.Int64)
    time = pl.col("time").str.to_time("%H:%M:%S", strict=False)
    of_day = time.cast(pl.Int64) + fraction * 1_000
    date = pl.col("date").str.to_date("%Y-%m-%d", strict=False)
    at = date.cast(pl.Datetime("us")) + pl.duration(microseconds=of_day // 1_000)
    return frame.with_columns(
        of_day.cast(pl.Time).alias("of_day"),
        pl.when(date.dt.year().is_between(*_YEARS)).then(at).alias("at"),
        pl.col("names").str.extract(f"({_LEVEL})", 1).replace_strict(_LEVELS, default=None, return_dtype=pl.String)
        .alias("level"),
    ).with_columns(
        (pl.col("at") - pl.duration(minutes=_minutes_ahead())).alias("occurred_at"),
        pl.when(pl.col("zone").is_null()).then("at").alias("occurred_at_clock"),
        pl.when(pl.col("date").is_null()).then("of_day").alias("time_of_day"),
    )  # fmt: skip


def _minutes_ahead() -> pl.Expr:
    """How far a time's own zone is ahead of UTC, in minutes; null where it names none."""
    zone = pl.col("zone").str.replace("Z", "+0000").str.replace(":", "")
    hours, minutes = zone.str.slice(0, 3), zone.str.slice(0, 1) + zone.str.slice(3)
    return hours.cast(pl.Int64) * 60 + minutes.cast(pl.Int64)


def _reason() -> pl.Expr:
    timed = pl.col("time").is_not_null()
    return (
        pl.when(timed & pl.col("of_day").is_null())
        .then(pl.lit("its time is no time of day"))
        .when(timed & pl.col("date").is_not_null() & pl.col("at").is_null())
        .then(pl.lit("its date is none of the years 1970 to 2259"))
    )


def _with_meaning(lines: pl.DataFrame) -> pl.DataFrame:
    """With the worker that a line names first, what it has ``said`` behind that, and what that tells."""
    first, said = pl.col("first"), pl.col("said")
    named = first.str.starts_with("Worker ") & pl.col("own")
    # The same holds for the name: it has no space, and a colon behind it.
    halves = pl.when(named).then(first).str.slice(len("Worker ")).str.splitn(": ", 2)
    name, behind = halves.struct.field("field_0").str.strip_prefix("rq:worker:"), halves.struct.field("field_1")
    simple = behind.is_not_null() & ~name.str.contains(" ", literal=True)
    groups = (
        pl.when(named & ~simple.fill_null(value=False))
        .then(first)
        .str.extract_groups(r"^Worker (?:rq:worker:)?(?P<worker>\S+?)(?: \[PID (?P<pid>\d+)\])?:? (?P<behind>.*)$")
    )
    channel = said.str.extract(r"ubscribing (?:to|from) channel rq:pubsub:(\S+)$", 1)
    return (
        lines.with_columns(
            groups.alias("groups"),
            pl.when(simple).then(name).alias("name"),
            pl.when(simple).then(behind).alias("of_name"),
        )
        .unnest("groups")
        .with_columns(
            pl.coalesce("name", "worker").alias("worker"), pl.coalesce("of_name", "behind", "first").alias("said")
        )
        .with_columns(
            pl.coalesce("worker", channel).alias("worker"),
            pl.when(pl.col("own")).then(_job_event()).alias("job_event"),
            pl.when(pl.col("own")).then(
                pl.coalesce(
                    [pl.when(said.str.starts_with(words)).then(pl.lit(event)) for words, event in _WORKER_EVENTS]
                    + [pl.when(said.str.contains(r"^with pid \d+ is dead$")).then(pl.lit("died"))]
                )
            ).alias("worker_event"),
        )
    )  # fmt: skip


_NAMED = r"^(?:job \S+|\[?Job [^\s\]]+?\]?)"
_CALL = r"^[^\s:]+: (?:.* )?(?:\([^()\s]+\)|[0-9a-f-]{36})$"


def _job_event() -> pl.Expr:
    said = pl.col("said")
    completed, of_job = said.str.starts_with("Successfully completed "), said.str.starts_with("job ")
    noted = said.str.contains("^(?:Result|result:|note:) ")
    call = pl.when(~completed & ~of_job & ~noted).then(said)
    # What is said of the result of every run that succeeded is no event.
    of_job_at_all = pl.when(
        (of_job & ~said.str.contains(" result ", literal=True)) | said.str.contains(r"^\[?Job ")
    ).then(said)
    cleanup = pl.when(said.str.starts_with("StartedJobRegistry")).then(said)
    return (
        pl.when(completed)
        .then(pl.lit("succeeded"))
        .when(call.str.contains(_CALL))
        .then(
            pl.when(said.str.contains(": Job OK (", literal=True))
            .then(pl.lit("acknowledged"))
            .otherwise(pl.lit("started"))
        )
        .when(of_job_at_all.str.contains(rf"{_NAMED}: exception raised while executing \("))
        .then(pl.lit("failed"))
        .when(of_job_at_all.str.contains(r"^job \S+ failed \("))
        .then(pl.lit("failed"))
        .when(of_job_at_all.str.contains(r"^job \S+ stopped by user"))
        .then(pl.lit("cancelled"))
        .when(of_job_at_all.str.contains(r"^job \S+ has exceeded maximum retry attempts"))
        .then(pl.lit("retries_exhausted"))
        .when(of_job_at_all.str.contains(r"^Job \S+: (?:scheduled|enqueued) for retry"))
        .then(pl.lit("retry_scheduled"))
        .when(cleanup.str.contains("AbandonedJobError", literal=True))
        .then(pl.lit("retries_exhausted"))
    )


_TOLD = ["line_no", "occurred_at", "occurred_at_clock", "time_of_day"]


def _job_events(lives: pl.DataFrame) -> pl.DataFrame:
    said, event = pl.col("said"), pl.col("job_event")
    is_call = event.is_in(["started", "acknowledged"])
    other = pl.when(~is_call & (event != "succeeded")).then(said)
    abandoned = (event == "retries_exhausted") & said.str.starts_with("StartedJobRegistry")
    call = (
        pl.when(is_call)
        .then(said)
        .str.extract_groups(r"^(?P<queue>[^\s:]+): (?:(?P<description>.*) )?\(?(?P<id>[^()\s]+)\)?$")
    )
    done = (
        pl.when(event == "succeeded")
        .then(said)
        .str.extract_groups(
            r"^Successfully completed (?:job (?P<done_id>\S+)|(?P<done>.*) job)"
            r" in (?P<took>\S.*)s on worker (?P<on>\S+)$"
        )
    )
    lives = (
        lives.with_columns(call.alias("call"), done.alias("completed"))
        .unnest("call", "completed")
        .with_columns(
            pl.coalesce(
                "id",
                "done_id",
                other.str.extract(r"^(?:j|\[?J)ob ([^\s\]]+?)\]?:? ", 1),
                other.str.extract(r"cleanup: (?:Moving job )?(\S+) (?:Moved |to |\()", 1),
            ).alias("job_id"),
            pl.coalesce("worker", "on").alias("worker"),
            pl.coalesce(pl.when(event != "acknowledged").then("description"), "done").alias("description"),
        )
    )
    lives = lives.with_columns(class_of_call(pl.col("description")).alias("called"))
    stamp = other.str.extract(r" at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00:00)?(?:,|$)", 1)
    moment = stamp.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    moment = pl.when(moment.dt.year().is_between(*_YEARS)).then(moment)
    reason = other.str.extract(r"^job \S+ failed \((.*)\)$", 1)
    return lives.select(
        "line_no",
        pl.coalesce("occurred_at", pl.when(abandoned).then(moment)).alias("occurred_at"),
        "occurred_at_clock",
        "time_of_day",
        event.alias("event"),
        pl.lit("rq").alias("system"),
        "job_id",
        pl.coalesce(
            "called", other.str.extract(r": exception raised while executing \((.*)\)$", 1)
        ).alias("job_class"),
        "queue",
        arguments_of_call(pl.col("description"), pl.col("called")).alias("arguments"),
        "worker",
        # A worker runs one job at a time: the worker is its only thread, and tells apart runs of one job at once.
        pl.col("worker").alias("thread"),
        _seconds(pl.col("took")).alias("duration"),
        pl.when(event == "retry_scheduled").then(moment).alias("run_at"),
        pl.coalesce("error_class", pl.when(abandoned).then(pl.lit("AbandonedJobError"))).alias("error_class"),
        pl.coalesce("error_message", reason).alias("error_message"),
        "backtrace",
        pl.col("first").alias("message"),
        _attributes("level").alias("attributes"),
    )  # fmt: skip


def _seconds(took: pl.Expr) -> pl.Expr:
    """The seconds of a span of time as Python writes it: ``1 day, 0:02:03.5``."""
    days = took.str.extract(r"^(\d{1,6}) days?, ", 1).cast(pl.Float64).fill_null(0)
    hours, minutes = (
        took.str.extract(r"(\d{1,2}):(\d\d):\d\d(?:\.\d{1,6})?$", group).cast(pl.Float64) for group in (1, 2)
    )
    seconds = took.str.extract(r":(\d\d(?:\.\d{1,6})?)$", 1).cast(pl.Float64)
    return days * 86_400 + hours * 3_600 + minutes * 60 + seconds


def _worker_events(workers: pl.DataFrame) -> pl.DataFrame:
    """
    A worker's own lines. It is known by its name, as in all other lines: its process id is kept aside.
    """
    said = pl.col("said")
    queues = said.str.extract(r"^\*\*\* Listening on (.*?)(?:\.\.\.)?$", 1)
    return workers.with_columns(
        pl.coalesce("pid", said.str.extract(r"^(?:started with PID|with pid) (\d+)", 1)).alias("pid")
    ).select(
        *_TOLD,
        pl.col("worker_event").alias("event"),
        pl.lit("rq").alias("system"),
        "worker",
        pl.when(queues.is_not_null()).then(queues.str.split(", ")).alias("queues"),
        said.str.extract(r"^started.*, version (\S+)$", 1).alias("version"),
        pl.col("first").alias("message"),
        _attributes("level", "pid").alias("attributes"),
    )


def _log_lines(lines: pl.DataFrame) -> pl.DataFrame:
    words = pl.when(pl.col("follows").is_null()).then(pl.col("first"))
    return lines.select(
        *_TOLD,
        "level",
        words.otherwise(pl.concat_str("first", pl.lit("\n"), "follows")).alias("message"),
        pl.lit("rq").alias("system"),
        pl.col("worker").alias("thread"),
        pl.when(pl.col("own")).then(pl.col("said").str.extract(r"\b[Jj]ob (?:ID )?([^\s:]+)", 1)).alias("job_id"),
    )


def _attributes(*names: str) -> pl.Expr:
    known = pl.any_horizontal(pl.col(name).is_not_null() for name in names)
    told = pl.struct(*names).struct.json_encode().str.replace(r"\"\w+\":null,", "").str.replace(r",\"\w+\":null", "")
    return pl.when(known).then(told)


SOURCE = Source(
    name="rq_text",
    describes="RQ's log, as its workers write it",
    kind="log",
    system="rq",
    shows=frozenset({"starts", "ends", "errors", "arguments", "workers", "queues"}),
    cannot="When a job was enqueued, whether a failed one will be retried and, by default, on which day.",
    claims=_claims,
    begins=re.compile(rf"{_PREFIX}(?:[^ :]+: |[A-Z\[*])|StartedJobRegistry "),
    parse=_parse,
    goes_on=True,
)
