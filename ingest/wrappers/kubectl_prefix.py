r"""
Lines with the pod and container that ``kubectl logs --prefix`` puts before each; a time may follow.

    [pod/sidekiq-5f6d/worker] pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 INFO: start
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.wrapper import Wrapper

_PREFIX = r"^\[pod/([^\s/\]]+)/([^\s/\]]+)\](?: |$)"


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(_PREFIX)


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    line = pl.col("text")
    pod, container = line.str.extract(_PREFIX, 1), line.str.extract(_PREFIX, 2)
    return lines.select(
        "line_no",
        text=line.str.replace(_PREFIX, ""),
        host=pod,
        channel=pl.concat_str(pod, container, separator=" "),
        kept=json_object(pod=pod, container=container),
    )


WRAPPER = Wrapper(name="kubectl", describes="kubectl logs --prefix", claims=_claims, holds=("[pod/",), peel=_peel)
