r"""
Lines as log shippers send them, one object each with the line in ``message`` or ``log``: Filebeat, Fluentd, Fluent Bit,
Logstash, Vector; and the rows of Kibana's CSV export.

    {"@timestamp":"2026-03-01T22:00:05.120Z","message":"pid=80 tid=g7y INFO: start","host":{"name":"web-1"}}
    {"log":"pid=80 tid=g7y INFO: start\n","stream":"stdout","kubernetes":{"pod_name":"worker-5f6d"}}
    {"@timestamp":"Mar 1, 2026 @ 22:00:05.120","_id":"k","host.name":"web-1","message":"pid=80 tid=g7y start"}

Traps: programs log such objects themselves, with facts beside the message: they are kept in ``attributes``. Kibana
shows times in the zone of the browser. A node's name is not the name the program has for its machine.
"""

from __future__ import annotations

import polars as pl

from ingest.wrappers.envelope_json import opened_with
from ingest.wrappers.wrapper import Wrapper


def _claims(line: pl.Expr) -> pl.Expr:
    has_text = line.str.contains(r'"(?:message|log)"\s*:\s*"')
    sent = line.str.contains('"@timestamp"', literal=True) | line.str.contains('"kubernetes"', literal=True)
    return line.str.starts_with("{") & sent & has_text


WRAPPER = Wrapper(
    name="shipped",
    describes="lines of Filebeat, Fluentd, Fluent Bit, Logstash and Vector",
    claims=_claims,
    holds=('"@timestamp"', '"kubernetes"'),
    peel=opened_with("shipped.sql"),
    gives_way=True,
)
