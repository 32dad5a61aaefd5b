"""What a file of no known format looks like, in words for whoever gave it."""

from __future__ import annotations

_ZIP, _TAR = "a ZIP archive: unpack it first", "a tar archive: unpack it first"
_ARCHIVES = (_ZIP, _TAR)
_LOOKS = (
    (b"\x89PNG", "a PNG image"),
    (b"PK\x03\x04", _ZIP),
    (b"%PDF", "a PDF document"),
    (b"REDIS", "a Redis dump"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


def looks_like(start: bytes) -> str:
    """What begins like this."""
    if start[257:262] == b"ustar":
        return _TAR
    for magic, name in _LOOKS:
        if start.lstrip().startswith(magic):
            return name
    return "binary data" if is_binary(start) else "text"


def is_archive(start: bytes) -> bool:
    """Whether other files lie in what begins like this, whose lines might be taken for its own."""
    return looks_like(start) in _ARCHIVES


def is_binary(start: bytes) -> bool:
    """Whether no text begins like this."""
    return b"\0" in start[:4096]
