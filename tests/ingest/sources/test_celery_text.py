"""The log of Celery's worker: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources.celery_text import SOURCE
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as written
ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1"
TASK = f"shop.mail[{ID}]"
CHILD = "ForkPoolWorker-3"
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\n    work()\n'


def line(words: str, process: str = "MainProcess", *, level: str = "INFO", seconds: float = 0) -> str:
    moment = (AT + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
    return f"[{moment}: {level}/{process}] {words}\n"


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, text)[table]
    return row


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (f"Task {TASK} received", {"event": "reserved", "duration": None}),
        (f"Received task: {TASK}  ", {"event": "reserved", "run_at": None}),
        (
            f"Received task: {TASK}  ETA:[2026-03-01 23:10:00.5+01:00] ",
            {"event": "reserved", "run_at": datetime(2026, 3, 1, 22, 10, 0, 500000)},  # noqa: DTZ001
        ),
        (f"Task accepted: {TASK} pid:84", {"event": "started"}),
        (f"Task {TASK} succeeded in 0.15s: {{'a': 'Task x[1] ignored'}}", {"event": "succeeded", "duration": 0.15}),
        (f"Task {TASK} succeeded in 1.5e-05s: None", {"event": "succeeded", "duration": 1.5e-05}),
        (f"Task {TASK} ignored", {"event": "acknowledged"}),
        (f"Task {TASK} reject requeue=True: later", {"event": "requeued", "will_retry": None}),
        (
            f"Task {TASK} reject requeue=False: bad payload",
            {"event": "failed", "will_retry": False, "error_class": "Reject", "error_message": "bad payload"},
        ),
        (f"Task {TASK} raised expected: KeyError('sku')", {"event": "failed", "error_class": "KeyError"}),
        (f"Task {TASK} INTERNAL ERROR: OSError(28, 'full')", {"error_class": "OSError", "error_message": "28, 'full'"}),
        (f"Task {TASK} raised unexpected: <Odd thing>", {"error_class": None, "error_message": "<Odd thing>"}),
        (f"Discarding revoked task: {TASK}", {"event": "discarded"}),
        (
            f"Hard time limit (5s) exceeded for {TASK}",
            {"event": "failed", "error_class": "TimeLimitExceeded", "duration": 5.0, "will_retry": False},
        ),
    ],
)
def test_a_line_about_a_task_tells_its_life(words: str, told: dict[str, Any]) -> None:
    row = only(line(words))
    assert (row["job_id"], row["job_class"], row["occurred_at_clock"]) == (ID, "shop.mail", AT)
    assert {name: row[name] for name in told} == told


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("Retry in 3s: TimeoutError('no answer')", 3), ("Retry in 2.5s: TimeoutError('no answer')", 2.5)],
)
def test_a_retry_is_a_failure_with_the_same_id_that_comes_again(words: str, seconds: float) -> None:
    failed, retry = rows_of(SOURCE, line(f"Task {TASK} retry: {words}", CHILD))["job_events"]
    assert (failed["event"], failed["will_retry"], failed["error_class"]) == ("failed", True, "TimeoutError")
    assert (failed["error_message"], failed["thread"]) == ("no answer", CHILD)
    assert (retry["event"], retry["record_no"], retry["job_id"]) == ("retry_scheduled", 1, ID)
    assert retry["run_at_clock"] == AT + timedelta(seconds=seconds)


def test_a_multi_line_message_of_an_exception_stays_whole() -> None:
    text = line(f"Task {TASK} raised unexpected: ValueError('unknown code\\nsecond line')", CHILD, level="ERROR")
    row = only(f"{text}{TRACEBACK}ValueError: unknown code\nsecond line\n")
    assert (row["error_class"], row["error_message"]) == ("ValueError", "unknown code\nsecond line")
    assert row["backtrace"].endswith("second line")


def test_received_is_no_start() -> None:
    assert only(line(f"Task {TASK} received"))["event"] == "reserved"


def test_the_soft_limit_is_no_end_for_the_task_may_catch_it() -> None:
    row = only(line(f"Soft time limit (3s) exceeded for {TASK}", level="WARNING"), "log_lines")
    assert (row["job_id"], row["level"]) == (ID, "warn")


def test_the_first_line_of_a_hard_limit_and_that_of_a_lost_child_name_no_task_and_are_words() -> None:
    for error in ("TimeLimitExceeded(5)", "WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: 12.')"):
        found = rows_of(SOURCE, line(f"Task handler raised error: {error}", level="ERROR") + TRACEBACK)
        assert list(found) == ["log_lines"]


def test_a_lost_child_is_told_by_its_parent() -> None:
    words = "Process 'ForkPoolWorker-3' pid:4182 exited with 'signal 9 (SIGKILL)'"
    row = only(line(words, level="ERROR"), "worker_events")
    assert (row["event"], row["thread"], row["attributes"]) == ("died", CHILD, '{"child_pid":4182}')


def test_flagged_as_revoked_is_no_end_for_the_task_may_be_done_or_run_on() -> None:
    assert only(line(f"Tasks flagged as revoked: {ID}"), "log_lines")["job_id"] == ID


def test_a_termination_names_the_id_only() -> None:
    row = only(line(f"Terminating {ID} (15)"))
    assert (row["event"], row["job_id"], row["job_class"]) == ("cancelled", ID, None)


def test_a_task_that_no_worker_knows_is_given_up_and_its_message_kept() -> None:
    text = line("Received unregistered task of type 'shop.tax'.", level="ERROR")
    found = rows_of(
        SOURCE, f"{text}The message has been ignored and discarded.\n\n{{'task': 'shop.tax', 'id': '{ID}'}}\n"
    )
    (row,) = found["job_events"]
    assert (row["event"], row["job_id"], row["job_class"]) == ("retries_exhausted", ID, "shop.tax")
    assert row["error_class"] == "NotRegistered"
    assert [(kept["line_no"], kept["message"][:11]) for kept in found["log_lines"]] == [(2, "The message")]


def test_a_shutdown_that_gives_messages_back_says_how_many() -> None:
    row = only(line("Restoring 2 unacknowledged message(s)"), "worker_events")
    assert (row["event"], row["job_count"]) == ("pushed_back", 2)


def test_what_a_task_says_is_a_line_even_if_it_says_what_celery_would() -> None:
    row = only(line(f"{TASK}: Task other[1] received", CHILD), "log_lines")
    assert (row["job_id"], row["job_class"], row["message"]) == (ID, "shop.mail", "Task other[1] received")


def test_a_missed_heartbeat_is_a_peers_guess_and_no_death() -> None:
    assert "b@host-2" in only(line("missed heartbeat from b@host-2"), "log_lines")["message"]


def test_the_line_of_the_scheduler_inside_a_worker_is_not_the_workers() -> None:
    assert not claimed(SOURCE, line("Scheduler: Sending due task digest (shop.digest)", "Beat"))
    assert not claimed(SOURCE, line(f"shop.digest sent. id->{ID}", "Beat", level="DEBUG"))


def test_the_banner_tells_version_concurrency_and_queues_and_console_words_are_kept() -> None:
    text = (Path(__file__).parent.parent / "samples" / "celery_text" / "console.log").read_text()
    found = rows_of(SOURCE, text)
    banner = found["worker_events"][0]
    assert (banner["event"], banner["worker"], banner["version"]) == ("booted", "a@host-1", "5.4.0")
    assert (banner["concurrency"], banner["queues"]) == (6, ["default", "exports"])
    assert banner["occurred_at_clock"] == AT.replace(second=1, microsecond=0)
    assert [row["event"] for row in found["worker_events"]] == ["booted", "booted", "stopping"]
    assert any("SecurityWarning" in row["message"] for row in found["log_lines"])
    assert "rejects" not in found


@pytest.mark.parametrize(
    ("text", "is_ours"),
    [
        (line("x"), True),
        ("[2026-03-01 22:00:05,120: WARNING/MainProcess]", True),
        ("[2026-03-01 22:00:05,120] [PID 80] [Thread-8] [shop] [INFO] x", False),
        ("2026-03-01 22:00:05,120: INFO/MainProcess x", False),
        ("[2026-03-01 22:00:05: INFO/MainProcess] x", False),
    ],
)
def test_only_celerys_own_prefix_is_claimed(text: str, *, is_ours: bool) -> None:
    assert claimed(SOURCE, text) is is_ours


def test_a_time_that_is_none_is_rejected_with_the_reason() -> None:
    (reject,) = rows_of(SOURCE, "[2026-13-01 22:00:05,120: INFO/MainProcess] x")["rejects"]
    assert "time" in reject["reason"]


def _derived(tmp_path: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    log = tmp_path / "worker.log"
    log.write_text(text)
    database = tmp_path / "x.duckdb"
    load_all(database, log, final=True)
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        return db.execute(query).fetchall()


def test_a_message_that_is_delivered_again_runs_twice_under_one_id(tmp_path: Path) -> None:
    received, done = line(f"Task {TASK} received"), line(f"Task {TASK} succeeded in 0.1s: None", CHILD, seconds=1)
    again = line(f"Task {TASK} received", seconds=60) + line(f"Task {TASK} succeeded in 0.1s: 1", CHILD, seconds=61)
    query = "select attempt, state from attempts order by attempt"
    assert _derived(tmp_path, received + done + again, query) == [(1, "succeeded"), (2, "succeeded")]


def test_a_run_begins_in_the_main_process_and_ends_in_a_child(tmp_path: Path) -> None:
    text = line(f"Task accepted: {TASK} pid:84") + line(f"Task {TASK} succeeded in 1.0s: 1", CHILD, seconds=1.01)
    assert _derived(tmp_path, text, "select started_at, thread, state from attempts") == [(AT, CHILD, "succeeded")]


def test_a_task_that_was_retried_and_then_succeeded_has_succeeded(tmp_path: Path) -> None:
    text = line(f"Task {TASK} retry: Retry in 1s: OSError('x')", CHILD)
    text += line(f"Task {TASK} succeeded in 0.1s: None", CHILD, seconds=2)
    query = "select state, attempts, failures, successes from jobs"
    assert _derived(tmp_path, text, query) == [("succeeded", 2, 1, 1)]


SAID = line(f"{TASK}: sending", CHILD, seconds=1)


def test_what_a_task_says_tells_that_it_runs_though_no_line_told_its_start(tmp_path: Path) -> None:
    query = "select state, started_at, thread from attempts"
    assert _derived(tmp_path, line(f"Task {TASK} received") + SAID, query) == [("running", None, CHILD)]


def test_what_a_task_says_belongs_to_the_run_that_ends_next(tmp_path: Path) -> None:
    text = SAID + line(f"Task {TASK} retry: Retry in 0s: OSError('x')", CHILD, seconds=2)
    text += line(f"{TASK}: sending", CHILD, seconds=3) + line(f"Task {TASK} succeeded in 2.0s: 1", CHILD, seconds=4)
    query = "select state, run from attempts order by attempt"
    assert _derived(tmp_path, text, query) == [("failed", 0.0), ("succeeded", 2.0)]


def test_a_task_that_was_terminated_does_not_run_on(tmp_path: Path) -> None:
    text = SAID + line(f"Terminating {ID} (15)", seconds=2)
    assert _derived(tmp_path, text, "select state from attempts") == [("cancelled",)]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_words_after_a_valid_beginning_are_accounted_for(words: str) -> None:
    text = line(f"Task {TASK} {words}".replace("\n", " ").replace("\0", ""))
    found = rows_of(SOURCE, text)
    assert sum(len(rows) for rows in found.values()) >= 1
