"""OTLP/JSON over many lines: the same rows as line by line, however it is laid out."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ingest.sources import otlp_json
from ingest.sources.otlp_document import SOURCE
from ingest.sources.source import Parsed
from tests.ingest.scratch import SCRATCH

CAPTURE = Path(__file__).parents[2] / "fixtures" / "captures" / "celery-otel_links" / "otlp"
LINES = (CAPTURE / "traces.jsonl").read_text().splitlines()[:4]
REQUESTS = [json.loads(line) for line in LINES]


def parsed(document: str) -> Parsed:
    return SOURCE.parse(pl.DataFrame({"line_no": [1], "text": [document]}), SCRATCH)


def by_lines(texts: list[str]) -> pl.DataFrame:
    frame = pl.DataFrame({"line_no": range(1, len(texts) + 1), "text": texts})
    return otlp_json.SOURCE.parse(frame, SCRATCH).rows["spans"].drop("line_no", "record_no")


def claims(*beginnings: str) -> list[bool]:
    return pl.DataFrame({"text": beginnings}).select(SOURCE.claims(pl.col("text"))).to_series().to_list()


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("\n".join(json.dumps(request, indent=2) for request in REQUESTS), id="one after the other"),
        pytest.param(
            "\r\n".join(json.dumps(request, indent=2) for request in REQUESTS), id="with line ends of Windows"
        ),
        pytest.param("\n".join(json.dumps(request, indent=0) for request in REQUESTS), id="not indented"),
        pytest.param("".join(json.dumps(request, indent="\t") for request in REQUESTS), id="with nothing between"),
        pytest.param(json.dumps(REQUESTS, indent=4), id="a list"),
        pytest.param("[" + ",\n".join(LINES) + "]", id="a list, a request per line"),
    ],
)
def test_a_document_says_what_its_requests_say_as_lines(document: str) -> None:
    result = parsed(document)
    assert result.rejects is None
    rows = result.rows["spans"]
    assert rows["record_no"].to_list() == list(range(rows.height))
    expected = by_lines(LINES)
    assert rows.drop("line_no", "record_no").select(expected.columns).equals(expected)


def test_a_document_is_told_from_lines_by_where_its_first_line_ends() -> None:
    assert (
        claims(
            '{\n  "resourceSpans": [',
            '{\r\n\t"resource_logs" : [',
            '{"resourceSpans": [\n{"resource"',
            '{ "resourceSpans": [ {\n    "resource": {}',
            '[{"resourceMetrics":[]}]',
            '\ufeff[\n  {\n    "resourceSpans": []',
        )
        == [True] * 6
    )
    assert (
        claims(
            LINES[0][:4096],
            '{"resourceSpans":[{"resource":{}}]}\n{"resourceSpans":[]}\n',
            '{"resourceSpans":[]}\n',
            '{\n  "data": {"resourceSpans": []}\n}',
            "{}",
            "[]",
            "",
        )
        == [False] * 7
    )


def test_what_is_cut_off_is_rejected_and_the_requests_before_it_are_read() -> None:
    whole = "\n".join(json.dumps(request, indent=2) for request in REQUESTS)
    result = parsed(whole[: whole.rindex('"scopeSpans"')])
    assert result.rejects is not None
    (reason,) = result.rejects["reason"]
    assert reason.startswith("no valid JSON")
    assert set(result.rows["spans"]["span_id"]) == set(by_lines(LINES[:3])["span_id"])


def test_after_a_damaged_request_the_next_one_is_read() -> None:
    first, second = (json.dumps(request, indent=2) for request in REQUESTS[:2])
    result = parsed(first[:200] + "\n" + second)
    assert result.rejects is not None
    assert result.rejects.height == 1
    assert set(result.rows["spans"]["span_id"]) == set(by_lines(LINES[1:2])["span_id"])


def test_metrics_among_traces_are_told_as_metrics() -> None:
    result = parsed(json.dumps([REQUESTS[0], {"resourceMetrics": [{"scopeMetrics": []}]}], indent=2))
    assert result.rejects is not None
    assert result.rejects["reason"].to_list() == ["OTLP metrics: jobtrail reads traces and logs only"]
    assert result.rows["spans"].height == by_lines(LINES[:1]).height


def test_a_span_delivered_twice_is_kept_once() -> None:
    document = json.dumps([REQUESTS[0], REQUESTS[0]], indent=2)
    assert parsed(document).rows["spans"].height == by_lines(LINES[:1]).height
