r"""
Datadog's log events: what its search gives (version 2, and 1), its archives, and the rows of its CSV export.

    {"id": "AgAAAX", "type": "log", "attributes": {"timestamp": "2026-03-01T22:00:05.120Z", "host": "web-1",
     "service": "shop", "status": "info", "message": "pid=80 tid=g7y INFO: start", "tags": ["pod_name:worker-5f6d"]}}
    {"_id": "AgAAAX", "date": "2026-03-01T22:00:05.120Z", "host": "web-1", "message": "pid=80 tid=g7y INFO: start"}
    {"Date": "2026-03-01T22:00:05.120Z", "Host": "web-1", "Service": "shop", "Message": "pid=80 tid=g7y INFO: start"}

(each on one line, or in a document). Trap: a message of JSON was taken apart: its keys then stand in ``attributes``
within the attributes, and no message is left.
"""

from __future__ import annotations

import polars as pl

from ingest.wrappers.envelope_json import opened_with
from ingest.wrappers.wrapper import Wrapper


def _claims(line: pl.Expr) -> pl.Expr:
    found = line.str.contains('"attributes"', literal=True) & line.str.contains(r'"type"\s*:\s*"log"')
    older = line.str.contains(r'^\{\s*"(?:id|content)"\s*:') & line.str.contains('"content"', literal=True)
    archived = line.str.contains('"_id"', literal=True) & line.str.contains('"date"', literal=True)
    row = line.str.contains(r'"Date"\s*:') & line.str.contains(r'"(?:Message|Content)"\s*:')
    return line.str.starts_with("{") & (found | older | archived | row)


WRAPPER = Wrapper(
    name="datadog",
    describes="Datadog's log events",
    claims=_claims,
    holds=('"attributes"', '"content"', '"_id"', '"Date"'),
    peel=opened_with("datadog.sql"),
    gives_way=True,
)
