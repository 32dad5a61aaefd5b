"""Readers of texts in other languages' notations: they end, raise the one error they name, and tell valid JSON."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from fuzz.seeds import all_samples, json_values, lines_with, samples
from fuzz.target import Target, as_text, promise, valid_json
from ingest import logfmt, untrusted_json
from ingest.active_job_arguments import plain_arguments_text
from ingest.clocks import ZoneError, zone_named
from ingest.files import InputError
from ingest.mapping import MappingError, mappings_in, read_mappings
from ingest.mapping_proposal import propose
from ingest.python_calls import arguments_of_calls
from ingest.python_literals import read_literal as read_python
from ingest.python_tracebacks import error_of
from ingest.rq_descriptions import calls_of
from ingest.ruby_argument_lists import arguments_as_json
from ingest.ruby_arguments import arguments_json
from ingest.ruby_literals import bracket_end
from ingest.ruby_literals import read_literal as read_ruby
from ingest.ruby_yaml import read_object
from ingest.sidekiq_payload import payload_facts

_READERS: tuple[Callable[[Any], object], ...] = (
    untrusted_json.text,
    untrusted_json.flag,
    untrusted_json.integer,
    untrusted_json.long_integer,
    untrusted_json.number,
    untrusted_json.names,
    untrusted_json.json_value,
    untrusted_json.epoch_seconds,
    untrusted_json.epoch,
    untrusted_json.iso,
)


@cache
def _scratch() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _ruby_literal(data: bytes) -> None:
    text = as_text(data)
    end = bracket_end(text)
    promise(end is None or 0 < end <= len(text), "brackets end outside of the text")
    try:
        value, end = read_ruby(text)
    except ValueError:
        return
    promise(0 < end <= len(text), "the value ends outside of the text")
    valid_json(untrusted_json.encoded(value))


def _ruby_arguments(data: bytes) -> None:
    lines = pl.Series("text", as_text(data).split("\n"), dtype=pl.String)
    told = lines.to_frame().select(arguments_as_json(pl.col("text"))).to_series()
    for column in (told, arguments_json(lines, _scratch())):
        promise(len(column) == len(lines), "a line has no arguments, not even as they are written")
        for text in column.drop_nulls():
            valid_json(text)


def _ruby_yaml(data: bytes) -> None:
    try:
        found = read_object(as_text(data))
    except ValueError:
        return
    valid_json(untrusted_json.encoded([found.tag, found.value, found.tags]))


def _python_literal(data: bytes) -> None:
    try:
        value = read_python(as_text(data))
    except ValueError:
        return
    valid_json(untrusted_json.encoded(value))


def _python_call(data: bytes) -> None:
    lines = as_text(data).split("\n")
    told = pl.DataFrame({"written": lines}).select(arguments_of_calls(pl.col("written"))).to_series()
    arguments = [*told, *(arguments for _, arguments in calls_of([*lines, *(f"shop.mail({line})" for line in lines)]))]
    for text in arguments:
        if text is not None:
            valid_json(text)


def _traceback(data: bytes) -> None:
    text = as_text(data)
    found = error_of(text)
    if found is not None:
        promise(found.traceback in text, "the traceback is not as it was written")
        promise(found.error_message is None or found.error_message in text, "the message is not as it was written")


def _logfmt(data: bytes) -> None:
    texts = as_text(data).split("\n")
    lines = pl.DataFrame({"line_no": range(1, len(texts) + 1), "text": texts})
    pairs = logfmt.pairs_of(lines)
    for text in pairs.objects(["msg"], {"jid": pl.repeat(value=True, n=len(texts), eager=True)}).drop_nulls():
        promise(isinstance(valid_json(text), dict), "pairs are told as something else than an object")
    for key in pairs.told()["key"].unique().head(5):
        promise(len(pairs.column(key)) == len(texts), "a key's column has not one value for each line")


def _json(data: bytes) -> None:
    try:
        value = untrusted_json.decoded(as_text(data))
    except ValueError:
        return
    told = untrusted_json.encoded(value)
    promise(valid_json(told) == value, "what was read is not what is written again")
    promise(untrusted_json.decoded(untrusted_json.canonical(value)) == value, "canonical text has another value")
    for each in [value, *_inner(value)]:
        for read in _READERS:
            read(each)


def _inner(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _active_job_arguments(data: bytes) -> None:
    text = as_text(data)
    told = plain_arguments_text(text)
    if told != text:
        valid_json(told)


def _payload(data: bytes) -> None:
    try:
        told = payload_facts(untrusted_json.decoded(as_text(data)))
    except ValueError:
        return
    promise(told["job_id"], "a payload without an id is read")
    for name in ("arguments", "attributes"):
        if told[name] is not None:
            valid_json(told[name])


def _proposal(data: bytes) -> None:
    told = propose(as_text(data), name="shop")
    if told is None:
        return
    try:
        mappings_in(tomllib.loads(told), "proposal")
    except tomllib.TOMLDecodeError as error:
        promise(holds=False, words=f"what is proposed is no TOML: {error}\n{told}")
    except InputError as error:
        unfinished = '= ""' in told or "# " in told
        promise(unfinished, f"what is proposed is no mapping: {error}\n{told}")


def _mapping(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "jobtrail.toml")
        file.write_bytes(data)
        try:
            read_mappings(file)
        except MappingError as error:
            promise(str(file) in str(error), "a mistake is told without its file")


def _zone(data: bytes) -> None:
    try:
        zone_named(data.decode("utf-8", "replace"))
    except ZoneError:
        return


_MAPPING = b"""
[[log]]
name = "shop"
format = "logfmt"
time = "ts"
event = "msg"
zone = "Europe/Paris"
time_unit = "ms"
[log.events]
"job start" = "started"
"job done*" = "succeeded"
[log.fields]
job_id = "jid"
duration = { key = "took", unit = "ms" }
attempt = { key = "try", first = 0 }
[log.when]
app = "worker"
"""
_LOGFMT = rb"""ts=2026-03-01T22:00:05Z level=info msg="job \"start\"" jid=7 note= dry
ts=2026-03-01T22:00:06Z level=info msg="job done" jid=7 took=1.5ms app=worker dry="a\u00e9\x41\U0001f600"
"""
_RUBY = rb"""{"a"=>1, b: nil, :c=>[true, -1.5e3], "d"=>"q\"\u{1f600 41}\xff\e", :"e f"=>{}}
7, {:to=>"a", "n"=>[1_000]}, nil
#<GlobalID:0x00007f @uri=#<URI::GID gid://shop/User/1>>, "x"
{"to" => "a", b: 2.5}"""
_PYTHON = rb"""[{'a': 1, 'b': None}, (True, 'x'), {1, 2}, b'\xff', 1.5e3, -7, 1j, ...]
'a', 7, to='b', n=[1, {'x': (2,)}]
'it\'s', "q", *rest
('mail', {'to': 'a@example.com'})"""
_YAML = b"""--- !ruby/object:Delayed::PerformableMethod
object: !ruby/object:User
  id: 7
  tags: &t [a, :b, 1.5, ~, true, 2026-03-01]
method_name: :deliver
args: *t
"""
_TRACEBACK = b"""failed
Traceback (most recent call last):
  File "/app/shop.py", line 3, in mail
    raise ValueError("no room")
ValueError: no room
left
  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1
  | ExceptionGroup: two (1 sub-exception)
shop.errors.Full
"""


def _lines(data: bytes) -> list[bytes]:
    return [data, *data.splitlines()]


TARGETS = (
    Target(
        name="ruby_literal",
        promise="a value and its end, or ValueError",
        attempt=_ruby_literal,
        seeds=lambda: _lines(_RUBY),
    ),
    Target(
        name="ruby_arguments",
        promise="JSON for each line",
        attempt=_ruby_arguments,
        seeds=lambda: [*_lines(_RUBY), *lines_with("with arguments")],
    ),
    Target(
        name="ruby_yaml",
        promise="plain JSON values, or ValueError",
        attempt=_ruby_yaml,
        seeds=lambda: [_YAML, *samples("samples/delayed_job_snapshot")],
    ),
    Target(
        name="python_literal",
        promise="plain JSON values, or ValueError",
        attempt=_python_literal,
        seeds=lambda: _lines(_PYTHON),
    ),
    Target(name="python_call", promise="JSON for each line", attempt=_python_call, seeds=lambda: _lines(_PYTHON)),
    Target(
        name="python_traceback",
        promise="an error as it was written, or none",
        attempt=_traceback,
        seeds=lambda: [_TRACEBACK, *samples("samples/celery_text"), *samples("samples/dramatiq_text")],
    ),
    Target(
        name="logfmt",
        promise="an object for each line",
        attempt=_logfmt,
        quick=20,
        seeds=lambda: [_LOGFMT, *lines_with("pid=")],
    ),
    Target(
        name="json", promise="a value that is written as it was read, or ValueError", attempt=_json, seeds=json_values
    ),
    Target(
        name="active_job_arguments",
        promise="JSON stays JSON",
        attempt=_active_job_arguments,
        seeds=lambda: [b'[{"_aj_globalid":"gid://a"},{"a":{"_aj_serialized":"S","value":1},"_aj_symbol_keys":["a"]}]'],
    ),
    Target(
        name="sidekiq_payload",
        promise="a job with an id, or ValueError",
        attempt=_payload,
        seeds=lambda: lines_with('"jid"'),
    ),
    Target(
        name="mapping_proposal",
        promise="nothing, or TOML that is a mapping once it is finished",
        attempt=_proposal,
        quick=15,
        seeds=lambda: [_LOGFMT, *all_samples()],
    ),
    Target(name="mapping", promise="mappings, or a mistake with its file", attempt=_mapping, seeds=lambda: [_MAPPING]),
    Target(
        name="zone",
        promise="a zone, or ZoneError",
        attempt=_zone,
        seeds=lambda: [b"Europe/Paris", b"+01:00", b"UTC", b"CET"],
    ),
)
