"""How many of something, and which, in words: ``1 run``, ``1,572 runs``, ``one, two and three``."""

from __future__ import annotations

from collections.abc import Sequence


def count(many: int, one: str, several: str | None = None) -> str:
    """So many of something; ``several`` is its plural where that is not the word with an s."""
    return f"{many:,} {one if many == 1 else several or one + 's'}"


def jobs_of(many: int, job_class: str | None) -> str:
    """So many jobs of a class, which may be in no input."""
    return f"{count(many, 'job')} of {job_class or 'an unknown class'}"


def which(many: int, one: str, several: str) -> str:
    """The word that fits the number: ``was`` or ``were``."""
    return one if many == 1 else several


def enumeration(parts: Sequence[str]) -> str:
    """One, two and three."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
