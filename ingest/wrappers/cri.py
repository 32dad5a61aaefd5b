r"""
Lines of a container's log as Kubernetes' runtimes (containerd, CRI-O) write them.

    2026-03-01T22:00:05.120123456Z stdout F pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 INFO: start

Trap: a line of more than 16 KiB comes in parts, ``P`` for each but the last, and the other stream's lines between them.
"""

from __future__ import annotations

import duckdb
import polars as pl

from ingest.wrappers.envelope_json import json_object
from ingest.wrappers.moments import DATE_AND_TIME, OFFSET, utc
from ingest.wrappers.wrapper import Wrapper


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(rf"^{DATE_AND_TIME}{OFFSET} std(?:out|err) [PF](?::\S*)?(?: |$)")


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    part = pl.col("text").str.splitn(" ", 4).struct
    time, stream, tag = part.field("field_0"), part.field("field_1"), part.field("field_2")
    return lines.select(
        "line_no",
        text=part.field("field_3").fill_null(""),
        written_at=utc(time),
        channel=stream,
        partial=tag.str.starts_with("P"),
        kept=json_object(time=time, stream=stream),
    )


WRAPPER = Wrapper(
    name="cri", describes="Kubernetes' container logs", claims=_claims, holds=(" stdout ", " stderr "), peel=_peel
)
