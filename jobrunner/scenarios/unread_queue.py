"""A release misspells the queue of the invoices; no worker reads it, and no invoice leaves the house."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobrunner.scenarios.story import Story

if TYPE_CHECKING:
    from jobrunner.scenarios.shop import Shop
    from jobrunner.scenarios.site import Site

A_MINUTE = timedelta(minutes=1)
"""What a job may wait before anyone calls it stranded."""


def tell(site: Site, shop: Shop) -> None:
    """Release the misspelt name in the morning; nobody notices until noon."""
    shop.orders_an_hour = 12.0
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
    stranded = [job for job in site.adapter.queued if job.queue_name == shop.invoice_queue]
    site.plant("unread-queue", (job for job in stranded if site.waiting(job) >= A_MINUTE))


STORY = Story(name="unread-queue", opens=datetime(2026, 7, 7, 8, tzinfo=UTC), tell=tell)
