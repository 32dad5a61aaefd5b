"""From a file's bytes to its lines: archives, compression, OTLP in protobuf, documents, line ends."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fuzz.seeds import PACKED, all_samples, otlp_protobuf, packed, samples
from fuzz.target import Target, as_text, promise, valid_json
from ingest import otlp_protobuf as otlp
from ingest.files import input_files
from ingest.reading import open_reader
from ingest.records import blocks, is_whole, physical_lines
from ingest.wrappers.documents import cut, document_of

_MOST_TIMES = 1000
"""A byte of an archive stands for so many at most."""


def _reader(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "worker.log")
        path.write_bytes(data)
        for file in input_files([path]):
            if file.problem:
                continue
            reader = open_reader(file)
            told = [reader.damage, list(reader.pieces())], reader.damage
            promise([None, list(reader.pieces())] == told[0], "the same file is read in two ways")
            size = sum(len(piece) for piece in reader.pieces())
            promise(reader.damage == told[1], "the same damage is told in two ways")
            promise(size <= (len(data) + 1) * _MOST_TIMES * 20, f"{len(data):,} bytes become {size:,}")


def _otlp_protobuf(data: bytes) -> None:
    lines_of = otlp.framing(data[: otlp.HEAD])
    if lines_of is None:
        return
    end = otlp.Cut()
    whole = list(lines_of([data], end))
    promise(0 <= end.size <= len(data), "more is cut off than there is")
    if whole == [data]:
        return
    for line in whole:
        promise(line.endswith(b"\n") and line.count(b"\n") == 1, "a line has no end, or several")
        if not _is_json_message(data):
            valid_json(line.decode())
    parts = [data[begin : begin + 7] for begin in range(0, len(data), 7)]
    promise(list(lines_of(parts, otlp.Cut())) == whole, "in pieces it has other lines")


def _is_json_message(data: bytes) -> bool:
    """Whether lines of JSON stand in it as they are: nobody has looked at them yet."""
    return b'{"' in data or b"\x28\xb5\x2f\xfd" in data


def _document(data: bytes) -> None:
    text = as_text(data).removeprefix("\ufeff")
    events = document_of(text[: 1 << 16], bool)
    if events is None:
        return
    lines = cut(text, events)
    ends = (lines["byte_offset"] + lines["bytes"]).to_list()
    promise(ends == sorted(ends), "events are not told in their order")
    promise(
        all(begin >= end for begin, end in zip(lines["byte_offset"].to_list()[1:], ends, strict=False)),
        "an event's bytes are another's, too",
    )
    promise(not ends or ends[-1] <= len(text.encode()), "an event ends after the document")


def _lines(data: bytes) -> None:
    parts = [data[begin : begin + 97] for begin in range(0, len(data), 97)]
    promise(b"".join(block.data for block in blocks(parts, about=500)) == data, "blocks are not the bytes")
    is_whole(data)
    if not data:
        return
    lines = physical_lines(data, line_no=1, byte_offset=0)
    promise(lines["bytes"].sum() == len(data), "lines have not all the bytes")
    promise(lines.height == data.count(b"\n") + (not data.endswith(b"\n")), "lines are not as many as line ends")


TARGETS = (
    Target(
        name="reader",
        promise="the same bytes each time, or damage in words",
        attempt=_reader,
        seeds=lambda: [
            *packed(),
            *otlp_protobuf(),
            *(PACKED["zip"](data[:3000]) for data in samples("samples/rq_text")),
        ],
    ),
    Target(name="otlp_protobuf", promise="lines of JSON", attempt=_otlp_protobuf, seeds=otlp_protobuf),
    Target(
        name="document",
        promise="events in their order, no byte in two of them",
        attempt=_document,
        seeds=lambda: [*samples("samples_wrapped"), b'Date,Host,Message\n2026-03-01T22:00:05Z,web-1,"a\nb"\n'],
    ),
    Target(name="lines", promise="every byte is in one line", attempt=_lines, seeds=all_samples),
)
