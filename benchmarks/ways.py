"""Ways of getting a file's records into a table or a count of them: jobtrail's, and what one would do without it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

_COLUMNS = {
    "format": "VARCHAR", "ts": "TIMESTAMP", "event": "VARCHAR", "arguments": "JSON", "tenant": "INTEGER",
    "wait": "DOUBLE", "duration": "DOUBLE", "error_class": "VARCHAR", "error_message": "VARCHAR",
    "backtrace": "VARCHAR", "system": "VARCHAR", "service": "VARCHAR", "job_id": "VARCHAR", "job_class": "VARCHAR",
    "queue": "VARCHAR", "attempt": "INTEGER", "host": "VARCHAR", "pid": "BIGINT", "thread": "VARCHAR",
}  # fmt: skip
_RAW = "read_csv(?, delim = chr(1), quote = '', escape = '', header = false, columns = {'line': 'VARCHAR'})"
_TEXT = re.compile(r"(\S+) pid=(\d+) tid=(\S+) class=(\S+) jid=(\S+)(?: elapsed=(\S+))? (\w+): (.*)")


def jobtrail(path: Path, database: Path) -> int:
    """Into the evidence tables: with line numbers, rejects, digests and everything that no column holds."""
    from ingest.loading import load  # noqa: PLC0415 - the other ways are timed without it

    return load(database, [path], now=datetime.now(UTC)).rows


def jobtrail_redacted(path: Path, database: Path) -> int:
    """The same with ``--redact``: what is secret is looked for in every text."""
    from ingest.loading import load  # noqa: PLC0415 - as above
    from ingest.redaction import Redaction  # noqa: PLC0415 - as above

    return load(database, [path], now=datetime.now(UTC), redaction=Redaction()).rows


def jobtrail_derived(path: Path, database: Path) -> int:
    """As ``jobtrail``, and the derived tables: what ``jobtrail ingest`` does in all."""
    from ingest.database import open_for_writing  # noqa: PLC0415 - as above
    from ingest.derive import derive  # noqa: PLC0415 - as above

    rows = jobtrail(path, database)
    with open_for_writing(database) as db:
        derive(db)
    return rows


def duckdb_json(path: Path, database: Path) -> int:
    """``read_json`` with the columns named; other keys and bad lines are lost."""
    with duckdb.connect(str(database)) as db:
        db.execute(
            f"create table t as select * from read_json(?, format = 'newline_delimited', columns = {_COLUMNS})",
            [str(path)],
        )
        return _count(db, "t")


def duckdb_spans(path: Path, database: Path) -> int:
    """Raw lines, and each span as JSON text beside its name and times."""
    with duckdb.connect(str(database)) as db:
        db.execute(
            "create table t as select span->>'name' as name, span->>'traceId' as trace_id, span->>'spanId' as span_id,"
            " (span->>'startTimeUnixNano')::bigint as started_at, (span->>'endTimeUnixNano')::bigint as ended_at,"
            " span->'attributes' as attributes from (select unnest(from_json(json_extract(line,"
            f" '$.resourceSpans[*].scopeSpans[*].spans[*]'), '[\"JSON\"]')) as span from {_RAW})",
            [str(path)],
        )
        return _count(db, "t")


def duckdb_text(path: Path, database: Path) -> int:
    """Raw lines, and one regular expression with a group per column."""
    names = ["at", "pid", "tid", "class", "jid", "elapsed", "level", "words"]
    with duckdb.connect(str(database)) as db:
        db.execute(
            f"create table t as select unnest(regexp_extract(line, ?, {names})) from {_RAW}",
            [_TEXT.pattern, str(path)],
        )
        return _count(db, "t")


def polars_json(path: Path, _database: Path) -> int:
    """``scan_ndjson``, all columns."""
    return pl.scan_ndjson(path).collect(engine="streaming").height


def polars_text(path: Path, _database: Path) -> int:
    """Lines, and the same regular expression."""
    lines = pl.scan_csv(path, separator="\x01", has_header=False, quote_char=None, new_columns=["line"])
    groups = pl.col("line").str.extract_groups(_TEXT.pattern)
    return lines.select(groups).unnest("line").collect(engine="streaming").height


def python_json(path: Path, _database: Path) -> int:
    """A loop with ``json.loads``, counting."""
    with path.open(encoding="utf-8") as file:
        return sum(1 for line in file if json.loads(line))


def python_spans(path: Path, _database: Path) -> int:
    """The same, counting spans."""
    with path.open(encoding="utf-8") as file:
        return sum(
            len(scope["spans"])
            for line in file
            for resource in json.loads(line)["resourceSpans"]
            for scope in resource["scopeSpans"]
        )


def python_text(path: Path, _database: Path) -> int:
    """A loop with ``re``, counting."""
    with path.open(encoding="utf-8") as file:
        return sum(1 for line in file if _TEXT.match(line))


_LNAV_FORMAT = {
    "job_log": {
        "title": "Job log",
        "json": True,
        "hide-extra": True,
        "timestamp-field": "ts",
        "body-field": "event",
        "line-format": [{"field": "ts"}, " ", {"field": "event"}],
        "value": {"job_id": {"kind": "string", "identifier": True}},
    }
}


def lnav(path: Path, database: Path) -> int:
    """The log viewer, told of the job log's format, counting lines in its SQL; -1 where it is not installed."""
    program = shutil.which("lnav")
    if program is None:
        return -1
    formats = database.parent / "lnav" / "formats" / "job_log"
    formats.mkdir(parents=True, exist_ok=True)
    (formats / "job_log.json").write_text(json.dumps(_LNAV_FORMAT), encoding="utf-8")
    told = ["-I", str(database.parent / "lnav"), "-n"]
    asked = ["-c", ";select count(*) from all_logs", "-c", ":write-csv-to -"]
    done = subprocess.run([program, *told, *asked, str(path)], capture_output=True, check=True, text=True)  # noqa: S603 - a fixed command
    return int(done.stdout.split()[-1])


def _count(db: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(db.execute(f"select count(*) from {table}").fetchall()[0][0])


Way = Callable[[Path, Path], int]

WAYS: dict[str, dict[str, Way]] = {
    "job log": {
        "DuckDB read_json(columns=)": duckdb_json,
        "jobtrail": jobtrail,
        "jobtrail, derived tables too": jobtrail_derived,
        "jobtrail --redact": jobtrail_redacted,
        "Polars scan_ndjson": polars_json,
        "Python json.loads": python_json,
        "lnav": lnav,
    },
    "OTLP/JSON": {
        "DuckDB json_extract": duckdb_spans,
        "jobtrail": jobtrail,
        "jobtrail, derived tables too": jobtrail_derived,
        "jobtrail --redact": jobtrail_redacted,
        "Python json.loads": python_spans,
    },
    "Sidekiq text": {
        "DuckDB regexp_extract": duckdb_text,
        "jobtrail": jobtrail,
        "jobtrail, derived tables too": jobtrail_derived,
        "jobtrail --redact": jobtrail_redacted,
        "Polars extract_groups": polars_text,
        "Python re": python_text,
        "lnav": lnav,
    },
}
"""Kind of input to the ways of reading it. The first is what the others are compared with."""
