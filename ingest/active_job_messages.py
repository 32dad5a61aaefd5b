"""
What the words of an Active Job log line mean, whichever logger wrote the line: Rails 6.1 to 8.

``Performing``, ``Performed`` and ``Error performing`` are a run, ``Enqueued`` its way onto the queue. From 7 on an
attempt that failed and is tried again says ``Retrying`` and then ``Performed``: the derivation makes a failure of it.
In 6.1 ``Retrying``, ``Stopped retrying`` and ``Discarded`` name the class only: their rows have no job id.
"""

from __future__ import annotations

import json
import re
from typing import Any

import polars as pl

from ingest.ruby_arguments import arguments_as_json

LINE = {
    "line_no": pl.Int64,
    "occurred_at": pl.Datetime("us"),
    "occurred_at_clock": pl.Datetime("us"),
    "level": pl.String,
    "pid": pl.Int64,
    "thread": pl.String,
    "provider_job_id": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "words": pl.String,
    "attributes": pl.String,
}
"""
What a reader of a logger's lines hands over. ``words`` begins with the tags and has the continuation lines; only one of
the two times is given; ``attributes`` is a JSON object of what else the line says.
"""

_ID = r"[0-9A-Za-z_][\w:./-]*"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CLASS = r"[A-Z][\w:]*"
_TAGS = rf"^((?:\[[^\]\n]*\] )*?\[ActiveJob\] (?:\[{_CLASS}\] \[{_ID}\] (?:\[{_CLASS}\] \[{_UUID}\] )*)?)"
"""The tags of any layer, then Active Job's own: the job inside which it was said, the innermost last."""

UNTAGGED = rf"(?:Retrying {_CLASS} in \d+ seconds|(?:Stopped retrying|Discarded) {_CLASS} due to an? {_CLASS})"
"""How the lines of 6.1 begin that have neither tags nor a job id."""

_VERB = r"^(Enqueued|Performing|Performed|Error performing|Retrying|Stopped retrying|Discarded|Failed enqueuing|Interrupted)"
_VERB += r" \S+ (?:\(Job ID: |to |in |due to )"
_BULK_FAILURE = r"^(?:Enqueued \d+ jobs? to .*\. )?Failed enqueuing \d+ jobs?(?: to |$)"
_EVENTS = {
    "Enqueued": "enqueued",
    "Performing": "started",
    "Performed": "succeeded",
    "Error performing": "failed",
    "Retrying": "retry_scheduled",
    "Stopped retrying": "retries_exhausted",
    "Discarded": "discarded",
    "Failed enqueuing": "enqueue_failed",
    "Interrupted": "interrupted",
}
_ARGUMENTS = " with arguments: "
_PLACE = r" (?:from|to) ([A-Z]\w*)\("
_QUEUE = r" (?:from|to) [A-Z]\w*\(([^)\n]*)\)"
_RUN_AT = r"\) at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) UTC"
_ENQUEUED_AT = r"\) enqueued at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)Z"
_SHUTDOWNS = ("Sidekiq::Shutdown",)
"""Exceptions with which a backend cuts a run off in order to give the job back."""

_HALTED_RUN = ": a before_perform callback halted the job execution"
_HALTED_ENQUEUE = ", a before_enqueue callback halted the enqueuing execution"
_BACKTRACE_LINE = re.compile(r"^\S.*:\d+:in .|^\S+\.(?:rb|erb|rake|ru):\d+$")
_LOGGER_LINE = r"[DIWEFA], \[\d{4}-\d\d-\d\dT[\d:.]+ #\d+\]"
_REQUEST_LINE = r"(?:\[[^\]\n]*\] )*Started (?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \""
_NEXT_RECORD = re.compile(rf"{_LOGGER_LINE}|{_REQUEST_LINE}")
_RARE = ("failed", "retry_scheduled", "retries_exhausted", "discarded", "enqueue_failed")
"""Events of which the error has to be read; they may go on over several lines."""


def rows_of(lines: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows that these lines (a frame of ``LINE``) are worth, by table; each line is in one at least."""
    read = _read(lines)
    rare = read.filter(pl.col("event").is_in(_RARE))
    errors = pl.DataFrame(
        [_error(line) for line in rare.select("line_no", "event", "message", "rest").iter_rows(named=True)],
        schema=_ERROR,
    )
    read = read.join(errors, on="line_no", how="left", maintain_order="left") if errors.height else read.with_columns(
        *(pl.lit(None, kind).alias(name) for name, kind in _ERROR.items() if name != "line_no")
    )
    tables = {
        "job_events": _events(read.filter(pl.col("event").is_not_null())),
        "log_lines": pl.concat([_said(read.filter(pl.col("event").is_null())), _loose(read)], how="diagonal"),
    }
    return {name: frame for name, frame in tables.items() if not frame.is_empty()}


_ERROR = {
    "line_no": pl.Int64,
    "error_class": pl.String,
    "error_message": pl.String,
    "backtrace": pl.String,
    "halted": pl.Boolean,
    "attempt": pl.Int32,
    "own_lines": pl.Int64,
}


def _read(lines: pl.DataFrame) -> pl.DataFrame:
    words = pl.col("words")
    several = words.str.contains("\n", literal=True)
    frame = lines.with_columns(
        pl.when(several).then(words.str.extract(r"^([^\n]*)", 1)).otherwise(words).alias("first"),
        pl.when(several).then(words.str.replace(r"^[^\n]*\n", "")).alias("rest"),
    )
    frame = frame.with_columns(pl.col("first").str.extract(_TAGS, 1).fill_null("").alias("tags"))
    frame = frame.with_columns(
        pl.col("first").str.slice(pl.col("tags").str.len_chars()).alias("message"),
        pl.col("tags").str.extract(rf"\[({_CLASS})\] \[{_ID}\] $", 1).alias("said_in_class"),
        pl.col("tags").str.extract(rf"\[{_CLASS}\] \[({_ID})\] $", 1).alias("said_in"),
        pl.col("tags").str.extract(r"^(.*?) ?\[ActiveJob\] ", 1).alias("outer_tags"),
    )
    # What follows the arguments is theirs; what stands before them says the rest, and is short.
    frame = frame.with_columns(
        pl.col("message").str.splitn(_ARGUMENTS, 2).struct.field("field_0").alias("head"),
        pl.col("message").str.splitn(_ARGUMENTS, 2).struct.field("field_1").alias("argument_text"),
    )
    head = pl.col("head")
    verb = head.str.extract(_VERB, 1)
    named = head.str.extract(rf" \(Job ID: ({_ID})\)", 1)
    frame = frame.with_columns(
        verb.replace_strict(_EVENTS, default=None, return_dtype=pl.String).alias("event"),
        pl.when(verb != "Failed enqueuing").then(named).alias("job_id"),
    )
    bulk = pl.col("event").is_null() & head.str.starts_with("Enqueued ") | head.str.starts_with("Failed enqueuing ")
    return frame.with_columns(
        pl.when(bulk & head.str.contains(_BULK_FAILURE)).then(pl.lit("enqueue_failed"))
        .when((pl.col("event") == "failed") & head.str.contains(_HALTED_RUN, literal=True)).then(pl.lit("cancelled"))
        .otherwise(pl.col("event")).alias("event"),
    )  # fmt: skip


def _events(read: pl.DataFrame) -> pl.DataFrame:
    head, event, job_id = pl.col("head"), pl.col("event"), pl.col("job_id")
    run_at = _utc(head.str.extract(_RUN_AT, 1), "%Y-%m-%d %H:%M:%S%.f")
    delay = pl.duration(seconds=head.str.extract(r" in (\d{1,9}) seconds", 1).cast(pl.Int64, strict=False))
    retrying = event == "retry_scheduled"
    own = pl.col("said_in") == job_id
    inner = pl.col("said_in").is_not_null() & (pl.col("said_in") != job_id)
    frame = read.with_columns(run_at.alias("run_at"))
    told = frame.select(
        "line_no",
        "occurred_at",
        "occurred_at_clock",
        pl.when((event == "enqueued") & own).then(pl.lit("retry_scheduled"))
        .when((event == "enqueued") & pl.col("run_at").is_not_null()).then(pl.lit("scheduled"))
        .when((event == "failed") & pl.col("error_class").is_in(_SHUTDOWNS)).then(pl.lit("interrupted"))
        .when((event == "enqueue_failed") & pl.col("halted")).then(pl.lit("cancelled"))
        .otherwise(event).alias("event"),
        pl.lit("active_job").alias("system"),
        pl.coalesce(job_id, pl.when(event.is_in(["retry_scheduled", "retries_exhausted", "discarded"])).then("said_in"))
        .alias("job_id"),
        pl.when(event.is_in(["enqueued", "scheduled", "enqueue_failed"])).then(None).otherwise("provider_job_id")
        .alias("provider_job_id"),
        pl.when(event.is_in(["enqueued", "enqueue_failed"]) & inner).then("said_in").alias("parent_job_id"),
        head.str.extract(r"^(?:Error |Stopped |Failed )?[A-Za-z]+ ([^\s\d]\S*)", 1).alias("job_class"),
        head.str.extract(_QUEUE, 1).alias("queue"),
        pl.coalesce("attempt", head.str.extract(r" after (\d{1,9}) attempts", 1).cast(pl.Int32, strict=False)).alias("attempt"),
        arguments_as_json(pl.col("argument_text")).alias("arguments"),
        "pid",
        "thread",
        (head.str.extract(r"\) in (\d{1,12}(?:\.\d+)?)ms", 1).cast(pl.Float64, strict=False) / 1000).alias("duration"),
        _utc(head.str.extract(_ENQUEUED_AT, 1), "%Y-%m-%dT%H:%M:%S%.f").alias("enqueued_at"),
        pl.coalesce("run_at", pl.when(retrying).then(pl.col("occurred_at") + delay)).alias("run_at"),
        pl.when(retrying & pl.col("run_at").is_null()).then(pl.col("occurred_at_clock") + delay).alias("run_at_clock"),
        "error_class",
        "error_message",
        "backtrace",
        "trace_id",
        "span_id",
        pl.when(event.is_in([*_RARE, "cancelled", "interrupted"])).then(head).alias("message"),
        _with_tags(head.str.extract(_PLACE, 1)).alias("attributes"),
    )  # fmt: skip
    return told


def _said(read: pl.DataFrame) -> pl.DataFrame:
    """What was said in a job, or by Active Job about jobs it does not name, with the lines it goes on over."""
    return read.select(
        "line_no",
        "occurred_at",
        "occurred_at_clock",
        "level",
        pl.concat_str("message", _own_part(), separator="\n", ignore_nulls=True).alias("message"),
        pl.lit("active_job").alias("system"),
        "pid",
        "thread",
        pl.col("said_in").alias("job_id"),
        pl.col("said_in_class").alias("job_class"),
        "trace_id",
        "span_id",
        _with_tags(pl.lit(None, pl.String)).alias("attributes"),
    )


def _own_part() -> pl.Expr:
    """The further lines of what the application said: up to a line that another logger call or a request begins."""
    own = pl.col("rest").str.replace(rf"(?s)(?:^|\n)(?:{_LOGGER_LINE}|{_REQUEST_LINE}).*$", "")
    return pl.when(own != "").then(own)


def _loose(read: pl.DataFrame) -> pl.DataFrame:
    """Lines behind a record that are not its own: another process's, another library's, of a request."""
    event, rest = pl.col("event"), pl.col("rest")
    behind = read.filter(rest.is_not_null()).with_columns(rest.str.split("\n").alias("lines"))
    own = (
        pl.when(event.is_null()).then(_own_part().str.count_matches("\n", literal=True) + 1)
        .when(event.is_in(_RARE)).then(pl.col("own_lines"))
        .fill_null(0)
    )  # fmt: skip
    lines = behind.select(
        pl.col("lines").list.slice(own).alias("line"),
        pl.int_ranges(pl.col("line_no") + 1 + own, pl.col("line_no") + 1 + pl.col("lines").list.len()).alias("line_no"),
    )
    lines = lines.filter(pl.col("line").list.len() > 0).explode("line", "line_no")
    line = pl.col("line")
    prefix = line.str.extract(rf"^({_LOGGER_LINE} +\w+ -- [^:\n]*: )", 1)
    return lines.filter(line.str.strip_chars() != "").select(
        "line_no",
        clock_of(prefix).alias("occurred_at_clock"),
        level_of(prefix).alias("level"),
        line.str.slice(prefix.str.len_chars().fill_null(0)).alias("message"),
        pl.when(prefix.is_null()).then(pl.lit("active_job")).alias("system"),
        pid_of(prefix).alias("pid"),
    )


def clock_of(prefix: pl.Expr) -> pl.Expr:
    """The time in the prefix of Ruby's logger, as its clock showed it."""
    told = prefix.str.extract(r"^., \[((?:19[7-9]\d|2[01]\d\d|22[0-5]\d)-[\dT:.-]+)", 1)
    return told.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)


def level_of(prefix: pl.Expr) -> pl.Expr:
    """The severity in the prefix of Ruby's logger, in our words."""
    return prefix.str.extract(r"\] +(\w+) -- ", 1).str.to_lowercase().replace("any", None)


def pid_of(prefix: pl.Expr) -> pl.Expr:
    """The process id in the prefix of Ruby's logger."""
    return prefix.str.extract(r" #(\d{1,18})\]", 1).cast(pl.Int64, strict=False)


def _utc(text: pl.Expr, form: str) -> pl.Expr:
    moment = text.str.to_datetime(form, time_unit="us", strict=False)
    return pl.when(moment.dt.year().is_between(1970, 2259)).then(moment)


def _with_tags(adapter: pl.Expr) -> pl.Expr:
    """The line's attributes with its adapter and the tags of other layers (a request's id) among them."""
    tags = pl.col("outer_tags").str.strip_chars("[]").str.split("] [")
    encoded = pl.struct(tags.alias("tags")).struct.json_encode()
    parts = [
        pl.col("attributes").str.strip_prefix("{").str.strip_suffix("}"),
        pl.concat_str(pl.lit('"adapter":"'), adapter, pl.lit('"')),
        pl.when(pl.col("outer_tags") != "").then(encoded.str.strip_prefix("{").str.strip_suffix("}")),
    ]
    inside = pl.concat_str(parts, separator=",", ignore_nulls=True)
    return pl.when(inside != "").then(pl.concat_str(pl.lit("{"), inside, pl.lit("}")))


# --- errors

_ENDS = {
    "retry_scheduled": r"\.$",
    "discarded": r"\.$",
    "retries_exhausted": r", which reoccurred on (\d{1,9}) attempts?\.$",
    "enqueue_failed": r"$",
}
_MOST_LINES = 400
"""Lines that the message of an error may have."""


def _error(line: dict[str, Any]) -> dict[str, Any]:
    """The error that a line tells: class, message, backtrace, and how many further lines it takes."""
    rest = (line["rest"] or "").split("\n") if line["rest"] else []
    if line["event"] == "failed":
        return {"line_no": line["line_no"], **_raised(line["message"], rest)}
    if line["event"] == "enqueue_failed" and _HALTED_ENQUEUE in line["message"]:
        return {"line_no": line["line_no"], "halted": True, "error_message": _HALTED_ENQUEUE.removeprefix(", ")}
    return {"line_no": line["line_no"], **_due_to(line["event"], line["message"], rest)}


def _raised(first: str, rest: list[str]) -> dict[str, Any]:
    _, found, told = first.partition("ms: ")
    if not found:
        return {}
    error_class, opened, text = told.partition(" (")
    if not opened:
        return {"error_message": told}
    own = _lines_to(text, rest, re.compile(r"\):$"))
    message = "\n".join([text, *rest[:own]])
    backtrace = _backtrace(rest[own:]) if message.endswith("):") else []
    return {
        "error_class": error_class,
        "error_message": message.removesuffix(":").removesuffix(")"),
        "backtrace": "\n".join(backtrace) or None,
        "own_lines": own + len(backtrace),
    }


def _due_to(event: str, first: str, rest: list[str]) -> dict[str, Any]:
    before = ": " if event == "enqueue_failed" else r"due to an? "
    started = re.search(rf"{before}({_CLASS})", first)
    if started is None:
        return {}
    end = re.compile(rf"\){_ENDS[event]}" if first[started.end() :].startswith(" (") else _ENDS[event])
    own = _lines_to(first[started.end() :], rest, end)
    text = "\n".join([first[started.end() :], *rest[:own]])
    ended = end.search(text)
    message = text[: ended.start()] if ended else text
    return {
        "error_class": started[1],
        "error_message": message.removeprefix(" (") or None,
        "attempt": int(ended[1]) if ended and ended.re.groups else None,
        "own_lines": own,
    }


def _lines_to(first: str, rest: list[str], end: re.Pattern[str]) -> int:
    """How many further lines the text takes until one ends so; none where it never does."""
    if end.search(first):
        return 0
    for number, line in enumerate(rest[:_MOST_LINES]):
        if _NEXT_RECORD.match(line):
            break
        if end.search(line):
            return number + 1
    return 0


def _backtrace(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        if not _BACKTRACE_LINE.match(line):
            break
        found.append(line)
    return found
