"""From bytes to records: lines with their places, which format each belongs to, and the lines that no one can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ingest.sources import Source

MAX_LINE = 16 << 20
"""Bytes that a line may have; a longer one is rejected without being held."""


_FEW_LINES, _FEW_BYTES = 1000, 1 << 20

BEGINNING = 200
"""Characters that are kept of what is not read."""

_OF_BAD_LINES = (1 << 18) + 4
"""Bytes of a line that is not UTF-8: more characters than anyone looks through."""


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
    whole: list[bytes] = []
    rest: list[bytes] = []
    within_long_line = False
    for piece in _no_longer_than(min(about, MAX_LINE), pieces):
        cut = piece.rfind(b"\n") + 1
        lines = piece[:cut]
        if cut and within_long_line:
            end = piece.find(b"\n") + 1
            yield Block(data=b"".join((*rest, piece[:end])), too_long=True)
            rest, lines, within_long_line = [], piece[end:cut], False
        if lines:
            whole += [*rest, lines]
            rest = []
        if cut < len(piece):
            rest.append(piece[cut:])
        grown = within_long_line or _size(rest) > MAX_LINE
        if whole and (grown or _size(whole) + _size(rest) >= about):
            yield Block(data=b"".join(whole))
            whole = []
        if grown and rest:
            yield Block(data=b"".join(rest), too_long=True, ends=False)
            rest, within_long_line = [], True
    if within_long_line:
        yield Block(data=b"".join(rest), too_long=True)
    elif whole or rest:
        yield Block(data=b"".join(whole + rest))


def _size(pieces: Iterable[bytes]) -> int:
    return sum(len(piece) for piece in pieces)


def _no_longer_than(size: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    return (piece[start : start + size] for piece in pieces for start in range(0, len(piece), size))


def physical_lines(data: bytes, *, line_no: int, byte_offset: int) -> pl.DataFrame:
    """Whole lines as a frame of line_no, byte_offset, bytes, text and reason (null for a good line).

    The first has this number and begins at this byte.
    """
    try:
        frame = _split(data)
    except pl.exceptions.ComputeError:
        frame = _split_with_bad_lines(data)
    text, reason = pl.col("text"), pl.col("reason")
    if b"\r" in data:
        text = text.str.strip_suffix("\r")
    if b"\xef" in data and b"\xef\xbb\xbf" in data:  # the search for one byte is far faster
        text = text.str.strip_prefix("\ufeff")
    if b"\0" in data:
        holds_nul = reason.is_null() & pl.col("text").str.contains("\0", literal=True)
        reason = pl.when(holds_nul).then(pl.lit("the line holds NUL bytes")).otherwise(reason)
    return frame.select(
        (pl.int_range(pl.len()) + line_no).alias("line_no"),
        (pl.col("bytes").cum_sum() - pl.col("bytes") + byte_offset).alias("byte_offset"),
        pl.col("bytes").cast(pl.Int64),
        text.alias("text"),
        reason.alias("reason"),
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


def beginning(start: bytes | str) -> str:
    """The first characters of something unreadable, fit to be shown."""
    text = start if isinstance(start, str) else start[: 4 * BEGINNING].decode("utf-8", "replace")
    return text[:BEGINNING].replace("\0", "\ufffd")


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
    owner = owners(lines, sources)
    if not owner.is_empty() and owner.null_count() == 0 and owner.min() == owner.max():
        return _all_of(lines, sources[owner[0]])
    readable = pl.col("reason").is_null()
    going_on = [index for index, source in enumerate(sources) if source.goes_on]
    frame = lines.with_columns(owner).with_columns(
        pl.col("owner").forward_fill().alias("follows"),
        pl.col("owner").is_not_null().cum_sum().alias("record"),
    )
    part_of_record = readable & (
        pl.col("owner").is_not_null() | pl.col("follows").is_in(going_on).fill_null(value=False)
    )
    blank = readable & ~part_of_record & (pl.col("text").str.strip_chars() == "")
    whole = _whole_records(frame.filter(part_of_record))
    names = {index: source.name for index, source in enumerate(sources)}
    return Sorted(
        records={
            sources[index].name: whole.filter(pl.col("follows") == index).select(_SHAPE)
            for index in whole["follows"].unique()
        },
        loose=frame.filter(readable & ~part_of_record & ~blank).select(
            *_SHAPE, pl.col("follows").replace_strict(names, return_dtype=pl.String, default=None)
        ),
        rejected=frame.filter(~readable).select(*_SHAPE, "reason"),
        blank_bytes=int(frame.filter(blank)["bytes"].sum()),
        last_record=_last_record(frame, going_on),
        last_format=None if frame.is_empty() else names.get(frame["follows"][-1]),
    )


_SHAPE = ["line_no", "byte_offset", "bytes", "text"]


def _all_of(lines: pl.DataFrame, source: Source) -> Sorted:
    """Lines that are a record of one source each."""
    none = lines.head(0)
    return Sorted(
        records={source.name: lines.select(_SHAPE)},
        loose=none.select(*_SHAPE, pl.lit(None, pl.String).alias("follows")),
        rejected=none.select(*_SHAPE, "reason"),
        blank_bytes=0,
        last_record=lines.select("line_no", "byte_offset").row(-1) if source.goes_on else None,
        last_format=source.name,
    )


def are_few(texts: pl.Series) -> bool:
    """Whether it is dearer to ask many questions of these lines than to look for a few words in all of them."""
    return len(texts) <= _FEW_LINES and texts.str.len_bytes().sum() <= _FEW_BYTES


def owners(lines: pl.DataFrame, sources: Sequence[Source]) -> pl.Series:
    """
    Of each line the place in ``sources`` of the first that claims it, null where none does: the column ``owner``.

    No format's record begins with a tab or a blank line.
    """
    places = lines.select("text", "reason", pl.int_range(pl.len()).alias("place"))
    left = places.filter(pl.col("reason").is_null() & ~pl.col("text").str.contains(_BEGINS_NOTHING))
    if are_few(left["text"]):  # one question about all costs less than many about few
        text = "\n".join(left["text"])
        claims = [
            pl.when(source.claims(pl.col("text"))).then(index)
            for index, source in enumerate(sources)
            if source.may_claim(text)
        ]
        owner = pl.coalesce(pl.lit(None, pl.Int32), *claims).cast(pl.Int32)
        return places.join(left.select("place", owner.alias("owner")), on="place", how="left", maintain_order="left")[
            "owner"
        ]
    claimed = [pl.DataFrame(schema={"place": pl.Int64, "owner": pl.Int32})]
    for index, source in enumerate(sources):
        if left.is_empty():
            break
        likely = left
        if source.holds:
            likely = left.filter(pl.col("text").str.contains_any(source.holds))
        if likely.is_empty():
            continue
        its = likely.filter(likely.select(source.claims(pl.col("text")).fill_null(value=False)).to_series())
        if its.height == lines.height:
            return pl.repeat(index, lines.height, dtype=pl.Int32, eager=True).alias("owner")
        if not its.is_empty():
            claimed.append(its.select("place", pl.lit(index, pl.Int32).alias("owner")))
            left = left.join(its.select("place"), on="place", how="anti", maintain_order="left")
    return places.join(pl.concat(claimed), on="place", how="left", maintain_order="left")["owner"]


def _whole_records(parts: pl.DataFrame) -> pl.DataFrame:
    """Each record in one row. Most are one line and are left as they are."""
    going_on = parts.filter(pl.col("owner").is_null())["record"].unique()
    columns = ["follows", "line_no", "byte_offset", "bytes", "text"]
    if going_on.is_empty():
        return parts.select(columns)
    of_many = pl.col("record").is_in(going_on.implode())
    joined = (
        parts.filter(of_many)
        .group_by("record", maintain_order=True)
        .agg(
            pl.col("follows", "line_no", "byte_offset").first(),
            pl.col("bytes").sum(),
            pl.col("text").str.join("\n").str.strip_chars_end("\n"),
        )
    )
    return pl.concat([parts.filter(~of_many).select(columns), joined.select(columns)]).sort("line_no")


_BEGINS_NOTHING = r"^(?:\t|\s*$)"


def _split(data: bytes) -> pl.DataFrame:
    """Raises ``ComputeError`` where it is not UTF-8."""
    if b"\r" in data:
        text = pl.Series("text", [data], dtype=pl.Binary).cast(pl.String).str.split("\n").explode()
        text = text.head(len(text) - data.endswith(b"\n"))
    else:  # several times as fast, but takes "\r\n" for one line end
        text = pl.read_lines(data, name="text")["text"]
    has_end = pl.lit(1) if data.endswith(b"\n") else (pl.int_range(pl.len()) < pl.len() - 1).cast(pl.Int64)
    return pl.DataFrame({"text": text}).with_columns(
        bytes=pl.col("text").str.len_bytes().cast(pl.Int64) + has_end, reason=pl.lit(None, pl.String)
    )


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
            texts.append(line[:_OF_BAD_LINES].decode("utf-8", "replace"))
            reasons.append(f"the line is not UTF-8: byte {line[error.start]:#04x} at position {error.start + 1}")
    return pl.DataFrame({"text": texts, "bytes": sizes, "reason": pl.Series(reasons, dtype=pl.String)})


def _last_record(frame: pl.DataFrame, going_on: Sequence[int]) -> tuple[int, int] | None:
    headers = frame.filter(pl.col("owner").is_not_null())
    if headers.is_empty() or headers["owner"][-1] not in going_on:
        return None
    return int(headers["line_no"][-1]), int(headers["byte_offset"][-1])
