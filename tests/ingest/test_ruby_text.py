"""What Ruby writes: literals, and the arguments of Active Jobs, whatever stands in them."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import polars as pl
import pytest

from ingest.active_job_arguments import plain_arguments_text
from ingest.ruby_argument_lists import arguments_as_json
from ingest.ruby_arguments import arguments_json
from ingest.ruby_literals import read_literal
from ingest.ruby_yaml import read_object


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a"=>1, b: nil, :c=>[true]}', {"a": 1, "b": None, "c": [True]}),
        ('{:c=>"\\n", :d? => [:e=, :f!]}', {"c": "\n", "d?": ["e=", "f!"]}),
        ("-1.5e3", -1500.0),
        ("[1_000, 1e999, -1e999]", [1000, "1e999", "-1e999"]),
        ('"\\u{1f600}\\ud800\\xff"', "\U0001f600\xff"),
    ],
)
def test_a_ruby_literal_becomes_json(text: str, value: Any) -> None:
    assert read_literal(text) == (value, len(text))


@pytest.mark.parametrize("text", ["", "#<User 7>", "[1, 2", "{1 2}", "9" * 5000, "[" * 200])
def test_what_is_no_plain_ruby_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_literal(text)


@pytest.mark.parametrize(
    "text", ["9" * 60_000, f'[1, "a", {{"n"=>-{"1" * 4301}}}]', "[" + "1, " * 3000 + "7" * 5000 + "]"]
)
def test_arguments_with_a_number_that_no_reader_of_json_takes_are_told_as_they_are_written(text: str) -> None:
    texts = pl.Series("text", [text, "9" * 4300])
    lists = texts.to_frame().select(arguments_as_json(pl.col("text"))).to_series()
    with duckdb.connect() as scratch:
        values = arguments_json(texts, scratch)
    assert [json.loads(each) for each in lists] == [text, [int("9" * 4300)]]
    assert [json.loads(each) for each in values] == [text, int("9" * 4300)]


@pytest.mark.parametrize(
    "text", ['"a\tb"', '{"k\x01"=>1}', '{"k\x01" => 1}', "#<GlobalID:0x07 @uri=#<URI::GID gid://shop/\x01>>"]
)
def test_control_characters_in_arguments_are_escaped(text: str) -> None:
    [told] = pl.Series("text", [text]).to_frame().select(arguments_as_json(pl.col("text"))).to_series()
    [value] = json.loads(told)
    word = value if isinstance(value, str) else next(iter(value))
    assert word.endswith(("a\tb", "\x01"))


@pytest.mark.parametrize("mark", ["{", "[", "- ", "? ", "[a, ", "{a: "])
def test_yaml_nested_beyond_all_bounds_is_refused_and_does_not_end_the_process(mark: str) -> None:
    with pytest.raises(ValueError, match=r"no valid YAML|deeper ones"):
        read_object(mark * 30_000)


def test_long_yaml_that_is_not_nested_is_read() -> None:
    assert len(read_object("- a: 1\n" * 3000).value) == 3000


@pytest.mark.parametrize(
    ("stored", "plain"),
    [
        ('[{"_aj_globalid": "gid://shop/User/1"}]', '["gid://shop/User/1"]'),
        ('"[{\\"a\\": 1, \\"_aj_symbol_keys\\": [\\"a\\"]}]"', '[{"a": 1}]'),
        ('["\\ud800"]', '["\ufffd"]'),
        ('"[\\"\\\\ud800\\"]"', '["\ufffd"]'),
        ("[1e999]", '["1e999"]'),
        ("[" * 3000, "[" * 3000),
    ],
)
def test_stored_arguments_become_those_that_the_job_gets(stored: str, plain: str) -> None:
    assert plain_arguments_text(stored) == plain
