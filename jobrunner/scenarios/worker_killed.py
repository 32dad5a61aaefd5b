"""At night the kernel kills a worker process for its memory, and the feeds it was rendering are lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobrunner.scenarios.shop import RenderFeed, Shop
from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.scenarios.site import Site

MARKETPLACES = ("at", "be", "ch", "cz", "de", "dk", "es", "fi", "fr", "gr", "hu", "ie", "it", "nl", "no", "pl")
SECONDS_BETWEEN_FEEDS = 75.0


def tell(site: Site, shop: Shop) -> None:
    """Deploy, start the night's feeds, kill the worker that renders most of them, go on until the morning."""
    shop.orders_an_hour = 7.0
    site.until("01:30")
    shop.export(3, "2026-03-09")
    site.until("01:30:08")
    site.deploy("4.1.1")
    site.until("02:00")
    site.look("before the night's feeds")
    site.clock.start(_render_feeds(site))
    site.until("02:16:30")
    site.look("while the feeds are rendered")
    post = max(site.workers, key=lambda each: len(site.workers[each].running))
    for rule in ("orphaned", "worker-lost"):
        site.plant(rule, site.workers[post].running.values())
    site.kill(post, back_after=20.0)
    site.until("02:20")
    site.look("after the restart")
    site.until("04:00")
    site.look("in the morning")


async def _render_feeds(site: Site) -> None:
    for marketplace in MARKETPLACES:
        RenderFeed.perform_later(marketplace)
        await site.clock.sleep(SECONDS_BETWEEN_FEEDS)


STORY = Story(name="worker-killed", opens=datetime(2026, 3, 10, 1, tzinfo=UTC), tell=tell)
