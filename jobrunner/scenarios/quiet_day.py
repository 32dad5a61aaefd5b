"""A day on which nothing is wrong: some labels need a second try, a deploy gives one export back, and that is all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.scenarios.shop import Shop
    from jobrunner.scenarios.site import Site


def tell(site: Site, shop: Shop) -> None:
    """A night, a day with a deploy in the afternoon, an evening."""
    shop.orders_an_hour, shop.exports_an_hour = 0.8, 0.2
    site.until("07:00")
    site.look("in the morning")
    shop.orders_an_hour, shop.exports_an_hour = 3.0, 1.0
    site.until("15:00")
    shop.export(9, "2026-08-17")
    site.until("15:00:10")
    site.look("during the deploy")
    site.deploy("4.6.2")
    site.until("19:00")
    site.look("in the evening")
    shop.orders_an_hour, shop.exports_an_hour = 1.5, 0.3
    site.until("00:00")
    site.look("at midnight")


STORY = Story(name="quiet-day", opens=datetime(2026, 8, 18, tzinfo=UTC), tell=tell, heartbeat_every=600.0, poll=5.0)
