"""
Restart loop: a worker that boots again and again within minutes, because each process ends soon after its boot.

Why it matters
    While it boots it does no work, what it had begun is cut off each time, and a supervisor that waits longer after
    each try hides that the worker is as good as gone.

What to look at first
    The last lines that the processes wrote, and what was deployed or changed just before the first of them.

Severity
    Medium; high where the last process, too, ended soon and none stayed; info where all shut down in order after
    work, or do so all the time, as workers do that are recycled by design.

Blind spots
    A boot is known by a line of the log or by a snapshot that says since when a process runs; a system that tells of
    neither shows no loop. A replacement under another host name and in another log is not known to be one. Children
    that a worker forks for its jobs are not boots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count
from analysis.durations import in_words
from analysis.finding import weakest
from analysis.rule import Count, Row, Rule, Verdict

_ALL_THE_TIME = 0.5
"""A loop that fills so great a part of the time is how the machine's workers are run."""
_OFTEN = 3
"""And one this many windows long."""


class Params(BaseModel):
    """Thresholds."""

    boots: Count = 5
    """So many boots, one after the other. Of a machine with several workers that live at once: so many of each."""
    window: timedelta = timedelta(minutes=10)
    """Within this time; a process that lives longer after its boot is in no loop."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say how often it booted, how long it lived, and what that cost."""
    lives = list({row["worker_key"]: row for row in rows}.values())
    short = [life for life in lives if life["is_short"]]
    stretches = Counter(life["stretch"] for life in lives)
    lived = [life["lived"] for life in short]
    spent = (lives[-1]["first_at"] - lives[0]["first_at"]).total_seconds()
    often = f" in {len(stretches)} stretches" if len(stretches) > 1 else ""
    cut_off = len({row["job_key"] for row in rows} - {None})
    not_again = len({row["job_key"] for row in rows if row["not_run_again"]})
    ends_in_order = all(life["is_orderly"] for life in short)
    fills_the_time = spent >= _ALL_THE_TIME * lives[0]["seen_for"] and spent >= _OFTEN * params.window.total_seconds()
    works = 2 * sum(life["runs"] > 0 for life in short) > len(short)
    by_design = ends_in_order and not cut_off and (works or fills_the_time)
    went_on = lives[-1]["is_short"]
    confidence = weakest(life["worker_confidence"] for life in short)
    basis = next(life["worker_basis"] for life in short if life["worker_confidence"] == confidence)
    cost = f"; {count(cut_off, 'job')} cut off" if cut_off else ""
    end = "; none stayed" if went_on and not by_design else ""
    return Verdict(
        title=f"The worker on {lives[0]['host'] or lives[0]['log']} booted {count(len(lives), 'time')} in "
        f"{in_words(spent)}{often}, {_heard_of(max(lived))}{cost}{end}",
        severity="info" if by_design else "high" if went_on else "medium",
        confidence="medium" if by_design else confidence,
        confidence_reason="each shut down in order: it may be recycled after so many jobs or so much time by design"
        if by_design
        else f"each boot was seen; of their ends the least sure: {basis}",
        metrics={
            "boots": len(lives),
            "shortest_life": min(lived),
            "longest_life": max(lived),
            "runs": sum(life["runs"] for life in short),
            "jobs_cut_off": cut_off,
            "jobs_not_run_again": not_again,
            "loops": len(stretches),
            "worst_wait": lives[0]["worst_wait"],
        },
        next_steps=(
            "Read the last lines that these processes wrote, and what their supervisor says of their exit codes.",
            "Look for what changed just before the first: a deploy, a setting, a secret, a limit of memory.",
            "If one job was in the hands of most of them, set it aside before the worker is started again.",
        ),
    )


def _heard_of(longest: float) -> str:
    return f"heard of for at most {in_words(longest)} each time" if longest else "and wrote nothing after its boot"


def clean(seen: Row, params: Params) -> str:
    """Say how many boots are known, and on how many machines."""
    if not seen["judged"]:
        return "no input shows when a worker process booted; a worker's log from its first line on would"
    bar = f"{count(params.boots, 'time')} in {in_words(params.window.total_seconds())}"
    boots = count(seen["judged"], "worker process", "worker processes")
    return f"no worker booted {bar}; the boot of {boots} on {count(seen['machines'], 'machine')} is known"


RULE = Rule(
    name="restart-loop",
    family="workers",
    params=Params(),
    subject=("host", "log"),
    needs=(),
    verdict=verdict,
    clean=clean,
)
