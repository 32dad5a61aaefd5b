"""Arguments of calls as Python writes them become JSON, the plain ones and the others alike."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.python_calls import arguments_of_calls


def read(written: str) -> object:
    found = pl.select(arguments_of_calls(pl.lit(written))).item()
    return json.loads(found)


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("", []),
        ("'a', 7, -1.5", ["a", 7, -1.5]),
        ("to='a', copies=7", {"to": "a", "copies": 7}),
        ("'a', to='b'", ["a", {"to": "b"}]),
        ("None, True, [1, {'x': 2}]", [None, True, [1, {"x": 2}]]),
        ("'it\\'s', \"it's\", 'say \"hi\"'", ["it's", "it's", 'say "hi"']),
        ("to='a=b, c=d'", {"to": "a=b, c=d"}),
        ("'line\\nend', 'größe'", ["line\nend", "größe"]),
        ("007", "007"),
        ("<Order object at 0x7f>", "<Order object at 0x7f>"),
        ("'cut off", "'cut off"),
        ("float('nan')", "float('nan')"),
        ("*[1]", "*[1]"),
        ("('mail', 'a\\ud800')", "('mail', 'a\\ud800')"),
        ("1) + f(2", "1) + f(2"),
    ],
)
def test_arguments_are_read_as_what_they_are_and_kept_as_text_where_they_cannot_be(
    written: str, arguments: object
) -> None:
    assert read(written) == arguments


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(json_values, min_size=1, max_size=4))
def test_what_python_writes_of_json_values_is_read_back(values: list[object]) -> None:
    surrogates = any("\ud800" <= letter <= "\udfff" for letter in repr(values))
    written = ", ".join(map(repr, values))
    assert surrogates or read(written) == values


@given(st.text(max_size=60))
def test_any_text_becomes_some_json(written: str) -> None:
    read(written)
