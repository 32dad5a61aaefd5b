"""What a life's files are made of: lines that know which event they tell of, so that what is left of it can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
"""When the first day begins."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a log."""

    at: float
    text: str
    event: int | None = None
    """Number of the event that this line is the word of; None for what stands beside it."""


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """One log and the machine it is on."""

    name: str
    host: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One look at the store. Those whose name is equal are lines of one file."""

    name: str
    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """How far each machine's clock is ahead, in seconds. Machines that are not named, and the store, are right."""

    ahead: Mapping[str, float] = field(default_factory=dict)

    def shows(self, at: float, host: str = "") -> datetime:
        """What the clock of a machine shows at this moment."""
        return MIDNIGHT + timedelta(seconds=at + self.ahead.get(host, 0.0))

    def epoch(self, at: float, host: str = "") -> float:
        return round(self.shows(at, host).timestamp(), 6)


@dataclass(frozen=True, kw_only=True)
class Files:
    """All that is left of a life."""

    logs: tuple[LogFile, ...]
    snapshots: tuple[Snapshot, ...]
    settings: str = ""
    """``jobtrail.toml``, where the system's logs need one."""
    gappy: frozenset[str] = frozenset()
    """Names of the logs that lines are gone from."""
    clocks: Clocks = field(default_factory=Clocks)
    """By which they were written."""

    def seen(self) -> frozenset[int]:
        """Numbers of the events that a line still tells of."""
        return frozenset(line.event for log in self.logs for line in log.lines if line.event is not None)

    def write(self, folder: Path) -> None:
        for log in self.logs:
            (folder / log.name).write_text("".join(f"{line.text}\n" for line in log.lines), encoding="utf-8")
        for snapshot in self.snapshots:
            with (folder / snapshot.name).open("a", encoding="utf-8") as file:
                file.write(f"{snapshot.text}\n")


def beats(booted_at: float, until: float, every: float) -> Iterator[float]:
    """When a process that booted then says that it lives."""
    moment = booted_at + every
    while moment < until:
        yield moment
        moment += every
