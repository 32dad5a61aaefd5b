r"""
Solid Queue's lines in a Rails log, version 1.

    I, [2026-03-01T22:00:00.120000 #80]  INFO -- : SolidQueue-1.1.0 Started Worker (12.4ms)  pid: 80, hostname: "web1", process_id: 3, name: "worker-8c1e", polling_interval: 0.1, queues: "mailers,reports", thread_pool_size: 3
    D, [2026-03-01T22:00:05.120000 #80] DEBUG -- : SolidQueue-1.1.0 Claim jobs (4.1ms)  process_id: 3, job_ids: [12, 13], claimed_job_ids: [12, 13], size: 2

A job's life is told by Active Job in the same log: see ``active_job_text.py``. Traps: jobs are named by their rows in
the database, which only a snapshot ties to Active Job's ids; with ``retry_on`` a job has a new row for each attempt. Of
a worker that died, its supervisor or another one tells, with its own process id before the line. ``Fail claimed jobs`` is
the end of jobs whose worker is gone: nothing runs them again unless somebody asks for it.
"""  # noqa: E501 - lines as they are written

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from ingest.rails_log import PREFIX, TAGS, headed, loose_lines
from ingest.ruby_literals import read_literal
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb

_TOOK = r" \(\d+(?:\.\d+)?ms\)"
_EVENTS = {
    "Claim jobs": "reserved",
    "Release claimed job": "requeued",
    "Fail claimed jobs": "retries_exhausted",
    "Retry failed job": "retry_scheduled",
    "Discard job": "discarded",
    "Release blocked job": "enqueued",
    "Enqueued recurring task": "enqueued",
    "Enqueued recurring task outside Solid Queue": "enqueued",
    "Error enqueuing recurring task": "enqueue_failed",
}
_WORKER_EVENTS = {
    "Release claimed jobs": "pushed_back",
    "Replaced terminated": "died",
    "Tried to replace forked process but it had already died": "died",
    "Supervisor terminated gracefully": "stopping",
    "Supervisor terminated immediately": "stopping",
    "Supervisor wasn't terminated gracefully - shutdown timeout exceeded": "stopping",
}
_OF_ANY_KIND = {"Started ": "booted", "Shutdown ": "stopped"}
"""What is said of workers, dispatchers, schedulers and supervisors alike, each with its kind behind it."""


def _claims(line: pl.Expr) -> pl.Expr:
    beginning = rf"^(?:{PREFIX})?{TAGS}SolidQueue-\d\S* [A-Z][^\n(]*(?:\([a-z]+\))?{_TOOK}(?: |\r?$)"
    return line.str.contains("SolidQueue-", literal=True) & line.str.contains(beginning)


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    lines = headed(records)
    rejects = lines.filter(pl.col("reason").is_not_null()).select("line_no", "reason")
    lines = _cut(lines.filter(pl.col("reason").is_null()))
    of_job, of_worker = pl.col("event").is_not_null(), pl.col("worker_event").is_not_null()
    rows = {
        "job_events": _job_events(lines.filter(of_job)),
        "worker_events": _worker_events(lines.filter(of_worker)),
        "log_lines": pl.concat(
            [_said(lines.filter(~of_job & ~of_worker)), loose_lines(lines, pl.lit(0), "solid_queue")], how="diagonal"
        ),
    }
    return Parsed(
        rows={table: frame for table, frame in rows.items() if not frame.is_empty()},
        rejects=None if rejects.is_empty() else rejects,
    )


def _cut(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines by what was done, and the facts that stand behind the time it took."""
    words = pl.col("words").str.replace(rf"^{TAGS}SolidQueue-", "")
    parts = words.str.splitn(" ", 2).struct
    lines = lines.with_columns(parts.field("field_0").alias("version"), parts.field("field_1").alias("words"))
    parts = pl.col("words").str.splitn("ms)", 2).struct
    lines = lines.with_columns(
        parts.field("field_0").str.replace(r" \(\d+(?:\.\d+)?$", "").alias("action"),
        parts.field("field_1").str.strip_chars_start().fill_null("").alias("facts"),
    )
    action, facts = pl.col("action"), pl.col("facts")
    pruned = action.str.starts_with("Deregister ") & facts.str.contains(", pruned: true", literal=True)
    refused = (action == "Release blocked job") & facts.str.contains("released: false", literal=True)
    return lines.with_columns(
        pl.when(~refused).then(action.replace_strict(_EVENTS, default=None, return_dtype=pl.String)).alias("event"),
        pl.coalesce(
            [
                action.replace_strict(_WORKER_EVENTS, default=None, return_dtype=pl.String),
                *(pl.when(action.str.starts_with(verb)).then(pl.lit(event)) for verb, event in _OF_ANY_KIND.items()),
                pl.when(action.str.starts_with("Replaced terminated ")).then(pl.lit("died")),
                pl.when(pruned).then(pl.lit("died")),
            ]
        ).alias("worker_event"),
    )


_SHARED = ["line_no", "occurred_at_clock", pl.lit("solid_queue").alias("system")]
_WORDS = pl.col("words").alias("message")


def _job_events(lines: pl.DataFrame) -> pl.DataFrame:
    facts, event = pl.col("facts"), pl.col("event")
    claims = event == "reserved"
    claimed = lines.filter(claims).with_columns(
        _listed("claimed_job_ids").alias("row_id"),
        pl.concat_str(pl.lit('{"process_id":'), facts.str.extract(r"process_id: (\d{1,19}),", 1), pl.lit("}")).alias(
            "attributes"
        ),
    )
    others = lines.filter(~claims).with_columns(
        _listed("job_ids").alias("row_id"),
        facts.str.extract(r'\bactive_job_id: "([^"\s]+)"', 1).alias("job_id"),
        facts.str.extract(r'\benqueue_error: "((?:[^"\\]|\\.)*)"', 1).alias("error_message"),
        _attributes().alias("attributes"),
    )
    # Who gives up a lost worker's jobs is another process than that one.
    own = event.is_in(["reserved", "requeued"])
    return (
        pl.concat([claimed, others], how="diagonal")
        .with_columns(
            pl.int_ranges(0, pl.max_horizontal(pl.col("row_id").list.len(), 1), dtype=pl.Int32).alias("record_no"),
            pl.when(pl.col("row_id").list.len() > 0).then("row_id").otherwise(_NO_ROW).alias("row_id"),
            pl.when(own).then("pid").alias("pid"),
        )
        .explode("row_id", "record_no")
        .select(
            *_SHARED,
            "record_no",
            "event",
            "job_id",
            pl.col("row_id").alias("provider_job_id"),
            "pid",
            "error_message",
            _WORDS,
            "attributes",
        )
    )


_NO_ROW = pl.lit([None], dtype=pl.List(pl.String))


def _listed(name: str) -> pl.Expr:
    """The rows that a line names, one or several."""
    facts = pl.col("facts")
    behind = facts.str.splitn(f"{name}: [", 2).struct.field("field_1").str.splitn("]", 2).struct.field("field_0")
    listed = pl.coalesce(behind, facts.str.extract(r"(?:^|, )job_id: (\d{1,19})\b", 1))
    return pl.when(listed.str.contains(r"^\d{1,19}(?:, \d{1,19})*$")).then(listed).str.split(", ")


def _attributes() -> pl.Expr:
    """The facts that no column holds, as JSON; texts that Ruby had to escape are left to the message."""
    facts = pl.col("facts")
    number, text, symbol = r"(\d{1,19})", r'("[^"\\]*")', r":(\w+)"
    told = [
        pl.format('"{}":{}', pl.lit(name), facts.str.extract(rf"(?:^|, ){name}: {form}", 1))
        for name, form in (("process_id", number), ("concurrency_key", text), ("task", text), ("at", text))
    ]
    told += [
        pl.format('"{}":"{}"', pl.lit(name), facts.str.extract(rf"(?:^|, ){name}: {symbol}", 1))
        for name in ("task", "status")
    ]
    inside = pl.concat_str(told, separator=",", ignore_nulls=True)
    return pl.when(inside != "").then(pl.concat_str(pl.lit("{"), inside, pl.lit("}")))


def _worker_events(lines: pl.DataFrame) -> pl.DataFrame:
    told = pl.DataFrame([_process(line) for line in lines.iter_rows(named=True)], schema=_PROCESS)
    return lines.select(*_SHARED, pl.col("worker_event").alias("event"), "version", _WORDS).hstack(told)


_PROCESS: dict[str, type[pl.DataType] | pl.DataType] = {
    "pid": pl.Int64,
    "host": pl.String,
    "worker": pl.String,
    "queues": pl.List(pl.String),
    "concurrency": pl.Int32,
    "job_count": pl.Int32,
    "attributes": pl.String,
}


def _process(line: dict[str, Any]) -> dict[str, Any]:
    """The process that a line is about: rarely the one that wrote it."""
    try:
        facts, _ = read_literal("{" + line["facts"] + "}")
    except (ValueError, RecursionError):
        return {"pid": line["pid"] if line["worker_event"] != "died" else None}
    replaced = line["action"].startswith("Replaced ")
    written_by_itself = line["worker_event"] in ("stopping", "pushed_back")
    pid = _number(facts, "pid") or _number(facts, "supervisor_pid") or (line["pid"] if written_by_itself else None)
    queues, kind = facts.pop("queues", None), _kind(line["action"])
    return {
        "pid": pid,
        "host": _text(facts, "hostname"),
        # The name behind a replacement is that of the new process.
        "worker": None if replaced else _text(facts, "name"),
        "queues": queues.split(",") if isinstance(queues, str) else None,
        "concurrency": _number(facts, "thread_pool_size", 2**31),
        "job_count": _number(facts, "claimed_size", 2**31) or _number(facts, "size", 2**31),
        "attributes": json.dumps(kind | facts, ensure_ascii=False) if kind | facts else None,
    }


def _kind(action: str) -> dict[str, Any]:
    """Whether it is a worker, a dispatcher, a scheduler or a supervisor, where the line says."""
    verbs = (*_OF_ANY_KIND, "Replaced terminated ", "Deregister ")
    return next(({"kind": action.removeprefix(verb)} for verb in verbs if action.startswith(verb)), {})


def _number(facts: dict[str, Any], name: str, limit: int = 2**63) -> int | None:
    value = facts.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        return None
    del facts[name]
    return value


def _text(facts: dict[str, Any], name: str) -> str | None:
    return facts.pop(name) if isinstance(facts.get(name), str) else None


def _said(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(*_SHARED, "level", "pid", _WORDS)


SOURCE = Source(
    name="solid_queue_text",
    describes="Solid Queue's lines in a Rails log, version 1",
    kind="log",
    system="solid_queue",
    shows=frozenset({"enqueues", "workers"}),
    cannot="Which job a row is (only a snapshot ties a row to Active Job's id), how runs began and ended (Active Job's "
    "lines in the same log tell), and, without the logger's prefix, when anything happened.",
    claims=_claims,
    holds=("SolidQueue-",),
    parse=_parse,
    goes_on=True,
)
