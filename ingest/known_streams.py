"""The streams that a database knows, by their lines: what files are compared with, read from it once per load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from ingest.ledger import Ledger
from ingest.stream_digest import MARK


@dataclass(frozen=True, kw_only=True)
class KnownStream:
    """What a stream holds, as far as it was read: its marks, and digests of the bytes between its checkpoints."""

    source_id: int
    name: str
    marks: bytes
    checkpoints: tuple[tuple[int, str], ...]
    """Byte offset and sealed digest of each."""
    lines_end: int
    """Byte offset at which the last whole line ends."""
    joins: bool
    """Whether files can be joined to its lines: it was read line by line."""

    @property
    def line_count(self) -> int:
        """Whole lines, each with a mark."""
        return len(self.marks) // MARK

    @property
    def size(self) -> int:
        """Bytes that are known of it, a last line without its end included."""
        return self.checkpoints[-1][0]


_SEAMLESS = "~"
"""What a digest begins with that stands for bytes which were never seen together; it compares with nothing."""


def compares(digest: str) -> bool:
    """Whether a checkpoint's digest is one of bytes."""
    return not digest.startswith(_SEAMLESS)


def seamless(digest: str, line: int) -> str:
    """In place of the digest of a checkpoint whose first lines, so many, are told by another one now."""
    return f"{_SEAMLESS}{digest}:{line}"


class KnownStreams:
    """All streams of a ledger that have a line or the beginning of one. Four bytes are held for each line."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[int, KnownStream] = {}
        self._read_before = False

    def all(self) -> Sequence[KnownStream]:
        """The streams as they are now, the oldest first."""
        changed = self._ledger.changed_streams()
        if not self._read_before:
            self._read("true", [])
            self._read_before = True
        elif changed:
            for source_id in changed:
                self._known.pop(source_id, None)
            self._read("list_contains($changed, source_id)", changed)
        return [self._known[source_id] for source_id in sorted(self._known)]

    def _read(self, which: str, changed: list[int]) -> None:
        rows = self._ledger.db.execute(
            "select source_id, path, resume_offset > 0, byte_offset, digest, line_ends"
            f" from source_checkpoints join sources using (source_id) where {which} order by source_id, byte_offset",
            {"changed": changed} if changed else None,
        )
        rows_of = iter(lambda: rows.fetchmany(1000), [])
        for source_id, of_stream in groupby((row for some in rows_of for row in some), key=itemgetter(0)):
            self._known[source_id] = self._stream(source_id, list(of_stream))

    def _stream(self, source_id: int, rows: Sequence[tuple[int, str, bool, int, str, bytes]]) -> KnownStream:
        return KnownStream(
            source_id=source_id,
            name=rows[0][1],
            joins=rows[0][2],
            marks=b"".join(self._ledger.sealed_marks(line_ends, digest) for *_, digest, line_ends in rows),
            checkpoints=tuple((offset, digest) for _, _, _, offset, digest, _ in rows),
            lines_end=max((offset for _, _, _, offset, _, line_ends in rows if line_ends), default=0),
        )
