"""A new checkout page sends some orders twice, and each card is charged as often."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobrunner.scenarios.shop import ChargeCard, InvoiceMail, OrderConfirmation, PrintLabel, Shop
from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.job import Job
    from jobrunner.scenarios.site import Site

OF_AN_ORDER = (ChargeCard, OrderConfirmation, InvoiceMail, PrintLabel)


def tell(site: Site, shop: Shop) -> None:
    """Deploy the page, let it double one order in five for an hour and a half, take it back."""
    shop.orders_an_hour = 17.0
    site.until("13:30")
    shop.export(12, "2026-04-20")
    site.until("13:30:08")
    site.look("before the new checkout page")
    site.deploy("4.2.0")
    shop.double_submits = 0.2
    site.until("14:15")
    site.look("three quarters of an hour later")
    site.until("15:00")
    shop.double_submits = 0.0
    site.deploy("4.1.0")
    site.until("16:00")
    site.look("after the roll-back")
    site.plant("enqueued-twice", _of_doubled_orders(site))


def _of_doubled_orders(site: Site) -> list[Job]:
    copies = defaultdict(list)
    for job in site.enqueued.jobs:
        if isinstance(job, OF_AN_ORDER):
            copies[type(job), *job.arguments].append(job)
    return [job for jobs in copies.values() if len(jobs) > 1 for job in jobs]


STORY = Story(name="double-enqueue", opens=datetime(2026, 4, 21, 13, tzinfo=UTC), tell=tell)
