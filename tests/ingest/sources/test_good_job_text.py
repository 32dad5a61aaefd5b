"""GoodJob's log: what each line tells, and each trap by its name."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.sources.good_job_text import SOURCE
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as written
ID, OTHER_ID = "6f1e0c4a-8a52-4a4e-9b57-d3a1c0f9e2b1", "7a2d91be-11c3-4f60-8f0e-0c5b3f7d2a12"
FROM = f"(Job ID: {ID}) from GoodJob(default)"
THREAD = "GoodJob::Scheduler(queues=* max_threads=5)-thread-1"
ABORTED = (
    f"Aborted enqueue of Sync (Job ID: {OTHER_ID}) because the concurrency key 'sync-[7]' has reached its enqueue "
    "limit of 1 job"
)


def line(words: str, *, seconds: float = 0, pid: int = 80) -> str:
    moment = (AT + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
    return f"I, [{moment} #{pid}]  INFO -- : {words}\n"


def only(text: str, table: str = "job_events") -> dict[str, Any]:
    (row,) = rows_of(SOURCE, text)[table]
    return row


def test_executed_ends_a_run_whatever_came_of_it() -> None:
    row = only(line(f"[GoodJob] [80] [{THREAD}] Executed GoodJob {ID}"))
    assert (row["event"], row["job_id"], row["occurred_at_clock"]) == ("acknowledged", ID, AT)
    assert row["message"] == f"[80] [{THREAD}] Executed GoodJob {ID}"


def test_development_writes_no_time_and_the_process_stands_in_a_tag() -> None:
    row = only(f"[GoodJob] [80] [{THREAD}] Executed GoodJob {ID}\n")
    assert (row["event"], row["job_id"], row["occurred_at_clock"]) == ("acknowledged", ID, None)
    assert row["message"] == f"[80] [{THREAD}] Executed GoodJob {ID}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "GoodJob 4.9.1 started scheduler with queues=mailers,reports max_threads=5.",
            {"event": "booted", "version": "4.9.1", "queues": ["mailers", "reports"], "concurrency": 5},
        ),
        (
            "GoodJob started scheduler with queues=+a,b max_threads=2.",
            {"event": "booted", "version": None, "queues": ["a", "b"], "concurrency": 2},
        ),
        ("GoodJob started scheduler with queues=* max_threads=2.", {"queues": ["*"]}),
        ("GoodJob shutting down scheduler...", {"event": "stopping", "queues": None}),
        ("GoodJob scheduler is shut down.", {"event": "stopped"}),
        ("GoodJob scheduler has been killed.", {"event": "stopped", "job_count": None}),
    ],
)
def test_a_scheduler_tells_of_the_life_of_its_process(words: str, told: dict[str, Any]) -> None:
    row = only(line(f"[GoodJob] [80] {words}"), "worker_events")
    assert (row["pid"], row["message"]) == (80, words)
    assert {name: row[name] for name in told} == told


def test_queues_that_are_left_out_are_not_taken_for_queues_that_are_read() -> None:
    row = only(line("[GoodJob] [80] GoodJob started scheduler with queues=-mailers max_threads=2."), "worker_events")
    assert (row["event"], row["queues"]) == ("booted", None)


def test_jobs_that_a_killed_scheduler_leaves_are_given_back_and_have_not_failed() -> None:
    words = f"GoodJob scheduler has been killed. The following Active Jobs were interrupted: {ID} {OTHER_ID}"
    found = rows_of(SOURCE, line(f"[GoodJob] [80] {words}"))
    assert [(row["record_no"], row["event"], row["job_id"]) for row in found["job_events"]] == [
        (0, "requeued", ID),
        (1, "requeued", OTHER_ID),
    ]
    assert [(row["event"], row["job_count"]) for row in found["worker_events"]] == [("stopped", 2)]


@pytest.mark.parametrize("tags", ["[ActiveJob] [ActiveJob] [GoodJob] ", "[ActiveJob] ", "[req-1] [ActiveJob] "])
def test_a_duplicate_that_a_concurrency_key_refuses_is_no_lost_job(tags: str) -> None:
    row = only(line(tags + ABORTED))
    assert (row["event"], row["job_id"], row["job_class"]) == ("lock_conflict", OTHER_ID, "Sync")
    assert row["attributes"] == '{"concurrency_key":"sync-[7]","limit":"enqueue"}'


def test_a_refused_duplicate_names_the_job_that_would_have_enqueued_it() -> None:
    row = only(line(f"[ActiveJob] [Mail] [{ID}] [ActiveJob] [GoodJob] {ABORTED}"))
    assert (row["job_id"], row["parent_job_id"]) == (OTHER_ID, ID)


def test_the_lines_behind_an_error_are_its_own_up_to_the_next_call_of_the_logger() -> None:
    text = line("[GoodJob] GoodJob error: E: it\nis gone\n [\"a.rb:1:in 'x'\"]") + line("Processing by Orders", pid=81)
    error, other = rows_of(SOURCE, text)["log_lines"]
    assert error["message"] == "GoodJob error: E: it\nis gone\n [\"a.rb:1:in 'x'\"]"
    assert (other["line_no"], other["message"], other["pid"], other["system"]) == (4, "Processing by Orders", 81, None)


def test_lines_behind_another_line_are_not_its_own() -> None:
    found = rows_of(SOURCE, line(f"[GoodJob] [80] [{THREAD}] Executed GoodJob {ID}") + "puts of an application\n")
    assert [(row["line_no"], row["message"]) for row in found["log_lines"]] == [(2, "puts of an application")]


@pytest.mark.parametrize(
    "words",
    [
        f"[ActiveJob] [Mail] [{ID}] Performing Mail (Job ID: {ID}) from GoodJob(default)",
        "[ActiveJob] Aborted enqueue of a thing",
        "an application says [GoodJob] Executed GoodJob",
        "Executed GoodJob",
        "[GoodJob]",
    ],
)
def test_other_lines_are_left_to_others(words: str) -> None:
    assert not claimed(SOURCE, words)
    assert not claimed(SOURCE, line(words))


@pytest.mark.parametrize("words", [f"[80] [{THREAD}] Executed GoodJob nothing", "[80] something new", "[80] "])
def test_words_that_are_not_known_are_kept(words: str) -> None:
    found = rows_of(SOURCE, line(f"[GoodJob] {words}"))
    assert list(found) == ["log_lines"]
    assert found["log_lines"][0]["pid"] == 80


def test_a_time_that_no_clock_shows_is_a_reject() -> None:
    found = rows_of(SOURCE, line("[GoodJob] x").replace("2026", "9999"))
    assert found == {"rejects": [{"line_no": 1, "reason": "its time is no date of the years 1970 to 2259"}]}


@given(st.text())
def test_any_words_are_kept_or_rejected(words: str) -> None:
    one = words.replace("\0", "").splitlines()[:1] or [""]
    found = rows_of(SOURCE, line(f"[GoodJob] {one[0]}"))
    assert sum(len(rows) for rows in found.values()) >= 1


def lives(tmp_path: Path, text: str) -> list[tuple[Any, ...]]:
    log, database = tmp_path / "production.log", tmp_path / "db.duckdb"
    log.write_text(text)
    load_all(database, log, final=True)
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        return db.execute(
            "select job_id, system, state, attempts, failures, successes from jobs order by job_id"
        ).fetchall()


def test_both_layers_tell_one_life(tmp_path: Path) -> None:
    tags = f"[ActiveJob] [Mail] [{ID}]"
    text = (
        line(f"[ActiveJob] Enqueued Mail (Job ID: {ID}) to GoodJob(default) with arguments: 7")
        + line(f"{tags} Performing Mail {FROM} enqueued at 2026-03-01T22:00:05Z", seconds=1)
        + line(f"{tags} Retrying Mail (Job ID: {ID}) after 1 attempts in 3 seconds, due to a E (x).", seconds=1.5)
        + line(f"{tags} Performed Mail (Job ID: {ID}) from GoodJob(default) in 500ms", seconds=1.51)
        + line(f"[GoodJob] [80] [{THREAD}] Executed GoodJob {ID}", seconds=1.52)
        + line(f"{tags} Performing Mail {FROM} enqueued at 2026-03-01T22:00:06Z", seconds=5)
        + line(f"{tags} Performed Mail (Job ID: {ID}) from GoodJob(default) in 500ms", seconds=5.5)
        + line(f"[GoodJob] [80] [{THREAD}] Executed GoodJob {ID}", seconds=5.52)
        + line(f"[ActiveJob] [GoodJob] {ABORTED}", seconds=6)
    )
    assert lives(tmp_path, text) == [
        (ID, "good_job", "succeeded", 2, 1, 1),
        (OTHER_ID, "good_job", "unknown", 0, 0, 0),
    ]


def test_a_run_that_a_killed_scheduler_leaves_is_interrupted(tmp_path: Path) -> None:
    text = (
        line(f"[ActiveJob] [Mail] [{ID}] Performing Mail {FROM} enqueued at 2026-03-01T22:00:05Z", seconds=1)
        + line("[GoodJob] [80] GoodJob shutting down scheduler...", seconds=10)
        + line(
            "[GoodJob] [80] GoodJob scheduler has been killed. The following Active Jobs were interrupted: " + ID,
            seconds=35,
        )
    )
    assert lives(tmp_path, text) == [(ID, "good_job", "queued", 1, 0, 0)]
