"""Two workers of BullMQ, one of them killed: what each kind of input tells of each job is what really ran."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from analysis.check import check
from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive, derive_temporarily
from ingest.loading import load
from tests.truth.test_captures import CAPTURES, THRESHOLDS

CAPTURE = CAPTURES / "bullmq-6.7.0"
EVENTS, SNAPSHOT, SPANS = "events.jsonl.gz", "snapshot.json.gz", "traces.jsonl.gz"
LOGS = ("worker-bw1.log.gz", "worker-bw2.log.gz")


@dataclass
class Truth:
    """What the jobs themselves wrote down: kind of job and executions by queue and id, and when all was looked at."""

    planted: dict[str, str] = field(default_factory=dict)
    ran: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Outcomes in the order of the starts; ``interrupted`` for what was killed, ``running`` for what still runs."""
    looked_at: datetime = datetime.min  # noqa: DTZ901 - the database speaks naive UTC


@pytest.fixture(scope="module")
def truth() -> Truth:
    found = Truth()
    with gzip.open(CAPTURE / "exec_truth.jsonl.gz", "rt") as file:
        records = sorted(map(json.loads, file), key=lambda record: record["t"])
    for record in records:
        job = f"{record.get('q')}:{record.get('id')}"
        if record["ev"] == "look":
            found.looked_at = datetime.fromtimestamp(record["t"] / 1000, UTC).replace(tzinfo=None)
            break
        if record["ev"] == "add":
            found.planted[job] = record["what"]
        elif record["ev"] == "start":
            found.ran[job] = ["interrupted" if end == "running" else end for end in found.ran[job]] + ["running"]
        else:
            found.ran[job][-1] = {"ok": "succeeded", "fail": "failed"}[record["ev"]]
    return found


@contextmanager
def loaded(folder: Path, truth: Truth, *names: str) -> Iterator[duckdb.DuckDBPyConnection]:
    database = folder / "jobtrail.duckdb"
    load(database, [CAPTURE / name for name in names], now=datetime(2026, 11, 26, tzinfo=UTC))
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        assert db.execute("select * from rejected_lines").fetchall() == []
        derive_temporarily(db, truth.looked_at)
        yield db


def told(db: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for job_id, state in db.execute("select job_id, state from attempts order by job_id, attempt").fetchall():
        found[job_id].append(state)
    return found


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([EVENTS], id="events"),
        pytest.param(LOGS, id="logs"),
        pytest.param([EVENTS, *LOGS], id="events and logs"),
        pytest.param([EVENTS, SNAPSHOT, SPANS], id="events, snapshot and spans"),
        pytest.param([EVENTS, *LOGS, SNAPSHOT, SPANS], id="everything"),
    ],
)
def test_every_execution_is_told_once_with_its_outcome(names: list[str], truth: Truth, tmp_path: Path) -> None:
    with loaded(tmp_path, truth, *names) as db:
        assert told(db) == truth.ran


def test_spans_tell_every_execution_that_ended(truth: Truth, tmp_path: Path) -> None:
    ended = {job: [end for end in ran if end in ("succeeded", "failed")] for job, ran in truth.ran.items()}
    with loaded(tmp_path, truth, SPANS) as db:
        assert told(db) == {job: ran for job, ran in ended.items() if ran}


def test_a_snapshot_tells_what_became_of_each_job(truth: Truth, tmp_path: Path) -> None:
    becomes = {"scheduled": "scheduled", "unread": "queued", "hang": "running"}
    failed = ("exhausted", "exhausted-at-once", "unrecoverable")
    with loaded(tmp_path, truth, SNAPSHOT) as db:
        states = dict(db.execute("select job_id, state from jobs").fetchall())
    for job, kind in truth.planted.items():
        assert states[job] == ("failed" if kind in failed else becomes.get(kind, "succeeded")), f"{job}, {kind}"


def test_what_was_planted_is_flagged_and_nothing_else(truth: Truth, tmp_path: Path) -> None:
    flagged: dict[str, set[str]] = defaultdict(set)
    with loaded(tmp_path, truth, EVENTS, *LOGS, SNAPSHOT, SPANS) as db:
        for finding in check(db, as_of=truth.looked_at.replace(tzinfo=UTC), settings=THRESHOLDS).findings:
            flagged[finding.rule] |= set(finding.jobs)
    planted = defaultdict(set)
    for job, kind in truth.planted.items():
        planted[kind].add(job)
    exhausted = planted["exhausted"] | planted["exhausted-at-once"]
    assert flagged == {
        "retried-often": planted["retried"],
        "retries-exhausted": exhausted | planted["unrecoverable"],
        "enqueued-twice": exhausted,  # they were given the same data
    }
