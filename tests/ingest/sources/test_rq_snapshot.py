"""RQ's Redis keys and exported jobs: where each job is held, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources import rq_jobs, rq_snapshot
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

RUN = "0b7a5d2f11c34f608f0e0c5b3f7d2a12"
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\nshop.GatewayError: 503\n'
RAN = {
    "started_at": "2026-03-01T22:00:01.120000Z",
    "ended_at": "2026-03-01T22:00:01.620000Z",
    "worker_name": "w1",
}


def utc(*parts: int) -> datetime:
    return datetime(2026, 3, 1, *parts)  # noqa: DTZ001 - as the tables hold it


def job(status: str = "queued", **more: str) -> dict[str, str]:
    """A job's hash; what it has none of is an empty text."""
    told = {"status": status, "created_at": "2026-03-01T22:00:00.100000Z", "enqueued_at": "2026-03-01T22:00:00.100410Z"}
    empty = {"started_at": "", "ended_at": "", "worker_name": "", "last_heartbeat": ""}
    return told | empty | {"origin": "mailers", "description": "shop.mail('a', 7)", "timeout": "180"} | more


def key(name: str, value: Any) -> dict[str, Any]:
    return {"key": f"rq:{name}", "type": "any", "value": value}


def document(*keys: dict[str, Any]) -> str:
    return json.dumps({"system": "rq", "captured_at": "2026-03-01T22:00:40.5Z", "keys": [*keys]})


def rows(*keys: dict[str, Any], table: str = "snapshot_jobs") -> list[dict[str, Any]]:
    return rows_of(rq_snapshot.SOURCE, document(*keys)).get(table, [])


def held(place: str, member: Any, **found: str) -> dict[str, Any]:
    """The job ``j`` that one key holds."""
    (row,) = rows(key(place, [member]), key("job:j", job(**found)))
    assert (row["job_id"], row["queue"]) == ("j", "mailers")
    return row


def test_a_waiting_job_is_queued_since_it_was_enqueued() -> None:
    row = held("queue:mailers", "j")
    assert (row["held_in"], row["position"], row["enqueued_at"]) == ("queued", 0, utc(22, 0, 0, 100410))
    assert (row["job_class"], row["arguments"]) == ("shop.mail", '["a", 7]')


def test_a_job_taken_from_its_queue_and_not_begun_is_reserved() -> None:
    assert held("queue:mailers:intermediate", "j")["held_in"] == "reserved"


@pytest.mark.parametrize("member", [f"j:{RUN}", "j"], ids=["from version 2 on", "version 1"])
def test_a_running_job_is_named_before_its_run_s_id(member: str) -> None:
    row = held("wip:mailers", [member, 1772402520], status="started", **(RAN | {"ended_at": ""}))
    assert (row["held_in"], row["started_at"], row["worker"]) == ("running", utc(22, 0, 1, 120000), "w1")


def test_a_worker_that_says_what_it_is_at_names_itself_for_a_job_that_does_not() -> None:
    worker = key("worker:w2", {"current_job": "j", "state": "busy"})
    (row,) = rows(key("wip:mailers", [["j", 1772402520]]), worker, key("job:j", job("started")))
    assert row["worker"] == "w2"


def test_the_score_of_a_failed_job_is_when_it_expires_and_not_when_it_failed() -> None:
    row = held("failed:mailers", ["j", 1803938401], status="failed", exc_info=TRACEBACK, **RAN)
    assert (row["held_in"], row["failed_at"], row["died_at"]) == ("dead", utc(22, 0, 1, 620000), utc(22, 0, 1, 620000))
    assert (row["error_class"], row["error_message"]) == ("shop.GatewayError", "503")


def test_what_rq_says_itself_of_a_failure_is_its_message() -> None:
    words = "Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); "
    row = held("failed:mailers", ["j", 1803938401], status="failed", exc_info=words)
    assert (row["error_class"], row["error_message"]) == (None, words.strip())


def test_a_scheduled_job_that_ran_before_waits_for_its_retry() -> None:
    first = held("scheduled:mailers", ["j", 1772406000], status="scheduled")
    retry = held("scheduled:mailers", ["j", 1772406000], status="scheduled", retries_left="2", **RAN)
    assert (first["held_in"], retry["held_in"]) == ("scheduled", "retry")
    assert first["run_at"] == retry["run_at"] == utc(23, 0, 0)
    assert (first["failed_at"], retry["failed_at"]) == (None, utc(22, 0, 1, 620000))


def test_a_finished_job_is_held_nowhere_and_tells_how_its_last_run_ended() -> None:
    found = rows_of(
        rq_snapshot.SOURCE, document(key("finished:mailers", [["j", 1772402901]]), key("job:j", job("finished", **RAN)))
    )
    assert "snapshot_jobs" not in found
    enqueued, ended = found["job_events"]
    assert (enqueued["event"], enqueued["occurred_at"]) == ("enqueued", utc(22, 0, 0, 100410))
    assert (ended["event"], ended["occurred_at"], ended["duration"]) == ("acknowledged", utc(22, 0, 1, 620000), 0.5)


def test_the_score_of_a_canceled_job_is_when_that_happened() -> None:
    keys = [key("canceled:mailers", [["j", 1772402405]]), key("job:j", job("canceled"))]
    found = {row["event"]: row for row in rows(*keys, table="job_events")}
    assert found["cancelled"]["occurred_at"] == utc(22, 0, 5)
    assert found["cancelled"]["job_class"] == "shop.mail"


def test_a_job_that_has_expired_is_known_by_its_id_only() -> None:
    (row,) = rows(key("queue:mailers", ["gone"]))
    assert (row["job_id"], row["job_class"], row["held_in"]) == ("gone", None, "queued")


def test_arguments_that_were_cut_are_left_out() -> None:
    cut = held("queue:mailers", "j", description=f"shop.mail('{'x' * 74}..., 7)")
    dots = held("queue:mailers", "j", description="shop.mail('and so on...', 7)")
    assert (cut["job_class"], cut["arguments"]) == ("shop.mail", None)
    assert dots["arguments"] == '["and so on...", 7]'


def test_words_that_are_no_call_are_kept_as_words() -> None:
    row = held("queue:mailers", "j", description="a nightly export, by hand")
    assert (row["job_class"], row["arguments"]) == (None, None)


def test_every_queue_is_there_with_its_depth_even_an_empty_one() -> None:
    keys = [key("queues", ["rq:queue:mailers", "rq:queue:exports"]), key("queue:mailers", ["j"]), key("job:j", job())]
    found = {row["queue"]: (row["depth"], row["oldest_at"]) for row in rows(*keys, table="snapshot_queues")}
    assert found == {"mailers": (1, utc(22, 0, 0, 100410)), "exports": (0, None)}


def test_where_all_workers_are_suspended_every_queue_is_paused() -> None:
    found = rows(key("queues", ["rq:queue:mailers"]), key("suspended", "1"), table="snapshot_queues")
    assert [row["paused"] for row in found] == [True]


def test_a_worker_is_known_by_its_name_and_one_that_died_is_none() -> None:
    alive = {"birth": "2026-03-01T21:00:00.000000Z", "last_heartbeat": "2026-03-01T22:00:32.1Z", "pid": "80"}
    keys = [
        key("worker:w1", alive | {"queues": "mailers,exports", "state": "busy", "version": "3.0.0"}),
        key("worker:w2", alive | {"death": "2026-03-01T22:00:00.000000Z"}),
    ]
    (row,) = rows(*keys, table="snapshot_processes")
    assert (row["worker"], row["queues"], row["busy"], row["quiet"]) == ("w1", ["mailers", "exports"], 1, False)
    assert (row["pid"], json.loads(row["attributes"])["pid"]) == (None, "80")


def test_registries_without_their_jobs_tell_where_each_is() -> None:
    registries = {
        "started": [[f"runs:{RUN}", 1772402520.0]],
        "failed": [["bad", 1803938401.0]],
        "finished": [["done", 1772402901.0]],
        "scheduled": [["later", 1772406000.0]],
        "deferred": [["waits", 1772402400.0]],
    }
    told = {name: {"count": len(entries), "entries": entries} for name, entries in registries.items()}
    queues = {"mailers": {"count": 1, "job_ids": ["first"], "registries": told}}
    text = json.dumps({"captured_at": 1772402440.5, "queues": queues, "workers": []})
    assert claimed(rq_snapshot.SOURCE, text)
    found = {row["job_id"]: row["held_in"] for row in rows_of(rq_snapshot.SOURCE, text)["snapshot_jobs"]}
    assert found == {"first": "queued", "runs": "running", "bad": "dead", "later": "scheduled", "waits": "scheduled"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"system": "rq", "keys": []}', "captured_at"),
        ('{"system": "rq", "captured_at": "2026-03-01T22:00:40Z"}', '"keys"'),
        ('{"system": "rq", "captured_at": "2026-03-01T22:00:40Z", "keys": [', "JSON"),
        (document(key("queue:mailers", [{"no": "id"}])), "no id of a job"),
        (document(key("canceled:mailers", [["j"]])), "no canceled job with a time"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_the_reason(text: str, why: str) -> None:
    assert why in rows_of(rq_snapshot.SOURCE, text)["rejects"][0]["reason"]


def exported(**found: str) -> list[dict[str, Any]]:
    return rows_of(rq_jobs.SOURCE, json.dumps({"key": "rq:job:j", "hash": job(**found)}) + "\n")["job_events"]


@pytest.mark.parametrize(
    ("found", "events"),
    [
        ({"status": "queued"}, ["enqueued"]),
        ({"status": "finished", **RAN}, ["enqueued", "acknowledged"]),
        ({"status": "started", **(RAN | {"ended_at": ""})}, ["enqueued", "heartbeat"]),
        ({"status": "failed", **RAN}, ["enqueued"]),
    ],
)
def test_an_exported_job_tells_what_it_can_without_a_moment_of_its_own(
    found: dict[str, str], events: list[str]
) -> None:
    told = exported(**found)
    assert [row["event"] for row in told] == events
    assert {(row["job_id"], row["job_class"], row["queue"]) for row in told} == {("j", "shop.mail", "mailers")}


def test_a_pickle_is_not_kept() -> None:
    text = json.dumps({"key": "rq:job:j", "hash": job() | {"data": "eJxrYJ2q", "meta": "kept"}})
    (row,) = rows_of(rq_jobs.SOURCE, text)["job_events"]
    assert json.loads(row["attributes"]) == {"timeout": "180", "meta": "kept"}


def test_two_looks_at_a_finished_job_and_its_log_are_one_run(tmp_path: Path) -> None:
    export = json.dumps({"key": "rq:job:j", "hash": job("finished", **RAN)}) + "\n"
    log = (
        "2026-03-01 22:00:01 Worker w1: mailers: shop.mail('a', 7) (j)\n"
        "2026-03-01 22:00:01 Successfully completed shop.mail('a', 7) job in 0:00:00.500000s on worker w1\n"
        "2026-03-01 22:00:01 Worker w1: mailers: Job OK (j)\n"
    )
    for name, text in {"one.jsonl": export, "two.jsonl": export + export, "w1.log": log}.items():
        (tmp_path / name).write_text(text)
    load_all(tmp_path / "t.duckdb", *(tmp_path / name for name in ("one.jsonl", "two.jsonl", "w1.log")))
    with open_for_writing(tmp_path / "t.duckdb") as db:
        derive(db)
    with open_for_reading(tmp_path / "t.duckdb") as db:
        assert db.execute("select state, run, worker_key from attempts").fetchall() == [("succeeded", 0.5, "w1")]
        assert db.execute("select state, enqueued_at from jobs").fetchall() == [("succeeded", utc(22, 0, 0, 100410))]
