"""The query of docs/ that exports Solid Queue's tables from SQLite, run on tables like those of its own schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ingest.sources.solid_queue_snapshot import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

DOCS = Path(__file__).parent.parent.parent / "docs"
QUERY = (DOCS / "solid_queue_export_sqlite.sql").read_text(encoding="utf-8")
SCHEMA = """
create table solid_queue_jobs (
    id integer primary key, queue_name text, class_name text, arguments text, priority integer default 0,
    active_job_id text, scheduled_at text, finished_at text, concurrency_key text, created_at text, updated_at text
);
create table solid_queue_ready_executions (id integer primary key, job_id, queue_name, priority, created_at);
create table solid_queue_scheduled_executions (
    id integer primary key, job_id, queue_name, priority, scheduled_at, created_at
);
create table solid_queue_claimed_executions (id integer primary key, job_id, process_id, created_at);
create table solid_queue_blocked_executions (
    id integer primary key, job_id, queue_name, priority, concurrency_key, expires_at, created_at
);
create table solid_queue_semaphores (id integer primary key, key, value, expires_at, created_at, updated_at);
create table solid_queue_failed_executions (id integer primary key, job_id, error, created_at);
create table solid_queue_processes (
    id integer primary key, kind, last_heartbeat_at, supervisor_id, pid, hostname, metadata, created_at, name
);
create table solid_queue_pauses (id integer primary key, queue_name, created_at);
"""
ROWS = """
insert into solid_queue_jobs (id, queue_name, class_name, arguments, active_job_id, finished_at, created_at) values
    (1, 'mailers', 'Mail', '{"job_id":"a","arguments":["Jürgen \\"x\\""],"executions":0}', 'a', null, '2026-03-01 12:00:00.12'),
    (2, 'mailers', 'Mail', '{"job_id":"b","arguments":[],"executions":0}', 'b', datetime('now'), datetime('now')),
    (3, 'mailers', 'Mail', '{"job_id":"c","arguments":[],"executions":0}', 'c', '2020-01-01 00:00:00', '2020-01-01');
insert into solid_queue_claimed_executions (job_id, process_id, created_at) values (1, 3, '2026-03-01 12:00:05');
insert into solid_queue_semaphores (key, value, expires_at) values ('Mail/7', 0, '2026-03-01 12:03:00');
insert into solid_queue_processes (id, kind, pid, hostname, metadata, name, last_heartbeat_at) values
    (3, 'Worker', 80, 'web1', '{"queues":"mailers","thread_pool_size":3}', 'worker-8c1e', '2026-03-01 12:00:00');
"""  # noqa: E501 - rows as they are


def export(*statements: str) -> str:
    with sqlite3.connect(":memory:") as db:
        for statement in (SCHEMA, *statements):
            db.executescript(statement)
        ((document,),) = db.execute(QUERY).fetchall()
    return str(document)


def test_an_export_is_read_as_what_the_tables_hold() -> None:
    document = export(ROWS)
    assert claimed(SOURCE, document)
    found = rows_of(SOURCE, document)
    assert "rejects" not in found
    (job,) = found["snapshot_jobs"]
    assert (job["job_id"], job["held_in"], job["worker"], job["arguments"]) == (
        "a",
        "running",
        "worker-8c1e",
        '["Jürgen \\"x\\""]',
    )
    assert {event["job_id"] for event in found["job_events"]} == {"b"}
    assert found["snapshot_processes"][0]["queues"] == ["mailers"]
    assert [(lock["lock"], lock["expires_at"].minute) for lock in found["snapshot_locks"]] == [("Mail/7", 3)]


def test_an_export_of_empty_tables_is_a_snapshot_of_nothing() -> None:
    assert list(rows_of(SOURCE, export())) == ["snapshots"]


@pytest.mark.parametrize("path", sorted(DOCS.glob("*_export*.sql")), ids=lambda path: path.name)
def test_an_export_only_reads(path: Path) -> None:
    statement = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("--")).strip()
    assert statement.startswith("select ")
    assert statement.count(";") == 1
