"""The arguments of a call as Python writes it, ``'a', 7, to='b'``, as JSON: a column at a time."""

from __future__ import annotations

import ast
import json
import warnings
from typing import Any

import polars as pl

_PLAIN = r"(?:'[^'\\\"]*'|-?(?:0|[1-9]\d{0,17})(?:\.\d{1,15})?)"
_PLAIN_VALUES = rf"^{_PLAIN}(?:, {_PLAIN})*$"
_PLAIN_NAMED = r"[A-Za-z_]\w*=(?:'[^'\\\"=]*'|-?(?:0|[1-9]\d{0,17})(?:\.\d{1,15})?)"
_PLAIN_NAMED_VALUES = rf"^{_PLAIN_NAMED}(?:, {_PLAIN_NAMED})*$"
_LONGEST = 100_000
"""Characters of arguments that are read; longer ones are kept as they are written."""


def arguments_of_calls(written: pl.Expr) -> pl.Expr:
    """
    The text between a call's brackets as JSON text.

    Positional arguments are an array, named ones an object, and where there are both, the array ends with the object.
    What cannot be read as Python's literals is a JSON string of what was written.
    """
    named = written.str.replace_all(r"([A-Za-z_]\w*)=", "'${1}': ")
    by_hand = written.map_batches(_read_each, return_dtype=pl.String, is_elementwise=True)
    return (
        pl.when(written == "")
        .then(pl.lit("[]"))
        .when(written.str.contains(_PLAIN_VALUES))
        .then(pl.concat_str(pl.lit("["), written.str.replace_all("'", '"', literal=True), pl.lit("]")))
        .when(written.str.contains(_PLAIN_NAMED_VALUES))
        .then(pl.concat_str(pl.lit("{"), named.str.replace_all("'", '"', literal=True), pl.lit("}")))
        .otherwise(by_hand)
    )


def _read_each(written: pl.Series) -> pl.Series:
    """Only what is not plain comes to be read one by one."""
    plain = written.str.contains(_PLAIN_VALUES) | written.str.contains(_PLAIN_NAMED_VALUES) | (written == "")
    texts = [None if known else text for text, known in zip(written, plain, strict=True)]
    read = {text: _as_json(text) for text in set(texts) if text is not None}
    return pl.Series(written.name, [None if text is None else read[text] for text in texts], dtype=pl.String)


def _as_json(written: str) -> str:
    try:
        return json.dumps(_arguments(written), ensure_ascii=False)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return json.dumps(written, ensure_ascii=False)


def _arguments(written: str) -> Any:  # noqa: ANN401 - any JSON value
    if len(written) > _LONGEST:
        raise ValueError("too long")
    with warnings.catch_warnings():  # about escapes in the text, which are none of ours
        warnings.simplefilter("ignore")
        call = ast.parse(f"_({written})", mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError("no arguments")  # noqa: TRY004 - one kind of error for bad input
    values = [_value(argument) for argument in call.args]
    named = {keyword.arg: _value(keyword.value) for keyword in call.keywords}
    if None in named:
        raise ValueError("a starred argument")
    return [*values, named] if values and named else named or values


def _value(argument: ast.expr) -> Any:  # noqa: ANN401 - any JSON value
    value = ast.literal_eval(argument)
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()  # halves of surrogate pairs are no text
    return value
