"""
Which findings belong together.

Two findings are joined where they share half of the jobs of one of them, one error at the same time, one worker that
died, or what moves jobs that are due; where one of them is about a queue and the other happens on it for much of the
time of both, or both are about jobs that wait for the same workers; or where one rule flags two things that begin and
end together. Joined findings make one group. Two things on one queue, or at one hour, need not have to do with each
other: in a busy system everything happens at the same time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from analysis.finding import JobName

MOSTLY = 0.5
"""More than this part of a finding's jobs must have a value for it to be the finding's; so great a part of the smaller
of two findings' jobs must both name."""
_PART = 0.1
"""The part of the greater finding's jobs that both must have: a single job among hundreds is chance."""
_MEANWHILE = 0.3
"""The part of the time of both that findings on one queue, or on queues of the same workers, must have in common."""
_SLACK = timedelta(minutes=5)
"""Findings that are so far apart are still of the same time."""
_TOGETHER = (timedelta(seconds=1), timedelta(seconds=10))
"""What begins and ends together is a fiftieth of its time apart, within these bounds."""


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """What of a finding says where it belongs."""

    rule: str
    is_of_its_queue: bool
    """Whether what is wrong with its queue at that time may have to do with it: not so of a job that came twice."""
    is_about_its_queue: bool
    """Whether it is the queue itself that it is about, and not some jobs or a class on it."""
    jobs: frozenset[JobName]
    first_at: datetime | None
    last_at: datetime | None
    traits: Mapping[str, frozenset[str]]
    """
    Name to the values that most of its jobs have: queue, job_class, error_class, error, worker; readers, of jobs that
    wait: the queues that a worker reads who reads theirs; mover, of jobs that are due: the installation.
    """


def groups(complaints: Sequence[Complaint]) -> list[list[int]]:
    """Places of the complaints that belong together, each group in the given order, groups by their first."""
    leader = list(range(len(complaints)))

    def lead(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    shared = _jobs_shared(complaints)
    for one, other in combinations(range(len(complaints)), 2):
        if lead(one) != lead(other) and _belong(complaints[one], complaints[other], shared[one, other]):
            first, second = sorted((lead(one), lead(other)))
            leader[second] = first
    found: dict[int, list[int]] = defaultdict(list)
    for place in range(len(complaints)):
        found[lead(place)].append(place)
    return list(found.values())


def _jobs_shared(complaints: Sequence[Complaint]) -> Counter[tuple[int, int]]:
    named: dict[JobName, list[int]] = defaultdict(list)
    for place, complaint in enumerate(complaints):
        for job in complaint.jobs:
            named[job].append(place)
    return Counter(pair for places in named.values() for pair in combinations(places, 2))


def _belong(one: Complaint, other: Complaint, jobs: int) -> bool:
    smaller, greater = sorted((len(one.jobs), len(other.jobs)))
    if (jobs and jobs >= MOSTLY * smaller and jobs >= _PART * greater) or _share(one, other, "worker"):
        return True
    meanwhile = _meanwhile(one, other)
    return meanwhile is not None and (
        _share_an_error(one, other)
        or (one.rule == other.rule and _begin_and_end_together(one, other) and not _contradict(one, other))
        or _share(one, other, "mover")
        or (meanwhile >= _MEANWHILE and (_queue_is_the_matter(one, other) or _share(one, other, "readers")))
    )


def _queue_is_the_matter(one: Complaint, other: Complaint) -> bool:
    return (
        (one.is_about_its_queue or other.is_about_its_queue)
        and one.is_of_its_queue
        and other.is_of_its_queue
        and _share(one, other, "queue")
    )


def _share_an_error(one: Complaint, other: Complaint) -> bool:
    """Of equal words, or of one class on one queue or in one class of jobs."""
    return _share(one, other, "error") or (
        _share(one, other, "error_class") and (_share(one, other, "queue") or _share(one, other, "job_class"))
    )


def _share(one: Complaint, other: Complaint, trait: str) -> bool:
    return bool(one.traits.get(trait, frozenset()) & other.traits.get(trait, frozenset()))


def _contradict(one: Complaint, other: Complaint) -> bool:
    told = one.traits.get("error_class") and other.traits.get("error_class")
    return bool(told) and not _share(one, other, "error_class")


def _begin_and_end_together(one: Complaint, other: Complaint) -> bool:
    if not (one.first_at and other.first_at and one.last_at and other.last_at):
        return False
    least, most = _TOGETHER
    whole = max(one.last_at, other.last_at) - min(one.first_at, other.first_at)
    apart = min(max(whole / 50, least), most)
    return abs(one.first_at - other.first_at) <= apart and abs(one.last_at - other.last_at) <= apart


def _meanwhile(one: Complaint, other: Complaint) -> float | None:
    """The part of the time of both that they have in common; None where they are not of the same time."""
    if one.first_at is None or other.first_at is None:
        return None
    one_last, other_last = one.last_at or one.first_at, other.last_at or other.first_at
    both = min(one_last, other_last) - max(one.first_at, other.first_at)
    if both < -_SLACK:
        return None
    whole = max(one_last, other_last) - min(one.first_at, other.first_at)
    return 1.0 if whole <= _SLACK else max(both / whole, 0.0)
