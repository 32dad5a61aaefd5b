"""
Files that are one document of many log events, cut into the events: JSON as APIs give it, and CSV.

A document is known by its first event: if a wrapper claims that, the others are like it. What comes out are lines such
as ``physical_lines`` gives, an event each, so that pretty-printed or not makes no difference from here on.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import polars as pl

HEAD = 1 << 16
"""Characters at a file's beginning by which it is judged."""

_HOLDERS = frozenset({"events", "logEvents", "results", "data", "logs", "hits"})
"""Keys under which APIs list events: CloudWatch's three, Datadog's two, and Elasticsearch's."""
_TOLD_ONCE = frozenset({"logGroup", "logStream", "owner"})
"""Keys of a document that are of each of its events."""
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_LARGEST_CELL = 1 << 30
"""No limit of its own: the document has one."""
_TIMES = frozenset({"@timestamp", "Date"})
_TEXTS = frozenset({"message", "@message", "Message", "Content", "log"})


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of a document, and the characters it stands in."""

    text: str
    begin: int
    end: int


class _DamagedError(Exception):
    """The document cannot be read from this character on."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


Events = Callable[[str], Iterator[Event]]
"""From a document to its events; raises ``_DamagedError`` where it cannot be read any further."""


def document_of(head: str, claimed: Callable[[str], bool]) -> Events | None:
    """How a file is to be cut that begins like this, if it is a document whose first event is ``claimed``."""
    for events in (json_events, csv_events):
        try:
            first = next(events(head), None)
        except _DamagedError:
            continue
        if first is not None and claimed(first.text):
            return events
    return None


def cut(document: str, events: Events) -> pl.DataFrame:
    """
    The events of a document as lines: line_no, byte_offset, bytes, text and reason.

    From where it is damaged on, it is one last line with the reason.
    """
    line_nos: list[int] = []
    offsets: list[int] = []
    sizes: list[int] = []
    texts: list[str] = []
    reasons: list[str | None] = []
    at, line_no, offset = 0, 1, 0

    def add(begin: int, end: int, text: str, reason: str | None) -> None:
        nonlocal at, line_no, offset
        line_no += document.count("\n", at, begin)
        offset += len(document[at:begin].encode())
        size = len(document[begin:end].encode())
        for values, value in zip(
            (line_nos, offsets, sizes, texts, reasons), (line_no, offset, size, text, reason), strict=True
        ):
            values.append(value)  # type: ignore[attr-defined]
        line_no += document.count("\n", begin, end)
        offset += size
        at = end

    try:
        for event in events(document):
            add(event.begin, event.end, event.text, None)
    except _DamagedError as damage:
        begin = max(damage.at, at)
        add(begin, len(document), document[begin:], "the document is cut or damaged from here on")
    return pl.DataFrame(
        {"line_no": line_nos, "byte_offset": offsets, "bytes": sizes, "text": texts, "reason": reasons},
        schema={
            "line_no": pl.Int64,
            "byte_offset": pl.Int64,
            "bytes": pl.Int64,
            "text": pl.String,
            "reason": pl.String,
        },
    )


# --- JSON


def json_events(document: str) -> Iterator[Event]:
    """The elements of the lists in which APIs give events, of one JSON document or of several one after the other."""
    at = _after_space(document, 0)
    while at < len(document):
        if document[at] == "[":
            at = yield from _of_list(document, at, "")
        elif document[at] == "{":
            at = _behind_plain_line(document, at) or (yield from _of_object(document, at))
        else:
            raise _DamagedError(at)
        at = _after_space(document, at)


def _behind_plain_line(document: str, begin: int) -> int | None:
    """Where the line ends of which this object is all, if it lists no events: a line of a log, decoded in one go."""
    end = document.find("\n", begin, begin + HEAD)
    if end < 0:
        return None
    try:
        value = json.loads(document[begin:end])
    except (ValueError, RecursionError):
        return None
    return None if any(key in value for key in _HOLDERS) else end


def _of_object(document: str, begin: int) -> Generator[Event, None, int]:
    at, holds_events = _after_space(document, begin + 1), False
    told_once: list[str] = []
    while document[at : at + 1] != "}":
        key, at = _value(document, at)
        at = _after(document, at, ":")
        first = document[at : at + 1]
        if key in _HOLDERS and first == "[":
            holds_events = True
            at = yield from _of_list(document, at, "".join(told_once))
        elif key == "hits" and first == "{":
            holds_events = True
            at = yield from _of_object(document, at)
        else:
            value_at = at
            value, at = _value(document, at)
            if key in _TOLD_ONCE and isinstance(value, str):
                told_once.append(f'"{key}":{document[value_at:at]},')
        at = _after_space(document, at)
        if document[at : at + 1] == ",":
            at = _after_space(document, at + 1)
        elif document[at : at + 1] != "}":
            raise _DamagedError(at)
    end = at + 1
    if not holds_events and "\n" in document[begin:end]:
        yield Event(text=document[begin:end], begin=begin, end=end)
    return end


def _of_list(document: str, at: int, told_once: str) -> Generator[Event, None, int]:
    at = _after_space(document, at + 1)
    while document[at : at + 1] != "]":
        value, end = _value(document, at)
        if isinstance(value, dict):
            yield Event(
                text="{" + told_once + document[at + 1 : end] if told_once else document[at:end], begin=at, end=end
            )
        elif fields := _of_insights(value):
            yield Event(text=json.dumps(fields, ensure_ascii=False), begin=at, end=end)
        at = _after_space(document, end)
        if document[at : at + 1] == ",":
            at = _after_space(document, at + 1)
        elif document[at : at + 1] != "]":
            raise _DamagedError(at)
    return at + 1


def _of_insights(value: object) -> dict[str, object]:
    """A row of CloudWatch Insights: a list of fields and their values."""
    if not isinstance(value, list):
        return {}
    pairs = [pair for pair in value if isinstance(pair, dict) and isinstance(pair.get("field"), str)]
    return {pair["field"]: pair.get("value") for pair in pairs}


def _value(document: str, at: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(document, at)
    except (ValueError, RecursionError):
        raise _DamagedError(at) from None


def _after_space(document: str, at: int) -> int:
    found = _SPACE.match(document, at)
    return found.end() if found else at


def _after(document: str, at: int, mark: str) -> int:
    at = _after_space(document, at)
    if document[at : at + 1] != mark:
        raise _DamagedError(at)
    return _after_space(document, at + 1)


# --- CSV


def csv_events(document: str) -> Iterator[Event]:
    """The rows of a CSV export of logs, an object each by the names in its first row; empty cells are left out."""
    begin = end = 0

    def lines() -> Iterator[str]:
        nonlocal end
        for line in io.StringIO(document, newline=""):
            end += len(line)
            yield line.replace("\0", "\ufffd")

    csv.field_size_limit(_LARGEST_CELL)
    rows = csv.reader(lines())
    try:
        names = next(rows, [])
        if not (_TIMES & set(names) and _TEXTS & set(names)):
            return
        begin = end
        for row in rows:
            cells = {name: cell for name, cell in zip(names, row, strict=False) if cell}
            if cells:
                yield Event(text=json.dumps(cells, ensure_ascii=False), begin=begin, end=end)
            begin = end
    except csv.Error:
        raise _DamagedError(begin) from None
