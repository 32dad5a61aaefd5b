"""GoodJob's tables: the samples, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources.good_job_snapshot import SOURCE
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

SAMPLES = Path(__file__).parent.parent / "samples" / "good_job_snapshot"
ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1"
PROCESS = "5d2f0c1b-9a43-4a4c-a4b7-6a3c5a2f6e11"
NOON = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - naive UTC, as the tables have it


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def row(**columns: Any) -> dict[str, Any]:
    base = {"id": ID, "active_job_id": ID, "queue_name": "mailers", "job_class": "Mail", "created_at": at(0)}
    base |= {"serialized_params": {"job_id": ID, "arguments": [7]}, "scheduled_at": at(0), "performed_at": None}
    return {**base, "finished_at": None, "error": None, "executions_count": 0, "locked_by_id": None, **columns}


def text(*rows: dict[str, Any], taken: float = 60, **tables: Any) -> str:
    return json.dumps({"system": "good_job", "taken_at": at(taken), "good_jobs": rows, **tables})


def held(**columns: Any) -> dict[str, Any]:
    (job,) = rows_of(SOURCE, text(row(**columns)))["snapshot_jobs"]
    return job


@pytest.mark.parametrize("name", ["tables.json", "good_jobs.jsonl", "good_jobs.csv"])
def test_each_kind_of_export_tells_the_same_jobs(name: str) -> None:
    found = rows_of(SOURCE, (SAMPLES / name).read_text())
    told = [(job["job_id"][0], job["held_in"], job["attempt"], job["arguments"]) for job in found["snapshot_jobs"]]
    # Without a column taken_at the latest moment of a row stands for it: what is scheduled is scheduled still.
    assert told == [
        ("1", "queued", 0, '[7,{"to":"a"}]'),
        ("2", "running", 1, "[8]"),
        ("3", "scheduled", 0, "[]"),
        ("4", "retry", 2, '["x"]'),
        ("5", "dead", 5, '["y"]'),
        ("7", "queued", 1, "[10]"),
    ]
    assert [event["event"] for event in found["job_events"]] == ["enqueued", "acknowledged"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, {"held_in": "queued", "enqueued_at": NOON}),
        ({"scheduled_at": at(600)}, {"held_in": "scheduled", "enqueued_at": None}),
        (
            {"scheduled_at": at(600), "executions_count": 2, "error": "Net::OpenTimeout: execution: expired"},
            {"held_in": "retry", "error_class": "Net::OpenTimeout", "error_message": "execution: expired"},
        ),
        (
            {"performed_at": at(5), "executions_count": 1, "locked_by_id": PROCESS},
            {"held_in": "running", "started_at": NOON + timedelta(seconds=5), "worker": PROCESS, "attempt": 1},
        ),
        (
            {"performed_at": at(5), "finished_at": at(6), "error": "E: x", "executions_count": 5},
            {"held_in": "dead", "died_at": NOON + timedelta(seconds=6)},
        ),
        ({"scheduled_at": at(50), "executions_count": 2}, {"enqueued_at": NOON + timedelta(seconds=50)}),
    ],
)
def test_the_columns_of_a_row_tell_where_its_job_is(columns: dict[str, Any], expected: dict[str, Any]) -> None:
    job = held(**columns)
    assert (job["job_id"], job["provider_job_id"], job["arguments"]) == (ID, None, "[7]")
    assert {name: job[name] for name in expected} == expected


def test_a_row_whose_process_has_gone_waits_again_though_it_was_performed() -> None:
    assert held(performed_at=at(5), executions_count=1, locked_by_id=None)["held_in"] == "queued"


def test_before_version_4_no_column_tells_who_runs_a_row() -> None:
    columns = row(performed_at=at(5))
    del columns["locked_by_id"]
    (job,) = rows_of(SOURCE, text(columns))["snapshot_jobs"]
    assert (job["held_in"], job["worker"]) == ("running", None)


def test_before_version_4_a_rows_own_id_is_another_name_of_the_job_and_old_runs_are_counted() -> None:
    old = row(id="1" * 36, retried_good_job_id="2" * 36, finished_at=at(3), error="E: x")
    found = rows_of(SOURCE, text(old, row(id="2" * 36)))
    (job,) = found["snapshot_jobs"]
    assert (job["job_id"], job["provider_job_id"]) == (ID, "2" * 36)
    assert found["snapshots"][0]["attributes"] == '{"rows_of_retried_runs":1}'


def test_a_process_is_told_with_all_its_schedulers() -> None:
    schedulers = [{"queues": "a,b", "max_threads": 5, "active_threads": 1}, {"queues": "+c", "max_threads": 2}]
    state = {"hostname": "web1", "pid": 80, "schedulers": schedulers}
    process = {"id": PROCESS, "created_at": at(-60), "updated_at": at(50), "state": json.dumps(state)}
    running = row(performed_at=at(5), locked_by_id=PROCESS)
    found = rows_of(SOURCE, text(running, good_job_processes=[process]))
    (told,) = found["snapshot_processes"]
    assert (told["worker"], told["host"], told["pid"], told["queues"]) == (PROCESS, "web1", 80, ["a", "b", "c"])
    assert (told["concurrency"], told["busy"], told["heartbeat_at"]) == (7, 1, NOON + timedelta(seconds=50))
    assert (found["snapshot_jobs"][0]["host"], found["snapshot_jobs"][0]["pid"]) == ("web1", 80)


@pytest.mark.parametrize(
    "damaged",
    ['{"system": "good_job", "taken_at": "x"}', text() + "}", text(row(), good_job_processes=7)],
)
def test_a_damaged_export_is_rejected_with_the_reason(damaged: str) -> None:
    assert "could not be read" in rows_of(SOURCE, damaged)["rejects"][0]["reason"]


def test_a_row_without_an_id_costs_no_other_row() -> None:
    found = rows_of(SOURCE, text({"queue_name": "x"}, row(), {"id": []}))
    assert [job["job_id"] for job in found["snapshot_jobs"]] == [ID]
    assert [reject["reason"][:19] for reject in found["rejects"]] == ['row 1 of "good_jobs', 'row 3 of "good_jobs']


@pytest.mark.parametrize("other", ['{"system": "procrastinate", "taken_at": ""}', "id,performed_at\n", '{"id": 1}\n'])
def test_other_documents_are_left_to_others(other: str) -> None:
    assert not claimed(SOURCE, other)


def test_two_looks_at_a_finished_job_and_its_log_are_one_run(tmp_path: Path) -> None:
    finished = row(performed_at=at(5), finished_at=at(6), executions_count=1)
    first, second, log = (tmp_path / name for name in ("1.json", "2.json", "production.log"))
    first.write_text(text(finished))
    second.write_text(text(finished, taken=120))
    log.write_text(
        f"I, [2026-03-01T12:00:05.001000 #80]  INFO -- : [ActiveJob] [Mail] [{ID}] Performing Mail (Job ID: {ID}) "
        f"from GoodJob(mailers) enqueued at 2026-03-01T12:00:00Z\n"
        f"I, [2026-03-01T12:00:05.990000 #80]  INFO -- : [ActiveJob] [Mail] [{ID}] Performed Mail (Job ID: {ID}) "
        "from GoodJob(mailers) in 989.0ms\n"
        f"I, [2026-03-01T12:00:06.004000 #80]  INFO -- : [GoodJob] [80] [thread-1] Executed GoodJob {ID}\n"
    )
    database = tmp_path / "db.duckdb"
    load_all(database, first, second, log, final=True)
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        found = db.execute("select job_id, system, state, attempts, successes, arguments::varchar from jobs").fetchall()
    assert found == [(ID, "good_job", "succeeded", 1, 1, "[7]")]
