"""A merchant's catalogue has grown thirtyfold; a few of its exports hold the queue's threads, and all others wait."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.scenarios.shop import Shop
    from jobrunner.scenarios.site import Site

GROWN = 17
ROWS = 760_000


def tell(site: Site, shop: Shop) -> None:
    """Deploy, then let the grown merchant ask for three days at once, in the hour in which the others export, too."""
    shop.exports_an_hour = 12.0
    shop.orders_an_hour = 4.0
    site.until("08:30")
    shop.export(5, "2026-06-01")
    site.until("08:30:08")
    site.deploy("4.4.0")
    site.until("10:00")
    site.look("before the large exports")
    shop.rows_of[f"m-{GROWN:04}"] = ROWS
    large = [shop.export(GROWN, day) for day in ("2026-05-29", "2026-05-30", "2026-05-31")]
    shop.exports_an_hour = 24.0
    site.until("10:25")
    site.look("while exports pile up")
    site.until("10:55")
    site.look("at the height of it")
    shop.exports_an_hour = 12.0
    shop.rows_of.clear()
    site.until("12:30")
    site.look("when all was worked off")
    site.plant("slow-run", large)
    site.plant_on_queue("queue-latency", "exports")
    site.plant_on_queue("saturated", "exports")


STORY = Story(name="slow-export", opens=datetime(2026, 6, 2, 8, tzinfo=UTC), tell=tell)
