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

from ingest.ruby_argument_lists import arguments_as_json

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

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CLASS = r"[A-Z][\w:]*"
_OWN_TAG = "[ActiveJob] "
_JOB_TAGS = rf"^\[{_CLASS}\] \[[^\]\s]+\] "
_INNER_TAGS = rf"^\[{_CLASS}\] \[{_UUID}\] "
"""Tags of a job that another one performs at once. What the application itself puts in brackets has no such id."""

TAGGED = r"(?:\[[^\]\n]*\] )*?\[ActiveJob\] "
UNTAGGED = rf"(?:Retrying {_CLASS} in \d+ seconds|(?:Stopped retrying|Discarded) {_CLASS} due to an? {_CLASS})"
"""How the lines of 6.1 begin that have neither tags nor a job id."""


def is_one(words: pl.Expr) -> pl.Expr:
    """Whether these words, a logger's prefix taken off, are a line of Active Job."""
    return words.str.contains(rf"^(?:{TAGGED}|{UNTAGGED})")


_EVENTS = {
    "Enqueued ": "enqueued",
    "Performing ": "started",
    "Performed ": "succeeded",
    "Error performing ": "failed",
    "Retrying ": "retry_scheduled",
    "Stopped retrying ": "retries_exhausted",
    "Discarded ": "discarded",
    "Failed enqueuing ": "enqueue_failed",
    "Interrupted ": "interrupted",
}
_RARE = ("failed", "retry_scheduled", "retries_exhausted", "discarded", "enqueue_failed")
"""Events that tell an error, which is read one by one; it may go on over several lines."""

_BULK_FAILURE = r"^(?:Enqueued \d+ jobs? to .*\. )?Failed enqueuing \d+ jobs?(?: to |$)"
_ARGUMENTS = " with arguments: "
_JOB_ID = " (Job ID: "
_HALTED_RUN = ": a before_perform callback halted the job execution"
_HALTED_ENQUEUE = ", a before_enqueue callback halted the enqueuing execution."
_SHUTDOWNS = ("Sidekiq::Shutdown",)
"""Exceptions with which a backend cuts a run off in order to give the job back."""

_YEAR = r"^(?:19[7-9]|2[01]\d|22[0-5])\d-"
_LOGGER_LINE = r"[DIWEFA], \[\d{4}-\d\d-\d\dT[\d:.]+ #\d+\]"
_REQUEST_LINE = r"(?:\[[^\]\n]*\] )*Started (?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \""
_NEXT_RECORD = re.compile(rf"{_LOGGER_LINE}|{_REQUEST_LINE}")

_ERROR = {
    "line_no": pl.Int64,
    "error_class": pl.String,
    "error_message": pl.String,
    "backtrace": pl.String,
    "attempt": pl.Int32,
    "delay": pl.Int64,
    "queue": pl.String,
    "halted": pl.Boolean,
    "own_lines": pl.Int64,
}


def rows_of(lines: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows that these lines (a frame of ``LINE``) are worth, by table; each line is in one at least."""
    if lines.is_empty():
        return {}
    read = _read(lines)
    rare = read.filter(pl.col("event").is_in(_RARE)).select("line_no", "event", "message", "rest")
    told = pl.DataFrame([_error(line) for line in rare.iter_rows(named=True)], schema=_ERROR)
    read = read.join(told, on="line_no", how="left", maintain_order="left")
    tables = {
        "job_events": _events(read.filter(pl.col("event").is_not_null())),
        "log_lines": pl.concat([_said(read.filter(pl.col("event").is_null())), _loose(read)], how="diagonal"),
    }
    return {name: frame for name, frame in tables.items() if not frame.is_empty()}


def _read(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines cut into their parts, by literal cuts where it goes: a log of millions has few words to tell apart."""
    frame = _cut(lines, "words", "\n", ("first", "rest"))
    frame = _cut(frame, "first", _OWN_TAG, ("before", "behind"))
    tagged = pl.col("behind").is_not_null()
    frame = frame.with_columns(
        pl.when(tagged).then("before").alias("outer_tags"),
        pl.when(tagged).then("behind").otherwise("first").alias("message"),
        pl.lit(None, pl.String).alias("said_in"),
        pl.lit(None, pl.String).alias("said_in_class"),
    )
    frame = _without_job_tags(_without_job_tags(frame, _JOB_TAGS), _INNER_TAGS)
    message = pl.col("message")
    frame = _cut(frame.with_columns(_event_of(message).alias("event")), "message", _ARGUMENTS, ("a", "b"))
    has_arguments = pl.col("event").is_in(["enqueued", "started"])
    frame = frame.with_columns(
        pl.when(has_arguments).then("a").otherwise(message).alias("head"),
        pl.when(has_arguments).then("b").alias("argument_text"),
    )
    frame = _cut(_cut(frame, "head", _JOB_ID, ("lead", "tail")), "tail", ")", ("job_id", "place"))
    lead, event = pl.col("lead"), pl.col("event")
    counted = lead.str.contains(r"^(?:Enqueued|Failed enqueuing) \d")
    halted = (event == "failed") & pl.col("place").str.ends_with(_HALTED_RUN)
    return frame.with_columns(
        pl.when(counted & lead.str.contains(_BULK_FAILURE)).then(pl.lit("enqueue_failed"))
        .when(halted).then(pl.lit("cancelled"))
        .when(~counted & (pl.col("job_id").is_not_null() | event.is_in(_RARE))).then("event").alias("event"),
    )  # fmt: skip


def _cut(frame: pl.DataFrame, column: str, at: str, into: tuple[str, str]) -> pl.DataFrame:
    """The frame with the column's text before and behind the first ``at``; the second is null where there is none."""
    parts = frame[column].str.splitn(at, 2).struct.unnest()
    parts.columns = list(into)
    return frame.hstack(parts)


def _without_job_tags(frame: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """The message without the tags of the job it was said in; the innermost job is the one."""
    tagged = frame["message"].str.contains(pattern)
    if not tagged.any():
        return frame
    parts = pl.col("message").str.splitn("] ", 3).struct
    return frame.with_columns(tagged.alias("tagged")).with_columns(
        pl.when("tagged").then(parts.field("field_2")).otherwise("message").alias("message"),
        pl.when("tagged").then(parts.field("field_1").str.slice(1)).otherwise("said_in").alias("said_in"),
        pl.when("tagged").then(parts.field("field_0").str.slice(1)).otherwise("said_in_class").alias("said_in_class"),
    ).drop("tagged")  # fmt: skip


def _event_of(message: pl.Expr) -> pl.Expr:
    return pl.coalesce([pl.when(message.str.starts_with(verb)).then(pl.lit(event)) for verb, event in _EVENTS.items()])


def _class_of(lead: pl.Expr) -> pl.Expr:
    for verb in _EVENTS:
        lead = lead.str.strip_prefix(verb)
    name = lead.str.splitn(" ", 2).struct.field("field_0")
    return pl.when(~name.str.contains(r"^\d")).then(name)


def _events(read: pl.DataFrame) -> pl.DataFrame:
    event, job_id, said_in = pl.col("event"), pl.col("job_id"), pl.col("said_in")
    frame = _cut(_cut(read, "place", "(", ("adapter", "in")), "in", ")", ("in_queue", "fact"))
    placed = pl.col("adapter").str.contains(r"^ (?:from|to) [A-Z]\w*$")
    frame = frame.with_columns(
        pl.when(placed).then(pl.col("adapter").str.strip_prefix(" from ").str.strip_prefix(" to ")).alias("adapter"),
        pl.when(placed).then("in_queue").alias("in_queue"),
        pl.when(placed).then("fact").alias("fact"),
        _class_of(pl.col("lead")).alias("job_class"),
    )
    fact, own, delay = pl.col("fact"), said_in == job_id, pl.duration(seconds="delay")
    on_its_way = event.is_in(["enqueued", "enqueue_failed"])
    frame = frame.with_columns(
        _moment(_behind(" at "), "%Y-%m-%d %H:%M:%S%.f UTC").alias("run_at"),
        _moment(_behind(" enqueued at "), "%Y-%m-%dT%H:%M:%S%.fZ").alias("enqueued_at"),
        arguments_as_json(pl.col("argument_text")).alias("arguments"),
        _attributes(pl.when(on_its_way & ~own.fill_null(value=False)).then("provider_job_id")).alias("attributes"),
    )
    of_this_job = ~on_its_way & (pl.col("job_class") == pl.col("said_in_class"))
    return frame.select(
        "line_no",
        pl.lit(0, pl.Int32).alias("record_no"),
        "occurred_at",
        "occurred_at_clock",
        pl.when((event == "enqueued") & own).then(pl.lit("retry_scheduled"))
        .when((event == "enqueued") & pl.col("run_at").is_not_null()).then(pl.lit("scheduled"))
        .when((event == "failed") & pl.col("error_class").is_in(_SHUTDOWNS)).then(pl.lit("interrupted"))
        .when((event == "enqueue_failed") & pl.col("halted")).then(pl.lit("cancelled"))
        .otherwise(event).alias("event"),
        pl.lit("active_job").alias("system"),
        pl.when(event != "enqueue_failed").then(pl.coalesce(job_id, pl.when(of_this_job).then("said_in")))
        .alias("job_id"),
        # A line about an enqueue carries the backend's id of the job that enqueues.
        pl.when(~on_its_way | own).then("provider_job_id").alias("provider_job_id"),
        pl.when(on_its_way & ~own.fill_null(value=False)).then("said_in").alias("parent_job_id"),
        "job_class",
        pl.coalesce("in_queue", "queue").alias("queue"),
        "attempt",
        "arguments",
        "pid",
        "thread",
        (fact.str.extract(r"^ in (\d{1,12}(?:\.\d+)?)ms", 1).cast(pl.Float64, strict=False) / 1000)
        .round(9).alias("duration"),
        "enqueued_at",
        pl.coalesce("run_at", pl.col("occurred_at") + delay).alias("run_at"),
        pl.when(pl.col("run_at").is_null()).then(pl.col("occurred_at_clock") + delay).alias("run_at_clock"),
        "error_class",
        pl.when(event == "cancelled").then(pl.lit(_HALTED_RUN[2:])).otherwise("error_message").alias("error_message"),
        "backtrace",
        "trace_id",
        "span_id",
        pl.when(event.is_in([*_RARE, "cancelled", "interrupted"])).then("head").alias("message"),
        "attributes",
    )  # fmt: skip


def _behind(words: str) -> pl.Expr:
    fact = pl.col("fact")
    return pl.when(fact.str.starts_with(words)).then(fact.str.slice(len(words)))


def _moment(text: pl.Expr, form: str) -> pl.Expr:
    """A time of the years 1970 to 2259; null for what no clock shows."""
    return pl.when(text.str.contains(_YEAR)).then(text).str.to_datetime(form, time_unit="us", strict=False)


def _attributes(provider_job_id: pl.Expr) -> pl.Expr:
    """The line's own attributes with its adapter, an id of no column, and the tags of other layers (a request's id)."""
    parts = [
        pl.col("attributes").str.strip_prefix("{").str.strip_suffix("}"),
        pl.concat_str(pl.lit('"adapter":"'), "adapter", pl.lit('"')),
        pl.concat_str(pl.lit('"provider_job_id":"'), provider_job_id.str.replace_all(r'["\\\s]', "?"), pl.lit('"')),
        pl.col("outer_tags").map_batches(_tags, return_dtype=pl.String),
    ]
    inside = pl.concat_str(parts, separator=",", ignore_nulls=True)
    return pl.when(inside != "").then(pl.concat_str(pl.lit("{"), inside, pl.lit("}")))


def _tags(outer: pl.Series) -> pl.Series:
    """Tags as JSON under their name; null where there is none."""
    tags = pl.col("tags")
    frame = outer.rename("tags").to_frame().select(pl.when(tags != "").then(tags))
    plain = tags.str.contains(r"^(?:\[[\w:.,@/# =-]*\] )+$")
    inside = tags.str.strip_suffix("] ").str.slice(1)
    written = pl.concat_str(pl.lit('"tags":["'), inside.str.replace_all("] [", '","', literal=True), pl.lit('"]'))
    odd = frame.filter(tags.is_not_null() & ~plain)["tags"].unique().to_list()
    listed = {one: f'"tags":{json.dumps(one[1:].removesuffix("] ").split("] ["), ensure_ascii=False)}' for one in odd}
    by_hand = tags.replace_strict(listed, default=None, return_dtype=pl.String) if odd else pl.lit(None, pl.String)
    return frame.select(pl.when(plain).then(written).otherwise(by_hand)).to_series().rename(outer.name)


def _said(read: pl.DataFrame) -> pl.DataFrame:
    """What was said in a job, or by Active Job about jobs it does not name, with the lines it goes on over."""
    return read.with_columns(pl.lit(None, pl.String).alias("adapter")).select(
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
        _attributes(pl.col("provider_job_id")).alias("attributes"),
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
        .when(event.is_in(_RARE)).then("own_lines")
        .fill_null(0)
    )  # fmt: skip
    first = pl.col("line_no") + 1 + own
    lines = behind.select(
        pl.col("lines").list.slice(own).alias("line"),
        pl.int_ranges(first, pl.col("line_no") + 1 + pl.col("lines").list.len()).alias("line_no"),
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


_LEVELS = {"D": "debug", "I": "info", "W": "warn", "E": "error", "F": "fatal"}


def clock_of(prefix: pl.Expr) -> pl.Expr:
    """The time in the prefix of Ruby's logger, as its clock showed it; null for one that no clock shows."""
    return _moment(prefix.str.slice(4, 26), "%Y-%m-%dT%H:%M:%S%.f")


def level_of(prefix: pl.Expr) -> pl.Expr:
    """The severity in the prefix of Ruby's logger, in our words."""
    return prefix.str.slice(0, 1).replace_strict(_LEVELS, default=None, return_dtype=pl.String)


def pid_of(prefix: pl.Expr) -> pl.Expr:
    """The process id in the prefix of Ruby's logger."""
    return prefix.str.slice(31, 20).str.extract(r"^ ?#?(\d{1,18})\]", 1).cast(pl.Int64, strict=False)


# --- errors

_DUE_TO = {
    "retry_scheduled": re.compile(r"due to an? (?P<error>[A-Z][\w:]*)"),
    "discarded": re.compile(r"due to an? (?P<error>[A-Z][\w:]*)"),
    "retries_exhausted": re.compile(r"due to an? (?P<error>[A-Z][\w:]*)"),
    "enqueue_failed": re.compile(r" to [A-Z]\w*\([^)]*\): (?P<error>[A-Z][\w:]*)"),
}
_ENDS = {
    "retry_scheduled": r"\.$",
    "discarded": r"\.$",
    "retries_exhausted": r", which reoccurred on (?P<attempt>\d{1,9}) attempts?\.$",
    "enqueue_failed": r"$",
}
_RAISED_END = re.compile(r"\):$")
_ATTEMPT = re.compile(r" after (\d{1,9}) attempts?")
_DELAY = re.compile(r" in (\d{1,9}) seconds?")
_FOR_QUEUE = re.compile(r"^Failed enqueuing \S+ to [A-Z]\w*\(([^)]*)\)")
_BACKTRACE_LINE = re.compile(r"^\S.*:\d+:in .|^\S+\.(?:rb|erb|rake|ru):\d+$")
_MOST_LINES = 400
"""Lines that the message of an error may have."""


def _error(line: dict[str, Any]) -> dict[str, Any]:
    """The error that a line tells: class, message, backtrace, and how many further lines it takes."""
    first, rest = line["message"], (line["rest"] or "").split("\n")
    if line["event"] == "failed":
        return {"line_no": line["line_no"], **_raised(first, rest)}
    return {"line_no": line["line_no"], **_facts(first), **_due_to(line["event"], first, rest)}


def _facts(first: str) -> dict[str, Any]:
    attempt, delay, queue = _ATTEMPT.search(first), _DELAY.search(first), _FOR_QUEUE.match(first)
    halted = first.endswith(_HALTED_ENQUEUE)
    return {
        "attempt": int(attempt[1]) if attempt else None,
        "delay": int(delay[1]) if delay else None,
        "queue": queue[1] if queue else None,
        "halted": halted,
        "error_message": _HALTED_ENQUEUE[2:-1] if halted else None,
    }


def _raised(first: str, rest: list[str]) -> dict[str, Any]:
    _, found, told = first.partition("ms: ")
    error_class, opened, text = told.partition(" (")
    if not found or not opened:
        return {"error_message": told or None}
    own = _lines_to(text, rest, _RAISED_END)
    message = "\n".join([text, *rest[:own]])
    backtrace = _backtrace(rest[own:]) if message.endswith("):") else []
    return {
        "error_class": error_class,
        "error_message": message.removesuffix("):"),
        "backtrace": "\n".join(backtrace) or None,
        "own_lines": own + len(backtrace),
    }


def _due_to(event: str, first: str, rest: list[str]) -> dict[str, Any]:
    cause = _DUE_TO[event].search(first)
    if cause is None:
        return {}
    begun = first[cause.end() :]
    end = re.compile(rf"\){_ENDS[event]}" if begun.startswith(" (") else _ENDS[event])
    own = _lines_to(begun, rest, end)
    text = "\n".join([begun, *rest[:own]])
    ended = end.search(text)
    message = (text[: ended.start()] if ended else text).removeprefix(" (")
    told = {"error_class": cause["error"], "error_message": message or None, "own_lines": own}
    attempt = ended.groupdict().get("attempt") if ended else None
    return told | ({"attempt": int(attempt)} if attempt else {})


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
