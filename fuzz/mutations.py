"""Samples damaged by chance: the bytes of a disk fault, of a cut file, of someone who tries to break the reader."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

LARGEST = 1 << 17
"""Bytes to which an input grows."""

_TOKENS = (
    b"{" * 30_000, b"[" * 30_000, b"- " * 30_000,
    b'"', b"'", b"\\", b"\\u", b"\\ud800", b"\\x", b"{", b"}", b"[", b"]", b"[" * 200, b'{"a":' * 200, b"(", b"=>",
    b": ", b"=", b"\n", b"\r\n", b"\r", b"\t", b" ", b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xe2\x80\xa8",
    b"null", b"nil", b"NaN", b"-Infinity", b"1e999", b"9" * 30, b"9" * 5000, b"-1", b"0", b"0x" + b"f" * 6000,
    b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00", b"1e18", b"%", b"&a", b"*a", b"!ruby/object:X ",
    b"Traceback (most recent call last):\n", b"\x1b[31m", b"password=", b"@", b"://",
)  # fmt: skip

_VALUES: tuple[Any, ...] = (
    None, True, "", "x", 0, -1, 2**31, 2**63, 2**200, 1e300, -0.0, [], {}, [[]], {"": ""}, "\ud800", "\0", "nil", "{}",
    "[1,", "9999-99-99T99:99:99Z", "9999-12-31T23:59:59-14:00", [None], {"value": None}, "9" * 400, ["a", 1],
)  # fmt: skip


def mutated(data: bytes, dice: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """These bytes with one to four changes; pieces of ``others`` may be put in. JSON mostly stays JSON."""
    if dice.random() < 0.5 and (changed := _changed_json(data, dice)) is not None:  # noqa: PLR2004 - half of them
        return changed[:LARGEST]
    for _ in range(dice.choice((1, 1, 2, 4))):
        data = dice.choice(_CHANGES)(data, dice) if dice.random() < 0.9 else _spliced(data, dice, others)  # noqa: PLR2004
    return data[:LARGEST]


def _place(data: bytes, dice: random.Random) -> int:
    return dice.randrange(len(data) + 1)


def _piece(data: bytes, dice: random.Random) -> bytes:
    begin = _place(data, dice)
    return data[begin : begin + dice.choice((1, 4, 16, 80, 400))]


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: _place(data, dice)]


def _without(data: bytes, dice: random.Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + data[at + dice.choice((1, 2, 8, 60, 400)) :]


def _with_token(data: bytes, dice: random.Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + dice.choice(_TOKENS) + data[at + dice.choice((0, 0, 1, 4)) :]


def _with_byte(data: bytes, dice: random.Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def _with_bit(data: bytes, dice: random.Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + bytes(byte ^ 1 << dice.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :]


def _repeated(data: bytes, dice: random.Random) -> bytes:
    at, piece = _place(data, dice), _piece(data, dice)
    return data[:at] + piece * dice.choice((2, 10, 100, 3000)) + data[at:]


def _moved(data: bytes, dice: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    dice.shuffle(lines)
    return b"".join(lines)


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _without, _with_token, _with_token, _with_byte, _with_bit, _repeated, _moved,
)  # fmt: skip


def _spliced(data: bytes, dice: random.Random, others: Sequence[bytes]) -> bytes:
    at = _place(data, dice)
    return data[:at] + (_piece(dice.choice(others), dice) if others else b"") + data[at:]


# --- JSON: a value somewhere in it is another one


def _changed_json(data: bytes, dice: random.Random) -> bytes | None:
    """A line of JSON, or the whole, with another value in it; None where there is none."""
    lines = data.splitlines(keepends=True) if data.count(b"\n") > 1 and dice.random() < 0.8 else [data]  # noqa: PLR2004
    if not lines:
        return None
    at = dice.randrange(len(lines))
    try:
        value = json.loads(lines[at])
    except (ValueError, RecursionError):
        return None
    for _ in range(dice.choice((1, 1, 3))):
        value = _changed(value, dice)
    try:
        told = json.dumps(value, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")  # noqa: PLR2004
    except (ValueError, RecursionError):
        return None
    return b"".join((*lines[:at], told, b"\n" if lines[at].endswith(b"\n") else b"", *lines[at + 1 :]))


def _changed(value: Any, dice: random.Random) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(value, dict | list) or not value or dice.random() < 0.1:  # noqa: PLR2004 - seldom the whole
        return dice.choice(_VALUES)
    if isinstance(value, list):
        at = dice.randrange(len(value))
        return [*value[:at], _changed(value[at], dice), *value[at + 1 :]]
    key = dice.choice(list(value))
    match dice.randrange(8):
        case 0:
            return {name: inner for name, inner in value.items() if name != key}
        case 1:
            return {**value, str(dice.choice(_VALUES)): value[key]}
        case _:
            return {**value, key: _changed(value[key], dice)}


# --- without guidance


def inputs(seeds: Sequence[bytes], dice: random.Random) -> Iterator[bytes]:
    """The seeds as they are, the empty input, and then damaged seeds without end."""
    yield b""
    yield from seeds
    while True:
        yield mutated(dice.choice(seeds), dice, seeds)
