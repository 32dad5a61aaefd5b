"""Jobs are found by every id they were known by, and by what they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from analysis.search import Wanted, classes, find_jobs, ids_like, jobs_known_as, lines_with, queues
from tests.analysis.tables import database

DAY = datetime(2026, 1, 5)  # noqa: DTZ001 - naive UTC as the table


def at(hour: int) -> datetime:
    return DAY.replace(hour=hour)


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    rows: dict[str, list[dict[str, Any]]] = {
        "jobs": [
            {"job_id": "0123456789abcdef", "job_class": "Mail", "queue": "mailers", "state": "succeeded",
             "enqueued_at": at(9), "first_seen_at": at(9), "last_seen_at": at(10), "attempts": 2,
             "arguments": '[42, {"user_id": 7, "tags": ["a", "b"]}]'},
            {"job_id": "b", "job_class": "Export", "queue": "exports", "state": "failed",
             "first_seen_at": at(11), "last_seen_at": at(12), "attempts": 1, "error_class": "Net::ReadTimeout",
             "error_message": "execution expired", "arguments": '{"account": "gid://shop/Account/42"}'},
            {"job_id": "c", "job_class": "Export::Large", "queue": "exports", "state": "queued",
             "enqueued_at": at(13), "first_seen_at": at(13), "last_seen_at": at(13), "arguments": "[]"},
        ],
        "attempts": [
            {"job_id": "0123456789abcdef", "attempt": 1, "state": "failed", "wait": 5.0, "run": 1.0},
            {"job_id": "0123456789abcdef", "attempt": 2, "state": "succeeded", "wait": 9.0, "run": 2.0},
        ],
        "job_ids": [
            {"job_key": "0123456789abcdef", "id": "0123456789abcdef", "kind": "job_id"},
            {"job_key": "0123456789abcdef", "id": "backend-1", "kind": "provider_job_id"},
            {"job_key": "0123456789abcdef", "id": "trace", "kind": "trace_id"},
            {"job_key": "b", "id": "trace", "kind": "trace_id"},
        ],
        "log_lines": [{"source_id": 1, "line_no": 3, "message": "refund 981 was asked for"}],
        "rejected_lines": [{"source_id": 1, "line_no": 4, "reason": "not UTF-8", "beginning": "job 981 \ufffd"}],
        "job_events": [{"source_id": 1, "line_no": 5, "event": "failed", "error_message": "no order 981"}],
    }  # fmt: skip
    with database(rows) as made:
        yield made


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["c", "b", "0123456789abcdef"]),
        ({"job_class": "Export"}, ["b"]),
        ({"job_class": "Export*"}, ["c", "b"]),
        ({"queue": "exports"}, ["c", "b"]),
        ({"queue": "*s", "state": "failed"}, ["b"]),
        ({"state": "queued"}, ["c"]),
        ({"error": "TIMEOUT"}, ["b"]),
        ({"error": "expired"}, ["b"]),
        ({"since": at(12).replace(tzinfo=UTC)}, ["c", "b"]),
        ({"until": at(11).replace(tzinfo=UTC)}, ["0123456789abcdef"]),
        ({"since": at(10).replace(tzinfo=UTC), "until": at(12).replace(tzinfo=UTC)}, ["b", "0123456789abcdef"]),
        ({"arguments": (("", "42"),)}, ["0123456789abcdef"]),
        ({"arguments": (("user_id", "7"),)}, ["0123456789abcdef"]),
        ({"arguments": (("user_id", "7"), ("", "b"))}, ["0123456789abcdef"]),
        ({"arguments": (("user_id", "7"), ("", "z"))}, []),
        ({"arguments": (("0", "42"),)}, ["0123456789abcdef"]),
        ({"arguments": (("account", "*Account/42"),)}, ["b"]),
        ({"arguments": (("account", "Account/42"),)}, []),
        ({"job_class": "'; drop table jobs; --"}, []),
    ],
)
def test_jobs_meet_every_wish_and_come_latest_first(
    db: duckdb.DuckDBPyConnection, wanted: dict[str, Any], found: list[str]
) -> None:
    assert [line.job_id for line in find_jobs(db, Wanted(**wanted), limit=0).lines] == found


def test_a_list_tells_the_wait_of_the_first_run_and_the_length_of_the_last(db: duckdb.DuckDBPyConnection) -> None:
    line = find_jobs(db, Wanted(job_class="Mail"), limit=0).lines[0]
    assert (line.attempts, line.wait, line.run) == (2, 5.0, 2.0)


def test_a_limit_cuts_the_list_and_not_the_count(db: duckdb.DuckDBPyConnection) -> None:
    found = find_jobs(db, Wanted(), limit=2)
    assert (len(found.lines), found.total) == (2, 3)


@pytest.mark.parametrize(
    ("some_id", "jobs"),
    [
        ("0123456789abcdef", ["0123456789abcdef"]),
        (" backend-1 ", ["0123456789abcdef"]),
        ("trace", ["0123456789abcdef", "b"]),
        ("b", ["b"]),
        ("nobody", []),
    ],
)
def test_any_id_a_job_was_known_by_leads_to_it(db: duckdb.DuckDBPyConnection, some_id: str, jobs: list[str]) -> None:
    assert [job.job_id for job in jobs_known_as(db, some_id)] == jobs


@pytest.mark.parametrize("slip", ["0123", "6789ABCDEF", "0123456789abcdfe", "0123456789abcde", "0123456789ABCDEF"])
def test_an_id_that_is_nearly_right_is_recognised(db: duckdb.DuckDBPyConnection, slip: str) -> None:
    assert ids_like(db, slip) == ("0123456789abcdef",)


@pytest.mark.parametrize("stranger", ["", "01", "fedcba9876543210", "%"])
def test_an_id_that_is_far_off_suggests_nothing(db: duckdb.DuckDBPyConnection, stranger: str) -> None:
    assert ids_like(db, stranger) == ()


def test_lines_that_hold_a_text_are_found_wherever_they_went(db: duckdb.DuckDBPyConnection) -> None:
    assert [(line.line, line.text) for line in lines_with(db, "981")] == [
        (3, "refund 981 was asked for"),
        (4, "could not be read (not UTF-8): job 981 \ufffd"),
        (5, "failed: no order 981"),
    ]


def test_names_come_the_most_frequent_first(db: duckdb.DuckDBPyConnection) -> None:
    assert queues(db) == ("exports", "mailers")
    assert classes(db) == ("Export", "Export::Large", "Mail")
