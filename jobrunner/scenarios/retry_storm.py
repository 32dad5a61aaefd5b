"""For three quarters of an hour the payment gateway is silent: charges fail, come back, and some are given up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.scenarios.shop import Shop
    from jobrunner.scenarios.site import Site

OFTEN = 5
"""Runs from which a job counts as retried often."""


def tell(site: Site, shop: Shop) -> None:
    """Deploy in the afternoon; in the evening's rush the gateway stops answering, and comes back."""
    shop.orders_an_hour = 6.0
    site.until("18:10")
    shop.export(7, "2026-05-07")
    site.until("18:10:08")
    site.deploy("4.3.1")
    site.until("18:55")
    site.look("before the evening")
    shop.orders_an_hour = 120.0
    site.until("19:00")
    shop.gateway_answers = False
    site.until("19:08")
    shop.orders_an_hour = 24.0
    site.look("eight minutes into the outage")
    site.until("19:45")
    shop.gateway_answers = True
    shop.orders_an_hour = 6.0
    site.until("19:50")
    site.look("when payments worked again")
    site.until("20:30")
    site.look("at the end of the evening")
    given_up = site.adapter.dead
    often = [job for job in site.enqueued.jobs if job.executions >= OFTEN and job not in given_up]
    site.plant_on_queue("retry-storm", "payments")
    site.plant("retries-exhausted", given_up)
    site.plant("retried-often", often, may_name=given_up)


STORY = Story(name="retry-storm", opens=datetime(2026, 5, 8, 18, tzinfo=UTC), tell=tell)
