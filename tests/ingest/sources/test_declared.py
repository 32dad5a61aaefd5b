"""Limits that people declare: what their rows tell, and each trap by its name."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ingest.sources import declared_csv, declared_json, marks_json
from tests.ingest.loads import load_all
from tests.ingest.sources.reading import claimed, rows_of

LIMIT = '{"kind":"time_limit","seconds":3600,"job_class":"Export","set_in":"settings.py"}'


def test_a_line_tells_the_limit_what_it_is_about_and_what_else_is_said_of_it() -> None:
    (limit,) = rows_of(declared_json.SOURCE, LIMIT)["declared"]
    assert (limit["kind"], limit["seconds"], limit["job_class"], limit["queue"]) == ("time_limit", 3600, "Export", None)
    assert (limit["system"], limit["scope"], limit["attributes"]) == (None, "", '{"set_in":"settings.py"}')


def test_each_row_of_a_table_is_a_limit_and_any_word_a_kind() -> None:
    rows = rows_of(declared_csv.SOURCE, "kind,seconds,queue\r\nmax_run_time,14400.5,\r\ntime_limit,60,mail\r\n")
    assert [(row["kind"], row["seconds"], row["queue"], row["record_no"]) for row in rows["declared"]] == [
        ("max_run_time", 14400.5, None, 0),
        ("time_limit", 60, "mail", 1),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"kind":"time_limit","seconds":"an hour"}', "a limit without a number above 0 in 'seconds'"),
        ('{"kind":"time_limit","seconds":0}', "a limit without a number above 0 in 'seconds'"),
        ('{"kind":"time_limit","seconds":60', "no valid JSON: Expecting ',' delimiter at character 34"),
    ],
    ids=["words", "none", "cut off"],
)
def test_a_line_that_is_no_limit_is_rejected_with_the_reason(line: str, reason: str) -> None:
    assert rows_of(declared_json.SOURCE, line) == {"rejects": [{"line_no": 1, "reason": reason}]}


def test_rows_without_a_kind_are_rejected_and_the_others_read() -> None:
    found = rows_of(declared_csv.SOURCE, "kind,seconds\n,60\nlock_ttl,90\n")
    assert [row["kind"] for row in found["declared"]] == ["lock_ttl"]
    assert [row["reason"] for row in found["rejects"]] == ["a limit without a 'kind', such as time_limit"]


@pytest.mark.parametrize(
    "line", ['{"kind":"deploy","seconds":5,"at":"2026-03-01T15:00:00Z"}', '{"level":"info","kind":"time_limit"}', "{"]
)
def test_other_lines_are_not_taken_for_limits(line: str) -> None:
    assert not claimed(declared_json.SOURCE, line)


def test_a_limit_is_no_mark() -> None:
    assert claimed(declared_json.SOURCE, LIMIT)
    assert not claimed(marks_json.SOURCE, LIMIT)


def test_a_file_of_limits_that_grew_adds_what_is_new(tmp_path: Path) -> None:
    limits, database = tmp_path / "limits.jsonl", tmp_path / "t.duckdb"
    limits.write_text(LIMIT + "\n", encoding="utf-8")
    load_all(database, limits)
    with limits.open("a", encoding="utf-8") as file:
        file.write('{"kind":"lock_ttl","seconds":90}\n')
    load_all(database, limits)
    with duckdb.connect(str(database)) as db:
        assert db.execute("select kind, line_no from declared order by line_no").fetchall() == [
            ("time_limit", 1),
            ("lock_ttl", 2),
        ]
