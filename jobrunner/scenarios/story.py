"""A story: when it begins, and what happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobrunner.scenarios.shop import Shop
from jobrunner.scenarios.site import Planted, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Story:
    """One folder of ``sample_logs/``."""

    name: str
    opens: datetime
    tell: Callable[[Site, Shop], None]
    heartbeat_every: float = 60.0
    """Seconds between two heartbeats of a worker."""
    poll: float = 2.0
    """Seconds between two looks of an idle thread for work."""

    def write(self, folder: Path) -> list[Planted]:
        """Write the story's files into a folder, in place of those of an earlier time; return what was planted."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.jsonl"):
            old.unlink()
        site = Site(folder, self.name, self.opens, heartbeat_every=self.heartbeat_every, poll=self.poll)
        self.tell(site, Shop(site))
        site.close()
        return site.planted
