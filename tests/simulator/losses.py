"""What gets lost between a life and the files of it that are left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Literal, get_args

from tests.simulator.shop import HOUR, PLACES, WEB_HOSTS
from tests.simulator.written import Clocks, Files

Loss = Literal["lines", "stretch", "host", "snapshots", "clocks"]
LOSSES: tuple[Loss, ...] = get_args(Loss)


def clocks_apart(seed: int) -> Clocks:
    """Machines whose clocks are up to five seconds apart, the two furthest by just that."""
    random = Random(f"{seed}: clocks")  # noqa: S311 - repeatable, not secret
    hosts = sorted({*WEB_HOSTS, *(place.host for place in PLACES)})
    ahead = {host: random.uniform(-2.5, 2.5) for host in hosts}
    first, last = random.sample(hosts, 2)
    return Clocks(ahead=ahead | {first: -2.5, last: 2.5})


def without_some_lines(files: Files, random: Random) -> Files:
    """One line in a hundred is gone from each log."""
    return replace(
        files,
        logs=tuple(
            replace(log, lines=tuple(line for line in log.lines if random.random() >= 0.01)) for log in files.logs
        ),
    )


def without_a_stretch(files: Files, random: Random) -> Files:
    """A busy worker's log lacks all lines of forty minutes to an hour and a half, in the hours of most work."""
    logs = [log for log in files.logs if log.host not in WEB_HOSTS]
    most = max(len(log.lines) for log in logs)
    busy = random.choice([log for log in logs if 2 * len(log.lines) >= most])
    begins_at = random.uniform(8, 20) * HOUR
    ends_at = begins_at + random.uniform(40, 90) * 60
    left = tuple(line for line in busy.lines if not begins_at <= line.at <= ends_at)
    return replace(files, logs=tuple(replace(log, lines=left) if log is busy else log for log in files.logs))


def without_a_host(files: Files, random: Random) -> Files:
    """All logs of one worker machine are missing."""
    gone = random.choice(sorted({log.host for log in files.logs if log.host not in WEB_HOSTS}))
    return replace(files, logs=tuple(log for log in files.logs if log.host != gone))


def without_every_third_snapshot(files: Files, random: Random) -> Files:
    """The scheduler of snapshots skips every third."""
    first = random.randrange(3)
    return replace(files, snapshots=tuple(one for number, one in enumerate(files.snapshots) if number % 3 != first))


_BY: Mapping[Loss, Callable[[Files, Random], Files]] = {
    "lines": without_some_lines,
    "stretch": without_a_stretch,
    "host": without_a_host,
    "snapshots": without_every_third_snapshot,
}


def lossy(files: Files, losses: Sequence[Loss], seed: int) -> Files:
    """The files after these losses; clocks that are apart are a matter of writing them."""
    whole = {log.name: len(log.lines) for log in files.logs}
    for loss, lose in _BY.items():
        if loss in losses:
            files = lose(files, Random(f"{seed}: {loss}"))  # noqa: S311 - repeatable, not secret
    return replace(files, gappy=frozenset(log.name for log in files.logs if len(log.lines) < whole[log.name]))
