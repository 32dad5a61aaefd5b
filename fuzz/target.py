"""A target: what is tried, on what bytes to begin with, and the promises that hold for all of them."""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

Try = Callable[[bytes], None]
"""Give these bytes to the code under test. Raises ``BrokenError`` for a broken promise; whatever else it raises is a
fault, too."""

_CPU_AT_LEAST, _CPU_PER_MEGABYTE = 5.0, 20.0
"""CPU seconds that any input may take, and those more for its size."""
_MEMORY = 1 << 30
"""Bytes by which the peak of the process may grow for one input."""
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class BrokenError(AssertionError):
    """A promise does not hold; the words say which."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing to try."""

    name: str
    promise: str
    """What holds for any bytes, in words."""
    attempt: Try
    seeds: Callable[[], list[bytes]]
    """Inputs to begin with: samples, valid ones."""
    quick: int = 60
    """Damaged inputs that are tried with every run of the tests: fewer where each takes long."""

    def holds(self, data: bytes) -> None:
        """Try these bytes, within bounds of time and memory, and without a warning. Raises as ``Try`` does."""
        with _bounded(len(data)), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.attempt(data)
        if told:
            broken(f"it warns: {told[0].category.__name__}: {told[0].message}")


def broken(words: str) -> NoReturn:
    """Say that a promise does not hold."""
    raise BrokenError(words)


def promise(holds: object, words: str) -> None:
    """Raises ``BrokenError`` with these words where it does not hold."""
    if not holds:
        broken(words)


@contextmanager
def _bounded(size: int) -> Iterator[None]:
    began, peak = time.process_time(), _peak()
    yield
    took, allowed = time.process_time() - began, _CPU_AT_LEAST + _CPU_PER_MEGABYTE * size / 1e6
    promise(took <= allowed, f"{size:,} bytes took {took:.1f} s of CPU; at most {allowed:.1f} s are allowed")
    grown = _peak() - peak
    promise(grown <= _MEMORY, f"{size:,} bytes took {grown:,} bytes of memory")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def valid_json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a JSON text as DuckDB stores it: UTF-8, and no number that is none."""

    def no_number(word: str) -> NoReturn:
        broken(f"{word} is no JSON")

    text.encode()
    try:
        return json.loads(text, parse_constant=no_number)
    except ValueError as error:
        raise BrokenError(f"{text[:200]!r} is no JSON: {error}") from error


def as_text(data: bytes) -> str:
    """Bytes as the text that reading a file makes of them: valid UTF-8, no NUL."""
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")
