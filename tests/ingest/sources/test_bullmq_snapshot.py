"""BullMQ's Redis keys: what each place and each hash tells, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.sources.bullmq_snapshot import SOURCE
from tests.ingest.sources.reading import claimed, rows_of

SAMPLE = (Path(__file__).parents[1] / "samples" / "bullmq_snapshot" / "snapshot.json").read_text()
CREATED, STARTED, FINISHED = 1772402400000, 1772402404000, 1772402404500


def job(number: str, **fields: object) -> dict[str, Any]:
    least = {"name": "mail", "data": '{"to":7}', "opts": '{"attempts":3}', "timestamp": str(CREATED), "delay": "0"}
    stored = {key: str(value) for key, value in {**least, **fields}.items() if value is not None}
    return {"key": f"bull:q:{number}", "type": "hash", "hash": stored}


def zset(name: str, *members: list[object]) -> dict[str, Any]:
    return {"key": f"bull:q:{name}", "type": "zset", "zset": list(members)}


def held(name: str, *members: str) -> dict[str, Any]:
    return {"key": f"bull:q:{name}", "type": "list", "list": list(members)}


def snapshot(*keys: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return rows_of(SOURCE, json.dumps({"captured_at": "2026-03-01T22:00:05.1Z", "keys": list(keys)}))


def only(*keys: dict[str, Any]) -> dict[str, Any]:
    (row,) = snapshot(*keys)["snapshot_jobs"]
    return row


def test_ids_are_told_by_queue_because_each_queue_counts_for_itself() -> None:
    other = {"key": "bull:other:wait", "type": "list", "list": ["7"]}
    assert [row["job_id"] for row in snapshot(held("wait", "7"), other)["snapshot_jobs"]] == ["other:7", "q:7"]


def test_a_list_is_read_from_its_end() -> None:
    rows = snapshot(held("wait", "9", "8", "7"), job("7"), job("8"), job("9"))
    assert [(row["job_id"], row["position"]) for row in rows["snapshot_jobs"]] == [("q:7", 0), ("q:8", 1), ("q:9", 2)]
    (queue,) = rows["snapshot_queues"]
    assert (queue["depth"], queue["oldest_at"]) == (3, datetime(2026, 3, 1, 22))  # noqa: DTZ001 - naive UTC


def test_the_score_of_a_delayed_job_is_its_due_time_by_4096() -> None:
    row = only(zset("delayed", ["7", 1772402466000 * 4096 + 12]), job("7", delay=66000))
    assert (row["held_in"], row["run_at"]) == ("scheduled", datetime(2026, 3, 1, 22, 1, 6))  # noqa: DTZ001 - naive UTC
    assert row["enqueued_at"] is None


def test_what_is_delayed_after_a_failure_waits_for_its_retry() -> None:
    failure = {"atm": 1, "ats": 1, "failedReason": "no room", "stacktrace": '["TypeError: no room\\n    at f"]'}
    row = only(zset("delayed", ["7", 1772402466000 * 4096]), job("7", **failure))
    assert (row["held_in"], row["attempt"], row["max_attempts"]) == ("retry", 1, 3)
    assert (row["error_class"], row["error_message"]) == ("TypeError", "no room")


def test_attempts_made_are_not_attempts_started() -> None:
    row = only(held("active", "7"), job("7", atm=1, ats=3, stc=1, processedOn=STARTED, pb="bw1"))
    assert (row["held_in"], row["attempt"], row["worker"]) == ("running", 2, "bw1")
    assert json.loads(row["attributes"])["ats"] == "3"
    assert json.loads(row["attributes"])["stc"] == "1"


def test_a_stalled_job_that_waits_again_has_ended_no_attempt() -> None:
    row = only(held("wait", "7"), job("7", ats=1, stc=1, processedOn=STARTED))
    assert (row["held_in"], row["started_at"], row["enqueued_at"]) == ("queued", None, None)


def test_a_running_job_whose_lock_is_gone_is_marked() -> None:
    lock = {"key": "bull:q:7:lock", "type": "string", "string": "token"}
    rows = snapshot(held("active", "8", "7"), lock)["snapshot_jobs"]
    assert [json.loads(row["attributes"] or "{}").get("lock") for row in rows] == [None, "gone"]


def test_where_no_lock_was_looked_at_none_is_gone() -> None:
    assert only(held("active", "7"))["attributes"] is None


def test_a_job_that_failed_for_good_is_dead_since_its_score() -> None:
    row = only(
        zset("failed", ["7", FINISHED]), job("7", atm=3, ats=3, finishedOn=FINISHED, failedReason="m", stacktrace="[]")
    )
    assert (row["held_in"], row["attempt"], row["died_at"], row["error_class"]) == (
        "dead",
        3,
        datetime(2026, 3, 1, 22, 0, 4, 500_000),  # noqa: DTZ001 - naive UTC
        None,
    )


def test_a_job_that_succeeded_is_told_as_an_end() -> None:
    keys = [zset("completed", ["7", FINISHED]), job("7", atm=1, ats=1, processedOn=STARTED, finishedOn=FINISHED)]
    rows = snapshot(*keys)
    (end,) = rows["job_events"]
    assert "snapshot_jobs" not in rows
    assert (end["event"], end["job_id"], end["job_class"], end["duration"]) == ("acknowledged", "q:7", "mail", 0.5)
    assert (end["occurred_at"], end["attempt"], end["arguments"]) == (
        datetime(2026, 3, 1, 22, 0, 4, 500_000),  # noqa: DTZ001 - naive UTC
        1,
        '{"to":7}',
    )


def test_no_attempts_allowed_means_one() -> None:
    assert only(held("wait", "7"), job("7", opts='{"attempts":0}'))["max_attempts"] == 1


def test_the_id_of_a_repeated_job_holds_colons() -> None:
    number = "repeat:1f3a:1772402405000"
    row = only(zset("delayed", [number, 1772402405000 * 4096]), job(number))
    assert (row["job_id"], row["job_class"]) == (f"q:{number}", "mail")


def test_a_prefix_may_have_braces_and_colons() -> None:
    keys = [{**held("wait", "7"), "key": "{app:jobs}:q:wait"}, {**job("7"), "key": "{app:jobs}:q:7"}]
    row = only(*keys)
    assert (row["job_id"], row["job_class"], row["queue"]) == ("q:7", "mail", "q")


def test_markers_of_older_versions_are_no_jobs() -> None:
    rows = snapshot(held("wait", "0:1772402405000", "7"), job("7"))
    assert [row["job_id"] for row in rows["snapshot_jobs"]] == ["q:7"]
    assert rows["snapshot_queues"][0]["depth"] == 1


def test_what_is_held_while_a_queue_is_paused_waits() -> None:
    meta = {"key": "bull:q:meta", "type": "hash", "hash": {"paused": "1", "version": "bullmq:6.7.0"}}
    rows = snapshot(meta, held("paused", "7"))
    assert (rows["snapshot_queues"][0]["paused"], rows["snapshot_jobs"][0]["held_in"]) == (True, "queued")
    assert rows["snapshots"][0]["version"] == "bullmq:6.7.0"


def test_the_old_names_of_the_counters_are_known() -> None:
    row = only(zset("failed", ["7", FINISHED]), job("7", attemptsMade=2, ats=2, failedReason="m"))
    assert row["attempt"] == 2


def test_a_job_without_a_hash_is_told_by_its_id() -> None:
    row = only(held("wait", "7"))
    assert (row["job_id"], row["job_class"], row["arguments"], row["max_attempts"]) == ("q:7", None, None, None)


def test_fields_and_keys_that_are_not_known_are_kept() -> None:
    rows = snapshot(held("wait", "7"), job("7", more="x"), {"key": "sessions:1", "type": "string", "string": "s"})
    assert json.loads(rows["snapshot_jobs"][0]["attributes"])["more"] == "x"
    assert [entry["key"] for entry in json.loads(rows["snapshots"][0]["attributes"])["keys"]] == ["sessions:1"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"captured_at": "2026-03-01T22:00:05Z", "keys": [', "no valid JSON"),
        ('{"captured_at": "x", "keys": []}', '"captured_at" is missing or no time'),
        ('{"captured_at": "2026-03-01T22:00:05Z", "keys": {}}', '"keys" is missing or no array'),
    ],
)
def test_a_snapshot_that_cannot_be_read_is_rejected_with_its_reason(text: str, reason: str) -> None:
    (reject,) = rows_of(SOURCE, text)["rejects"]
    assert reason in reject["reason"]


def test_members_that_are_no_jobs_are_rejected_and_the_others_are_read() -> None:
    rows = snapshot(zset("delayed", ["7", "soon"], ["8"], ["9", 4096]), {**held("wait"), "list": [5, "6"]})
    assert len(rows["rejects"]) == 3
    assert {row["job_id"] for row in rows["snapshot_jobs"]} == {"q:9", "q:6"}


def test_only_bullmqs_keys_are_claimed() -> None:
    assert claimed(SOURCE, SAMPLE)
    assert claimed(SOURCE, json.dumps({"captured_at": "2026", "keys": [job("7")]}))
    assert not claimed(SOURCE, '{"captured_at":"2026","keys":[{"key":"rq:job:12","type":"hash","hash":{"data":""}}]}')
    assert not claimed(SOURCE, '{"captured_at":"2026","keys":[{"key":"dramatiq:__heartbeats__","type":"zset"}]}')
    assert not claimed(SOURCE, '{"captured_at":"2026","keys":{"queues":{"type":"set","value":[]}}}')
