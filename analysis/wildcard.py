"""Names with a wildcard, as people write them: ``*`` stands for any characters, everything else for itself."""

from __future__ import annotations

import re


def fits(pattern: str, name: str) -> bool:
    """Whether the whole name is what the pattern says."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None
