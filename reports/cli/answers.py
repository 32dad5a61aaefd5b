"""An answer of the database, written row by row: as a table for people, as CSV or JSON for programs."""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from rich.cells import cell_len

from reports.wording import visible

Row = tuple[Any, ...]

NULL = "NULL"
_LOOKED_AT = 1000
"""Rows that tell how wide the columns of a table are."""
_APART = "  "
_NAMES_WIDTH = 28
_NEEDS_QUOTES = re.compile(r'[,"\r\n]')


def table_lines(columns: Sequence[str], rows: Iterable[Row], width: int) -> Iterator[str]:
    """
    A line per row where they fit into the width, else a block per row with a line per column.

    NULL is written so, text that says NULL in quotation marks. Control characters are made visible.
    """
    stream = iter(rows)
    first = list(islice(stream, _LOOKED_AT))
    names = [visible(column) for column in columns]
    cells = [[_cell(value) for value in row] for row in first]
    widths = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    if sum(widths) + len(_APART) * (len(widths) - 1) <= width:
        numbers = [_is_number(value) for value in first[0]] if first else [False] * len(names)
        header = [_padded(*each) for each in zip(names, widths, numbers, strict=True)]
        yield from (_APART.join(header).rstrip(), _APART.join("-" * each for each in widths))
        yield from _grid(widths, chain(first, stream))
    else:
        yield from _blocks(names, chain(first, stream))
    if not first:
        yield "(no rows)"


def csv_lines(columns: Sequence[str], rows: Iterable[Row], *, harmless: bool = False) -> Iterator[str]:
    """
    Comma-separated, a heading first. NULL is nothing at all, empty text is "".

    ``harmless`` makes control characters visible, for a terminal that would obey them.
    """
    for row in chain([tuple(columns)], rows):
        line = ",".join(_quoted(value) for value in row)
        yield visible(line) if harmless else line


def json_lines(columns: Sequence[str], rows: Iterable[Row], *, harmless: bool = False) -> Iterator[str]:
    """
    One JSON list, a line per row. Columns of the same name are numbered, so that none is lost.

    ``harmless`` spells out every character that is not ASCII, for a terminal that would obey some of them.
    """
    names = _told_apart(columns)
    last = None
    for row in rows:
        yield "[" if last is None else f"{last},"
        written = {name: _json_value(value) for name, value in zip(names, row, strict=True)}
        last = f"  {json.dumps(written, ensure_ascii=harmless)}"
    yield "[]" if last is None else f"{last}\n]"


def meanings(pairs: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Names and what they mean, folded to the width."""
    for name, meaning in pairs:
        indent = " " * _NAMES_WIDTH
        folded = textwrap.wrap(meaning, max(width - _NAMES_WIDTH, 20)) or [""]
        beginning = f"{name:{_NAMES_WIDTH - 1}} "
        if len(beginning) > _NAMES_WIDTH:
            yield beginning.rstrip()
            beginning = indent
        yield f"{beginning}{folded[0]}".rstrip()
        yield from (indent + line for line in folded[1:])


def plain(value: object) -> str:
    """A value as text: times in UTC without a zone, lists and structures as JSON, bytes in hex."""
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, dict, tuple)):
        return json.dumps(_json_value(value), ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _grid(widths: Sequence[int], rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        cells = (_padded(_cell(value), width, _is_number(value)) for value, width in zip(row, widths, strict=True))
        yield _APART.join(cells).rstrip()


def _blocks(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    width = max(map(cell_len, names))
    for number, row in enumerate(rows, start=1):
        yield f"--- row {number}"
        yield from (f"{_padded(name, width)}  {_cell(value)}" for name, value in zip(names, row, strict=True))


def _cell(value: object) -> str:
    if value is None:
        return NULL
    text = visible(plain(value))
    return f"'{text}'" if text in {"", NULL} else text


def _padded(text: str, width: int, right: bool = False) -> str:  # noqa: FBT001, FBT002 - given by position with zip
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _quoted(value: object) -> str:
    if value is None:
        return ""
    text = plain(value)
    if text == "" or _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _json_value(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no word for these
    if isinstance(value, dict):
        return {plain(name): _json_value(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(each) for each in value]
    return plain(value)


def _told_apart(columns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


def _utc(at: datetime) -> str:
    naive = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    text = naive.isoformat(sep=" ")
    return text.rstrip("0") if "." in text else text
