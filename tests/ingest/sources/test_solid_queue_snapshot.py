"""Solid Queue's tables: the sample, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources.solid_queue_snapshot import SOURCE
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

SAMPLE = (Path(__file__).parent.parent / "samples" / "solid_queue_snapshot" / "tables.json").read_text()
ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1"
NOON = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - naive UTC, as the tables have it


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat(sep=" ")


def job(number: int = 12, executions: int = 0, **columns: Any) -> dict[str, Any]:
    stored = {"job_id": ID, "arguments": [7], "executions": executions}
    base = {"id": number, "queue_name": "mailers", "class_name": "Mail", "active_job_id": ID, "created_at": at(0)}
    return {**base, "arguments": json.dumps(stored), "scheduled_at": at(0), "finished_at": None, **columns}


def text(*jobs: dict[str, Any], taken: float = 60, **tables: Any) -> str:
    named = {f"solid_queue_{name}": rows for name, rows in tables.items()}
    return json.dumps({"system": "solid_queue", "taken_at": at(taken), "solid_queue_jobs": jobs, **named})


WORKER = {"id": 3, "kind": "Worker", "pid": 80, "hostname": "web1", "name": "worker-8c1e", "last_heartbeat_at": at(50)}


@pytest.mark.parametrize(
    ("executions", "table", "columns", "told"),
    [
        (0, "ready", {"created_at": at(9)}, {"held_in": "queued", "enqueued_at": NOON + timedelta(seconds=9)}),
        (0, "scheduled", {"scheduled_at": at(600)}, {"held_in": "scheduled", "attempt": 0}),
        (2, "scheduled", {"scheduled_at": at(600)}, {"held_in": "retry", "attempt": 2}),
        (
            1,
            "claimed",
            {"process_id": 3, "created_at": at(5)},
            {"held_in": "running", "attempt": 2, "worker": "worker-8c1e", "host": "web1", "pid": 80},
        ),
        (
            0,
            "failed",
            {"error": '{"exception_class":"E","message":"x","backtrace":["a.rb:1"]}', "created_at": at(5)},
            {"held_in": "dead", "error_class": "E", "error_message": "x", "died_at": NOON + timedelta(seconds=5)},
        ),
    ],
)
def test_the_table_that_has_its_execution_tells_where_a_job_is(
    executions: int, table: str, columns: dict[str, Any], told: dict[str, Any]
) -> None:
    tables = {f"{table}_executions": [{"id": 1, "job_id": 12, **columns}]}
    found = rows_of(SOURCE, text(job(executions=executions), processes=[WORKER], **tables))
    (row,) = found["snapshot_jobs"]
    assert (row["job_id"], row["provider_job_id"], row["arguments"]) == (ID, "12", "[7]")
    assert {name: row[name] for name in told} == told


def test_a_job_that_waits_for_a_lock_is_in_no_queue() -> None:
    blocked = {"job_id": 12, "concurrency_key": "Sync/7", "expires_at": at(180), "created_at": at(0)}
    found = rows_of(SOURCE, text(job(), blocked_executions=[blocked]))
    (row,) = found["snapshot_jobs"]
    assert (row["held_in"], row["run_at"]) == ("scheduled", NOON + timedelta(seconds=180))
    assert json.loads(row["attributes"])["blocked_execution"] == {"concurrency_key": "Sync/7"}
    assert [(queue["queue"], queue["depth"]) for queue in found["snapshot_queues"]] == [("mailers", 0)]


def test_a_claim_whose_process_has_no_row_is_that_of_a_lost_worker() -> None:
    claim = {"job_id": 12, "process_id": 1, "created_at": at(5)}
    (row,) = rows_of(SOURCE, text(job(), claimed_executions=[claim]))["snapshot_jobs"]
    assert (row["held_in"], row["worker"], row["pid"]) == ("running", None, None)
    assert json.loads(row["attributes"])["claimed_execution"] == {"process_id": 1}


def test_a_row_whose_run_was_put_on_its_queue_again_is_no_success() -> None:
    found = rows_of(SOURCE, text(job(finished_at=at(5)), job(13, 1, finished_at=at(20))))
    ends = [event for event in found["job_events"] if event["event"] == "acknowledged"]
    assert [(end["provider_job_id"], end["attempt"]) for end in ends] == [("13", 2)]


def test_a_paused_queue_is_told_and_what_is_not_exported_is_not() -> None:
    ready = [{"job_id": 12, "created_at": at(0)}]
    told = rows_of(SOURCE, text(job(), ready_executions=ready, pauses=[{"queue_name": "old"}]))["snapshot_queues"]
    assert [(queue["queue"], queue["depth"], queue["paused"]) for queue in told] == [
        ("mailers", 1, False),
        ("old", 0, True),
    ]
    assert rows_of(SOURCE, text(job(), ready_executions=ready))["snapshot_queues"][0]["paused"] is None


def test_other_tables_and_executions_without_a_job_are_kept() -> None:
    found = rows_of(SOURCE, text(job(), semaphores=[{"key": "Sync/7"}], ready_executions=[{"job_id": 99}]))
    assert json.loads(found["snapshots"][0]["attributes"]) == {
        "solid_queue_semaphores": [{"key": "Sync/7"}],
        "solid_queue_ready_executions": [{"job_id": 99}],
    }


@pytest.mark.parametrize("damaged", ['{"system": "solid_queue", "taken_at": 7}', SAMPLE[:-9], text(job(), processes=7)])
def test_a_damaged_export_is_rejected_with_the_reason(damaged: str) -> None:
    assert "could not be read" in rows_of(SOURCE, damaged)["rejects"][0]["reason"]


def test_a_row_without_an_id_costs_no_other_row() -> None:
    found = rows_of(SOURCE, text({"queue_name": "x"}, job(), {"id": []}))
    assert [row["job_id"] for row in found["snapshot_jobs"]] == [ID]
    assert len(found["rejects"]) == 2


def test_other_documents_are_left_to_others() -> None:
    assert not claimed(SOURCE, '{"system": "good_job", "taken_at": ""}')


def lives(tmp_path: Path, log: str, *snapshots: str) -> list[tuple[Any, ...]]:
    paths = [tmp_path / "production.log", *(tmp_path / f"{number}.json" for number in range(len(snapshots)))]
    for path, content in zip(paths, (log, *snapshots), strict=True):
        path.write_text(content)
    database = tmp_path / "db.duckdb"
    load_all(database, *paths, final=True)
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        return db.execute(
            "select job_id, system, state, attempts, failures, successes from jobs order by job_id"
        ).fetchall()


def line(seconds: float, words: str, pid: int = 80) -> str:
    moment = (NOON + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
    return f"I, [{moment} #{pid}]  INFO -- : {words}\n"


TAGS = f"[ActiveJob] [Mail] [{ID}]"
NAMED = f"Mail (Job ID: {ID}) from SolidQueue(mailers)"
PERFORMING = line(5, f"{TAGS} Performing {NAMED} enqueued at 2026-03-01T12:00:00Z")


def test_two_looks_at_a_finished_job_and_its_log_are_one_run(tmp_path: Path) -> None:
    finished = job(finished_at=at(6))
    log = PERFORMING + line(5.99, f"{TAGS} Performed {NAMED} in 989.0ms")
    assert lives(tmp_path, log, text(finished), text(finished, taken=120)) == [
        (ID, "solid_queue", "succeeded", 1, 0, 1)
    ]


def test_a_job_that_is_given_up_with_its_worker_is_known_by_its_row(tmp_path: Path) -> None:
    claim = {"job_id": 12, "process_id": 3, "created_at": at(4.9)}
    log = PERFORMING + line(90, "SolidQueue-1.1.0 Fail claimed jobs (3.0ms)  job_ids: [12], process_ids: [3]", 70)
    running = text(job(), claimed_executions=[claim], processes=[WORKER])
    assert lives(tmp_path, log, running) == [(ID, "solid_queue", "failed", 1, 0, 0)]


def test_a_shutdown_that_gives_a_job_back_interrupts_its_run(tmp_path: Path) -> None:
    claim = {"job_id": 12, "process_id": 3, "created_at": at(4.9)}
    running = text(job(), claimed_executions=[claim], processes=[WORKER])
    log = PERFORMING + line(90, "SolidQueue-1.1.0 Release claimed job (3.0ms)  job_id: 12, process_id: 3")
    assert lives(tmp_path, log, running) == [(ID, "solid_queue", "queued", 1, 0, 0)]


def test_a_line_about_a_row_that_no_input_knows_is_no_job_of_its_own(tmp_path: Path) -> None:
    log = line(1, "SolidQueue-1.1.0 Claim jobs (3.0ms)  process_id: 3, job_ids: [8], claimed_job_ids: [8], size: 1")
    assert lives(tmp_path, log) == []


def test_a_semaphore_that_is_used_up_is_a_lock_and_a_free_one_is_none() -> None:
    rows = [
        {"id": 1, "key": "Mail/7", "value": 0, "expires_at": at(180)},
        {"id": 2, "key": "Mail/8", "value": 1, "expires_at": at(180)},
    ]
    found = rows_of(SOURCE, text(job(), semaphores=rows))
    (lock,) = found["snapshot_locks"]
    assert (lock["lock"], lock["kind"], lock["holder_id"]) == ("Mail/7", "semaphore", None)
    assert lock["expires_at"] == NOON + timedelta(seconds=180)
    assert json.loads(found["snapshots"][0]["attributes"])["solid_queue_semaphores"] == rows[1:]
