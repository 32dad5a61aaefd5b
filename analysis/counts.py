"""How many of something, in words: ``1 run``, ``1,572 runs``."""

from __future__ import annotations


def count(many: int, one: str, several: str | None = None) -> str:
    """So many of something; ``several`` is its plural where that is not the word with an s."""
    return f"{many:,} {one if many == 1 else several or one + 's'}"


def which(many: int, one: str, several: str) -> str:
    """The word that fits the number: ``was`` or ``were``."""
    return one if many == 1 else several
