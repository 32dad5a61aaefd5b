"""A snapshot of Resque's keys: the sample, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingest.sources import SOURCES, resque_snapshot
from tests.ingest.sources.reading import Tables, rows_of

SAMPLES = Path(__file__).parent.parent / "samples"
SAMPLE = (SAMPLES / "resque_snapshot" / "namespaced.json").read_text()


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, second)  # noqa: DTZ001 - naive UTC, as the tables have it


def snapshot(**keys: Any) -> Tables:
    kinds = {list: "list", dict: "hash", str: "string"}
    typed = {name: {"type": kinds[type(value)], "ttl_ms": -1, "value": value} for name, value in keys.items()}
    return rows_of(
        resque_snapshot.SOURCE,
        json.dumps({"captured_at": "2026-03-01T22:10:00Z", "system": "resque", "keys": typed}),
    )


def test_the_sample_is_claimed_by_its_source_alone() -> None:
    assert [each.name for each in SOURCES if pl.select(each.claims(pl.lit(SAMPLE[:4096]))).item()] == [
        "resque_snapshot"
    ]


def test_a_queue_is_worked_off_from_its_beginning() -> None:
    jobs = [job for job in rows_of(resque_snapshot.SOURCE, SAMPLE)["snapshot_jobs"] if job["held_in"] == "queued"]
    assert [(job["position"], job["arguments"]) for job in jobs] == [(0, "[10]"), (1, "[11]")]
    assert {job["job_id"] for job in jobs} == {None}


def test_an_empty_queue_is_listed_with_no_jobs() -> None:
    queues = {queue["queue"]: queue["depth"] for queue in rows_of(resque_snapshot.SOURCE, SAMPLE)["snapshot_queues"]}
    assert queues == {"mailers": 2, "reports": 0}


def test_a_worker_is_told_with_its_heartbeat_and_start_however_each_is_written() -> None:
    workers = {worker["pid"]: worker for worker in rows_of(resque_snapshot.SOURCE, SAMPLE)["snapshot_processes"]}
    assert (workers[80]["host"], workers[80]["started_at"], workers[80]["heartbeat_at"]) == (
        "web1",
        at(22, 0),
        at(22, 9, 40),
    )
    assert (workers[80]["busy"], workers[5]["busy"], workers[5]["heartbeat_at"]) == (1, 0, None)


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("*", ["high", "low", "mail_a"]),
        ("mail_*,low", ["mail_a", "low"]),
        ("*,!low", ["high", "mail_a"]),
        ("new", ["new"]),
    ],
)
def test_patterns_stand_for_the_queues_there_are(asked: str, read: list[str]) -> None:
    found = snapshot(**{"resque:queues": ["low", "high", "mail_a"], "resque:workers": [f"web1:80:{asked}"]})
    assert found["snapshot_processes"][0]["queues"] == read


def test_what_a_worker_works_on_is_running_since_then() -> None:
    (job,) = [job for job in rows_of(resque_snapshot.SOURCE, SAMPLE)["snapshot_jobs"] if job["held_in"] == "running"]
    assert (job["started_at"], job["pid"], job["queue"], job["job_class"]) == (at(22, 5), 80, "mailers", "WelcomeMail")


def test_a_failure_keeps_its_error_worker_and_backtrace() -> None:
    (job,) = [job for job in rows_of(resque_snapshot.SOURCE, SAMPLE)["snapshot_jobs"] if job["held_in"] == "failed"]
    assert (job["failed_at"], job["error_class"], job["pid"]) == (at(22, 1, 10), "NoMethodError", 80)
    assert json.loads(job["attributes"])["backtrace"] == ["/srv/example/report.rb:9:in `total'"]


def test_a_failure_in_a_zone_that_is_only_abbreviated_is_told_as_the_clock_showed_it() -> None:
    failure = {"failed_at": "2026/03/01 23:01:10 CET", "payload": {"class": "C", "args": []}, "queue": "q"}
    (job,) = snapshot(**{"resque:failed": [json.dumps(failure)]})["snapshot_jobs"]
    assert (job["failed_at"], job["failed_at_clock"]) == (None, at(23, 1, 10))


def test_a_delayed_job_is_due_at_the_second_in_its_keys_name() -> None:
    (job,) = [job for job in rows_of(resque_snapshot.SOURCE, SAMPLE)["snapshot_jobs"] if job["held_in"] == "scheduled"]
    assert (job["run_at"], job["queue"]) == (at(23, 0), "reports")


def test_another_namespace_is_found_by_itself() -> None:
    found = snapshot(**{"shop:jobs:queues": ["q"], "shop:jobs:queue:q": ['{"class":"C","args":[]}'], "shop:other": "x"})
    assert [job["queue"] for job in found["snapshot_jobs"]] == ["q"]
    assert "shop:other" in json.loads(found["snapshots"][0]["attributes"])["keys"]


def test_an_active_job_is_told_by_its_own_id_and_class() -> None:
    inner = {
        "job_class": "YearReport",
        "job_id": "97ba6646-9acf-429d-95a3-61e4eabcf3df",
        "arguments": [1],
        "executions": 1,
    }
    payload = {"class": "ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper", "args": [inner]}
    (job,) = snapshot(**{"resque:queue:q": [json.dumps(payload)]})["snapshot_jobs"]
    assert (job["job_id"], job["job_class"], job["arguments"], job["attempt"]) == (
        inner["job_id"],
        "YearReport",
        "[1]",
        1,
    )


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"resque:queue:q": ["{"]}, "no valid JSON"),
        ({"resque:queue:q": "text"}, "no list"),
        ({"resque:failed": ["[]"]}, "a failure could not be read"),
        ({"resque:workers:heartbeat": []}, "no object"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_key_and_the_rest_is_read(keys: dict[str, Any], reason: str) -> None:
    found = snapshot(**keys, **{"resque:queue:good": ['{"class":"C","args":[]}']})
    assert reason in found["rejects"][0]["reason"]
    assert [job["queue"] for job in found["snapshot_jobs"]] == ["good"]


def test_a_document_without_keys_or_time_is_rejected_with_the_reason() -> None:
    assert "keys" in rows_of(resque_snapshot.SOURCE, '{"captured_at":"2026-03-01T22:10:00Z"}')["rejects"][0]["reason"]
    assert "when it was taken" in rows_of(resque_snapshot.SOURCE, '{"keys":{}}')["rejects"][0]["reason"]
