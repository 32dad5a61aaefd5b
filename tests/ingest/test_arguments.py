"""Equal work has one digest, however it was written."""

from __future__ import annotations

import json

import duckdb
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ingest.arguments import arguments_digests

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def digests_of(*work: tuple[str | None, str | None]) -> list[str | None]:
    frame = pl.DataFrame(work, schema={"job_class": pl.String, "arguments": pl.String}, orient="row")
    with duckdb.connect() as connection:
        return arguments_digests(frame, connection).to_list()


@given(st.lists(JSON, max_size=3))
def test_spacing_and_escapes_do_not_matter(arguments: list[object]) -> None:
    ways = json.dumps(arguments), json.dumps(arguments, indent=2), json.dumps(arguments, ensure_ascii=False)
    assert len(set(digests_of(*(("C", way) for way in ways)))) == 1


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_the_order_of_keys_does_not_matter(arguments: dict[str, object]) -> None:
    turned = dict(reversed(arguments.items()))
    one, other = digests_of(("C", json.dumps(arguments)), ("C", json.dumps(turned)))
    assert one == other


def test_class_and_arguments_both_count_and_nothing_has_no_digest() -> None:
    first, second, other, classless, none, text, null, big, bigger = digests_of(
        ("C", '[{"b":1, "a":2}]'),
        ("C", '[{"a":2,"b":1}]'),
        ("D", '[{"a":2,"b":1}]'),
        (None, "[1]"),
        ("C", None),
        ("C", "no JSON"),
        (None, "null"),
        ("C", "[123456789012345678901234567890]"),
        ("C", "[123456789012345678901234567891]"),
    )
    assert first == second
    assert len({first, other, classless, text, big, bigger}) == 6
    assert none is null is None


def test_rows_without_a_class_column_have_digests_too() -> None:
    with duckdb.connect() as connection:
        made = arguments_digests(pl.DataFrame({"line_no": [1, 2], "arguments": ["[1]", None]}), connection)
    assert made.to_list() == digests_of((None, "[1]"), (None, None))
