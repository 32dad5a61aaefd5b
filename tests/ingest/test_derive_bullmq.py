"""The lives of BullMQ's jobs where its inputs say things in their own way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.database import open_for_writing
from ingest.derive import derive
from ingest.loading import load
from tests.ingest.loads import NOW

Told = list[tuple[str, str, bool | None]]


def entry(number: int, event: str, *, job_id: str = "7", queue: str | None = "q", **more: str) -> str:
    fields = {"queue": queue, "id": f"{1772402405000 + number * 1000}-0", "event": event, "jobId": job_id, **more}
    return json.dumps({key: value for key, value in fields.items() if value is not None}) + "\n"


def logged(number: int, msg: str, *, pid: int = 80, **more: object) -> str:
    head = {"level": 30, "time": 1772402405003 + number * 1000, "pid": pid, "hostname": "w", "queue": "q", "jobId": "7"}
    return json.dumps({**head, **more, "msg": msg}) + "\n"


def lives(folder: Path, **files: str) -> tuple[Told, dict[str, str]]:
    """Attempts as job, state and whether a retry follows, and the state of each job."""
    for name, text in files.items():
        (folder / name).write_text(text)
    load(folder / "t.duckdb", [folder / name for name in files], now=NOW)
    with open_for_writing(folder / "t.duckdb") as db:
        derive(db)
        attempts = db.execute("select job_id, state, will_retry from attempts order by job_id, attempt").fetchall()
        return attempts, dict(db.execute("select job_id, state from jobs").fetchall())


def test_a_job_that_is_delayed_before_its_first_run_is_scheduled(tmp_path: Path) -> None:
    text = entry(0, "added", name="n") + entry(1, "delayed", delay="1772402499000")
    assert lives(tmp_path, events=text) == ([], {"q:7": "scheduled"})


def test_a_job_that_is_delayed_from_its_run_has_failed_and_will_be_retried(tmp_path: Path) -> None:
    text = entry(0, "added", name="n") + entry(1, "active") + entry(2, "delayed", delay="1772402499000")
    assert lives(tmp_path, events=text) == ([("q:7", "failed", True)], {"q:7": "retrying"})


def test_a_scheduled_job_that_ran_when_it_was_due_has_not_failed(tmp_path: Path) -> None:
    text = entry(0, "delayed", delay="1772402406000") + entry(1, "waiting", prev="delayed")
    text += entry(2, "active") + entry(3, "completed")
    assert lives(tmp_path, events=text) == ([("q:7", "succeeded", None)], {"q:7": "succeeded"})


def test_a_job_that_goes_back_to_wait_from_its_run_has_failed(tmp_path: Path) -> None:
    text = entry(1, "active") + entry(2, "waiting", prev="active") + entry(3, "active") + entry(4, "completed")
    assert lives(tmp_path, events=text)[0] == [("q:7", "failed", True), ("q:7", "succeeded", None)]


def test_a_stalled_job_was_interrupted_and_waits_again(tmp_path: Path) -> None:
    text = entry(1, "active") + entry(30, "waiting", prev="active") + entry(30, "stalled")
    assert lives(tmp_path, events=text) == ([("q:7", "interrupted", True)], {"q:7": "queued"})


def test_a_stall_that_another_worker_logs_ends_the_run_of_the_one_that_died(tmp_path: Path) -> None:
    text = logged(1, "job active", attemptsMade=0) + logged(31, "job stalled", pid=81, prev="active")
    text += logged(32, "job active", pid=81, attemptsMade=0) + logged(33, "job completed", pid=81, attemptsMade=1)
    assert [state for _, state, _ in lives(tmp_path, log=text)[0]] == ["interrupted", "succeeded"]


def test_stream_and_worker_log_are_two_observers_of_one_run(tmp_path: Path) -> None:
    stream = entry(1, "active") + entry(2, "delayed", delay="1772402499000")
    log = logged(1, "job active", attemptsMade=0) + logged(2, "job failed", attemptsMade=1, err={"type": "E"})
    assert lives(tmp_path, events=stream, log=log)[0] == [("q:7", "failed", True)]


def test_a_run_logged_before_the_end_of_the_one_before_is_the_next(tmp_path: Path) -> None:
    text = logged(1, "job active", attemptsMade=0) + logged(2, "job active", attemptsMade=1)
    text += logged(2, "job failed", attemptsMade=1) + logged(3, "job failed", attemptsMade=2)
    assert [state for _, state, _ in lives(tmp_path, log=text)[0]] == ["failed", "failed"]


def test_a_job_that_is_completed_in_stream_and_snapshots_ran_once(tmp_path: Path) -> None:
    def snapshot(second: int) -> str:
        keys = [
            {"key": "bull:q:completed", "type": "zset", "zset": [["7", 1772402407000]]},
            {
                "key": "bull:q:7",
                "type": "hash",
                "hash": {"timestamp": "1772402405000", "processedOn": "1772402406000", "finishedOn": "1772402406998"},
            },
        ]
        return json.dumps({"captured_at": f"2026-03-01T22:00:{second}Z", "keys": keys})

    whole = entry(1, "active") + entry(2, "completed")
    trimmed = entry(2, "completed")
    for number, text in enumerate((whole, trimmed)):
        (tmp_path / str(number)).mkdir()
        files = {"events": text, "first": snapshot(20), "second": snapshot(40)}
        assert lives(tmp_path / str(number), **files) == ([("q:7", "succeeded", None)], {"q:7": "succeeded"})


def test_entries_written_out_twice_count_once(tmp_path: Path) -> None:
    first = entry(1, "active") + entry(2, "completed")
    second = entry(2, "completed") + entry(3, "drained", job_id="")
    assert lives(tmp_path, one=first, two=second)[0] == [("q:7", "succeeded", None)]


@pytest.mark.parametrize(
    ("name", "queue"),
    [("mail-events.jsonl", "mail"), ("bull_mail-out_events.jsonl", "mail-out"), ("stream.jsonl", "stream.jsonl")],
)
def test_a_queue_that_entries_do_not_name_is_the_one_its_file_is_called_by(
    name: str, queue: str, tmp_path: Path
) -> None:
    known = entry(5, "added", queue="mail", job_id="1") + entry(5, "added", queue="mail-out", job_id="1")
    text = entry(1, "active", queue=None) + entry(2, "completed", queue=None)
    attempts, _ = lives(tmp_path, **{"known.jsonl": known, name: text})
    assert attempts == [(f"{queue}:7", "succeeded", None)]


@pytest.mark.parametrize(
    ("child", "will_retry"), [("delay q", True), ("retry q", True), ("fail q", False), ("complete q", None)]
)
def test_a_span_inside_the_runs_tells_whether_a_failure_is_retried(
    child: str, will_retry: object, tmp_path: Path
) -> None:
    def span(span_id: str, name: str, kind: int, **more: object) -> dict[str, object]:
        pairs = {"bullmq.queue.name": "q", **({"bullmq.job.id": "7"} if kind == 5 else {})}
        return {
            "traceId": "5b8efff798038103d269b633813fc60c",
            "spanId": span_id,
            "name": name,
            "kind": kind,
            "startTimeUnixNano": "1772402405000000001",
            "endTimeUnixNano": "1772402405250000001",
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in pairs.items()],
            **more,
        }

    spans = [
        span("eee19b7ec3c1b174", "process q", 5, events=[{"name": "job failed"}]),
        span("eee19b7ec3c1b175", child, 1, parentSpanId="eee19b7ec3c1b174"),
    ]
    text = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n"
    assert lives(tmp_path, traces=text)[0] == [("q:7", "failed", will_retry)]
