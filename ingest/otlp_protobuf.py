"""
OTLP in protobuf as lines of OTLP/JSON, so that everything after it knows one spelling only.

Two framings are told by their first bytes: what the Collector's file exporter writes (each message behind its length,
four bytes, big-endian; with ``compression: zstd`` each a zstd frame of its own, and then JSON comes that way, too), and
the body of one export request.

A message that cannot be decoded becomes a line that says so: it is rejected with its reason, and the others are read.
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import zstandard

MAX_MESSAGE = (128 << 20) - 1
"""Bytes of one message, compressed or not. No text begins with the length of a message that is not longer."""

HEAD = 1 << 16
"""Bytes by which ``framing`` can tell."""

_LINE = 1 << 20
"""Bytes of messages that are told in one line, about."""

_PREFIX = 4
"""Bytes that tell the length of the message behind them."""
_GOES_ON = 0x80
"""The bit of a byte of a varint that says that another one follows."""
_TRACE_ID, _SPAN_ID = 16, 8
"""Bytes of each."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_HOLDER, _FIRST_OF_HOLDER = b"\n", (b"\n", b"\x12", b"\x1a")
_IDS = frozenset({"trace_id", "span_id", "parent_span_id"})

Message: TypeAlias = Any
"""A protobuf message: its classes are made when the library is loaded, and it is loaded with the first of them."""


@dataclass
class Cut:
    """What is left over where the bytes end in the middle of a message."""

    size: int = 0


def framing(head: bytes) -> Callable[[Iterable[bytes], Cut], Iterator[bytes]] | None:
    """How to make lines of a file that begins with these bytes; None where they are no OTLP in protobuf."""
    if _is_length(head[:_PREFIX]) and _is_message(head[_PREFIX : _PREFIX + _length(head)]):
        return _lines_of_file
    return _lines_of_request if _is_request(head) else None


def _length(head: bytes | bytearray) -> int:
    return int.from_bytes(head[:_PREFIX], "big")


def _is_length(head: bytes) -> bool:
    return len(head) == _PREFIX and 0 < _length(head) <= MAX_MESSAGE


def _is_message(beginning: bytes) -> bool:
    return beginning.startswith((_ZSTD, b'{"resource')) or _is_request(beginning)


def _is_request(beginning: bytes) -> bool:
    """Whether a list of resources begins here: the first field of every export request, and of a resource the first."""
    if not beginning.startswith(_HOLDER):
        return False
    size, at = _varint(beginning, 1)
    inner, _ = _varint(beginning, at + 1)
    return beginning[at : at + 1] in _FIRST_OF_HOLDER and inner < size <= MAX_MESSAGE


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(data[at : at + 5]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < _GOES_ON:
            return value, at + shift + 1
    return MAX_MESSAGE + 1, at


def _lines_of_file(pieces: Iterable[bytes], cut: Cut) -> Iterator[bytes]:
    held = bytearray()
    rest = iter(pieces)
    for piece in rest:
        held += piece
        at = 0
        while len(held) - at >= _PREFIX and _length(held[at : at + _PREFIX]) <= len(held) - at - _PREFIX:
            end = at + _PREFIX + _length(held[at : at + _PREFIX])
            yield from _lines_of_message(bytes(held[at + _PREFIX : end]))
            at = end
        del held[:at]
        if len(held) >= _PREFIX and _length(held) > MAX_MESSAGE:
            left = len(held) + sum(len(piece) for piece in rest)
            yield _undecoded(f"a message of {_length(held):,} bytes, or what follows is damaged", left)
            return
    cut.size = len(held)


def _lines_of_request(pieces: Iterable[bytes], _cut: Cut) -> Iterator[bytes]:
    """The lines of one request; its bytes as they are where it turns out to be none."""
    held = bytearray()
    rest = iter(pieces)
    for piece in rest:
        held += piece
        if len(held) > MAX_MESSAGE:
            break
    request = _decoded(bytes(held)) if len(held) <= MAX_MESSAGE else None
    if request is None or not _is_sound(request):
        yield bytes(held)
        yield from rest
    else:
        yield from _lines_of(request)


def _lines_of_message(message: bytes) -> Iterator[bytes]:
    if message.startswith(_ZSTD):
        try:
            with zstandard.ZstdDecompressor().stream_reader(message) as reader:
                message = reader.read(MAX_MESSAGE + 1)
        except zstandard.ZstdError:
            yield _undecoded("the zstd data of this message is damaged", len(message))
            return
    if len(message) > MAX_MESSAGE:
        yield _undecoded(f"a message of more than {MAX_MESSAGE:,} bytes", len(message))
    elif message.startswith(b"{"):
        yield message.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
    elif (request := _decoded(message)) is None:
        yield _undecoded("no OTLP message", len(message))
    else:
        yield from _lines_of(request)


def _undecoded(reason: str, size: int) -> bytes:
    return _line({"undecodedOtlp": {"reason": reason, "bytes": size}})


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# --- which request it is: all three begin alike, and only their innermost messages differ


def _decoded(message: bytes) -> Message | None:
    """The request: the one kind of three that leaves the least of it unknown; None where it is none of them."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - loaded only where there is protobuf to read
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest  # noqa: PLC0415
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (  # noqa: PLC0415
        ExportMetricsServiceRequest,
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415

    fitting: list[tuple[int, int, Message]] = []
    for rank, kind in enumerate((ExportTraceServiceRequest, ExportLogsServiceRequest, ExportMetricsServiceRequest)):
        request = kind()
        try:
            request.ParseFromString(message)
        except DecodeError:
            continue
        unknown = _unknown_bytes(request)
        if unknown == 0 and _is_sound(request):
            return request
        fitting.append((unknown, rank, request))
    return min(fitting, key=lambda fit: fit[:2])[2] if fitting else None


def _unknown_bytes(request: Message) -> int:
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    return int(request.ByteSize() - known.ByteSize())


def _is_sound(request: Message) -> bool:
    """Of a traces request, which a metric of one gauge could be taken for: whether its spans have ids."""
    return all(
        len(span.trace_id) == _TRACE_ID and len(span.span_id) == _SPAN_ID
        for holder in getattr(request, "resource_spans", ())
        for scope in holder.scope_spans
        for span in scope.spans[:1]
    )


# --- a request in JSON, in lines of bounded size

_NESTED = {"resource_spans": ("scope_spans", "spans"), "resource_logs": ("scope_logs", "log_records")}


def _lines_of(request: Message) -> Iterator[bytes]:
    whole = _unknown_bytes(request) > 0
    for field, holders in request.ListFields():
        if field.name not in _NESTED:  # metrics, of which is only said that they were there
            yield _line({field.json_name: []})
            continue
        scopes, items = _NESTED[field.name]
        for holder in holders:
            around = _told(holder, whole=whole, but=scopes)
            inner = _scopes(getattr(holder, scopes), items, whole=whole)
            for nested in chain(([scope] for scope in inner), [] if getattr(holder, scopes) else [[]]):
                yield _line({field.json_name: [{**around, _camel(scopes): nested}]})
    if not request.ListFields():
        yield _line({"resourceSpans": []})


def _scopes(scopes: Iterable[Message], items: str, *, whole: bool) -> Iterator[dict[str, Any]]:
    for scope in scopes:
        around = _told(scope, whole=whole, but=items)
        for portion in _in_portions(getattr(scope, items)):
            yield {**around, _camel(items): [_told(item, whole=whole) for item in portion]}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _in_portions(items: Iterable[Message]) -> Iterator[list[Message]]:
    portion: list[Message] = []
    size = 0
    for item in items:
        portion.append(item)
        size += item.ByteSize()
        if size >= _LINE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _told(message: Message, *, whole: bool, but: str = "") -> dict[str, Any]:
    """
    A message as OTLP/JSON has it: 64-bit numbers as text, ids in hex, other bytes in base64. Where it is to be
    ``whole``, with the fields that this version of the protocol does not know.
    """
    told = {
        field.json_name: _told_field(field, value, whole=whole)
        for field, value in message.ListFields()
        if field.name != but
    }
    unknown = _unknown_fields(message) if whole else None
    return {**told, "unknownFields": unknown} if unknown else told


def _told_field(field: Any, value: Any, *, whole: bool) -> Any:  # noqa: ANN401 - a descriptor, any value
    if field.name == "attributes" and not whole:
        return [{"key": pair.key, "value": _told(pair.value, whole=False)} for pair in value]
    if field.type == field.TYPE_MESSAGE:
        return [_told(one, whole=whole) for one in value] if field.is_repeated else _told(value, whole=whole)
    if field.type == field.TYPE_BYTES:
        return value.hex() if field.name in _IDS else b64encode(value).decode()
    if field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64):
        return str(value)
    if field.type == field.TYPE_DOUBLE and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _unknown_fields(message: Message) -> list[dict[str, Any]]:
    from google.protobuf.unknown_fields import UnknownFieldSet  # noqa: PLC0415 - as above

    return [
        {"number": field.field_number, "wireType": field.wire_type, "value": _told_unknown(field.data)}
        for field in UnknownFieldSet(message)  # type: ignore[attr-defined]
    ]


def _told_unknown(data: object) -> str:
    return b64encode(data).decode() if isinstance(data, bytes) else str(data) if isinstance(data, int) else repr(data)
