r"""
CloudWatch's log events: what ``aws logs filter-log-events`` and ``get-log-events`` give, subscriptions, and Insights.

    {"logStreamName": "ecs/worker/0f3a9c", "timestamp": 1772402405120, "message": "pid=80 tid=g7y INFO: start",
     "ingestionTime": 1772402406000, "eventId": "31953106606966983378809025079804211143289615424298221568"}
    {"@timestamp": "2026-03-01 22:00:05.120", "@message": "pid=80 tid=g7y INFO: start", "@logStream": "ecs/worker/0f"}

(each on one line, or in a document). Traps: ``get-log-events`` gives no ids, so that overlapping exports cannot be
told; Insights names its times without a zone and means UTC.
"""

from __future__ import annotations

import polars as pl

from ingest.wrappers.envelope_json import opened_with
from ingest.wrappers.wrapper import Wrapper


def _claims(line: pl.Expr) -> pl.Expr:
    event = line.str.contains('"message"', literal=True) & (
        line.str.contains('"ingestionTime"', literal=True)
        | line.str.contains(r'"(?:eventId|id)"\s*:\s*"\d{50,}"')
        | line.str.contains('"logGroup"', literal=True)
    )
    insight = line.str.contains('"@message"', literal=True)
    return line.str.starts_with("{") & line.str.contains('timestamp"', literal=True) & (event | insight)


WRAPPER = Wrapper(
    name="cloudwatch",
    describes="CloudWatch's log events and Insights",
    claims=_claims,
    holds=('timestamp"',),
    peel=opened_with("cloudwatch.sql"),
    gives_way=True,
)
