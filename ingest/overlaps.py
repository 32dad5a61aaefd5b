"""
Where the lines of a file and those of a known stream are the same ones, told by their marks.

An overlap agrees in every line up to where one of the two ends. It must be long enough, not one line over and over, and
fit at one place only: lines without times repeat themselves, and equal lines are two events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ingest.stream_digest import MARK

LEAST_LINES = 64
"""Lines that an overlap must have."""

LEAST_BYTES = 4096
"""Bytes that an overlap must have."""

_HEAD = LEAST_LINES * MARK
_MOST_PLACES = 64
"""Places that are tried: where so many lines in a row stand more often, they tell no place."""
_SHORTEST = 2
"""Lines that a file and a stream must share at their ends before anyone is told: one may be blank."""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Lines that two sequences share: where they begin in each, counted from 0, and how many they are."""

    in_file: int
    in_stream: int
    lines: int


def overlap(of_file: bytes, of_stream: bytes) -> Overlap | None:
    """The one overlap of these marks with at least ``LEAST_LINES``; none where there are several."""
    found = _overlaps(of_file, of_stream)
    if len(found) != 1:
        return None
    begin = found[0].in_file * MARK
    shared = of_file[begin : begin + found[0].lines * MARK]
    return None if _is_one_line(shared) else found[0]


def shared_lines(of_file: bytes, of_stream: bytes) -> int:
    """Lines that a file and a stream seem to share at their ends, or one within the other; 0 where that is one line."""
    if found := _overlaps(of_file, of_stream):
        return found[0].lines
    for inner, outer in ((of_file, of_stream), (of_stream, of_file)):
        if _SHORTEST * MARK <= len(inner) < _HEAD and not _is_one_line(inner) and any(_places(inner, outer)):
            return len(inner) // MARK
    return max(_joint(of_stream, of_file), _joint(of_file, of_stream))


def _joint(first: bytes, second: bytes) -> int:
    """How many lines, fewer than an overlap has, end the first and begin the second."""
    size = min(len(first), len(second), _HEAD - MARK)
    end = first[len(first) - size :]
    place = end.find(second[:MARK])
    while 0 <= place <= size - _SHORTEST * MARK:
        shared = end[place:]
        if place % MARK == 0 and second.startswith(shared) and not _is_one_line(shared):
            return len(shared) // MARK
        place = end.find(second[:MARK], place + 1)
    return 0


def _overlaps(of_file: bytes, of_stream: bytes) -> list[Overlap]:
    """All that are long enough. Two sequences that begin alike do not overlap: one is the beginning of the other."""
    within_stream = [
        Overlap(in_file=0, in_stream=line, lines=lines) for line, lines in _beginnings_of(of_file, of_stream)
    ]
    within_file = [
        Overlap(in_file=line, in_stream=0, lines=lines) for line, lines in _beginnings_of(of_stream, of_file)
    ]
    return within_stream + within_file


def _beginnings_of(inner: bytes, outer: bytes) -> list[tuple[int, int]]:
    """Where, behind its first line, ``outer`` goes on like ``inner`` up to the end of one: first line, and how many."""
    if len(inner) < _HEAD:
        return []
    found = []
    for place in islice(_places(inner[:_HEAD], outer), _MOST_PLACES):
        size = min(len(inner), len(outer) - place)
        if outer.startswith(inner, place) if size == len(inner) else inner.startswith(outer[place:]):
            found.append((place // MARK, size // MARK))
    return found


def _places(inner: bytes, outer: bytes) -> Iterator[int]:
    """Behind the first line."""
    place = outer.find(inner, 1)
    while place >= 0:
        if place % MARK == 0:
            yield place
        place = outer.find(inner, place + 1)


def _is_one_line(marks: bytes) -> bool:
    return marks[MARK:] == marks[:-MARK]
