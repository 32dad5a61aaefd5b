"""Two workers of BullMQ, one of them killed: what each kind of input tells of each job is what really ran."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

import duckdb
import pytest

from analysis.check import check
from ingest.database import open_for_reading
from ingest.derive import derive_temporarily
from ingest.loading import load
from tests.truth.test_captures import CAPTURES, THRESHOLDS

pytestmark = pytest.mark.xdist_group("bullmq")

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


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory, truth: Truth
) -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """Gives a database of these inputs as of the look at the jobs, the same one to all who only read it."""
    with ExitStack() as opened:

        @cache
        def database(*names: str) -> duckdb.DuckDBPyConnection:
            path = tmp_path_factory.mktemp("bullmq") / "jobtrail.duckdb"
            load(path, [CAPTURE / name for name in names], now=datetime(2026, 11, 26, tzinfo=UTC))
            db = opened.enter_context(open_for_reading(path))
            assert db.execute("select * from rejected_lines").fetchall() == []
            derive_temporarily(db, truth.looked_at)
            return db

        yield database


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
def test_every_execution_is_told_once_with_its_outcome(
    names: list[str], truth: Truth, loaded: Callable[..., duckdb.DuckDBPyConnection]
) -> None:
    assert told(loaded(*names)) == truth.ran


def test_spans_tell_every_execution_that_ended(truth: Truth, loaded: Callable[..., duckdb.DuckDBPyConnection]) -> None:
    ended = {job: [end for end in ran if end in ("succeeded", "failed")] for job, ran in truth.ran.items()}
    assert told(loaded(SPANS)) == {job: ran for job, ran in ended.items() if ran}


def test_a_snapshot_tells_what_became_of_each_job(
    truth: Truth, loaded: Callable[..., duckdb.DuckDBPyConnection]
) -> None:
    becomes = {"scheduled": "scheduled", "unread": "queued", "hang": "running"}
    failed = ("exhausted", "exhausted-at-once", "unrecoverable")
    states = dict(loaded(SNAPSHOT).execute("select job_id, state from jobs").fetchall())
    for job, kind in truth.planted.items():
        assert states[job] == ("failed" if kind in failed else becomes.get(kind, "succeeded")), f"{job}, {kind}"


def test_what_was_planted_is_flagged_and_nothing_else(
    truth: Truth, loaded: Callable[..., duckdb.DuckDBPyConnection]
) -> None:
    flagged: dict[str, set[str]] = defaultdict(set)
    db = loaded(EVENTS, *LOGS, SNAPSHOT, SPANS)
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
