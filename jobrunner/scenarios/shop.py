"""The shop that all stories are about: its jobs, its customers, and the small failures of any day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from jobrunner.error_handling import retry_on
from jobrunner.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobrunner.scenarios.site import Site

MERCHANTS = 40
WAREHOUSES = ("north", "south")
USUAL_ROWS = 32_000
ROWS_A_SECOND = 400
CARRIER_BUSY = 0.08
"""Share of the labels that the carrier turns down at first."""
GLANCE = 30.0
"""Seconds after which a change of rate is felt."""


class Shop:
    """Customers who order, merchants who export, stock that is counted each hour; a story turns the knobs."""

    def __init__(self, site: Site) -> None:
        self.clock = site.clock
        self.random = site.random("shop")
        self.orders_an_hour = 10.0
        self.exports_an_hour = 2.0
        self.double_submits = 0.0
        self.invoice_queue = "mailers"
        self.gateway_answers = True
        self.rows_of: dict[str, int] = {}
        self.last_order = 48_000 + self.random.randrange(1_000)
        ShopJob.adapter, ShopJob.clock, ShopJob.random = site.adapter, site.clock, site.random("job ids")
        ShopJob.shop = self
        self.clock.start(self._customers())
        self.clock.start(self._merchants())
        self.clock.start(self._clockwork())

    def submit(self, order: int, cents: int) -> None:
        """Charge the card, confirm and invoice; the label is printed once the order can no longer be changed."""
        ChargeCard.perform_later(order, cents)
        OrderConfirmation.perform_later(order)
        InvoiceMail.set(queue=self.invoice_queue).perform_later(order)
        PrintLabel.set(wait=timedelta(minutes=5)).perform_later(order)

    def export(self, merchant: int, day: str) -> Job:
        return ExportOrders.perform_later(f"m-{merchant:04}", day)

    async def _customers(self) -> None:
        while True:
            await self._next(lambda: self.orders_an_hour)
            self.last_order += 1
            cents = self.random.randrange(900, 24_000)
            self.submit(self.last_order, cents)
            if self.random.random() < self.double_submits:
                await self.clock.sleep(self.random.uniform(0.2, 1.5))
                self.submit(self.last_order, cents)

    async def _merchants(self) -> None:
        while True:
            await self._next(lambda: self.exports_an_hour)
            day = self.clock.now() - timedelta(days=self.random.randrange(1, 60))
            self.export(self.random.randrange(1, MERCHANTS), f"{day:%Y-%m-%d}")

    async def _next(self, an_hour: Callable[[], float]) -> None:
        """Let the time until someone comes pass, at a rate that may change while it does."""
        share = self.random.expovariate(1.0)
        while (left := share * 3600 / an_hour()) > GLANCE:
            share -= GLANCE / 3600 * an_hour()
            await self.clock.sleep(GLANCE)
        await self.clock.sleep(left)

    async def _clockwork(self) -> None:
        await self.clock.sleep(7 * 60)
        while True:
            for warehouse in WAREHOUSES:
                SyncStock.perform_later(warehouse)
            await self.clock.sleep(3600)


class GatewayTimeoutError(Exception):
    """The payment gateway did not answer in time."""


class CarrierBusyError(Exception):
    """The carrier turned a label down for now."""


class ShopJob(Job):
    """A job of the shop that opened last."""

    shop: ClassVar[Shop]
    on_error = (retry_on(Exception),)

    async def take(self, seconds: float) -> None:
        """Take about so long, as real work does: never twice the same, and rather longer than shorter."""
        await self.shop.clock.sleep(seconds * self.shop.random.lognormvariate(0.0, 0.2))


class ChargeCard(ShopJob):
    queue_as = "payments"
    # The curve of "polynomially_longer", but spread as a whole: charges that failed together must not come back
    # together, and a first retry would hardly be spread at all.
    on_error = (retry_on(Exception, wait=lambda failures: failures**4 + 2.0, attempts=7, jitter=0.15),)

    async def perform(self, _order: int, _cents: int) -> None:
        if not self.shop.gateway_answers:
            await self.shop.clock.sleep(5.0)
            raise GatewayTimeoutError("pay.example did not answer within 5 s")
        await self.take(0.8)


class OrderConfirmation(ShopJob):
    queue_as = "mailers"

    async def perform(self, _order: int) -> None:
        await self.take(0.3)


class InvoiceMail(ShopJob):
    queue_as = "mailers"

    async def perform(self, _order: int) -> None:
        await self.take(0.9)


class PrintLabel(ShopJob):
    on_error = (retry_on(Exception, wait=20.0),)

    async def perform(self, _order: int) -> None:
        await self.take(1.6)
        if self.shop.random.random() < CARRIER_BUSY:
            raise CarrierBusyError("carrier.example answered 503")


class SyncStock(ShopJob):
    async def perform(self, _warehouse: str) -> None:
        await self.take(11.0)


class RenderFeed(ShopJob):
    """The catalogue of one marketplace, rendered each night."""

    async def perform(self, _marketplace: str) -> None:
        await self.take(200.0)


class ExportOrders(ShopJob):
    queue_as = "exports"

    async def perform(self, merchant: str, _day: str) -> None:
        await self.take(self.shop.rows_of.get(merchant, USUAL_ROWS) / ROWS_A_SECOND)
