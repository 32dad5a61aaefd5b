"""OTLP in protobuf is read as the same requests in JSON are, in every framing in which it is written."""

from __future__ import annotations

import gzip
import json
import struct
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.otlp_protobuf import Cut, framing
from tests.ingest.loads import evidence, load_all

CAPTURE = Path(__file__).parents[1] / "fixtures" / "captures" / "celery-otel_links" / "otlp"
LINES = (CAPTURE / "traces.jsonl").read_bytes().splitlines()
METRICS = (CAPTURE / "metrics.jsonl").read_bytes().splitlines()
_IDS = {"traceId", "spanId", "parentSpanId"}
LOGS = {
    "resourceLogs": [
        {
            "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "worker-1"}}]},
            "scopeLogs": [
                {
                    "scope": {"name": "celery.app.trace"},
                    "logRecords": [
                        {
                            "timeUnixNano": "1772402405000000001",
                            "severityNumber": 9,
                            "body": {
                                "kvlistValue": {"values": [{"key": "n", "value": {"intValue": "9007199254740993"}}]}
                            },
                            "attributes": [
                                {"key": "task_id", "value": {"stringValue": "9f1b"}},
                                {"key": "task_name", "value": {"stringValue": "shop.mail"}},
                                {"key": "raw", "value": {"bytesValue": "AAE="}},
                            ],
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "eee19b7ec3c1b174",
                        }
                    ],
                }
            ],
        }
    ]
}


def _in_base64(sent: Any) -> Any:
    """As protobuf's own JSON has ids, which OTLP's has in hex."""
    if isinstance(sent, list):
        return [_in_base64(one) for one in sent]
    if not isinstance(sent, dict):
        return sent
    return {
        key: b64encode(bytes.fromhex(value)).decode() if key in _IDS and isinstance(value, str) else _in_base64(value)
        for key, value in sent.items()
    }


def protobuf(sent: dict[str, Any]) -> bytes:
    kinds = {
        "resourceSpans": ExportTraceServiceRequest,
        "resourceLogs": ExportLogsServiceRequest,
        "resourceMetrics": ExportMetricsServiceRequest,
    }
    return ParseDict(_in_base64(sent), kinds[next(iter(sent))]()).SerializeToString()


def behind_lengths(messages: Iterable[bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(message)) + message for message in messages)


MESSAGES = [protobuf(json.loads(line)) for line in LINES]
ZSTD = zstandard.ZstdCompressor()


def spans_and_lines(folder: Path, *contents: bytes) -> tuple[list[Any], list[Any], list[Any]]:
    """What a database holds after files with these contents, each span and line without where it stands."""
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number}").write_bytes(content)
    load_all(folder.with_suffix(".duckdb"), folder, final=True)
    with duckdb.connect(str(folder.with_suffix(".duckdb"))) as db:
        spans = db.execute("select * exclude (source_id, line_no, record_no) from spans order by span_id").fetchall()
        lines = db.execute("select * exclude (source_id, line_no, record_no) from log_lines order by all").fetchall()
        rejects = db.execute("select reason from rejected_lines order by all").fetchall()
    return spans, lines, [reason for (reason,) in rejects]


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param([behind_lengths(MESSAGES)], id="format proto"),
        pytest.param([behind_lengths(map(ZSTD.compress, MESSAGES))], id="format proto, each message zstd"),
        pytest.param([behind_lengths(map(ZSTD.compress, LINES))], id="format json, each message zstd"),
        pytest.param([ZSTD.compress(behind_lengths(MESSAGES))], id="format proto, the whole file zstd"),
        pytest.param([ZSTD.compress(behind_lengths(LINES))], id="format json behind lengths, the whole file zstd"),
        pytest.param([ZSTD.compress(b"\n".join(LINES))], id="lines, zstd"),
        pytest.param([gzip.compress(behind_lengths(MESSAGES))], id="format proto, gzip"),
        pytest.param(MESSAGES, id="bodies of requests"),
        pytest.param([gzip.compress(message) for message in MESSAGES], id="bodies of requests, gzip"),
        pytest.param(LINES, id="bodies of requests in JSON"),
    ],
)
def test_every_framing_gives_the_rows_of_the_lines(contents: list[bytes], tmp_path: Path) -> None:
    expected = spans_and_lines(tmp_path / "lines", b"\n".join(LINES) + b"\n")
    assert spans_and_lines(tmp_path / "framed", *contents) == expected
    assert len(expected[0]) == 91


def test_log_records_come_the_same_from_protobuf_and_from_lines(tmp_path: Path) -> None:
    expected = spans_and_lines(tmp_path / "lines", json.dumps(LOGS).encode() + b"\n")
    ((*_,),) = expected[1]
    assert spans_and_lines(tmp_path / "body", protobuf(LOGS)) == expected
    assert spans_and_lines(tmp_path / "framed", behind_lengths([protobuf(LOGS)])) == expected


def test_metrics_are_told_as_metrics_and_nothing_is_made_of_them(tmp_path: Path) -> None:
    metrics = [protobuf(json.loads(line)) for line in METRICS]
    reason = "OTLP metrics: jobtrail reads traces and logs only"
    assert spans_and_lines(tmp_path / "body", metrics[0]) == ([], [], [reason])
    assert spans_and_lines(tmp_path / "framed", behind_lengths(metrics)) == ([], [], [reason] * len(metrics))


def test_the_signals_may_share_a_file(tmp_path: Path) -> None:
    metrics = protobuf(json.loads(METRICS[0]))
    spans, lines, rejects = spans_and_lines(tmp_path / "all", behind_lengths([MESSAGES[0], metrics, protobuf(LOGS)]))
    assert (len(spans), len(lines), len(rejects)) == (4, 1, 1)


def test_a_message_that_is_cut_off_is_noted_and_those_before_it_are_read(tmp_path: Path) -> None:
    whole = behind_lengths(MESSAGES)
    path = tmp_path / "traces.proto"
    path.write_bytes(whole[:-5])
    load = load_all(tmp_path / "x.duckdb", path)
    assert "ends in the middle of an OTLP message" in str(load.files[0].note)
    with duckdb.connect(str(tmp_path / "x.duckdb")) as db:
        assert db.execute("select count(*) from spans").fetchone() == (90,)


def test_a_damaged_message_is_rejected_and_those_behind_it_are_read(tmp_path: Path) -> None:
    damaged = bytearray(ZSTD.compress(MESSAGES[1]))
    damaged[8:] = bytes(len(damaged) - 8)
    file = behind_lengths([ZSTD.compress(MESSAGES[0]), bytes(damaged), b"\x0a\x7f\x0a", ZSTD.compress(MESSAGES[2])])
    spans, _, rejects = spans_and_lines(tmp_path / "damaged", file)
    assert len(spans) == len(spans_and_lines(tmp_path / "sound", MESSAGES[0], MESSAGES[2])[0])
    assert len(rejects) == 2
    assert all("where OTLP protobuf is expected" in reason for reason in rejects)


def test_what_follows_a_length_that_is_none_is_the_same_however_the_file_is_cut_into_pieces() -> None:
    file = behind_lengths(MESSAGES[:1]) + b"\xff" * 100
    lines = framing(file)
    assert lines is not None
    whole = list(lines([file], Cut()))
    assert json.loads(whole[-1])["undecodedOtlp"]["bytes"] == 100
    assert list(lines([file[at : at + 7] for at in range(0, len(file), 7)], Cut())) == whole


def test_unknown_fields_are_kept(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest.FromString(MESSAGES[0])
    span = request.resource_spans[0].scope_spans[0].spans[0]
    field_199_is_7 = b"\xb8\x0c\x07"
    span.MergeFromString(field_199_is_7)
    (tmp_path / "body").write_bytes(request.SerializeToString())
    load_all(tmp_path / "x.duckdb", tmp_path / "body", final=True)
    with duckdb.connect(str(tmp_path / "x.duckdb")) as db:
        extra = db.execute("select extra from spans where extra like '%unknownFields%'").fetchall()
    assert json.loads(extra[0][0])["unknownFields"] == [{"number": 199, "wireType": 0, "value": "7"}]


@pytest.mark.parametrize(
    "head", [b"", b"\n", b"\n\n\n", b"{}", b"\n{\n", b"2026-11-23 log line\n", b"\x00\x00\x00\x04text", b"PK\x03\x04"]
)
def test_other_bytes_are_no_protobuf(head: bytes) -> None:
    lines = framing(head)
    assert lines is None or b"".join(lines([head], Cut())) == head


def test_a_file_is_known_again_when_it_has_grown(tmp_path: Path) -> None:
    path = tmp_path / "traces.proto"
    for count in (1, 3, len(MESSAGES)):
        path.write_bytes(behind_lengths(MESSAGES[:count]))
        load_all(tmp_path / "grown.duckdb", path)
    load_all(tmp_path / "once.duckdb", path)
    assert evidence(tmp_path / "grown.duckdb")["spans"] == evidence(tmp_path / "once.duckdb")["spans"]
