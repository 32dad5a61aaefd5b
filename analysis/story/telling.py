"""The words of a verdict: moments, errors, what went before, whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from analysis.counts import count
from analysis.durations import in_words
from analysis.story.life import Life, Run


@dataclass(frozen=True)
class Telling:
    """How moments are told."""

    zone: tzinfo

    def at(self, moment: datetime | None) -> str:
        """A moment in words; it is said where none is known."""
        if moment is None:
            return "an unknown time"
        local = moment.astimezone(self.zone)
        return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"


def waited_and_ran(run: Run | None) -> str:
    if run is None:
        return ""
    waited = f" waiting {in_words(run.wait)}" if run.wait is not None else ""
    ran = f" running {in_words(run.run)}" if run.run else ""  # 0: shorter than what the log's times tell
    return f", after{waited}{' and' if waited and ran else ''}{ran}" if waited or ran else ""


def what_went_before(runs: Sequence[Run]) -> list[str]:
    failed = [run for run in runs if run.state == "failed"]
    told = []
    if failed:
        times = "a failure" if len(failed) == 1 else f"{len(failed)} failures"
        told.append(f"{times} ({failed[-1].error_class})" if failed[-1].error_class else times)
    dead = sum(run.died for run in runs)
    if dead:
        told.append("a run that died with its worker" if dead == 1 else f"{dead} runs that died with their workers")
    cut = sum(run.state == "interrupted" for run in runs)
    if cut:
        told.append("a run cut off by a shutdown" if cut == 1 else f"{cut} runs cut off by shutdowns")
    rest = len(runs) - len(failed) - dead - cut
    if rest:
        told.append("a run whose end no input shows" if rest == 1 else f"{rest} runs whose ends no input shows")
    return told


def error(life: Life) -> str:
    if life.error_class is None:
        return ""
    message = (life.error_message or "").partition("\n")[0]
    return f": {life.error_class}{': ' if message else ''}{message}"


def turn(life: Life) -> str:
    """How many are before it, and how long that takes at the speed of late."""
    place = life.place
    if place is None:
        return ""
    behind = f" behind {count(place.ahead, 'job')}" if place.ahead else ", first in line"
    if not place.started_lately:
        return f"{behind}; nothing was started from that queue in the quarter of an hour before"
    seconds = (place.ahead + 1) * 900 / place.started_lately
    return f"{behind}; at the speed of the last quarter of an hour its turn comes within {in_words(seconds)}"


def times(measured: float, usual: float | None) -> str:
    return f"{measured / usual:,.3g} times" if usual else "many times"
