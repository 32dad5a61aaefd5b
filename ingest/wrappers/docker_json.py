r"""
Docker's own files of a container's output, ``*-json.log``, one object per piece of a line.

    {"log":"pid=80 tid=g7y class=WelcomeMail INFO: start\n","stream":"stdout","time":"2026-03-01T22:00:05.120123456Z"}

Trap: a line of more than 16 KiB comes in pieces, and only the last one ends with a line end.
"""

from __future__ import annotations

import polars as pl

from ingest.wrappers.envelope_json import opened_with
from ingest.wrappers.wrapper import Wrapper


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.starts_with('{"log":"') & line.str.contains('"time":"', literal=True)


WRAPPER = Wrapper(
    name="docker",
    describes="docker's json-file logs",
    claims=_claims,
    holds=('{"log":"',),
    peel=opened_with("docker_json.sql"),
    gives_way=True,
)
