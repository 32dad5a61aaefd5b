"""How many days are simulated: a few in the suite, many with ``make soak``."""

from __future__ import annotations

from hypothesis import settings

SOAKS = settings.get_current_profile_name() == "soak"


def seeds(few: int, many: int) -> range:
    """Seeds of the days, each a test of its own with the seed in its name."""
    return range(1, 1 + (many if SOAKS else few))
