"""Values as Ruby's ``inspect`` writes them, in the old style and that of Ruby 3.4: ``{"a"=>1, b: nil, :c=>[true]}``."""

from __future__ import annotations

import math
import re
import sys
from typing import Any

import polars as pl

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<key>[A-Za-z_]\w*[?!]?):(?=\s)
      | :(?P<symbol>"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*(?:[?!]|=(?!>))?)
      | (?P<number>-?\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)
      | (?P<word>nil|true|false)
      | (?P<sign>=>|[\[\]{},:])
    )""",
    re.VERBOSE | re.DOTALL,
)
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F ]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_CONTROLS = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "e": "\x1b",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "s": " ",
}
_WORDS = {"nil": None, "true": True, "false": False}
_DEEPEST = 100
_SURROGATES = range(0xD800, 0xE000)
_MOST_DIGITS = 4300
"""Of a whole number: Python reads no longer ones, in JSON neither."""


def read_literal(text: str, start: int = 0) -> tuple[Any, int]:
    """
    The value that begins at this character, and where it ends. Symbols, and fractions beyond all bounds, are read
    as strings.

    Raises ``ValueError`` where there is none, or where something stands in it that is no plain value: an object, a
    whole number of more than 4,300 digits.
    """
    return _value(text, start, 0)


def holds_endless_number(text: pl.Expr) -> pl.Expr:
    """Whether a number may stand in a text that ``read_literal`` refuses for its length: let it read such a text."""
    return pl.when(text.str.len_bytes() > _MOST_DIGITS).then(text).str.contains("[0-9]{400}").fill_null(value=False)


def bracket_end(text: str, start: int = 0) -> int | None:
    """
    Where the brackets that open at this character are all closed again; those in strings do not count. Unlike
    ``read_literal`` it does not mind objects that are no plain values. None where they never close.
    """
    depth = 0
    for token in _BRACKETS.finditer(text, start):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth == 0:
            return token.end()
    return None


def _value(text: str, position: int, depth: int) -> tuple[Any, int]:
    token = _next(text, position)
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if token["sign"] == "{":
        return _hash(text, token.end(), depth)
    if token["sign"] == "[":
        return _array(text, token.end(), depth)
    return _plain(token), token.end()


def _plain(token: re.Match[str]) -> Any:  # noqa: ANN401 - any plain value
    if token["string"] is not None:
        return _unescaped(token["string"])
    if token["symbol"] is not None:
        return _unescaped(token["symbol"]) if token["symbol"].startswith('"') else token["symbol"]
    if token["number"] is not None:
        digits = token["number"].replace("_", "")
        if not re.search(r"[.e]", digits):
            return int(digits)
        return found if math.isfinite(found := float(digits)) else token["number"]
    if token["word"] is not None:
        return _WORDS[token["word"]]
    raise ValueError(f"no value at character {token.start() + 1}")


def _hash(text: str, position: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        token = _next(text, position)
        if token["sign"] == "}":
            return found, token.end()
        if token["sign"] == ",":
            position = token.end()
            continue
        if token["key"] is not None:
            key, position = token["key"], token.end()
        else:
            key, position = _value(text, position, depth + 1)
            arrow = _next(text, position)
            if arrow["sign"] not in ("=>", ":"):
                raise ValueError(f"no => at character {position + 1}")
            position = arrow.end()
        found[str(key)], position = _value(text, position, depth + 1)


def _array(text: str, position: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        token = _next(text, position)
        if token["sign"] == "]":
            return found, token.end()
        if token["sign"] == ",":
            position = token.end()
            continue
        value, position = _value(text, position, depth + 1)
        found.append(value)


def _next(text: str, position: int) -> re.Match[str]:
    token = _TOKEN.match(text, position)
    if token is None:
        raise ValueError(f"no Ruby value at character {position + 1}")
    return token


def _unescaped(quoted: str) -> str:
    return _ESCAPE.sub(_character, quoted[1:-1])


def _character(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "ux" and len(code) > 1:
        points = [int(point, 16) for point in code[1:].strip("{}").split()]
        return "".join(chr(point) for point in points if point <= sys.maxunicode and point not in _SURROGATES)
    return _CONTROLS.get(code, code)
