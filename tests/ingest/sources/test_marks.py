"""Deploys and other changes that people bring: what their rows tell, and each trap by its name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ingest.sources import marks_csv, marks_json
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

THREE = datetime(2026, 3, 1, 15)  # noqa: DTZ001 - as the tables hold it
DEPLOY = '{"at":"2026-03-01T15:00:00Z","kind":"deploy","subject":"shop-web","version":"7.0.1","by":"ada"}'


def test_a_line_tells_when_what_was_changed_and_what_else_is_said_of_it() -> None:
    (mark,) = rows_of(marks_json.SOURCE, DEPLOY)["marks"]
    assert (mark["occurred_at"], mark["kind"], mark["subject"], mark["version"]) == (
        THREE,
        "deploy",
        "shop-web",
        "7.0.1",
    )
    assert (mark["system"], mark["attributes"]) == (None, '{"by":"ada"}')


def test_each_row_of_a_table_is_a_mark_and_any_word_a_kind() -> None:
    rows = rows_of(marks_csv.SOURCE, "at,kind,subject\r\n2026-03-01T16:00:00+01:00,database upgrade,orders\r\n")[
        "marks"
    ]
    assert [(row["occurred_at"], row["kind"], row["subject"], row["record_no"]) for row in rows] == [
        (THREE, "database upgrade", "orders", 0)
    ]


def test_a_time_without_a_zone_is_read_by_the_clock_of_the_load() -> None:
    (mark,) = rows_of(marks_csv.SOURCE, "at,kind\n2026-03-01 15:00,restart\n")["marks"]
    assert (mark["occurred_at"], mark["occurred_at_clock"]) == (None, THREE)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"at":"noon","kind":"deploy"}', "a mark without a time in 'at', such as 2026-03-01T15:00:00Z"),
        ('{"at":"2026-03-01T15:00:00Z","kind":"deploy"', "no valid JSON: Expecting ',' delimiter at character 45"),
    ],
    ids=["no time", "cut off"],
)
def test_a_line_that_is_no_mark_is_rejected_with_the_reason(line: str, reason: str) -> None:
    assert rows_of(marks_json.SOURCE, line) == {"rejects": [{"line_no": 1, "reason": reason}]}


def test_rows_without_a_kind_are_rejected_and_the_others_read() -> None:
    found = rows_of(marks_csv.SOURCE, "at,kind,subject\n2026-03-01T15:00:00Z,,a\n2026-03-01T15:00:00Z,deploy,b\n")
    assert [row["subject"] for row in found["marks"]] == ["b"]
    assert [row["reason"] for row in found["rejects"]] == ["a mark without a 'kind', such as deploy"]


@pytest.mark.parametrize(
    "line",
    [
        '{"kind":"Event","at":"2026-03-01T15:00:00Z"}',
        '{"msg":"x","at":"2026-03-01T15:00:00Z","kind":"deploy"}',
        '{"kind":"deploy","version":"1"}',
    ],
    ids=["a kind that is none", "a log line that mentions one", "without a time"],
)
def test_what_only_looks_like_a_mark_is_not_claimed(line: str) -> None:
    assert not claimed(marks_json.SOURCE, line)


def test_a_file_of_marks_that_grew_adds_what_is_new(tmp_path: Path) -> None:
    deploys, database = tmp_path / "deploys.jsonl", tmp_path / "marks.duckdb"
    deploys.write_text(f"{DEPLOY}\n", encoding="utf-8")
    load_all(database, deploys, final=True)
    deploys.write_text(f"{DEPLOY}\n{DEPLOY.replace('15:00', '17:00')}\n", encoding="utf-8")
    again = load_all(database, deploys, final=True)
    assert [(each.format, each.rows) for each in again.files] == [("marks_json", 1)]
