"""RQ: everything planted in a real capture that its inputs can show is found, and nothing else is flagged."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from analysis.check import check
from ingest.database import open_for_reading
from ingest.derive import derive_temporarily
from ingest.loading import load
from tests.truth.scoring import WITHHELD
from tests.truth.test_captures import CAPTURES, THRESHOLDS

pytestmark = pytest.mark.xdist_group("rq")

FOLDER = CAPTURES / "rq-run1"
TRUTH: Mapping[str, Any] = json.loads((FOLDER / "truth.json").read_text())
AS_OF = datetime.fromtimestamp(TRUTH["window"]["capture_end"], UTC)

RIGHT_ANSWERS: Mapping[str, set[str]] = {
    "never_started_no_consumer": {"unread-queue", "never-started"},
    "duplicate_same_args": {"enqueued-twice"},
    "slow_20x": {"slow-run"},
    "failed_no_retry": {"retries-exhausted"},
    "work_horse_sigkill": {"retries-exhausted"},
    "job_timeout": {"retries-exhausted"},
    "retry_storm": {"retry-storm"},
    "duplicate_same_id": {"double-success", "redelivered", "overlapping"},
}
"""
Kind of planted fault to the rules that name it rightly. Left out: retries that were never exhausted, as no worker ran a
scheduler for their queue; a job that hung for less time than two others of its class had taken.
"""
RETRIES = int(THRESHOLDS["retried-often.attempts"])


@pytest.fixture(scope="module", params=[date(2026, 11, 23), None], ids=["day stated", "no day"])
def dated(request: pytest.FixtureRequest) -> date | None:
    """The day of the first line, which RQ does not write."""
    day: date | None = request.param
    return day


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory, dated: date | None) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("rq")
    shutil.copytree(FOLDER, folder / "rq", ignore=shutil.ignore_patterns(*WITHHELD))
    load(folder / "t.duckdb", [folder / "rq"], now=datetime(2026, 11, 24, tzinfo=UTC), first_day=dated)
    with open_for_reading(folder / "t.duckdb") as db:
        derive_temporarily(db, AS_OF.replace(tzinfo=None))
        yield db


def _executions() -> dict[str, list[str]]:
    """Each job's executions up to the end of the observation, as they ended."""
    found: dict[str, list[str]] = defaultdict(list)
    with gzip.open(FOLDER / "exec_truth.jsonl.gz", "rt") as file:
        records = [json.loads(line) for line in file]
    for record in sorted(records, key=lambda record: record["t"]):
        runs = found[record["id"]]
        if record["t"] > AS_OF.timestamp():
            continue
        if record["ev"] == "start":
            runs.append("open")
        elif "open" in runs:
            runs[runs.index("open")] = "succeeded" if record["outcome"] == "ok" else "failed"
    return found


def test_every_execution_is_found_and_ended_as_it_did(db: duckdb.DuckDBPyConnection) -> None:
    killed = {fault["id"] for fault in TRUTH["faults"] if fault["category"] in ("work_horse_sigkill", "job_timeout")}
    told: dict[str, list[str]] = defaultdict(list)
    for job_id, state in db.execute("select job_id, state from attempts order by job_key, attempt").fetchall():
        told[job_id].append({"running": "open"}.get(state, state))
    ran = {job_id: runs for job_id, runs in _executions().items() if runs and job_id not in killed}
    # Two ended within the second in which the observation did, whose lines are of that whole second.
    apart = {job_id: (runs, told[job_id]) for job_id, runs in ran.items() if sorted(runs) != sorted(told[job_id])}
    assert len(apart) <= 2, apart
    assert {job_id: told[job_id] for job_id in killed} == {job_id: ["failed"] for job_id in killed}
    assert told.keys() - ran.keys() == killed


def test_every_visible_fault_is_found_and_nothing_else_is_flagged(
    db: duckdb.DuckDBPyConnection, dated: date | None
) -> None:
    flagged: dict[str, set[str]] = defaultdict(set)
    for finding in check(db, as_of=AS_OF, settings={**THRESHOLDS, "enqueued-twice.habit_gap": "5s"}).findings:
        flagged[finding.rule] |= set(finding.jobs)
    right: dict[str, set[str]] = defaultdict(set)
    missed = []
    for fault in TRUTH["faults"]:
        for rule in RIGHT_ANSWERS.get(fault["category"], ()):
            right[rule].add(fault["id"])
        if fault["category"] in RIGHT_ANSWERS:
            if dated is None and fault["category"] == "retry_storm":
                continue  # how close together failures came no input tells
            if not any(fault["id"] in flagged[rule] for rule in RIGHT_ANSWERS[fault["category"]]):
                missed.append((fault["category"], fault["id"]))
    assert missed == []
    slow = {job_id for (job_id,) in db.execute("select job_id from attempts where run > 50").fetchall()}
    waiting = {
        job_id
        for (job_id,) in db.execute(
            "select job_id from jobs where state = 'queued' and queue = 'reports' and eligible_at < $at",
            {"at": AS_OF.replace(tzinfo=None) - timedelta(seconds=20)},
        ).fetchall()
    }
    right["slow-run"] |= slow
    right["never-started"] |= waiting
    right["retried-often"] |= {job_id for job_id, runs in _executions().items() if len(runs) >= RETRIES}
    about_queues = {"retry-storm", "queue-latency"}
    assert {rule: extra for rule in flagged.keys() - about_queues if (extra := flagged[rule] - right[rule])} == {}
