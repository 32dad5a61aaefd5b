"""Jobs without ids: what the inputs tell of them is what really ran, told by class, arguments and time."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import duckdb
import pytest

from analysis.check import check
from analysis.story import story
from tests.truth.scoring import Capture
from tests.truth.test_captures import CAPTURES, THRESHOLDS, captured

pytestmark = pytest.mark.xdist_group("resque")

NAME = "resque-3.0.0"
Job = tuple[str, str]
"""Class and arguments, as the ledger of executions names them."""

RIGHT_ANSWERS: Mapping[str, set[str]] = {
    "missing_never_started": {"unread-queue", "never-started"},
    "duplicate_enqueue": {"enqueued-twice"},
    "retried_then_ok": {"retried-often"},
    "retries_exhausted": {"retries-exhausted"},
    "failed_no_retry": {"retries-exhausted"},
    "retry_storm": {"retry-storm"},
    "child_self_kill9_dirty_exit": {"retries-exhausted"},
    "orphan_kill9_worker_and_child": {"retries-exhausted", "orphaned"},
    "hang_until_end": {"hung"},
}
"""Kind of planted fault to the rules that name it rightly. Whole seconds do not tell a run of two seconds slow."""


@pytest.fixture(scope="module")
def capture() -> Capture:
    return Capture(CAPTURES / NAME)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with captured(NAME, tmp_path_factory.mktemp("resque")) as (db, _):
        yield db


def _ran(capture: Capture) -> dict[Job, Counter[str]]:
    """Each job's executions up to the end of the observation: how many succeeded, failed or were left open."""
    found: dict[Job, Counter[str]] = defaultdict(Counter)
    with gzip.open(capture.folder / "exec_truth.jsonl.gz", "rt") as file:
        records = [json.loads(line) for line in file]
    for record in records:
        if record["t"] <= (capture.ends_at or 0) and record["ev"] in ("start", "end", "error"):
            found[record["cls"], record["key"]][record["ev"]] += 1
    return found


def _named(job_class: str, arguments: str, ran: Mapping[Job, Counter[str]]) -> Job:
    """The ledger names a job by its first argument, or by all of them."""
    values = [str(value) for value in json.loads(arguments)]
    whole = (job_class, "-".join(values))
    return whole if whole in ran else (job_class, values[0])


def test_every_execution_is_found_and_ended_as_it_did(db: duckdb.DuckDBPyConnection, capture: Capture) -> None:
    ran = _ran(capture)
    told: dict[Job, Counter[str]] = defaultdict(Counter)
    for job_class, arguments, attempts, successes, failures in db.execute(
        "select job_class, arguments, attempts, successes, failures from jobs"
    ).fetchall():
        found = Counter({"start": attempts, "end": successes, "error": failures})
        told[_named(job_class, arguments, ran)] += found
    # Killed children leave no end in the ledger; Resque records such a run as failed. What VERBOSE tells has no time,
    # so that the teardown after the observation cannot be told from it.
    killed = {job for job, runs in ran.items() if runs["start"] > runs["end"] + runs["error"]}
    late = {job for job in told if told[job]["end"] > ran[job]["end"]}
    wrong = {
        job: (dict(told[job]), dict(ran[job])) for job in ran if told[job] != ran[job] and job not in killed | late
    }
    assert wrong == {}
    assert late == set()
    assert {job: told[job]["start"] for job in killed} == {job: ran[job]["start"] for job in killed}


def test_no_run_begins_in_a_second_in_which_none_did(db: duckdb.DuckDBPyConnection, capture: Capture) -> None:
    with gzip.open(capture.folder / "exec_truth.jsonl.gz", "rt") as file:
        starts = [record for line in file if (record := json.loads(line))["ev"] == "start"]
    ran = {(record["cls"], record["key"]): [] for record in starts}
    for record in starts:
        ran[record["cls"], record["key"]].append(record["t"])
    runs = db.execute(
        "select a.job_class, j.arguments, epoch(a.started_at) from attempts as a inner join jobs as j using (job_key)"
        " where list_contains(a.observers, 'log') and a.started_at is not null and a.pid is not null"
    ).fetchall()
    assert len(runs) > 400
    for job_class, arguments, started_at in runs:
        job = _named(job_class, arguments, {name: Counter() for name in ran})
        assert any(abs(began - started_at) < 2 for began in ran[job]), f"{job} did not begin at {started_at}"


def test_every_visible_fault_is_found_and_nothing_else_is_flagged(
    db: duckdb.DuckDBPyConnection, capture: Capture
) -> None:
    ran = _ran(capture)
    jobs = {
        job_id: _named(job_class, arguments, ran)
        for job_id, job_class, arguments in db.execute("select job_id, job_class, arguments from jobs").fetchall()
    }
    flagged = defaultdict(set)
    for finding in check(db, as_of=capture.as_of, settings=THRESHOLDS).findings:
        flagged[finding.rule] |= {jobs[job_id] for job_id in finding.jobs}
    planted = capture.truth["planted"]
    requeued = [fault["payload"]["args"] for fault in planted if fault["fault"] == "failure_requeued_by_operator"]
    right: dict[str, set[Job]] = defaultdict(set)
    missed = set()
    for fault in planted:
        if fault["fault"] not in RIGHT_ANSWERS or fault["args"] in requeued:
            continue
        job = _named(fault["class"], json.dumps(fault["args"]), ran)
        for rule in RIGHT_ANSWERS[fault["fault"]]:
            right[rule].add(job)
        if not any(job in flagged[rule] for rule in RIGHT_ANSWERS[fault["fault"]]):
            missed.add((fault["fault"], job))
    # Of three pairs one ran under VERBOSE, at a time that nothing tells.
    untimed = {(fault, job) for fault, job in missed if fault == "duplicate_enqueue" and _ran_untimed(db, jobs, job)}
    assert len(untimed) == 3
    assert missed - untimed == set()
    # A schedule enqueues the same report every twenty seconds; one long job holds up that queue to the end.
    right["enqueued-twice"].add(("ReportJob", "cron-report"))
    right["never-started"].add(("ReportJob", "cron-report"))
    right["never-started"] |= {job for job in jobs.values() if job[0] == "ReportJob" and not ran[job]["end"]}
    right["retry-storm"] |= {job for job in jobs.values() if ran[job]["error"]}
    assert {rule: extra for rule, found in flagged.items() if (extra := found - right[rule])} == {}


def _ran_untimed(db: duckdb.DuckDBPyConnection, jobs: Mapping[str, Job], job: Job) -> bool:
    ids = [job_id for job_id, named in jobs.items() if named == job]
    question = "select attempt from attempts where list_contains($ids, job_id) and started_at is null"
    return bool(db.execute(question, {"ids": ids}).fetchall())


def test_what_is_said_of_jobs_that_cannot_be_told_apart_is_of_low_confidence(
    db: duckdb.DuckDBPyConnection, capture: Capture
) -> None:
    keys = [key for (key,) in db.execute("select job_key from jobs where identity = 'ambiguous'").fetchall()]
    assert keys
    assert {story(db, key, as_of=capture.as_of).verdict.confidence for key in keys} == {"low"}
