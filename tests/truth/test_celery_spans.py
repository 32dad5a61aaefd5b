"""Spans of Celery alone: what they tell of each task is what really ran."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from analysis.check import check
from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.loading import load
from tests.truth.test_captures import CAPTURES, THRESHOLDS

pytestmark = pytest.mark.xdist_group("celery")

CAPTURE = CAPTURES / "celery-otel_links"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    database = tmp_path_factory.mktemp("celery") / "jobtrail.duckdb"
    load(database, [CAPTURE / "otlp"], now=datetime(2026, 11, 24, tzinfo=UTC))
    with open_for_writing(database) as writing:
        derive(writing)
    with open_for_reading(database) as reading:
        yield reading


@pytest.fixture(scope="module")
def ran() -> dict[str, list[str]]:
    """Each task's id to how its executions ended, in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    with gzip.open(CAPTURE / "exec_truth.jsonl.gz", "rt") as file:
        for record in sorted(map(json.loads, file), key=lambda record: record["t"]):
            if record["ev"] == "end":
                found[record["id"]].append("succeeded" if record["outcome"] == "ok" else "failed")
    return found


def test_every_execution_is_told_with_its_outcome(db: duckdb.DuckDBPyConnection, ran: dict[str, list[str]]) -> None:
    told: dict[str, list[str]] = defaultdict(list)
    for job_id, state in db.execute("select job_id, state from attempts order by job_id, attempt").fetchall():
        told[job_id].append(state)
    assert told == ran


def test_a_task_that_failed_for_good_is_not_one_that_will_be_retried(
    db: duckdb.DuckDBPyConnection, ran: dict[str, list[str]]
) -> None:
    states = dict(db.execute("select job_id, state from jobs").fetchall())
    assert states == {job_id: ends[-1] for job_id, ends in ran.items()}


def test_what_was_planted_is_flagged_and_nothing_else(db: duckdb.DuckDBPyConnection, ran: dict[str, list[str]]) -> None:
    flagged: dict[str, set[str]] = defaultdict(set)
    for finding in check(db, as_of=None, settings=THRESHOLDS).findings:
        flagged[finding.rule] |= set(finding.jobs)
    assert flagged == {
        "retried-often": {
            job_id for job_id, ends in ran.items() if len(ends) >= int(THRESHOLDS["retried-often.attempts"])
        },
        "retries-exhausted": {job_id for job_id, ends in ran.items() if ends[-1] == "failed"},
    }
