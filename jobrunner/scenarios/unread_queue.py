"""A release misspells the queue of the invoices; no worker reads it, and no invoice leaves the house."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.scenarios.shop import Shop
    from jobrunner.scenarios.site import Site


def tell(site: Site, shop: Shop) -> None:
    """Release the misspelt name in the morning; nobody notices until noon."""
    shop.orders_an_hour = 14.0
    site.until("08:50")
    shop.export(28, "2026-07-06")
    site.until("08:50:08")
    site.look("before the release")
    shop.invoice_queue = "mailer"
    site.deploy("4.5.0")
    site.until("10:00")
    site.look("an hour later")
    site.until("12:00")
    site.look("at noon, when a customer asked for an invoice")
    site.plant("unread-queue", (job for job in site.enqueued.jobs if job.queue == "mailer"))


STORY = Story(name="unread-queue", opens=datetime(2026, 7, 7, 8, tzinfo=UTC), tell=tell)
