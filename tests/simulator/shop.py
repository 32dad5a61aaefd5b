"""The shop whose jobs are simulated: classes of jobs, worker processes, timetables and the rhythm of its day."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

HOUR = 3600.0
DAY = 24 * HOUR

RHYTHM = (2, 1, 1, 1, 1, 2, 4, 7, 10, 13, 14, 13, 12, 13, 13, 12, 11, 11, 12, 14, 15, 12, 8, 4)
"""How much comes in each hour of a day, as shares of the whole."""

WEB_HOSTS = ("web-1", "web-2")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A class of jobs. Run times are log-normal; in the second mode they are ``slower`` times as long."""

    name: str
    queue: str
    share: float
    """Of the day's jobs that users bring."""
    median: float
    sigma: float
    arguments: Callable[[Random], list[Any]]
    second_mode: float = 0.0
    slower: float = 1.0
    fails: float = 0.003
    """Part of its jobs that fail now and then, before they succeed."""
    retries: int = 5
    errors: tuple[tuple[str, str], ...] = (("Timeout::Error", "execution expired"),)
    delay: tuple[float, float] | None = None
    """Seconds ahead that it is scheduled for, from and to; None: it runs at once."""
    calls_gateway: bool = False

    def usual(self, random: Random) -> float:
        """How long a run takes when nothing is wrong."""
        mode = self.slower if random.random() < self.second_mode else 1.0
        return self.median * mode * math.exp(random.gauss(0, self.sigma))

    @property
    def longest_usual(self) -> float:
        """What one run in a hundred of its slower mode exceeds."""
        return self.median * self.slower * math.exp(2.33 * self.sigma)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a worker process runs, one after the other under the same supervisor."""

    host: str
    log: str
    queues: tuple[str, ...]
    concurrency: int


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """So many jobs of a class every so often; several at once stand for a list worked off by night."""

    kind: str
    every: float
    first_at: float
    jobs: int = 1


def _order(random: Random) -> int:
    return random.randrange(100_000, 99_999_999)


def _zipf(random: Random, size: int) -> int:
    return int(size ** random.random())


KINDS = (
    Kind(
        name="SendReceipt",
        queue="mailers",
        share=0.24,
        median=0.12,
        sigma=0.4,
        arguments=lambda random: [_order(random), random.choice(["receipt", "invoice"])],
        errors=(("Net::ReadTimeout", "Net::ReadTimeout with #<TCPSocket:(closed)>"),),
    ),
    Kind(
        name="ChargeCard",
        queue="payments",
        share=0.2,
        median=0.9,
        sigma=0.5,
        arguments=lambda random: [_order(random), {"amount_cents": random.randrange(199, 99_999)}],
        fails=0.006,
        retries=8,
        errors=(("Gateway::Declined", "card was declined, try again later"), ("Gateway::Timeout", "no answer in 5 s")),
        calls_gateway=True,
    ),
    Kind(
        name="ReindexProduct",
        queue="default",
        share=0.25,
        median=0.05,
        sigma=0.5,
        second_mode=0.12,
        slower=25.0,
        arguments=lambda random: [_zipf(random, 4000)],
        errors=(("Search::Busy", "queue is full (429)"),),
    ),
    Kind(
        name="SyncInventory",
        queue="default",
        share=0.15,
        median=0.3,
        sigma=0.6,
        arguments=lambda random: [f"SKU-{_order(random)}"],
    ),
    Kind(
        name="ResizeImage",
        queue="images",
        share=0.1,
        median=2.5,
        sigma=0.7,
        arguments=lambda random: [_order(random), random.choice(["thumb", "large"])],
    ),
    Kind(
        name="ExportOrders",
        queue="exports",
        share=0.01,
        median=50.0,
        sigma=0.7,
        arguments=lambda random: [f"m-{random.randrange(400):04}", f"{_order(random)}.csv"],
    ),
    Kind(
        name="RemindOfCart",
        queue="mailers",
        share=0.05,
        median=0.15,
        sigma=0.4,
        arguments=lambda random: [_order(random)],
        delay=(HOUR, 4 * HOUR),
    ),
    Kind(name="RenewPlan", queue="payments", share=0.0, median=1.1, sigma=0.5,
         arguments=lambda random: [_order(random)], retries=8, calls_gateway=True),
    Kind(name="DigestMail", queue="mailers", share=0.0, median=0.2, sigma=0.4,
         arguments=lambda random: [_order(random), "weekly"]),
    Kind(name="WarmCache", queue="default", share=0.0, median=1.5, sigma=0.3, arguments=lambda _: [], fails=0.001),
    Kind(name="CleanCarts", queue="default", share=0.0, median=6.0, sigma=0.4, arguments=lambda _: [], fails=0.001),
)  # fmt: skip

TIMETABLES = (
    Timetable(kind="WarmCache", every=600.0, first_at=0.0),
    Timetable(kind="CleanCarts", every=HOUR, first_at=420.0),
    Timetable(kind="RenewPlan", every=DAY, first_at=3 * HOUR, jobs=40),
    Timetable(kind="DigestMail", every=DAY, first_at=6 * HOUR, jobs=120),
)

PLACES = (
    Place(host="worker-1", log="worker-1", queues=("payments", "mailers", "default"), concurrency=5),
    Place(host="worker-2", log="worker-2", queues=("payments", "mailers", "default"), concurrency=5),
    Place(host="worker-2", log="worker-2-bulk", queues=("exports", "images"), concurrency=3),
    Place(host="worker-3", log="worker-3-bulk", queues=("images", "exports"), concurrency=3),
)

DEPLOYS = (10.5 * HOUR, 15 * HOUR)
"""When each day's deploys begin."""

BY_NAME = {kind.name: kind for kind in KINDS}

LOCKED = frozenset({"SyncInventory"})
"""Classes whose jobs take a lock when they are enqueued, until they have succeeded or are given up."""
