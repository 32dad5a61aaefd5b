"""
OTLP/JSON export requests in any spelling, as the one that is read in columns.

Some writers use protobuf's own names (``resource_spans``), older ones the names before OTLP 0.19
(``instrumentationLibrarySpans``), and people who edit files leave something damaged or add keys. Such requests are few:
they are read here, one by one, so that the SQL for the many others stays simple.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest import untrusted_json as read

_MARKS = re.compile(r"[\s\ufeff,\[\]]*")
_BEGINNING = re.compile(r'(?m)^[ \t]*\{\s*"resource(?:Spans|Logs|Metrics|_spans|_logs|_metrics)"\s*:')
_SNAKE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


@dataclass(frozen=True, kw_only=True)
class _Signal:
    """How one kind of request is nested, and what its levels were called before."""

    holders: str
    scopes: str
    items: str
    old_scopes: str


_SIGNALS = (
    _Signal(holders="resourceSpans", scopes="scopeSpans", items="spans", old_scopes="instrumentationLibrarySpans"),
    _Signal(holders="resourceLogs", scopes="scopeLogs", items="logRecords", old_scopes="instrumentationLibraryLogs"),
)
_KNOWN = (*(signal.holders for signal in _SIGNALS), "resourceMetrics")


def regular_request(text: str) -> str:
    """
    The request as JSON text with the names of today; keys that no level knows are kept as ``beside`` in its resource or
    scope. Raises ValueError, in words, where it is no request.
    """
    request = _camel(read.decoded_object(text))
    if isinstance(undecoded := request.get("undecodedOtlp"), dict):
        reason, size = undecoded.get("reason"), undecoded.get("bytes")
        raise ValueError(f"{reason} ({size} bytes where OTLP protobuf is expected)")  # noqa: TRY004 - bad input
    if not any(name in request for name in _KNOWN):
        raise ValueError('an object without "resourceSpans", "resourceLogs" and "resourceMetrics"')
    beside = {key: request.pop(key) for key in list(request) if key not in _KNOWN}
    for signal in _SIGNALS:
        if signal.holders in request:
            request[signal.holders] = list(_holders(request[signal.holders], signal, beside))
    return read.encoded(request)


def requests_of(document: str) -> list[str]:
    """
    The requests of a document, as text: the elements of a list, or what stands in it one after the other. What cannot
    be decoded comes as it stands, as far as to the next line on which a request begins.
    """
    decoder = json.JSONDecoder(parse_constant=str)
    requests: list[str] = []
    at = _after_marks(document, 0)
    while at < len(document):
        try:
            _, end = decoder.raw_decode(document, at)
        except (ValueError, RecursionError):
            following = _BEGINNING.search(document, at + 1)
            end = following.start() if following else len(document)
        requests.append(document[at:end])
        at = _after_marks(document, end)
    return requests


def _after_marks(document: str, at: int) -> int:
    """Where the next request begins: behind white space and what holds a list together."""
    found = _MARKS.match(document, at)
    return found.end() if found else at


def plain_object(pairs: str) -> str:
    """Attributes as they are sent (JSON text), as one object's text; ``otlp.attributes`` has what is no attribute."""
    sent = read.decoded(pairs)
    told: list[str] = []
    odd: list[Any] = []
    for pair in sent if isinstance(sent, list) else [sent]:
        if isinstance(pair, dict) and isinstance(pair.get("key"), str) and set(pair) <= {"key", "value"}:
            told.append(f"{read.encoded(pair['key'])}:{plain_value(pair.get('value', {}))}")
        else:
            odd.append(pair)
    if odd:
        told.append(f'"otlp.attributes":{read.encoded(odd)}')
    return "{" + ",".join(told) + "}"


def plain_value(sent: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value as it is sent, as JSON text; bytes, and what is no value, stay as they are."""
    try:
        return read.encoded(_plain(sent))
    except RecursionError:
        return read.encoded("nested too deeply")


def _plain(sent: Any) -> Any:  # noqa: ANN401, PLR0911 - any JSON value, a return per kind of it
    if sent == {}:
        return None
    if not isinstance(sent, dict) or len(sent) != 1:
        return sent
    kind, value = next(iter(sent.items()))
    if kind in ("stringValue", "boolValue", "doubleValue"):
        return value
    if kind == "intValue":
        whole = read.long_integer(value)
        return sent if whole is None else whole
    inner = value.get("values", []) if isinstance(value, dict) else None
    if kind == "arrayValue" and isinstance(inner, list):
        return [_plain(item) for item in inner]
    if kind == "kvlistValue" and isinstance(inner, list) and _are_distinct_pairs(inner):
        return {pair["key"]: _plain(pair.get("value", {})) for pair in inner}
    return sent


def _are_distinct_pairs(pairs: list[Any]) -> bool:
    keys = [pair.get("key") for pair in pairs if isinstance(pair, dict) and set(pair) <= {"key", "value"}]
    return len({key for key in keys if isinstance(key, str)}) == len(pairs)


def _camel(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Field names as JSON has them. No key of OTLP/JSON is a user's, but for attributes that are an object."""
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        _camel_name(key): inner if key == "attributes" and isinstance(inner, dict) else _camel(inner)
        for key, inner in value.items()
    }


def _camel_name(name: str) -> str:
    if not _SNAKE.fullmatch(name):
        return name
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _holders(sent: Any, signal: _Signal, beside: dict[str, Any]) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    if not isinstance(sent, list):
        raise ValueError(f'"{signal.holders}" is no list')  # noqa: TRY004 - one kind of error for bad input
    for holder in sent:
        left = dict(holder) if isinstance(holder, dict) else {"holder": holder}
        scopes = [*_list(left, signal.scopes), *_list(left, signal.old_scopes)]
        url = left.pop("schemaUrl", None)
        yield {
            "resource": _with(left.pop("resource", {}), {**left, **beside}),
            **({"schemaUrl": url} if isinstance(url, str) else {}),
            signal.scopes: [_scope(scope, signal) for scope in scopes],
        }
        beside.clear()


def _scope(sent: Any, signal: _Signal) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    left = dict(sent) if isinstance(sent, dict) else {"scope": sent}
    items = _list(left, signal.items)
    scope = left.pop("scope", None) or left.pop("instrumentationLibrary", None) or {}
    url = left.pop("schemaUrl", None)
    return {
        "scope": _with(scope, left),
        **({"schemaUrl": url} if isinstance(url, str) else {}),
        signal.items: items,
    }


def _list(left: dict[str, Any], name: str) -> list[Any]:
    value = left.get(name)
    return left.pop(name) if isinstance(value, list) else []


def _with(holder: Any, beside: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    kept = holder if isinstance(holder, dict) else {"sent": holder}
    return {**kept, "beside": beside} if beside else kept
