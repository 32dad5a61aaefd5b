"""Values as Python's ``repr`` writes them: ``[{'a': 1, 'b': None}, (True, 'x')]``, cut off or not."""

from __future__ import annotations

import ast
import math
import warnings
from typing import Any

_LONGEST = 100_000
_MOST_BITS = 10_000
"""Of a number: Python writes no longer ones in digits."""


def read_literal(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """
    The value as JSON knows it: tuples and sets as lists, bytes and keys as texts, numbers that are none as texts.

    Raises ``ValueError`` where an object stands in it that is no plain value, or where it is cut off.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a literal of more than {_LONGEST:,} characters")
    try:
        with warnings.catch_warnings():  # about escapes in the text, which are none of ours
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text.strip())
        return _as_json(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError("no plain Python value") from error


def _as_json(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any plain value, a line per kind
    if isinstance(value, dict):
        return {_text(str(key)): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_as_json(item) for item in value), key=repr)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return hex(value)
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return repr(value)


def _text(value: str) -> str:
    """Without halves of surrogate pairs, which are no text."""
    return value.encode("utf-8", "replace").decode("utf-8")
