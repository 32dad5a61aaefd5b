"""Writes finished spans as OTLP/JSON lines, in the shape of the OpenTelemetry Collector's file exporter."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from jobrunner.json_lines import compact

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

IDS = frozenset({"traceId", "spanId", "parentSpanId"})


class OtlpLines(SpanExporter):
    """One ``{"resourceSpans": [...]}`` per export. A span that has not ended is never written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        message = MessageToDict(encode_spans(spans), use_integers_for_enums=True)
        try:
            with self.path.open("a", encoding="utf-8") as lines:
                lines.write(compact(_with_hex_ids(message)) + "\n")
        except OSError as error:
            self.lost += 1
            if self.lost == 1:
                sys.stderr.write(f"jobrunner: cannot write spans to {self.path}: {error}; jobs go on without them\n")
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def _with_hex_ids(value: Any) -> Any:  # noqa: ANN401 - JSON of any depth
    """OTLP/JSON writes ids in hex where protobuf's JSON writes base64."""
    if isinstance(value, list):
        return [_with_hex_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: base64.b64decode(each).hex() if key in IDS else _with_hex_ids(each) for key, each in value.items()}
