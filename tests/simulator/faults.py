"""What can go wrong, one function per fault, and the rules that name it rightly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.simulator.life import Job
from tests.simulator.shop import BY_NAME, DAY, DEPLOYS, HOUR, KINDS, PLACES, Place
from tests.simulator.world import Breakage, World

SLOWER = 3.0
"""So many times as long a class takes that a deploy made slower."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind of fault. ``plant`` puts it into a day that begins at the given moment."""

    name: str
    rules: tuple[str, ...]
    """Ids of the rules that name it rightly, the one it is counted for first. Some of them may not exist yet."""
    plant: Callable[[World, float, Random], None]


def marked(job: Job, fault: str, which: str | None = None) -> Job:
    """Plant a fault on a job. Jobs that one cause makes suffer say which; '' where there is only one a day."""
    job.faults.add(fault)
    job.causes.add(f"{fault} {job.id if which is None else which}".strip())
    return job


def some_time(random: Random, begins_at: float, from_hour: float = 0.5, to_hour: float = 23.0) -> float:
    return begins_at + random.uniform(from_hour, to_hour) * HOUR


def worker_killed(world: World, begins_at: float, random: Random) -> None:
    """A worker is killed for its memory, while it works."""

    def kill(place: Place, patience: int = 20_000) -> None:
        process = world.places[place]
        if process is None or not process.accepting or not process.running:
            if patience:
                world.after(0.7, lambda: kill(place, patience - 1))
            return
        world.trouble("worker-lost", process.host, world.now)
        world.kill(place, boots_after=random.uniform(4, 40))

    for place in random.sample(PLACES, 2):
        world.at(some_time(random, begins_at), lambda place=place: kill(place))


def hang(world: World, begins_at: float, random: Random) -> None:
    """A call without a timeout: the run never ends by itself. After the day's last deploy, so that none cures it."""
    for kind in ("SyncInventory", "ResizeImage"):
        job = marked(world.make(BY_NAME[kind], random), "hang")
        job.duration, job.failures = math.inf, 0
        world.at(some_time(random, begins_at, 16, 22), lambda job=job: world.enqueue(job))


def slow(world: World, begins_at: float, random: Random) -> None:
    """Three jobs take far longer than any of their class."""
    for name in random.sample(["SendReceipt", "ChargeCard", "SyncInventory", "ResizeImage"], 3):
        kind = BY_NAME[name]
        job = marked(world.make(kind, random), "slow")
        job.duration, job.failures = kind.longest_usual * random.uniform(12, 40), 0
        world.at(some_time(random, begins_at), lambda job=job: world.enqueue(job))


def enqueued_twice(world: World, begins_at: float, random: Random) -> None:
    """A double click: the same work under two ids, within half a minute."""
    for name in ("SendReceipt", "ChargeCard", "ExportOrders"):
        first, second = (marked(world.make(BY_NAME[name], random), "enqueued-twice", name) for _ in range(2))
        second.arguments, first.failures, second.failures = first.arguments, 0, 0
        moment = some_time(random, begins_at)
        world.at(moment, lambda job=first: world.enqueue(job))
        world.at(moment + random.uniform(0.05, 30), lambda job=second: world.enqueue(job))


def pushed_twice(world: World, begins_at: float, random: Random) -> None:
    """A client that repeats a push which had arrived: the same job runs again after its success."""
    for name in ("ChargeCard", "SendReceipt"):
        job = marked(world.make(BY_NAME[name], random), "pushed-twice")
        job.failures = 0
        moment = some_time(random, begins_at)
        world.at(moment, lambda job=job: world.enqueue(job))
        world.at(moment + random.uniform(20, 90), lambda job=job: world.push(job))


def runs_at_once(world: World, begins_at: float, random: Random) -> None:
    """A broker that hands a long job out again while it still runs."""
    job = marked(world.make(BY_NAME["ExportOrders"], random), "runs-at-once")
    job.duration, job.failures = random.uniform(60, 120), 0
    moment = some_time(random, begins_at)
    world.at(moment, lambda: world.enqueue(job))
    world.at(moment + 30, lambda: world.push(job))


def unread_queue(world: World, begins_at: float, random: Random) -> None:
    """A misspelt queue, and one whose worker was never deployed."""
    for queue, name in (("mailres", "SendReceipt"), ("reports_low", "ExportOrders")):
        for _ in range(random.randrange(1, 6)):
            job = marked(world.make(BY_NAME[name], random), "unread-queue", queue)
            job.queue = queue
            world.at(some_time(random, begins_at), lambda job=job: world.enqueue(job))


def gateway_down(world: World, begins_at: float, random: Random) -> None:
    """The payment gateway fails while the night's renewals run."""
    until = begins_at + 3 * HOUR + random.uniform(8, 30) * 60

    def go_down() -> None:
        world.gateway_is_down = True
        world.trouble("gateway-down", "payments", until)

    world.at(begins_at + 3 * HOUR - random.uniform(1, 10) * 60, go_down)
    world.at(until, lambda: setattr(world, "gateway_is_down", False))


def hopeless(world: World, begins_at: float, random: Random) -> None:
    """Jobs that can never succeed."""
    for name in ("SyncInventory", "SendReceipt"):
        job = marked(world.make(BY_NAME[name], random), "hopeless")
        job.failures, job.error = 99, ("NoMethodError", "undefined method 'total' for nil")
        world.at(some_time(random, begins_at, 0.5, 22.5), lambda job=job: world.enqueue(job))


def stubborn(world: World, begins_at: float, random: Random) -> None:
    """Jobs that succeed after many failures."""
    for _ in range(2):
        job = marked(world.make(BY_NAME["ChargeCard"], random), "stubborn")
        job.failures, job.error = random.choice([5, 6]), ("Gateway::Locked", "card is being charged elsewhere")
        world.at(some_time(random, begins_at, 0.5, 22), lambda job=job: world.enqueue(job))


def workers_missing(world: World, begins_at: float, random: Random) -> None:
    """In the evening the bulk workers are stopped in order, and nobody starts them again."""
    since = some_time(random, begins_at, 21, 22.5)
    for place in PLACES:
        if "images" in place.queues:
            world.at(since, lambda place=place: world.stop(place, boots_after=None))
    for name in ("ResizeImage", "ResizeImage", "ExportOrders"):
        job = marked(world.make(BY_NAME[name], random), "workers-missing", "")
        world.at(since + random.uniform(60, 1200), lambda job=job: world.enqueue(job))


def lost_push(world: World, begins_at: float, random: Random) -> None:
    """The client logs that it enqueues, and Redis never hears of it."""
    for name in ("SendReceipt", "SyncInventory"):
        job = marked(world.make(BY_NAME[name], random), "lost-push")
        world.at(some_time(random, begins_at, 0.5, 22), lambda job=job: world.enqueue(job, is_lost=True))


def scheduler_dead(world: World, begins_at: float, random: Random) -> None:
    """What is due is not moved to its queue any more, until the day ends."""
    since = some_time(random, begins_at, 21.5, 22.5)

    def die() -> None:
        world.scheduler_is_dead = True
        for _, job in world.scheduled:
            marked(job, "scheduler-dead", "")

    world.at(since, die)


def import_day(world: World, begins_at: float, random: Random) -> None:
    """A catalogue import: hundreds of images at once."""
    moment = some_time(random, begins_at, 7, 20)
    world.at(moment, lambda: world.trouble("import", "images", world.now + HOUR))
    for _ in range(1000):
        job = world.make(BY_NAME["ResizeImage"], random)
        job.causes.add("import")
        world.at(moment + random.uniform(0, 60), lambda job=job: world.enqueue(job))


def exports_at_midnight(world: World, begins_at: float, random: Random) -> None:
    """Shortly before the day ends, hundreds of exports at once: they are still being worked off when it does."""
    jobs = [world.make(BY_NAME["ExportOrders"], random) for _ in range(300)]

    def bring() -> None:
        if any("exports" in process.queues for process in world.alive()):
            world.trouble("exports-at-midnight", "exports", begins_at + DAY)
            for job in jobs:
                job.causes.add("exports-at-midnight")
                world.after(random.uniform(0, 60), lambda job=job: world.enqueue(job))

    world.at(begins_at + DAY - random.uniform(22, 28) * 60, bring)


def timetable_forgotten(world: World, begins_at: float, _random: Random) -> None:
    """A periodic job is enqueued no more from noon on."""

    def forget() -> None:
        world.silenced.add("CleanCarts")
        world.trouble("timetable-forgotten", "CleanCarts", begins_at + DAY)

    world.at(begins_at + 12 * HOUR, forget)


def restart_loop(world: World, begins_at: float, random: Random) -> None:
    """A worker that dies soon after each of its boots, again and again."""
    place = random.choice(PLACES[:2])
    moment = some_time(random, begins_at, 0.5, 9)

    world.at(moment, lambda: world.trouble("restart-loop", place.host, moment + 160))
    for number in range(8):
        world.at(moment + 20 * number, lambda: world.kill(place, boots_after=5, cause="restart-loop"))


def poison(world: World, begins_at: float, random: Random) -> None:
    """A job whose every run kills its worker; a recovering fetch gives it back each time."""
    job = marked(world.make(BY_NAME["ResizeImage"], random), "poison")
    job.kills, job.failures = 3, 0
    world.at(some_time(random, begins_at, 0.5, 9.5), lambda: world.enqueue(job))


def class_slower(world: World, begins_at: float, random: Random) -> None:
    """From a deploy on, one class takes ``SLOWER`` times as long."""

    def slow_down() -> None:
        world.slowness["SyncInventory"] = SLOWER
        world.trouble("class-slower", "SyncInventory", begins_at + DAY)

    world.at(begins_at + random.choice([10.5, 15.0]) * HOUR, slow_down)


def _break(world: World, name: str, breakage: Breakage, since: float, until: float) -> None:
    world.at(since, lambda: world.broken.update({name: breakage}))
    world.at(until, lambda: world.broken.pop(name, None))


def bad_deploy(world: World, begins_at: float, random: Random) -> None:
    """For two hours from the afternoon's deploy on, half of a class's jobs fail with an error it never had."""
    breakage = Breakage(fault="bad-deploy", share=0.5, error=("KeyError", 'key not found: "currency"'))
    since = begins_at + 15 * HOUR + random.uniform(60, 600)
    _break(world, "ReindexProduct", breakage, since, since + 2 * HOUR)


def declines(world: World, begins_at: float, _random: Random) -> None:
    """For two hours, more than half of the charges are declined once, as few of them always are."""
    error = ("Gateway::Declined", "card was declined, try again later")
    breakage = Breakage(fault="declines", share=0.6, error=error)
    _break(world, "ChargeCard", breakage, begins_at + 12 * HOUR, begins_at + 14 * HOUR)


def caller_removed(world: World, begins_at: float, random: Random) -> None:
    """A deploy takes away what enqueued a class. On the first days nobody could tell."""
    since = begins_at + random.choice(DEPLOYS) + random.uniform(0, 120)
    name = random.choice([kind.name for kind in KINDS if kind.share >= 0.05])

    def remove() -> None:
        world.silenced.add(name)
        world.trouble("caller-removed", name, begins_at + DAY)

    if begins_at >= 2 * DAY:
        world.at(since, remove)


def push_refused(world: World, begins_at: float, random: Random) -> None:
    """Redis is out of reach for some seconds: pushes fail, of which a patient client repeats one."""
    moment = some_time(random, begins_at, 0.5, 21)
    error = ("RedisClient::CannotConnectError", "Connection refused - connect(2) for 10.0.0.9:6379")
    for name in ("SendReceipt", "ChargeCard", "ChargeCard"):
        job = marked(world.make(BY_NAME[name], random), "push-refused", "")
        world.at(moment + random.uniform(0, 8), lambda job=job: world.refuse(job, error))
    again = world.make(BY_NAME["ChargeCard"], random)
    again.arguments, again.failures = job.arguments, 0
    world.at(moment + random.uniform(10, 40), lambda: world.enqueue(again))


def lock_leaked(world: World, begins_at: float, random: Random) -> None:
    """A lock that its job left behind drops the same work later; one whose holder still works drops rightly."""
    dropped, rightly = (world.make(BY_NAME[name], random) for name in ("SyncInventory", "ExportOrders"))
    marked(dropped, "lock-leaked").faults.add("lock-kept")

    def leak() -> None:
        done = [
            job
            for job in world.life.jobs
            if job.job_class == dropped.job_class
            and not job.faults
            and [run.outcome for run in job.runs] == ["succeeded"]
            and 0 <= job.created_at < world.now - 600
        ]
        world.left_behind.append(done[-1])
        dropped.arguments = done[-1].arguments

    def drop() -> None:
        world.lock_out(dropped)
        at_work = [
            run.job
            for process in world.alive()
            for run in process.running.values()
            if run.job.job_class == rightly.job_class and not run.job.faults
        ]
        if at_work:
            rightly.arguments = at_work[0].arguments
            world.lock_out(rightly)

    moment = some_time(random, begins_at, 9, 22)
    world.at(moment - 3000, leak)
    world.at(moment, drop)


FAULTS = (
    Fault(name="worker-killed", rules=("orphaned",), plant=worker_killed),
    Fault(name="hang", rules=("hung",), plant=hang),
    Fault(name="slow", rules=("slow-run",), plant=slow),
    Fault(name="class-slower", rules=("slower-class",), plant=class_slower),
    Fault(name="enqueued-twice", rules=("enqueued-twice",), plant=enqueued_twice),
    Fault(name="pushed-twice", rules=("double-success", "redelivered"), plant=pushed_twice),
    Fault(name="runs-at-once", rules=("overlapping", "redelivered", "double-success"), plant=runs_at_once),
    Fault(name="unread-queue", rules=("unread-queue", "never-started"), plant=unread_queue),
    Fault(name="gateway-down", rules=("retry-storm", "error-surge", "new-error"), plant=gateway_down),
    Fault(name="hopeless", rules=("retries-exhausted",), plant=hopeless),
    Fault(name="stubborn", rules=("retried-often",), plant=stubborn),
    Fault(name="workers-missing", rules=("never-started", "unread-queue", "backlog"), plant=workers_missing),
    Fault(name="lost-push", rules=("lost", "never-started"), plant=lost_push),
    Fault(name="scheduler-dead", rules=("overdue", "never-started"), plant=scheduler_dead),
    Fault(name="import", rules=("queue-latency", "backlog", "saturated"), plant=import_day),
    Fault(name="timetable-forgotten", rules=("missed-schedule", "silent-class"), plant=timetable_forgotten),
    Fault(name="restart-loop", rules=("restart-loop", "worker-lost"), plant=restart_loop),
    Fault(name="poison", rules=("poison", "orphaned"), plant=poison),
    Fault(name="bad-deploy", rules=("new-error", "error-surge"), plant=bad_deploy),
    Fault(name="declines", rules=("error-surge", "new-error"), plant=declines),
    Fault(name="exports-at-midnight", rules=("backlog", "never-started", "saturated"), plant=exports_at_midnight),
    Fault(name="caller-removed", rules=("silent-class",), plant=caller_removed),
    Fault(name="push-refused", rules=("enqueue-failed",), plant=push_refused),
    Fault(name="lock-leaked", rules=("lock-dropped",), plant=lock_leaked),
)
"""The faults, in the order of the families they belong to."""

RIGHT = {fault.name: fault.rules for fault in FAULTS} | {
    "worker-lost": ("worker-lost", "restart-loop"),
    "lock-kept": ("leaked-lock",),
}
"""
Fault to its rules. ``worker-lost`` is the kill itself, ``worker-killed`` what it did to jobs; ``lock-kept`` is the lock
that its job left behind, ``lock-leaked`` what it did to the next job.
"""


def plant(world: World, begins_at: float, random: Random) -> None:
    """A bad day: most of the faults, each at its own time."""
    for fault in FAULTS:
        drawn = Random(random.random())  # noqa: S311 - repeatable, not secret
        if drawn.random() < 0.75:
            fault.plant(world, begins_at, drawn)
