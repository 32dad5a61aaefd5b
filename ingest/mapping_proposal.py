"""
Propose a mapping from a sample: which key is what, told by its name and by the shapes of its values.

What is sure stands as it is; what was guessed is marked; what was left out is listed with an example, so that a person
can finish it. The proposal is TOML that ``mapping.py`` reads.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from ingest import logfmt
from ingest.sources import SOURCES
from ingest.untrusted_json import decoded

_ISO = r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d.*"
_EPOCH = r"1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?|1\.\d+[eE]\+?\d+"
_TIME = rf"{_ISO}|{_EPOCH}"
_NUMBER = r"-?\d+(?:\.\d+)?"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_DURATION = rf"{_NUMBER}|(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+"
_ANY = r"(?s).+"

_TIME_NAMES = ("time", "ts", "timestamp", "@timestamp", "datetime", "date", "at", "t", "logged_at")
_EVENT_NAMES = ("event", "msg", "message", "event_name", "event_type", "action", "status", "state", "phase", "body")
_NAMES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "job_id": (("job_id", "jobid", "jid", "task_id", "taskid", "job.id", "task.id", "job_uuid", "uuid", "work_id",
                "message_id", "msg_id", "execution_id", "id"), r"\S+"),
    "job_class": (("job_class", "job_name", "jobname", "task_name", "taskname", "job_type", "task_type", "job.class",
                   "job.name", "job.type", "task.name", "task.type", "class", "task", "job", "kind", "type", "handler",
                   "worker_class"), r"[A-Za-z_][\w.:/\\-]*"),
    "queue": (("queue", "queue_name", "queuename", "q", "job.queue", "task.queue", "topic"), r"\S+"),
    "attempt": (("attempt", "attempts", "try", "tries", "attempt_number", "job.attempt", "task.attempt", "run"),
                r"\d{1,4}"),
    "max_attempts": (("max_attempts", "max_tries", "max_retries", "job.max_attempts"), r"\d{1,4}"),
    "duration": (("duration", "duration_ms", "duration_s", "durationms", "duration_ns", "elapsed", "elapsed_ms",
                  "elapsedms", "took", "took_ms", "runtime", "latency", "latency_ms", "elapsed_s", "job.duration_ms",
                  "job.duration", "job.took_ms", "runtime_ms", "time_ms", "seconds", "dur"), _DURATION),
    "wait": (("wait", "wait_ms", "queue_time", "queue_time_ms", "waited", "waited_ms"), _DURATION),
    "arguments": (("arguments", "args", "job.args", "job.arguments", "params", "payload"), r"(?s)[\[{].*"),
    "error_class": (("error_class", "error_type", "exception_class", "exception.class", "error.type", "error.class",
                     "error.name", "err.type", "err.name", "exc_type", "exception_type"), r"\S+"),
    "error_message": (("error_message", "error.message", "err.message", "exception.message", "error", "err",
                       "exception", "reason", "failure"), r"(?s)[^{\[].*"),
    "backtrace": (("backtrace", "stacktrace", "stack_trace", "stack", "traceback", "error.stack", "err.stack",
                   "exc_info"), _ANY),
    "host": (("host", "hostname", "host.name", "node", "machine", "instance"), r"\S+"),
    "pid": (("pid", "process_id", "process.pid"), r"\d+"),
    "thread": (("thread", "tid", "thread_id", "thread_name", "goroutine"), r"\S+"),
    "worker": (("worker", "worker_id", "worker_name", "consumer"), r"\S+"),
    "enqueued_at": (("enqueued_at", "queued_at", "job.enqueued_at"), _TIME),
    "run_at": (("run_at", "scheduled_at", "scheduled_for", "next_run_at", "eta", "retry_at"), _TIME),
    "will_retry": (("will_retry", "retrying"), r"true|false"),
    "trace_id": (("trace_id", "traceid", "trace.id", "otel.trace_id"), r"[0-9a-fA-F]{16,32}"),
    "span_id": (("span_id", "spanid", "span.id", "otel.span_id"), r"[0-9a-fA-F]{16}"),
    "service": (("service", "service.name", "app", "application"), r"\S+"),
    "environment": (("environment", "env", "deployment.environment"), r"\S+"),
    "version": (("version", "release", "service.version"), r"\S+"),
    "idempotency_key": (("idempotency_key", "dedup_key", "unique_key"), r"\S+"),
    "level": (("level", "lvl", "severity", "levelname", "log.level", "loglevel"), r"[A-Za-z]+|\d0"),
}  # fmt: skip
"""Column to the names that keys for it have, the surest first, and the shape that its values must have."""

_WORDS = (
    (
        "retries_exhausted",
        r"retries exhausted|out of retries|gave? ?up|giving up|dead ?letter|max (?:retries|attempts)",
    ),
    ("retry_scheduled", r"retry|retried|retries|retrying|will retry|reschedul\w*|backoff"),
    ("enqueue_failed", r"(?:enqueu\w*|queu\w*) (?:failed|error)|fail\w* to enqueue"),
    ("cancelled", r"cancell?ed|cancell?ing|revoked|aborted"),
    ("discarded", r"discard\w*|skipped|dropped"),
    ("interrupted", r"interrupt\w*|killed|timed out|timeout"),
    ("failed", r"fail\w*|errors?|errored|exception|crash\w*|panick?\w*|raised"),
    ("succeeded", r"succe\w+|done|complet\w+|finish\w*|ok|processed|performed|ended|end"),
    ("scheduled", r"schedul\w+|delayed"),
    ("reserved", r"reserv\w+|fetch\w+|received|picked up|dequeued|claimed|taken"),
    ("enqueued", r"enqueu\w*|queued|queue|queuing|pushed|submitted|published|added|created"),
    ("started", r"start\w*|began|begin\w*|begun|running|processing|performing|executing|active"),
)
"""Event to the words that tell it; of a text the first that fits counts."""
_NO_JOB = re.compile(r"(?i)\b(?:worker|server|pool|process|listener|scheduler|consumer|client|connection|service)\b")
_OF_A_JOB = re.compile(r"(?i)\b(?:jobs?|tasks?)\b")

_MOST_WORDS = 40
_MOST_OTHERS = 8
_SURE_LINES = 0.5
_PIECE_OF_EXAMPLE = 60


@dataclass(frozen=True, kw_only=True)
class _Guess:
    """What a key was taken for."""

    key: str
    why: str | None = None
    """Why it is a guess; None where it is sure."""


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """A sample as one text per key."""

    format: Literal["json", "logfmt"]
    lines: Sequence[Mapping[str, str]]
    foreign: int
    """Lines that are of another format."""

    def values(self, key: str) -> list[str]:
        return [line[key] for line in self.lines if line.get(key)]

    def keys(self) -> list[str]:
        """In the order in which they come, those of most lines first."""
        counts = Counter(key for line in self.lines for key in line)
        return sorted(counts, key=lambda key: -counts[key])


def propose(text: str, *, name: str = "my_log") -> str | None:
    """
    The TOML of a mapping for the log that a text is the beginning of; None where no line has keys and a time.

    ``name`` becomes the format's name. Never raises, whatever the text.
    """
    sample = _sample(text.replace("\0", "").splitlines())
    if sample is None:
        return None
    time = _time(sample)
    if time is None:
        return None
    keys = [key for key in sample.keys() if key != time.key]  # noqa: SIM118 - a method of ours
    event, events = _event(sample, keys)
    fields = _fields(sample, [key for key in keys if event is None or key != event.key])
    used = {time.key, *([event.key] if event else []), *(guess.key for guess in fields.values())}
    left = [key for key in keys if key not in used]
    claimed = _claimed_by(text)
    return "\n".join(_toml(sample, name, time, event, events, fields, left, claimed)) + "\n"


# --- the sample


def _sample(lines: Sequence[str]) -> _Sample | None:
    held = [line.strip().removeprefix("\ufeff") for line in lines if line.strip()]
    objects = [found for line in held if line.startswith("{") and (found := _flat_object(line)) is not None]
    if objects:
        return _Sample(format="json", lines=objects, foreign=len(held) - len(objects))
    pairs = [found for found in _pairs(held) if len(found) > 1]
    return _Sample(format="logfmt", lines=pairs, foreign=len(held) - len(pairs)) if pairs else None


def _flat_object(line: str) -> dict[str, str] | None:
    try:
        value = decoded(line)
    except ValueError:
        return None
    return dict(_flat(value, "")) if isinstance(value, dict) and value else None


def _flat(value: Mapping[str, Any], before: str, depth: int = 3) -> Iterator[tuple[str, str]]:
    for key, each in value.items():
        if isinstance(each, dict) and each and depth and key not in ("args", "arguments", "params", "payload"):
            yield from _flat(each, f"{before}{key}.", depth - 1)
        elif isinstance(each, bool):
            yield before + key, str(each).lower()
        elif each is not None:
            yield before + key, each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)


def _pairs(lines: Sequence[str]) -> list[dict[str, str]]:
    """Of each line its keys and values, in the order in which they stand there."""
    frame = pl.DataFrame({"line_no": range(len(lines)), "text": lines}, schema={"line_no": pl.Int64, "text": pl.String})
    found: list[dict[str, str]] = [{} for _ in lines]
    for line_no, key, value in logfmt.pairs_of(frame).told().select("line_no", "key", "value").iter_rows():
        if value is not None:
            found[line_no][key] = value
    return found


def _claimed_by(text: str) -> str | None:
    """The built-in format that takes most of the lines for its own."""
    lines = pl.DataFrame({"text": [line for line in text.splitlines() if line.strip()]})
    claims = {
        source.name: lines.select(source.claims(pl.col("text")).sum()).item()
        for source in SOURCES
        if not source.document
    }
    name = max(claims, key=lambda each: claims[each])
    return name if claims[name] else None


# --- what is what


def _time(sample: _Sample) -> _Guess | None:
    def fits(key: str) -> bool:
        values = sample.values(key)
        return len(values) * 2 > len(sample.lines) and _share(values, _TIME) > _SURE_LINES

    times = [key for key in sample.keys() if fits(key)]  # noqa: SIM118 - a method of ours
    named = [key for name in _TIME_NAMES for key in times if key.lower() == name]
    if named:
        return _Guess(key=named[0])
    return _Guess(key=times[0], why="the first key whose values are times") if times else None


def _event(sample: _Sample, keys: Iterable[str]) -> tuple[_Guess | None, dict[str, _Guess]]:
    """The key whose values tell most different events, and those values, each with the event as ``key``."""
    best: tuple[tuple[int, int, int], str, dict[str, _Guess]] | None = None
    for key in keys:
        last = key.lower().rpartition(".")[2]
        if last not in _EVENT_NAMES and not last.endswith(("_event", "_status", "_state")):
            continue
        found = _told_events(sample.values(key))
        kinds = {guess.key for guess in found.values()}
        rank = _EVENT_NAMES.index(last) if last in _EVENT_NAMES else len(_EVENT_NAMES)
        worth = (len(kinds & {"started", "succeeded", "failed"}), len(kinds), -rank)
        if found and (best is None or worth > best[0]):
            best = (worth, key, found)
    if best is None:
        return None, {}
    worth, key, found = best
    return _Guess(key=key, why=None if worth[0] > 1 else "few of its values are words for events"), found


def _told_events(values: Sequence[str]) -> dict[str, _Guess]:
    found: dict[str, _Guess] = {}
    for value, _ in Counter(map(_as_pattern, values)).most_common(_MOST_WORDS):
        plain = re.sub(r"[^a-z ]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", value).lower())
        if not plain.strip() or (_NO_JOB.search(plain) and not _OF_A_JOB.search(plain)):
            continue
        told = [event for event, words in _WORDS if re.search(rf"\b(?:{words})\b", plain)]
        if told:
            others = [event for event in told[1:] if event != told[0]]
            found[value] = _Guess(key=told[0], why=f"or {others[0]}?" if others else None)
    return found


def _as_pattern(value: str) -> str:
    """A text with a number or an id in it, cut before that, with a ``*``: one text for all jobs."""
    varies = re.search(rf"{_UUID}|\b[0-9a-f]{{12,}}\b|\d+", value)
    kept = value[: varies.start()] if varies and varies.start() > 3 else value  # noqa: PLR2004 - enough to tell by
    return value if "*" in value or kept == value else kept + "*"


def _fields(sample: _Sample, keys: Sequence[str]) -> dict[str, _Guess]:
    found: dict[str, _Guess] = {}
    taken: set[str] = set()
    free: Callable[[str], bool] = lambda key: key not in taken  # noqa: E731 - read beside its use
    for column, (names, shape) in _NAMES.items():
        for rank, name in enumerate(names):
            key = next((key for key in keys if free(key) and key.lower() == name), None)
            if key is None or _share(sample.values(key), shape) <= _SURE_LINES:
                continue
            common = name in ("id", "type", "kind", "run", "error", "err", "payload", "instance", "reason", "uuid")
            found[column] = _Guess(key=key, why="its name is a common one" if common and rank else None)
            taken.add(key)
            break
    if "job_id" not in found:
        ids = [key for key in keys if free(key) and _share(sample.values(key), _UUID) > _SURE_LINES]
        if ids:
            found["job_id"] = _Guess(key=ids[0], why="its values are UUIDs")
    return found


def _share(values: Sequence[str], shape: str) -> float:
    return sum(re.fullmatch(shape, value.strip()) is not None for value in values) / len(values) if values else 0.0


def _unit(key: str, values: Sequence[str]) -> tuple[str | None, bool]:
    """The unit of a duration by its key's name, and whether that is a guess."""
    lower = key.lower()
    for ending, unit in (("ms", "ms"), ("us", "us"), ("ns", "ns"), ("seconds", "s"), ("_s", "s")):
        if lower.endswith((f"_{ending}", f".{ending}", ending if ending != "us" else "_us")):
            return unit, False
    if any(re.fullmatch(r".*[a-zµ]", value) for value in values):
        return None, False
    return ("ms", True) if values and all(value.isdigit() for value in values) else ("s", True)


# --- the TOML


def _toml(  # noqa: PLR0913, PLR0917 - what was found, once
    sample: _Sample,
    name: str,
    time: _Guess,
    event: _Guess | None,
    events: Mapping[str, _Guess],
    fields: Mapping[str, _Guess],
    left: Sequence[str],
    claimed: str | None,
) -> Iterator[str]:
    yield f"# Proposed from {len(sample.lines)} lines. Look at what is marked GUESS, then put it into jobtrail.toml."
    if sample.foreign:
        yield f"# {sample.foreign} more lines have no keys of this format: they are kept as text."
    yield "[[log]]"
    yield f"name = {_quoted(name)}"
    yield f"format = {_quoted(sample.format)}"
    if claimed:
        yield f"first = true  # the built-in format {claimed} would take these lines: this asks the mapping first"
    yield '# when = { logger = "..." }  # where other lines of the file are not of this log'
    times = sample.values(time.key)
    yield f"time = {_quoted(time.key)}  # {_note(time)}{_example(times)}"
    if re.fullmatch(_ISO, times[0]) and not re.search(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$", times[0]):
        yield '# zone = "Europe/Berlin"  # its times name no zone: without this they are read as UTC'
    yield from _events_in_toml(sample, event, events)
    yield from _fields_in_toml(sample, fields)
    if left:
        yield ""
        yield "# Left out, kept in the column attributes:"
        yield from (f"#   {_quoted(key)}  # {_example(sample.values(key))}" for key in left[:_MOST_WORDS])


def _events_in_toml(sample: _Sample, event: _Guess | None, events: Mapping[str, _Guess]) -> Iterator[str]:
    if event is None:
        yield 'event = "?"  # NOT FOUND: name the key whose values tell what happens to a job'
    else:
        yield f"event = {_quoted(event.key)}  # {_note(event)}{_example(sample.values(event.key))}"
    yield ""
    yield "[log.events]"
    if not events:
        yield '"?" = "started"  # NOT FOUND: the values of that key, each with the event it tells'
    for words, guess in events.items():
        yield f"{_quoted(words)} = {_quoted(guess.key)}" + (f"  # GUESS, {guess.why}" if guess.why else "")
    told = [re.escape(words[:-1]) + "(?s:.*)" if words.endswith("*") else re.escape(words) for words in events]
    others = Counter(value for value in (sample.values(event.key) if event else ()) if not _matches(told, value))
    for words, count in others.most_common(_MOST_OTHERS):
        yield f"# {_quoted(words[:_PIECE_OF_EXAMPLE])} = ?  # {count} lines, left out: kept as log lines"


def _fields_in_toml(sample: _Sample, fields: Mapping[str, _Guess]) -> Iterator[str]:
    yield ""
    yield "[log.fields]"
    for column, guess in fields.items():
        values = sample.values(guess.key)
        target, unit_note = _quoted(guess.key), ""
        if column in ("duration", "wait"):
            unit, guessed = _unit(guess.key, values)
            unit_note = "GUESS, the unit; " if guessed else ""
            target = f"{{ key = {target}, unit = {_quoted(unit)} }}" if unit else target
        if column == "attempt" and "0" in values:
            target = f"{{ key = {target}, first = 0 }}"
        yield f"{column} = {target}  # {unit_note}{_note(guess)}{_example(values)}"
    if "job_id" not in fields:
        yield '# job_id = "?"  # NOT FOUND: without it lines cannot be joined to jobs'


def _matches(patterns: Sequence[str], value: str) -> bool:
    return any(re.fullmatch(pattern, value) for pattern in patterns)


def _note(guess: _Guess) -> str:
    return f"GUESS, {guess.why}; " if guess.why else ""


def _example(values: Sequence[str]) -> str:
    return f"such as {_quoted(values[0][:_PIECE_OF_EXAMPLE])}" if values else "always empty"


def _quoted(text: str) -> str:
    """A basic string of TOML, on one line and without anything that a terminal would obey."""
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}"
        for character in json.dumps(text, ensure_ascii=False)
    )
