"""From bytes to records: lines with their places, which format each belongs to, and the lines that no one can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ingest.sources import Source

MAX_LINE = 16 << 20
"""Bytes that a line may have; a longer one is rejected without being held."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Whole lines, one after the other; or a part of a line that is too long to be held."""

    data: bytes
    too_long: bool = False
    ends: bool = True
    """Of a part of a line too long: whether it is the last part."""


def blocks(pieces: Iterable[bytes], *, about: int) -> Iterator[Block]:
    """
    Cut bytes into blocks of whole lines of about that size. Only the very last block may lack its line end.

    A line of more than ``MAX_LINE`` bytes comes in parts, so that memory is bounded whatever its length.
    """
    held = bytearray()
    within_long_line = False
    about = min(about, MAX_LINE)
    for piece in _no_longer_than(about, pieces):
        held += piece
        if within_long_line:
            end = held.find(b"\n") + 1
            within_long_line = not end
            yield Block(data=bytes(held[: end or None]), too_long=True, ends=bool(end))
            del held[: end or None]
        if len(held) >= about and (cut := held.rfind(b"\n") + 1):
            yield Block(data=bytes(held[:cut]))
            del held[:cut]
        if len(held) > MAX_LINE:
            within_long_line = True
            yield Block(data=bytes(held), too_long=True, ends=False)
            held.clear()
    if within_long_line:
        yield Block(data=bytes(held), too_long=True)
    elif held:
        yield Block(data=bytes(held))


def _no_longer_than(size: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    return (piece[start : start + size] for piece in pieces for start in range(0, len(piece), size))


def physical_lines(data: bytes, *, line_no: int, byte_offset: int) -> pl.DataFrame:
    """Whole lines as a frame of line_no, byte_offset, bytes, text and reason (null for a good line).

    The first has this number and begins at this byte.
    """
    try:
        frame = _split(data.decode("utf-8"))
    except UnicodeDecodeError:
        frame = _split_with_bad_lines(data)
    return frame.select(
        (pl.int_range(pl.len()) + line_no).alias("line_no"),
        (pl.col("bytes").cum_sum() - pl.col("bytes") + byte_offset).alias("byte_offset"),
        pl.col("bytes").cast(pl.Int64),
        pl.col("text").str.strip_suffix("\r").str.strip_prefix("\ufeff").alias("text"),
        pl.when(pl.col("reason").is_null() & pl.col("text").str.contains("\0", literal=True))
        .then(pl.lit("the line holds NUL bytes"))
        .otherwise(pl.col("reason"))
        .alias("reason"),
    )


def is_whole(line: bytes) -> bool:
    """Whether a line without its end is whole all the same: nothing that begins like it can be another JSON object."""
    if not (line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" and len(line) <= MAX_LINE):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def beginning(data: bytes) -> str:
    """The first characters of something unreadable, fit to be shown."""
    return data[:_BEGINNING].decode("utf-8", "replace").replace("\0", "\ufffd")[:200]


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """The lines of a block, sorted by who reads them."""

    records: dict[str, pl.DataFrame]
    """Format name to its records: ``line_no``, ``byte_offset``, ``bytes`` and ``text`` of each."""
    loose: pl.DataFrame
    """Readable lines of no format, with ``follows``: the format of the record before them, null where there is none."""
    rejected: pl.DataFrame
    """Lines that cannot be read at all, with ``reason``."""
    blank_bytes: int
    last_record: tuple[int, int] | None
    """Line number and byte offset of the last record that may still go on, if it is the last thing in the block."""
    last_format: str | None
    """The format of the last record."""


def sort_lines(lines: pl.DataFrame, sources: Sequence[Source]) -> Sorted:
    """Give each line to the first source that claims it; lines that none claims go on the record before them."""
    readable = pl.col("reason").is_null()
    owner = pl.coalesce(
        pl.lit(None, pl.Int32),
        *[pl.when(readable & source.claims(pl.col("text"))).then(index) for index, source in enumerate(sources)],
    )
    going_on = [index for index, source in enumerate(sources) if source.goes_on]
    frame = lines.with_columns(owner.cast(pl.Int32).alias("owner")).with_columns(
        pl.col("owner").forward_fill().alias("follows"),
        pl.col("owner").is_not_null().cum_sum().alias("record"),
    )
    part_of_record = readable & (
        pl.col("owner").is_not_null() | pl.col("follows").is_in(going_on).fill_null(value=False)
    )
    blank = readable & ~part_of_record & (pl.col("text").str.strip_chars() == "")
    parts = frame.filter(part_of_record)
    whole = parts.group_by("record", maintain_order=True).agg(
        pl.col("follows").first(),
        pl.col("line_no").first(),
        pl.col("byte_offset").first(),
        pl.col("bytes").sum(),
        pl.col("text").str.join("\n").str.strip_chars_end("\n"),
    )
    shape = ["line_no", "byte_offset", "bytes", "text"]
    names = {index: source.name for index, source in enumerate(sources)}
    return Sorted(
        records={
            sources[index].name: group.select(shape)
            for (index,), group in whole.partition_by("follows", as_dict=True, maintain_order=True).items()
        },
        loose=frame.filter(readable & ~part_of_record & ~blank).select(
            *shape, pl.col("follows").replace_strict(names, return_dtype=pl.String, default=None)
        ),
        rejected=frame.filter(~readable).select(*shape, "reason"),
        blank_bytes=int(frame.filter(blank)["bytes"].sum()),
        last_record=_last_record(frame, going_on),
        last_format=None if frame.is_empty() else names.get(frame["follows"][-1]),
    )


_BEGINNING = 800


def _split(text: str) -> pl.DataFrame:
    lines = pl.Series("text", [text], dtype=pl.String).str.split("\n").explode()
    ended = text.endswith("\n")
    if ended:
        lines = lines.head(len(lines) - 1)
    sizes = lines.str.len_bytes().cast(pl.Int64) + 1
    if not ended:
        sizes = sizes - pl.Series([0] * (len(lines) - 1) + [1], dtype=pl.Int64)
    return pl.DataFrame({"text": lines, "bytes": sizes, "reason": pl.Series([None] * len(lines), dtype=pl.String)})


def _split_with_bad_lines(data: bytes) -> pl.DataFrame:
    raw = data.split(b"\n")
    sizes = [len(line) + 1 for line in raw]
    sizes[-1] -= 1
    if not raw[-1]:
        raw, sizes = raw[:-1], sizes[:-1]
    texts: list[str] = []
    reasons: list[str | None] = []
    for line in raw:
        try:
            texts.append(line.decode("utf-8"))
            reasons.append(None)
        except UnicodeDecodeError as error:
            texts.append(beginning(line))
            reasons.append(f"the line is not UTF-8: byte {line[error.start]:#04x} at position {error.start + 1}")
    return pl.DataFrame({"text": texts, "bytes": sizes, "reason": pl.Series(reasons, dtype=pl.String)})


def _last_record(frame: pl.DataFrame, going_on: Sequence[int]) -> tuple[int, int] | None:
    headers = frame.filter(pl.col("owner").is_not_null())
    if headers.is_empty() or headers["owner"][-1] not in going_on:
        return None
    return int(headers["line_no"][-1]), int(headers["byte_offset"][-1])
