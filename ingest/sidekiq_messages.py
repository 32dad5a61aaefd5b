"""
What the words of a Sidekiq log line mean, whichever formatter wrote the line.

``start``, ``done`` and ``fail`` are a job's life; ``fail`` also stands where a shutdown only pushed the job back. The
report of an exception carries the job's payload: the only place where a Sidekiq log shows queue and arguments.

sidekiq-unique-jobs names the job that it refuses: one that a client would have pushed never was on a queue, one that
a worker had begun is left undone, though ``done`` follows. sidekiq-cron tells of what it enqueues, at the level debug,
all but the id.
"""

from __future__ import annotations

import json
import re
from typing import Any

import polars as pl
from polars import selectors as cs

from ingest import active_job_messages
from ingest import untrusted_json as read
from ingest.ruby_literals import read_literal
from ingest.sidekiq_payload import payload_facts
from ingest.sources.source import Parsed
from ingest.untrusted_json import Fields

LINE = {
    "line_no": pl.Int64,
    "occurred_at": pl.Datetime("us"),
    "level": pl.String,
    "pid": pl.Int64,
    "thread": pl.String,
    "job_id": pl.String,
    "job_class": pl.String,
    "queue": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "duration": pl.Float64,
    "report": pl.String,
    "words": pl.String,
    "attributes": pl.String,
}
"""
What a formatter's reader hands over. ``words`` is the message with its continuation lines, ``report`` the context of an
exception report that stands in the line's prefix (Sidekiq 8), ``attributes`` a JSON object of what is left.
"""

EVENTS = {"start": "started", "done": "succeeded", "fail": "failed"}
"""What the one word of a run's line means."""
_WORKER_EVENTS = (
    (r"^Booting Sidekiq \d", "booted"),
    (r"^Running in ruby ", "booted"),
    (r"^Sidekiq \d\S* connecting to Redis", "booted"),
    (r"^Received (TSTP|USR1)", "quieted"),
    (r"^(Shutting down|Pausing to allow (workers|jobs) to finish|Terminating \d+ busy )", "stopping"),
    (r"^Pushed \d+ jobs back to Redis", "pushed_back"),
    (r"^Bye!", "stopped"),
)
_LIVES, _REFUSALS, _RARE = {"life", "dead"}, {"refused", "rejected"}, {"report", "requeue", "tick"}
"""Meanings of lines: of a job's life, of a lock that refused it, and those that are read one by one."""
_REQUEUE = "Work still in progress"
_REFUSED = r"^Skipping job with id \((\S+)\) because lock_digest: \((\S*)\) already exists$"
_DEAD = r"^Adding dead (\S+) job (\S+)$"
_TICK = re.compile(r"^enqueued (?P<name>.+?): (?=\{\s*\"(?:[^\"\\]|\\.)*\" ?(?:=>|:))", re.DOTALL)
_JOB_TEXT = re.compile(r'job=("(?:[^"\\]|\\.)*(?:"|\\?$))', re.DOTALL)
_RUBY_ERROR = re.compile(r"^(?P<place>\S.*?:\d+:in [`'].*?'): (?P<message>.*) \((?P<error>[A-Z]\w*(?:::\w+)*)\)$")
_PLAIN_ERROR = re.compile(r"^(?P<error>[A-Z]\w*(?:::\w+)*): (?P<message>.*)$", re.DOTALL)

_EVENT_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "line_no": pl.Int64,
    "record_no": pl.Int32,
    "occurred_at": pl.Datetime("us"),
    "event": pl.String,
    "system": pl.String,
    "job_id": pl.String,
    "provider_job_id": pl.String,
    "job_class": pl.String,
    "queue": pl.String,
    "attempt": pl.Int32,
    "max_attempts": pl.Int32,
    "arguments": pl.String,
    "pid": pl.Int64,
    "thread": pl.String,
    "duration": pl.Float64,
    "enqueued_at": pl.Datetime("us"),
    "will_retry": pl.Boolean,
    "error_class": pl.String,
    "error_message": pl.String,
    "backtrace": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "message": pl.String,
    "attributes": pl.String,
}


def rows_of(lines: pl.DataFrame) -> Parsed:
    """The rows that these lines (a frame of ``LINE``) are worth; each is in one table at least."""
    of_active_job = pl.col("report").is_null() & active_job_messages.is_one(pl.col("words"))
    first = pl.col("words").str.split("\n").list.first()
    lines = (
        lines.with_columns(of_active_job.alias("of_active_job"), first.alias("first"), system=pl.lit("sidekiq"))
        .with_columns(_meaning().alias("meaning"))
    )  # fmt: skip
    by_active_job = {}
    if lines["of_active_job"].any():
        by_active_job = active_job_messages.rows_of(_for_active_job(lines.filter("of_active_job")))
        lines = lines.filter(~pl.col("of_active_job"))
    meanings = set(lines["meaning"].unique())
    rare = lines.filter(pl.col("meaning").is_in(_RARE)) if meanings & _RARE else lines.clear()
    read_of = {line["line_no"]: _rare(line) for line in rare.iter_rows(named=True)}
    told = [row for found, _ in read_of.values() for row in found]
    kept = {line_no: unread for line_no, (found, unread) in read_of.items() if unread or not found}
    tables: dict[str, list[pl.DataFrame]] = {
        "job_events": [
            *([_lives(lines)] if meanings & _LIVES else []),
            *([_refusals(lines)] if meanings & _REFUSALS else []),
            *([pl.DataFrame(told, schema=_EVENT_SCHEMA)] if told else []),
        ],
        "worker_events": [_workers(lines)] if "worker" in meanings else [],
        "log_lines": [_said(lines, kept), _continuations(lines, kept)],
    }
    for name, frame in by_active_job.items():
        tables[name].append(frame.drop(cs.ends_with("_clock")))
    filled = {name: [frame for frame in frames if not frame.is_empty()] for name, frames in tables.items()}
    return Parsed(rows={name: pl.concat(frames, how="diagonal") for name, frames in filled.items() if frames})


def _for_active_job(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines that Active Job wrote through Sidekiq's logger: the context's id is Sidekiq's, and changes per retry."""
    return lines.select(
        "line_no",
        "occurred_at",
        pl.lit(None, pl.Datetime("us")).alias("occurred_at_clock"),
        "level",
        "pid",
        "thread",
        pl.col("job_id").alias("provider_job_id"),
        "trace_id",
        "span_id",
        "words",
        "attributes",
    )


def _meaning() -> pl.Expr:
    first, jid = pl.col("first"), pl.col("job_id")
    report = pl.col("report").is_not_null() | (first.str.starts_with('{"context":') & first.str.contains('"job":'))
    worker = pl.any_horizontal([first.str.contains(pattern) for pattern, _ in _WORKER_EVENTS])
    return (
        pl.when(jid.is_not_null() & first.is_in(list(EVENTS)))
        .then(pl.lit("life"))
        .when(jid.is_not_null() & first.str.starts_with("Adding dead "))
        .then(pl.lit("dead"))
        .when(report)
        .then(pl.lit("report"))
        .when(first.str.starts_with(f"{_REQUEUE} ["))
        .then(pl.lit("requeue"))
        .when(first.str.starts_with("Skipping job with id (") & first.str.contains(_REFUSED))
        .then(pl.lit("refused"))
        .when(first.str.starts_with("Adding dead ") & first.str.contains(_DEAD))
        .then(pl.lit("rejected"))
        .when(jid.is_null() & first.str.starts_with("enqueued ") & first.str.contains(r': \{\s*"'))
        .then(pl.lit("tick"))
        .when(worker & jid.is_null())
        .then(pl.lit("worker"))
        .otherwise(pl.lit("said"))
    )


def _lives(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.filter(pl.col("meaning").is_in(_LIVES)).select(
        "line_no",
        pl.lit(0, pl.Int32).alias("record_no"),
        "occurred_at",
        pl.when(pl.col("meaning") == "dead")
        .then(pl.lit("retries_exhausted"))
        .otherwise(pl.col("first").replace(EVENTS))
        .alias("event"),
        "system",
        "job_id",
        "job_class",
        "queue",
        "pid",
        "thread",
        "duration",
        "trace_id",
        "span_id",
        pl.col("first").alias("message"),
        "attributes",
    )


def _refusals(lines: pl.DataFrame) -> pl.DataFrame:
    """Jobs that a lock kept out: of a run begun, of the queue, or, where the strategy says so, into the dead set."""
    first, jid = pl.col("first"), pl.col("job_id")
    refused = first.str.extract(_REFUSED, 1)
    return lines.filter(pl.col("meaning").is_in(_REFUSALS)).select(
        "line_no",
        pl.lit(0, pl.Int32).alias("record_no"),
        "occurred_at",
        pl.when(pl.col("meaning") == "rejected").then(pl.lit("retries_exhausted"))
        .when(jid == refused).then(pl.lit("cancelled"))
        .otherwise(pl.lit("lock_conflict")).alias("event"),
        "system",
        pl.coalesce(refused, first.str.extract(_DEAD, 2)).alias("job_id"),
        pl.coalesce(first.str.extract(_DEAD, 1), pl.when(jid == refused).then("job_class")).alias("job_class"),
        pl.when(jid == refused).then("queue").alias("queue"),
        pl.when(jid != refused).then("job_id").alias("parent_job_id"),
        "pid",
        "thread",
        "trace_id",
        "span_id",
        first.alias("message"),
        "attributes",
    )  # fmt: skip


def _workers(lines: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("first")
    event = pl.coalesce([pl.when(first.str.contains(pattern)).then(pl.lit(name)) for pattern, name in _WORKER_EVENTS])
    return lines.filter(pl.col("meaning") == "worker").select(
        "line_no",
        "occurred_at",
        event.alias("event"),
        "system",
        first.str.extract(r"Sidekiq (\d\S*)", 1).alias("version"),
        "pid",
        "thread",
        first.str.extract(r"^(?:Pushed|Terminating) (\d+) ", 1).cast(pl.Int32, strict=False).alias("job_count"),
        first.alias("message"),
        _attributes_and("queue", "trace_id", "span_id").alias("attributes"),
    )


def _said(lines: pl.DataFrame, kept: dict[int, str | None]) -> pl.DataFrame:
    """Lines that are words and no more, and those of which a part could not be read (which, say the attributes)."""
    line_no = pl.col("line_no")
    said = (pl.col("meaning") == "said") | line_no.is_in(list(kept))
    unread = line_no.replace_strict(kept, default=None, return_dtype=pl.String)
    return lines.filter(said).select(
        "line_no", "occurred_at", "level", pl.col("words").alias("message"), "system", "pid", "thread", "job_id",
        "job_class", "trace_id", "span_id", pl.coalesce(unread, _attributes_and("queue")).alias("attributes"),
    )  # fmt: skip


def _attributes_and(*names: str) -> pl.Expr:
    """The attributes with these columns among them, for a table that has no such columns."""
    told = pl.col("attributes")
    for name in names:
        one = pl.struct(name).struct.json_encode()
        both = pl.concat_str(one.str.strip_suffix("}"), pl.lit(","), told.str.strip_prefix("{"))
        told = pl.when(pl.col(name).is_null()).then(told).otherwise(pl.coalesce(both, one))
    return told


def _continuations(lines: pl.DataFrame, kept: dict[int, str | None]) -> pl.DataFrame:
    """Lines after a one-line word, such as a library's warnings on the same stream: kept, but not part of it."""
    one_line = pl.col("meaning").is_in({*_LIVES, *_REFUSALS, "tick", "worker", "requeue"}) | (
        (pl.col("meaning") == "report") & pl.col("report").is_null()
    )
    followed = one_line & pl.col("words").str.contains("\n", literal=True) & ~pl.col("line_no").is_in(list(kept))
    return lines.filter(followed).select(
        pl.col("line_no") + 1,
        pl.col("words").str.split("\n").list.slice(1).list.join("\n").alias("message"),
        "system",
    )


def _rare(line: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The events of a record; where a part of it could not be read, also the attributes to keep its words with."""
    base = {name: line[name] for name in ("line_no", "occurred_at", "system", "pid", "thread", "trace_id", "span_id")}
    context = json.loads(line["attributes"] or "{}")
    if line["meaning"] == "requeue":
        jobs = [(number, _pushed_back(text)) for number, text in enumerate(_JOB_TEXT.findall(line["first"]))]
        unread = [number + 1 for number, facts in jobs if facts is None]
        return [
            base | _beside(context, facts) | {"record_no": number, "event": "requeued", "message": _REQUEUE}
            for number, facts in jobs
            if facts is not None
        ], json.dumps({**context, "unreadable_jobs": unread}, ensure_ascii=False) if unread else None
    if line["meaning"] == "tick":
        tick = _tick(line["first"])
        return ([base | _beside(context, tick) | {"record_no": 0, "event": "enqueued"}], None) if tick else ([], None)
    facts = _report(line)
    if facts is None:
        report = {"unreadable_report": line["report"]} if line["report"] and not context else {}
        return [], json.dumps({**context, **report}, ensure_ascii=False) if report else None
    if isinstance(told := context.get("ctx"), dict):  # of a JSON line: the report itself is read
        context["ctx"] = {key: value for key, value in told.items() if key not in ("context", "job")}
    return [base | _beside(context, facts) | {"record_no": 0, "event": "error_reported"}], None


def _beside(context: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of a job, with what the line's own context says beside its attributes."""
    said = {key: value for key, value in context.items() if value not in ({}, None)}
    if not said:
        return facts
    return facts | {"attributes": json.dumps(said | json.loads(facts["attributes"] or "{}"), ensure_ascii=False)}


def _tick(words: str) -> dict[str, Any] | None:
    """The facts of a job that a timetable enqueued: its template is told as a hash of Ruby's or as JSON."""
    said = _TICK.match(words)
    if said is None:
        return None
    template = _template(words[said.end() :])
    job = Fields.of(template if isinstance(template, dict) else {})
    job_class = job.take("wrapped", read.text) or job.take("class", read.text)
    if job_class is None:
        return None
    job.aside = {"cron": said["name"]}
    return {
        "job_class": job_class,
        "queue": job.take("queue", read.text),
        "arguments": job.take("args", read.json_value),
        "message": words,
        "attributes": job.attributes(),
    }


def _template(text: str) -> Any:  # noqa: ANN401 - any value
    try:
        return read.decoded(text)
    except ValueError:
        pass
    try:
        value, end = read_literal(text)
    except (ValueError, RecursionError):
        return None
    return None if text[end:].strip() else value


def _pushed_back(text: str) -> dict[str, Any] | None:
    """The facts of a job that a shutdown names; of one cut off at the line's end, as far as it can be read."""
    try:
        facts = payload_facts(json.loads(read_literal(text)[0]))
    except (ValueError, RecursionError):
        return _named(text.replace('\\"', '"'))
    facts.pop("will_retry")  # pushed back, not failed
    return facts


def _report(line: dict[str, Any]) -> dict[str, Any] | None:
    """The facts of an exception report: its job, and the error where the same record tells it."""
    try:
        context, payload = _context_and_job(line)
        facts = payload_facts(payload)
    except (ValueError, RecursionError):
        return _searched(line) if line["report"] is not None else None
    error = _ruby_error(line["words"]) if line["report"] is not None else {}
    return facts | error | {"message": context}


def _context_and_job(line: dict[str, Any]) -> tuple[str, Any]:
    if line["report"] is None:
        told = json.loads(line["first"])
        return str(told["context"]), told["job"]
    told = line["report"]
    if told.startswith("{"):
        context = json.loads(told)
        return str(context.get("context")), context.get("job")
    before, _, after = told.partition(" job=")
    return before.removeprefix("context="), read_literal(after)[0]


def _searched(line: dict[str, Any]) -> dict[str, Any] | None:
    """A payload that is no plain Ruby value."""
    found = _named(line["report"])
    if found is None:
        return None
    return found | _ruby_error(line["words"]) | {"message": "Job raised exception"}


def _named(payload: str) -> dict[str, Any] | None:
    """A payload that cannot be read: its id, class and queue are found by their names, and the rest is kept."""
    found = {
        name: match[1]
        for name, key in (("job_id", "jid"), ("job_class", "class"), ("queue", "queue"))
        if (match := re.search(rf'"{key}"(?: ?=> ?|: ?)"([^"]+)"', payload))
    }
    if "job_id" not in found:
        return None
    return found | {"attributes": json.dumps({"unreadable_payload": payload}, ensure_ascii=False)}


def _ruby_error(words: str) -> dict[str, Any]:
    """
    An exception as Ruby's ``full_message`` writes it: place, first line of the message, class in parentheses, further
    lines of the message, then the callers behind tabs.
    """
    first, *rest = words.split("\n")
    told = _RUBY_ERROR.match(first)
    if told is None:
        plain = _PLAIN_ERROR.match(words)
        return {"error_class": plain["error"], "error_message": plain["message"]} if plain else {"error_message": words}
    callers = next((number for number, text in enumerate(rest) if text.startswith("\tfrom ")), len(rest))
    return {
        "error_class": told["error"],
        "error_message": "\n".join([told["message"], *rest[:callers]]).strip("\n"),
        "backtrace": "\n".join([told["place"], *(text.removeprefix("\tfrom ") for text in rest[callers:])]),
    }
