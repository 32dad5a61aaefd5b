"""Inputs to begin with: the samples of the tests, whole or in pieces, packed in every way that is opened."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import zstandard

_SAMPLES = Path(__file__).parent.parent / "tests" / "ingest"
_LARGEST = 24_000
"""Bytes of a seed. A larger sample is cut after a line: what is short is tried more often."""


def _zipped(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("worker.log", data)
        archive.writestr("again.log.gz", gzip.compress(data, mtime=0))
    return held.getvalue()


PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "zst": lambda data: zstandard.ZstdCompressor().compress(data),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": _zipped,
}
"""How files are compressed."""


@cache
def samples(folder: str) -> tuple[bytes, ...]:
    """All samples under a folder of ``tests/ingest``, in the order of their names."""
    files = sorted(path for path in (_SAMPLES / folder).rglob("*") if path.is_file())
    return tuple(_short(path.read_bytes()) for path in files)


def _short(data: bytes) -> bytes:
    return data if len(data) <= _LARGEST else data[: data.rfind(b"\n", 0, _LARGEST) + 1]


def all_samples() -> list[bytes]:
    """Every sample of every format, in its envelopes and without."""
    return [*samples("samples"), *samples("samples_wrapped")]


def lines_with(*parts: str) -> list[bytes]:
    """Lines of the samples in which one of these texts stands, each once."""
    held = {
        line for data in all_samples() for line in data.splitlines() if any(part.encode() in line for part in parts)
    }
    return sorted(held)


def json_values() -> list[bytes]:
    """Each line and document of the samples that is JSON."""
    return sorted({data for sample in all_samples() for data in (sample, *sample.splitlines()) if _is_json(data)})


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict | list)
    except ValueError:
        return False


def packed() -> list[bytes]:
    """A sample in each compression, cut and one after the other."""
    data = samples("samples/sidekiq_text")[0][:2000]
    whole = [pack(data) for pack in PACKED.values()]
    return [*whole, *(one[: len(one) * 2 // 3] for one in whole), *(one + one for one in whole)]


# --- OTLP in protobuf


def otlp_protobuf() -> list[bytes]:
    """Export requests as they are sent, and in the frames of the Collector's file exporter."""
    requests = [*_traces(), _logs(), _metrics()]
    framed = [b"".join(_framed(each) for each in requests)]
    zstd = [b"".join(_framed(PACKED["zst"](each)) for each in (requests[0], b'{"resourceSpans":[]}'))]
    return [*requests, *framed, *zstd, PACKED["gz"](framed[0])]


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


def _traces() -> Iterator[bytes]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415

    request = ExportTraceServiceRequest()
    holder = request.resource_spans.add()
    holder.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope = holder.scope_spans.add()
    for number in range(3):
        span = scope.spans.add(
            trace_id=bytes([number + 1] * 16), span_id=bytes([number + 1] * 8), name="Mail process", kind=5
        )
        span.start_time_unix_nano = 1_772_402_405_000_000_000 + number
        span.end_time_unix_nano = span.start_time_unix_nano + 10**9
        span.attributes.add(key="messaging.message.id").value.string_value = f"job-{number}"
        span.attributes.add(key="list").value.array_value.values.add().double_value = 0.5
        span.events.add(name="exception").attributes.add(key="exception.type").value.string_value = "RuntimeError"
        span.links.add(trace_id=bytes(16), span_id=bytes(8))
    yield bytes(request.SerializeToString())
    del holder.scope_spans[:]
    yield bytes(request.SerializeToString())


def _logs() -> bytes:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest  # noqa: PLC0415

    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=1_772_402_405_000_000_000)
    record.body.string_value = "job started"
    record.attributes.add(key="raw").value.bytes_value = b"\xff\x00"
    return bytes(request.SerializeToString())


def _metrics() -> bytes:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (  # noqa: PLC0415
        ExportMetricsServiceRequest,
    )

    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="depth")
    metric.gauge.data_points.add(as_int=3)
    return bytes(request.SerializeToString())
