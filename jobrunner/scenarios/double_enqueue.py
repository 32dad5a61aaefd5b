"""A new checkout page sends some orders twice, and each card is charged as often."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.job import Job
    from jobrunner.scenarios.shop import Shop
    from jobrunner.scenarios.site import Site


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
    site.look("an hour later")
    site.until("15:00")
    shop.double_submits = 0.0
    site.deploy("4.1.0")
    site.until("16:00")
    site.look("after the roll-back")
    site.plant("enqueued-twice", _of_doubled_orders(site))


def _of_doubled_orders(site: Site) -> list[Job]:
    about_order = defaultdict(list)
    for job in site.enqueued.jobs:
        about_order[type(job), *job.arguments].append(job)
    classes = {"ChargeCard", "OrderConfirmation", "InvoiceMail", "PrintLabel"}
    return [job for (of, *_), jobs in about_order.items() if of.__name__ in classes and len(jobs) > 1 for job in jobs]


STORY = Story(name="double-enqueue", opens=datetime(2026, 4, 21, 13, tzinfo=UTC), tell=tell)
