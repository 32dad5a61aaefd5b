"""
OTLP/JSON as one document over many lines: an export request that was pretty-printed, several of them one after the
other, or a list of them.

    {
      "resourceSpans": [
        {
          "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
          "scopeSpans": [{"scope": {"name": "opentelemetry.instrumentation.celery"}, "spans": []}]
        }
      ]
    }

The rows are those of the same requests as lines (``otlp_json.py``). A file whose first line is a whole request is read
line by line, however long the line is: a document has to fit into memory.
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.otlp_requests import requests_of
from ingest.otlp_rows import parse_requests
from ingest.sources.otlp_json import SOURCE as LINES
from ingest.sources.source import Parsed, Source

_HOLDER = r'"resource(?:Spans|Logs|Metrics|_spans|_logs|_metrics)"\s*:'
_LIST = rf"^\x{{feff}}?\s*\[\s*\{{\s*{_HOLDER}"
_OVER_LINES = (
    rf"^\x{{feff}}?\s*\{{(?:[ \t\r]*\n\s*{_HOLDER}|[ \t]*{_HOLDER}[ \t\r]*(?:\[[ \t\r]*)?(?:\{{[ \t\r]*)?\n\s*[^\s])"
)


def _claims(beginning: pl.Expr) -> pl.Expr:
    return beginning.str.contains(_LIST) | beginning.str.contains(_OVER_LINES)


def _parse(records: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Parsed:
    sent = [
        (line_no, request_no, text)
        for line_no, document in records.select("line_no", "text").iter_rows()
        for request_no, text in enumerate(requests_of(document) or [document])
    ]
    schema = {"line_no": pl.Int64, "request_no": pl.Int32, "text": pl.String}
    return parse_requests(pl.DataFrame(sent, schema=schema, orient="row"), connection)


SOURCE = Source(
    name="otlp_document",
    describes="OpenTelemetry spans and log records, OTLP/JSON pretty-printed or in a list",
    kind="span",
    system=None,
    shows=LINES.shows,
    cannot=LINES.cannot,
    claims=_claims,
    holds=('"resource',),
    parse=_parse,
    document=True,
)
