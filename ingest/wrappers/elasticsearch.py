r"""
Documents of Elasticsearch and OpenSearch: the hits of ``_search``, and the lines of elasticdump.

    {"_index":"logs-2026.03.01","_id":"kB3x","_score":1.0,"_source":{"@timestamp":"2026-03-01T22:00:05.120Z",
     "message":"pid=80 tid=g7y INFO: start","host":{"name":"web-1"}}}

(on one line, or in a document). What lies inside is the document as its shipper sent it; see ``shipped``.
"""

from __future__ import annotations

import polars as pl

from ingest.wrappers.envelope_json import opened_with
from ingest.wrappers.wrapper import Wrapper


def _claims(line: pl.Expr) -> pl.Expr:
    return (
        line.str.starts_with("{")
        & line.str.contains('"_source"', literal=True)
        & line.str.contains('"_id"', literal=True)
    )


WRAPPER = Wrapper(
    name="elasticsearch",
    describes="documents of Elasticsearch and OpenSearch",
    claims=_claims,
    holds=('"_source"',),
    peel=opened_with("elasticsearch.sql"),
)
