"""Answers of the database as tables, CSV and JSON: nothing lost, NULL told from text, and rows as they come."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.cli.answers import csv_lines, json_lines, meanings, plain, table_lines

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_table_fits_its_columns_and_sets_numbers_to_the_right() -> None:
    rows = [("mailers", 7, None), ("exports", 12345, "")]
    assert list(table_lines(["queue", "jobs", "x"], rows, 80)) == [
        "queue     jobs  x",
        "-------  -----  ----",
        "mailers      7  NULL",
        "exports  12345  ''",
    ]


def test_a_table_too_wide_for_the_terminal_becomes_a_block_per_row() -> None:
    rows = [("a" * 50, "b" * 50)]
    assert list(table_lines(["one", "other"], rows, 80)) == ["--- row 1", "one    " + "a" * 50, "other  " + "b" * 50]
    assert len(list(table_lines(["one", "other"], rows, 102))) == 3


def test_wide_characters_take_two_places() -> None:
    assert list(table_lines(["x", "y"], [("漢字", 1), ("ab", 2)], 80))[2:] == ["漢字  1", "ab    2"]


def test_no_row_is_said_so() -> None:
    assert list(table_lines(["a"], [], 80)) == ["a", "-", "(no rows)"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, "NULL"), ("NULL", "'NULL'"), ("", "''"), ("\x1b[31mred\x1b[0m\n\x07", "red ⏎ \\x07"), (True, "true")],
)
def test_a_cell_tells_null_from_text_and_hides_nothing(value: object, cell: str) -> None:
    assert list(table_lines(["x"], [(value,)], 80))[2] == cell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 3, 1, 22, 0, 5, 120000), "2026-03-01 22:00:05.12"),  # noqa: DTZ001 - as the tables have them
        (datetime(2026, 3, 1, 22, 0, tzinfo=UTC), "2026-03-01 22:00:00"),
        (datetime(2026, 3, 1, 22, 0, tzinfo=timezone(timedelta(hours=2))), "2026-03-01 20:00:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (b"\x00\xff", "00ff"),
        ([1, None, {"a": Decimal("1.50")}], '[1, null, {"a": "1.50"}]'),
        (timedelta(seconds=90), "0:01:30"),
    ],
)
def test_times_are_plain_utc_and_other_values_plain_text(value: object, text: str) -> None:
    assert plain(value) == text


@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=5))
def test_csv_gives_back_every_text(rows: list[tuple[str, str]]) -> None:
    written = "".join(f"{line}\r\n" for line in csv_lines(["a", "b"], rows))
    read = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert read == [["a", "b"], *map(list, rows)]


def test_csv_tells_null_from_empty_text() -> None:
    assert list(csv_lines(["a", "b"], [(None, "")])) == ["a,b", ',""']


def test_json_for_a_terminal_carries_nothing_that_a_terminal_obeys() -> None:
    assert "".join(json_lines(["a"], [("\x9b31m\u202e",)], harmless=True)) == '[  {"a": "\\u009b31m\\u202e"}\n]'


def test_csv_for_a_terminal_carries_nothing_that_a_terminal_obeys() -> None:
    assert list(csv_lines(["a"], [("\x1b]0;title\x07",)], harmless=True)) == ["a", ""]


@given(st.lists(st.tuples(_TEXT, st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False))))
def test_json_gives_back_every_value(rows: list[tuple[Any, ...]]) -> None:
    written = "\n".join(json_lines(["a", "b"], rows))
    assert json.loads(written) == [{"a": first, "b": second} for first, second in rows]


def test_json_loses_no_column_and_has_no_word_that_is_not_json() -> None:
    written = "\n".join(json_lines(["n", "n"], [(float("nan"), float("inf"))]))
    assert json.loads(written) == [{"n": "nan", "n_2": "inf"}]


@pytest.mark.parametrize("lines", [table_lines, csv_lines, json_lines])
def test_rows_are_written_as_they_come(lines: Any) -> None:
    taken = 0

    def endless() -> Iterator[tuple[int]]:
        nonlocal taken
        while True:
            taken += 1
            yield (taken,)

    written = lines(["n"], endless(), 80) if lines is table_lines else lines(["n"], endless())
    for _ in range(5000):
        next(written)
    assert taken < 7000


def test_meanings_are_folded_to_the_width() -> None:
    told = list(meanings([("a_name", "one two three four five six seven"), ("x" * 30, "long")], 48))
    assert told == [
        f"{'a_name':28}one two three four",
        f"{'':28}five six seven",
        "x" * 30,
        f"{'':28}long",
    ]
