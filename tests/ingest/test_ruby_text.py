"""What Ruby writes: literals, and the arguments of Active Jobs, whatever stands in them."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.active_job_arguments import plain_arguments_text
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
