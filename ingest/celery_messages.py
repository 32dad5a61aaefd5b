r"""
What the words of a Celery worker's log mean, whichever formatter wrote the line.

    Task shop.mail[6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1] received
    Task shop.mail[6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1] succeeded in 0.1593s: 'sent'
    Task shop.mail[6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1] retry: Retry in 3s: TimeoutError('no answer')

``received`` is a worker taking a task into its memory, where it may wait long; that it begins is told by some versions
only, at the level of debugging (``Task accepted``). ``retry`` ends a run with a failure. ``raised`` is final, also
after the last retry. The loss of a child process names no task; a hard time limit is told twice, the second time with
the task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from ingest.python_calls import arguments_of_calls
from ingest.python_literals import read_literal
from ingest.python_tracebacks import error_of
from ingest.sources.source import Parsed
from ingest.untrusted_json import encoded

LINE: dict[str, pl.DataType] = {
    "line_no": pl.Int64(),
    "occurred_at": pl.Datetime("us"),
    "occurred_at_clock": pl.Datetime("us"),
    "level": pl.String(),
    "thread": pl.String(),
    "job_id": pl.String(),
    "job_class": pl.String(),
    "arguments": pl.String(),
    "run_at": pl.Datetime("us"),
    "trace_id": pl.String(),
    "span_id": pl.String(),
    "own": pl.Boolean(),
    "first": pl.String(),
    "follows": pl.String(),
    "traceback": pl.String(),
    "attributes": pl.String(),
}
"""
What a formatter's reader hands over. ``first`` is the first line of the words and ``follows`` the others, null where
there are none; ``own`` says whether Celery itself may have said them, and not a task; ``traceback`` is one that stands
in a field of its own; ``job_id``, ``job_class``, ``arguments`` and ``run_at`` are of the task that the fields name.
"""

LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "fatal"}

_ABOUT_TASK = (
    r"^(?<phrase>Task|Received task:|Task accepted:|Discarding revoked task:"
    r"|(?:Soft|Hard) time limit \(\d{1,9}(?:\.\d{1,9})?s\) exceeded for)"
    r" (?<name>[^\s\[\]]+)\[(?<id>[^\s\]]+)\](?: (?<said>.*))?"
)
_PLAIN_TASK = r"^Task [^\s\[\]]+\[[^\s\]]+\] "
_MEANINGS = (
    ("received", "reserved"),
    ("succeeded in ", "succeeded"),
    ("retry: ", "failed"),
    ("raised ", "failed"),
    ("INTERNAL ERROR: ", "failed"),
    ("ignored", "acknowledged"),
    ("reject requeue=True", "requeued"),
    ("reject ", "failed"),
)
"""What follows ``Task NAME[ID] ``, and the event it tells."""

_UNREGISTERED = "Received unregistered task of type "
_TERMINATING = r"^Terminating (\S+) \([^()\s]+\)$"
_REVOKED = r"^Tasks flagged as revoked: (\S+)$"

_WORKER_EVENTS = (
    (r"^\S+@\S+ ready\.$", "booted"),
    (r"^ ?-{14} \S+@\S+ v\d", "booted"),
    (r"^worker: (?:Warm|Cold) shutdown \(", "stopping"),
    (r"^Got shutdown from remote", "stopping"),
    (r"^Restoring \d{1,9} unacknowledged message\(s\)", "pushed_back"),
    (r"^Process '[^']+' pid:\d{1,18} exited with ", "died"),
)

_TRACEBACK = "Traceback (most recent call last):"
_REPRESENTED = r"(?s)^([A-Za-z_][\w.]*)\((.*)\)$"
_PLAIN_TEXT = r"""^(?:'[^'\\]*'|"[^"\\]*"),?$"""
_WRAPPER = "ExceptionWithTraceback"
"""In its place stands the exception that another process passed on; only the traceback names that one."""

_LONGEST_RUN = 3e9


def with_all_columns(lines: pl.DataFrame) -> pl.DataFrame:
    """The frame of ``LINE``, with null for what a format never tells."""
    return lines.select(
        pl.col(name) if name in lines.columns else pl.lit(None, kind).alias(name) for name, kind in LINE.items()
    )


def rows_of(lines: pl.DataFrame) -> Parsed:
    """The rows that these lines (a frame of ``LINE``) are worth; each is in one table at least."""
    lines = _with_meaning(lines)
    told, of_worker = pl.col("event").is_not_null(), pl.col("worker_event").is_not_null()
    failed = pl.col("written").is_not_null() | pl.col("traceback").is_not_null()
    lives = pl.concat([with_errors(lines.filter(told & failed)), lines.filter(told & ~failed)], how="diagonal")
    workers = lines.filter(of_worker)
    tables = {
        "job_events": pl.concat([_job_events(lives), _retries(lives)], how="diagonal"),
        "worker_events": _worker_events(workers),
        "log_lines": pl.concat(
            [
                _log_lines(lines.filter(~told & ~of_worker)),
                _continuations(lives.filter(pl.col("backtrace").is_null())),
                _continuations(workers),
            ],
            how="diagonal",
        ),
    }
    return Parsed(rows={name: frame for name, frame in tables.items() if not frame.is_empty()})


def error_parts(written: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """
    Class and message of an exception as ``repr`` writes it: ``KeyError('sku')``.

    The message of one that was made from a single text is that text; of others what stands between the brackets.
    """
    inner = written.str.extract(_REPRESENTED, 2)
    message = (
        pl.when(inner.str.contains(_PLAIN_TEXT))
        .then(inner.str.strip_suffix(",").str.slice(1).str.head(-1))
        .otherwise(
            pl.when(~inner.str.contains(_PLAIN_TEXT))
            .then(inner)
            .map_batches(_texts, return_dtype=pl.String, is_elementwise=True)
        )
    )
    return written.str.extract(_REPRESENTED, 1), pl.when(message != "").then(message)


def arguments_as_written(positional: pl.Expr, named: pl.Expr) -> pl.Expr:
    """
    The arguments of a task as JSON text, from what Celery's messages hold of them: ``"('a', 7)"`` and ``"{}"``.

    As everywhere an array, an object of named ones, or an array that ends with that object; a JSON string of what was
    written where that was shortened or is no plain value.
    """
    inner = positional.str.extract(r"(?s)^[(\[](.*)[)\]]$", 1).str.strip_suffix(",")
    both = pl.struct(positional.alias("positional"), named.alias("named"))
    plain = inner.is_not_null() & (named.fill_null("{}") == "{}")
    return (
        pl.when(positional.is_null())
        .then(None)
        .when(plain)
        .then(arguments_of_calls(pl.when(plain).then(inner)))
        .otherwise(
            pl.when(~plain & positional.is_not_null())
            .then(both)
            .map_batches(_arguments, return_dtype=pl.String, is_elementwise=True)
        )
    )


def _arguments(written: pl.Series) -> pl.Series:
    """Named arguments come to be read one by one."""
    return _one_by_one(written, _call, pl.String())


def _call(written: dict[str, str | None]) -> str:
    positional, named = written["positional"] or "", written["named"] or "{}"
    try:
        values, keywords = read_literal(positional), read_literal(named)
        if not isinstance(values, list) or not isinstance(keywords, dict):
            raise ValueError("no arguments")  # noqa: TRY004, TRY301 - one kind of error for bad input
    except ValueError:
        return encoded(positional if named == "{}" else f"{positional} {named}")
    return encoded([*values, keywords] if values and keywords else keywords or values)


def with_errors(lines: pl.DataFrame) -> pl.DataFrame:
    """
    With ``error_class``, ``error_message`` and ``backtrace``, from ``written`` (an exception as its ``repr``) and
    ``traceback``. The class is named as ``repr`` names it, without its modules, so that one error is one everywhere.
    """
    named, message = error_parts(pl.col("written"))
    by_traceback = pl.col("by_traceback")
    stands_for = named.is_null() | (named == _WRAPPER)
    told_class = by_traceback.struct.field("error_class").str.split(".").list.last()
    return (
        lines.with_columns(
            pl.col("traceback").map_batches(_errors, return_dtype=_ERROR, is_elementwise=True).alias("by_traceback")
        )
        .with_columns(
            pl.when(stands_for).then(pl.coalesce(told_class, named)).otherwise(named).alias("error_class"),
            pl.when(stands_for)
            .then(pl.coalesce(by_traceback.struct.field("error_message"), pl.when(named.is_null()).then("written")))
            .otherwise(message)
            .alias("error_message"),
            pl.col("traceback").alias("backtrace"),
        )
        .drop("by_traceback")
    )


_ERROR = pl.Struct({"error_class": pl.String, "error_message": pl.String})


def _errors(tracebacks: pl.Series) -> pl.Series:
    """Few lines have one: they are read one by one."""
    return _one_by_one(tracebacks, _error, _ERROR)


def _error(traceback: str) -> dict[str, str | None]:
    error = error_of(traceback)
    return {
        "error_class": error.error_class if error else None,
        "error_message": error.error_message if error else None,
    }


def _texts(written: pl.Series) -> pl.Series:
    return _one_by_one(written, _text, pl.String())


def _one_by_one(column: pl.Series, read: Callable[[Any], Any], kind: pl.DataType) -> pl.Series:
    """Read each value that is there; most are not."""
    there = column.is_not_null()
    values = pl.Series(column.name, [read(value) for value in column.filter(there)], dtype=kind)
    places = pl.select(pl.when(there).then(there.cum_sum().cast(pl.Int64) - 1)).to_series()
    return (
        values.gather(places) if values.len() else pl.Series(column.name, [None], kind).new_from_index(0, column.len())
    )


def _text(written: str) -> str:
    try:
        value = read_literal(written)
    except ValueError:
        return written
    return value if isinstance(value, str) else written


def _with_meaning(lines: pl.DataFrame) -> pl.DataFrame:
    """With the ``event`` or the ``worker_event`` that a line tells, and the parts of it that name task and error."""
    first, phrase, said = pl.col("first"), pl.col("phrase"), pl.col("said")
    own = pl.col("own")
    others = own & phrase.is_null()
    other = pl.when(others).then(first)
    unregistered = other.str.starts_with(_UNREGISTERED)
    terminated = other.str.extract(_TERMINATING, 1)
    worker_event = pl.coalesce(
        [pl.when(other.str.contains(pattern)).then(pl.lit(name)) for pattern, name in _WORKER_EVENTS]
    )
    event = (
        pl.when(phrase == "Task")
        .then(pl.coalesce([pl.when(said.str.starts_with(words)).then(pl.lit(name)) for words, name in _MEANINGS]))
        .when(phrase == "Received task:")
        .then(pl.lit("reserved"))
        .when(phrase == "Task accepted:")
        .then(pl.lit("started"))
        .when(phrase == "Discarding revoked task:")
        .then(pl.lit("discarded"))
        .when(phrase.str.starts_with("Hard"))
        .then(pl.lit("failed"))
    )
    written = (
        pl.when(said.str.starts_with("retry: "))
        .then(said.str.extract(r"^retry: (?:Retry(?: (?:in|at) .*?)?: )?([A-Za-z_][\w.]*\(.*\))$", 1))
        .when(said.str.starts_with("raised "))
        .then(said.str.extract(r"^raised [a-z]+: (.*)$", 1))
        .when(said.str.starts_with("INTERNAL ERROR: "))
        .then(said.str.strip_prefix("INTERNAL ERROR: "))
        .when(phrase.str.starts_with("Hard"))
        .then(pl.lit("TimeLimitExceeded()"))
    )
    rest = pl.col("follows")
    return (
        _with_task(lines)
        .with_columns(
            pl.coalesce(
                event,
                # No worker knows it: it is given up before it has run.
                pl.when(unregistered).then(pl.lit("retries_exhausted")),
                pl.when(terminated.is_not_null()).then(pl.lit("cancelled")),
            ).alias("event"),
            worker_event.alias("worker_event"),
            pl.when(phrase.is_not_null()).then(written).alias("written"),
            unregistered.fill_null(value=False).alias("unregistered"),
        )
        .with_columns(
            pl.coalesce(
                "id",
                pl.when("unregistered").then(rest).str.extract(r"'id': '([^'\\]+)'", 1),
                terminated,
                other.str.extract(_REVOKED, 1),
                "job_id",
            ).alias("job_id"),
            pl.coalesce("name", other.str.extract(rf"^{_UNREGISTERED}'([^']+)'", 1), "job_class").alias("job_class"),
            pl.coalesce(
                "traceback", pl.when(pl.col("event").is_not_null() & rest.str.starts_with(_TRACEBACK)).then(rest)
            ).alias("traceback"),
        )
        .drop("name", "id")
    )


def _with_task(lines: pl.DataFrame) -> pl.DataFrame:
    """With the ``phrase`` that begins a line about a task, the task's ``name`` and ``id``, and what is ``said``."""
    first, own = pl.col("first"), pl.col("own")
    plain = own & first.str.contains(_PLAIN_TASK)
    # Hardly any line but the rare ones comes to be taken apart by the long pattern, which is slow.
    rare = pl.when(own & ~plain).then(first).str.extract_groups(_ABOUT_TASK)
    words = pl.when(plain).then(first.str.slice(len("Task "))).str.splitn("[", 2)
    return (
        lines.with_columns(
            rare.alias("rare"), words.struct.rename_fields(["plain_name", "plain_rest"]).alias("plain_words")
        )
        .unnest("rare", "plain_words")
        .with_columns(
            pl.col("plain_rest")
            .str.splitn("] ", 2)
            .struct.rename_fields(["plain_id", "plain_said"])
            .alias("plain_rest")
        )
        .unnest("plain_rest")
        .with_columns(
            pl.when(pl.col("plain_id").is_null()).then("phrase").otherwise(pl.lit("Task")).alias("phrase"),
            pl.coalesce("plain_name", "name").alias("name"),
            pl.coalesce("plain_id", "id").alias("id"),
            pl.coalesce("plain_said", "said").alias("said"),
        )
        .drop("plain_name", "plain_id", "plain_said")
    )


def _job_events(lives: pl.DataFrame) -> pl.DataFrame:
    said, phrase, event = pl.col("said"), pl.col("phrase"), pl.col("event")
    rejected = said.str.starts_with("reject ") & (event == "failed")
    seconds = (
        pl.when(event == "succeeded")
        .then(said.str.extract(r"^succeeded in (\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)s: ", 1))
        .otherwise(phrase.str.extract(r"^Hard time limit \(([\d.]+)s\)", 1))
        .cast(pl.Float64, strict=False)
    )
    due = said.str.extract(r"\bETA:\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\]]{0,16})\]", 1)
    unregistered = pl.col("unregistered")
    return lives.select(
        "line_no",
        pl.lit(0, pl.Int32).alias("record_no"),
        "occurred_at",
        "occurred_at_clock",
        "event",
        pl.lit("celery").alias("system"),
        "job_id",
        "job_class",
        "arguments",
        "thread",
        pl.when(seconds.is_between(0, _LONGEST_RUN)).then(seconds).alias("duration"),
        pl.coalesce(
            _moment(pl.when(phrase == "Received task:").then(due)), pl.when(event == "reserved").then("run_at")
        ).alias("run_at"),
        pl.when(event == "failed").then(said.str.starts_with("retry: ").fill_null(value=False)).alias("will_retry"),
        pl.when(rejected)
        .then(pl.lit("Reject"))
        .when(unregistered)
        .then(pl.lit("NotRegistered"))
        .otherwise("error_class")
        .alias("error_class"),
        pl.when(rejected)
        .then(said.str.extract(r"^reject (?:requeue=\w+: )?(.*)$", 1))
        .otherwise("error_message")
        .alias("error_message"),
        "backtrace",
        "trace_id",
        "span_id",
        pl.col("first").alias("message"),
        "attributes",
    )


def _retries(lives: pl.DataFrame) -> pl.DataFrame:
    """The second thing that the line of a retry tells: when the task is due again."""
    said = pl.col("said")
    delay = said.str.extract(r"^retry: Retry in (\d{1,9}(?:\.\d{1,6})?)s", 1).cast(pl.Float64)
    since = pl.duration(microseconds=(delay * 1e6).cast(pl.Int64))
    at = said.str.extract(r"^retry: Retry at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[\d.+:]{0,16}?)(?:: |$)", 1)
    return lives.filter(said.str.starts_with("retry: ")).select(
        "line_no",
        pl.lit(1, pl.Int32).alias("record_no"),
        "occurred_at",
        "occurred_at_clock",
        pl.lit("retry_scheduled").alias("event"),
        pl.lit("celery").alias("system"),
        "job_id",
        "job_class",
        "thread",
        pl.coalesce(_moment(at), pl.col("occurred_at") + since).alias("run_at"),
        (pl.col("occurred_at_clock") + since).alias("run_at_clock"),
    )


def _moment(written: pl.Expr) -> pl.Expr:
    """A moment that names its offset, in UTC; null for any other: it is of a zone that nobody tells."""
    moment = written.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False)
    utc = moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return pl.when(utc.dt.year().is_between(1970, 2259)).then(utc)


def _worker_events(workers: pl.DataFrame) -> pl.DataFrame:
    """A worker's own lines; the banner, which it shows on its console only, tells its queues, too."""
    first, follows = pl.col("first"), pl.col("follows")
    banner = first.str.contains(_WORKER_EVENTS[1][0])
    since = follows.str.extract(r"(?m)^-- \*{7} -{4} .*? (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$", 1)
    began = pl.when(banner).then(since.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False))
    queues = follows.str.extract_all(r"(?m)^[ *-]+\.> \S+ +exchange=").list.eval(
        pl.element().str.extract(r"\.> (\S+) ", 1)
    )
    child = first.str.extract(r"^Process '([^']+)' pid:", 1)
    child_pid = first.str.extract(r"^Process '[^']+' pid:(\d{1,18}) ", 1)
    return workers.select(
        "line_no",
        "occurred_at",
        pl.coalesce("occurred_at_clock", pl.when(began.dt.year().is_between(1970, 2259)).then(began)).alias(
            "occurred_at_clock"
        ),
        pl.col("worker_event").alias("event"),
        pl.lit("celery").alias("system"),
        first.str.extract(r"^ ?-{14} \S+@\S+ v(\d\S*)", 1).alias("version"),
        pl.coalesce(child, "thread").alias("thread"),
        first.str.extract(r"^(?: ?-{14} )?(\S+@\S+) (?:ready\.|v\d)", 1).alias("worker"),
        pl.when(banner & (queues.list.len() > 0)).then(queues).alias("queues"),
        pl.when(banner)
        .then(follows.str.extract(r"\.> concurrency: (\d{1,9})\b", 1).cast(pl.Int32))
        .alias("concurrency"),
        first.str.extract(r"^Restoring (\d{1,9}) ", 1).cast(pl.Int32).alias("job_count"),
        first.alias("message"),
        pl.coalesce(
            "attributes",
            pl.when(child_pid.is_not_null()).then(
                pl.concat_str(pl.lit('{"child_pid":'), child_pid.str.replace(r"^0+(\d)", "$1"), pl.lit("}"))
            ),
        ).alias("attributes"),
    )


def _log_lines(lines: pl.DataFrame) -> pl.DataFrame:
    message = (
        pl.when(pl.col("follows").is_null())
        .then(pl.col("first"))
        .otherwise(pl.concat_str("first", pl.lit("\n"), "follows"))
    )
    return lines.select(
        "line_no",
        "occurred_at",
        "occurred_at_clock",
        "level",
        pl.when(pl.col("traceback").is_null())
        .then(message)
        .otherwise(pl.concat_str(message, pl.lit("\n"), "traceback"))
        .alias("message"),
        pl.lit("celery").alias("system"),
        "thread",
        "job_id",
        "job_class",
        "trace_id",
        "span_id",
        "attributes",
    )


def _continuations(lines: pl.DataFrame) -> pl.DataFrame:
    """What follows a line that is whole by itself: the message of an unknown task, a banner's further lines."""
    return lines.filter(pl.col("follows").is_not_null()).select(
        pl.col("line_no") + 1, pl.col("follows").alias("message"), pl.lit("celery").alias("system")
    )
