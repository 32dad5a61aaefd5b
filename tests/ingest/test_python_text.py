"""What Python writes: literals and tracebacks."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.python_literals import read_literal
from ingest.python_tracebacks import error_of

HEAD = "Traceback (most recent call last):\n"
FRAME = '  File "app.py", line 7, in run\n    charge()\n'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 'a', None, True]", [1, "a", None, True]),
        ("(1, {'a': (2,)})", [1, {"a": [2]}]),
        ("{'b', 'a'}", ["a", "b"]),
        ("b'\\xff'", "\\xff"),
        ("{1: 2.5}", {"1": 2.5}),
        ("1e999", "inf"),
        ("'\\ud800'", "?"),
        ("{'\\ud800': 1}", {"?": 1}),
        ("0x" + "f" * 6000, "0x" + "f" * 6000),
    ],
)
def test_a_python_literal_becomes_json(text: str, value: Any) -> None:
    assert read_literal(text) == value


def test_a_long_text_behind_a_traceback_is_read_in_time() -> None:
    began = time.process_time()
    assert error_of(HEAD + "- left over\n" * 200_000) is None
    assert time.process_time() - began < 5


def test_an_escape_that_python_does_not_know_is_read_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    assert read_literal("'a\\=b'") == "a\\=b"
    assert not recwarn.list


@pytest.mark.parametrize("text", ["[1, 2", "<User 7>", "[<User 7>]", "f(1)", "", "(" * 5_000])
def test_what_is_no_plain_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no plain"):
        read_literal(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        json.dumps(read_literal(text))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (HEAD + FRAME + "ValueError: no room", "ValueError", "no room"),
        (HEAD + FRAME + "app.errors.Declined", "app.errors.Declined", None),
        ("words before\n" + HEAD + FRAME + "KeyError: 'a'\n", "KeyError", "'a'"),
        (HEAD + FRAME + "OSError: first\nsecond line", "OSError", "first\nsecond line"),
        (
            f"{HEAD}{FRAME}KeyError: 1\n\nDuring handling of it, another exception occurred:\n\n{HEAD}{FRAME}E: 2",
            "E",
            "2",
        ),
        (HEAD + FRAME + "    ^^^^^^^^\nZeroDivisionError: division by zero", "ZeroDivisionError", "division by zero"),
    ],
)  # fmt: skip
def test_the_last_error_of_a_traceback_is_the_one_that_counts(text: str, error: str, message: str | None) -> None:
    found = error_of(text)
    assert found is not None
    assert (found.error_class, found.error_message) == (error, message)
    assert found.traceback.startswith(HEAD.strip())


@pytest.mark.parametrize("text", ["", "ValueError: no traceback", HEAD, HEAD + FRAME])
def test_without_an_error_there_is_none(text: str) -> None:
    assert error_of(text) is None
