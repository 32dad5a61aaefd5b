r"""
Syslog messages behind their length in bytes, as they go over TCP and as Heroku's drains send them (RFC 6587).

    101 <134>1 2026-03-01T22:00:05.120Z web-1 sidekiq 80 - - pid=80 tid=g7y class=WelcomeMail INFO: start

Trap: the next one may follow on the same line, or the message may go on over several.
"""

from __future__ import annotations

import re

import duckdb
import polars as pl

from ingest.wrappers.wrapper import Wrapper

_COUNT = re.compile(rb"(\d{1,7}) (?=<\d{1,3}>)")


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(r"^\d{1,7} <\d{1,3}>")


def _peel(lines: pl.DataFrame, _: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return lines.select("line_no", text=pl.col("text").map_elements(_messages, return_dtype=pl.String))


def _messages(line: str) -> str:
    """The messages of a line without their lengths, one a line."""
    data, messages, at = line.encode(), [], 0
    while counted := _COUNT.match(data, at):
        end = counted.end() + int(counted[1])
        if end < len(data) and not _COUNT.match(data, end):
            break  # the length is wrong: what follows is no message
        messages.append(data[counted.end() : end])
        at = end
    if at < len(data):
        messages.append(data[counted.end() if counted else at :])
    return b"\n".join(messages).decode("utf-8", "replace")


WRAPPER = Wrapper(name="counted", describes="syslog over TCP, octet-counted", claims=_claims, holds=(" <",), peel=_peel)
