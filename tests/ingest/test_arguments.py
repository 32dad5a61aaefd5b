"""Equal work has one digest, however it was written."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ingest.arguments import arguments_digest, with_arguments_digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=3))
def test_spacing_and_escapes_do_not_matter(arguments: list[object]) -> None:
    plain = json.dumps(arguments)
    assert arguments_digest("C", plain) == arguments_digest("C", json.dumps(arguments, indent=2))
    assert arguments_digest("C", plain) == arguments_digest("C", json.dumps(arguments, ensure_ascii=False))


def test_class_and_arguments_both_count_and_nothing_has_no_digest() -> None:
    frame = pl.DataFrame(
        {
            "job_class": ["C", "C", "D", None, "C", "C", None],
            "arguments": ['[{"b":1, "a":2}]', '[{"a":2,"b":1}]', '[{"a":2,"b":1}]', "[1]", None, "no JSON", "null"],
        }
    )
    first, second, other, classless, none, text, null = with_arguments_digest(frame)["arguments_digest"]
    assert first == second
    assert len({first, other, classless, text}) == 4
    assert none is null is None


def test_rows_without_a_class_column_have_digests_too() -> None:
    made = with_arguments_digest(pl.DataFrame({"line_no": [1, 2], "arguments": ["[1]", None]}))
    assert made["arguments_digest"].to_list() == [arguments_digest(None, "[1]"), None]
