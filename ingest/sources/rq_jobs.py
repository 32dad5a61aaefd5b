"""
RQ's jobs as JSON lines, a Redis hash each.

    {"key": "rq:job:6f1e0c4a", "hash": {"status": "finished", "created_at": "2026-03-01T22:00:05.100000Z",
     "enqueued_at": "2026-03-01T22:00:05.100410Z", "started_at": "2026-03-01T22:00:05.120000Z",
     "ended_at": "2026-03-01T22:00:05.283156Z", "worker_name": "w1", "origin": "mailers",
     "description": "shop.mail('a', 7)", "timeout": "180"}}

(each on one line). Traps: nothing says when it was exported, so that no job can be said to wait; a snapshot does. See
``ingest/rq_hashes.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from ingest import untrusted_json as read
from ingest.rq_hashes import JOB_KEY, JobHash, events_frame, events_of
from ingest.sources.source import Parsed, Source

if TYPE_CHECKING:
    import duckdb


def _claims(line: pl.Expr) -> pl.Expr:
    return line.str.contains(r'^\{\s*"key"\s*:\s*"rq:job:[^"]+"\s*,\s*"hash"\s*:\s*\{')


def _parse(records: pl.DataFrame, _connection: duckdb.DuckDBPyConnection) -> Parsed:
    rows, rejects = [], []
    for line_no, text in records.select("line_no", "text").iter_rows():
        try:
            document = read.decoded_object(text)
            key, found = document.get("key"), document.get("hash")
            if not isinstance(key, str) or not key.startswith(JOB_KEY) or not isinstance(found, dict):
                raise ValueError('"key" or "hash" is none of a job')  # noqa: TRY301 - bad input is one kind of error
        except ValueError as error:
            rejects.append({"line_no": line_no, "reason": f"this RQ job could not be read: {error}"})
            continue
        told = events_of(JobHash.of(key.removeprefix(JOB_KEY), found))
        rows += [{"line_no": line_no, "record_no": number, **row} for number, row in enumerate(told)]
    return Parsed(
        rows={"job_events": events_frame(rows)} if rows else {},
        rejects=pl.DataFrame(rejects, schema={"line_no": pl.Int64, "reason": pl.String}) if rejects else None,
    )


SOURCE = Source(
    name="rq_jobs",
    describes="RQ's jobs as JSON lines, a Redis hash each",
    kind="log",
    system="rq",
    shows=frozenset({"enqueues", "ends", "arguments"}),
    cannot="Of which moment it speaks, any run but a job's last, and whether a job still waits.",
    claims=_claims,
    holds=('"rq:job:',),
    parse=_parse,
)
