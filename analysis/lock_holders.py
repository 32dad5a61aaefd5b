"""How the job that held a lock had ended, in words."""

from __future__ import annotations

from collections.abc import Iterable

_HAD = {"discarded": "been discarded"}
"""An ending, where another word than its own reads well after *had*."""


def had(endings: Iterable[str | None]) -> str:
    """What stands after *had*, such as ``succeeded or died with its worker``; empty where no ending is known."""
    return " or ".join(_HAD.get(ending, ending) for ending in sorted({each for each in endings if each}))
