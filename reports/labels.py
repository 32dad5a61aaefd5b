"""
What measured values and thresholds are called, and their units: the rules name them for programs, this for people.

A name that is not listed still reads as words. A test holds the list complete over every rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reports.wording import lasting, number

Unit = Literal["seconds", "number", "share", "words"]


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a value is called, and what it is counted in."""

    words: str
    unit: Unit = "number"


_SECONDS: Unit = "seconds"

SUBJECTS = {
    "job_class": "class",
    "queue": "queue",
    "error_class": "error",
    "error_fingerprint": "known by",
    "worker": "worker",
    "worker_key": "worker",
    "holder": "lock's holder",
    "kind": "kind",
    "limit_kind": "limit",
    "effect": "effect",
    "host": "host",
    "scope": "installation",
    "system": "system",
    "service": "service",
    "basis": "known by",
    "waiting_for": "waiting for",
    "known_by": "known by",
    "log": "log",
    "adapter": "adapter",
    "missing": "missing",
    "part": "span of the",
    "pool": "workers of",
    "what": "value",
}
"""What a finding is about."""

METRICS = {
    "ahead_by": Label(words="after all others by", unit=_SECONDS),
    "at_once": Label(words="jobs they run at once"),
    "at_once_needed": Label(words="jobs to run at once, to be busy as they should"),
    "began": Label(words="jobs begun between two snapshots, by the logs"),
    "behind_by": Label(words="behind by at least", unit=_SECONDS),
    "beside": Label(words="what else changed within an hour", unit="words"),
    "boots": Label(words="times it booted"),
    "busy_share": Label(words="part of the time that they were busy", unit="share"),
    "by_chance": Label(words="jobs that lost lines would make look so"),
    "by_key": Label(words="of these, by an idempotency key"),
    "came": Label(words="jobs enqueued between two snapshots, by the logs"),
    "came_later": Label(words="came all the same"),
    "clock_pairs": Label(words="pairs of machines whose clocks disagree"),
    "caught_up_after": Label(words="time until no job was late any more", unit=_SECONDS),
    "closest": Label(words="least time between the two enqueues", unit=_SECONDS),
    "come_per_minute": Label(words="jobs come per minute"),
    "comings": Label(words="its jobs at the same hours of these days"),
    "compared": Label(words="causes and effects compared"),
    "days": Label(words="earlier days compared"),
    "deaths": Label(words="worker deaths"),
    "depth": Label(words="jobs waiting in the second snapshot"),
    "differs_by": Label(words="jobs too few or too many"),
    "drain_time": Label(words="time to work it off at this rate", unit=_SECONDS),
    "expected_depth": Label(words="jobs that should wait there"),
    "extra_successes": Label(words="successes too many"),
    "extra_time": Label(words="time it cost more, in all", unit=_SECONDS),
    "failing_share": Label(words="of them failed", unit="share"),
    "failures": Label(words="failures"),
    "fate_not_told": Label(words="whether they came later is not told"),
    "given_up": Label(words="jobs given up"),
    "handed_out_again": Label(words="of these, begun again meanwhile"),
    "held_on_for": Label(words="refused after the holder's end by up to", unit=_SECONDS),
    "held_too_long_by": Label(words="held after its holder's end or last sign for", unit=_SECONDS),
    "holders": Label(words="jobs that held the lock"),
    "hours": Label(words="hours"),
    "jobs": Label(words="jobs"),
    "jobs_cut_off": Label(words="jobs cut off"),
    "jobs_kept": Label(words="jobs of this adapter"),
    "jobs_not_run_again": Label(words="jobs not run again"),
    "jobs_without_trace": Label(words="jobs that left their queue meanwhile without a trace"),
    "late_by": Label(words="late by", unit=_SECONDS),
    "late_minutes": Label(words="minutes it ran late"),
    "likely_queue": Label(words="queue probably meant", unit="words"),
    "limit": Label(words="limit", unit=_SECONDS),
    "lock_holders": Label(words="jobs that held them", unit="words"),
    "lock_keys": Label(words="the locks", unit="words"),
    "locks": Label(words="locks left behind"),
    "longest_gap": Label(words="longest it rested then", unit=_SECONDS),
    "longest_life": Label(words="longest life of those that ended soon", unit=_SECONDS),
    "longest_overlap": Label(words="longest time at once", unit=_SECONDS),
    "longest_silence": Label(words="longest silence", unit=_SECONDS),
    "looks": Label(words="snapshots in a row that show it so"),
    "loops": Label(words="times it looped"),
    "machines": Label(words="machines without a log"),
    "main_error": Label(words="most frequent error", unit="words"),
    "missed": Label(words="times it did not come"),
    "missing_lines": Label(words="lines known to be missing"),
    "missing_snapshots": Label(words="snapshots missing"),
    "most_attempts": Label(words="most runs of one job"),
    "most_deaths": Label(words="most worker deaths with one job"),
    "most_runs": Label(words="most runs of one job"),
    "never_came": Label(words="of these, never came"),
    "never_ran": Label(words="jobs that never ran"),
    "not_run": Label(words="of them due and not run"),
    "oldest_wait": Label(words="oldest job waits for", unit=_SECONDS),
    "others_since": Label(words="jobs of other classes meanwhile"),
    "overlapping": Label(words="jobs with two runs at once"),
    "p50_after": Label(words="median run after", unit=_SECONDS),
    "p50_before": Label(words="median run before", unit=_SECONDS),
    "p95_after": Label(words="after, 95 of 100 take at most", unit=_SECONDS),
    "p95_before": Label(words="before, 95 of 100 took at most", unit=_SECONDS),
    "pieces_of_work": Label(words="pieces of work enqueued twice"),
    "processes": Label(words="worker processes there"),
    "pushes": Label(words="pushes that failed"),
    "records": Label(words="records in the log"),
    "refused": Label(words="jobs that a lock refused"),
    "running_for": Label(words="running for", unit=_SECONDS),
    "runs": Label(words="runs"),
    "runs_after": Label(words="runs after"),
    "runs_before": Label(words="runs before"),
    "runs_over": Label(words="runs that took longer"),
    "saturated_for": Label(words="busy nearly all of", unit=_SECONDS),
    "second_successes": Label(words="jobs that succeeded twice"),
    "share_with_span": Label(words="part of them with a span", unit="share"),
    "silent_for": Label(words="silent for", unit=_SECONDS),
    "shortest_life": Label(words="shortest life", unit=_SECONDS),
    "slots": Label(words="times at which it came"),
    "slowest": Label(words="longest run", unit=_SECONDS),
    "snapshots": Label(words="snapshots there are"),
    "spacing": Label(words="due every", unit=_SECONDS),
    "still_waiting": Label(words="of them still waiting"),
    "stretches": Label(words="late stretches"),
    "succeeded": Label(words="succeeded in the end"),
    "taken_per_minute": Label(words="jobs taken per minute"),
    "time_limit": Label(words="time limit of these runs", unit=_SECONDS),
    "times": Label(words="times given up and tried again"),
    "times_as_much": Label(words="told, as so many times what was measured"),
    "times_off": Label(words="pairs of snapshots that differ"),
    "told": Label(words="runs or jobs told of"),
    "usual_failing_share": Label(words="of them usually fail", unit="share"),
    "usual_gap": Label(words="usual distance", unit=_SECONDS),
    "usual_p50": Label(words="usual (median)", unit=_SECONDS),
    "usual_p99": Label(words="99 of 100 take at most", unit=_SECONDS),
    "values_compared": Label(words="values compared"),
    "waiting_for": Label(words="longest wait so far", unit=_SECONDS),
    "waiting_for_lock": Label(words="jobs waiting for the lock"),
    "without_span": Label(words="of them without a span"),
    "without_worker": Label(words="longest time until the next came", unit=_SECONDS),
    "worst_ratio": Label(words="failures per first run, at worst"),
    "worst_wait": Label(words="longest wait", unit=_SECONDS),
}
"""What was measured, by the rules' names."""

THRESHOLDS = {
    "aim_share": Label(words="workers should be busy for", unit="share"),
    "apart": Label(words="where its end was not seen, two snapshots must agree that are apart by", unit=_SECONDS),
    "attempts": Label(words="runs of one job, at least"),
    "boots": Label(words="boots one after the other, at least"),
    "busy_share": Label(words="workers busy for more than", unit="share"),
    "chance": Label(words="more pairs than chance gives, times its square root"),
    "chance_share": Label(words="share of them that may look so by chance"),
    "clock_tolerance": Label(words="clocks of two hosts may differ by", unit=_SECONDS),
    "deaths": Label(words="worker deaths, at least"),
    "grace": Label(words="may be late by", unit=_SECONDS),
    "habit_gap": Label(words="work that comes again by habit counts only within", unit=_SECONDS),
    "habit_jobs": Label(words="jobs needed to tell a class's habit"),
    "habit_runs": Label(words="slow runs are a habit from so many on, over the whole time"),
    "habit_share": Label(words="a class has the habit from this part of its jobs or runs on", unit="share"),
    "habit_times": Label(words="the same work is a habit from so many times on"),
    "lasts": Label(words="earlier and later pace last, each at least", unit=_SECONDS),
    "late_habit": Label(words="a queue is slow by habit if late in more of its busy minutes than", unit="share"),
    "least_seen": Label(words="lines about it from logs that tell of others until the end, at least", unit="share"),
    "lives_on": Label(words="a worker without a log may have lived on for", unit=_SECONDS),
    "margin": Label(words="standard deviations beyond the longest that chance brings, more than"),
    "made_up_within": Label(words="the same work made up for it within", unit=_SECONDS),
    "max_share": Label(words="outliers ignored when telling what is usual, up to", unit="share"),
    "max_without": Label(words="may lack the span, up to", unit="share"),
    "min_age": Label(words="for at least", unit=_SECONDS),
    "min_before": Label(words="the class known before for at least", unit=_SECONDS),
    "min_compared": Label(words="values compared, at least"),
    "min_days": Label(words="earlier days compared, at least"),
    "min_excess": Label(words="longer than usual by at least", unit=_SECONDS),
    "min_in_stretch": Label(words="things not told of in one silence, at least"),
    "min_jobs": Label(words="jobs, at least"),
    "min_lines": Label(words="lines missing here and there, at least"),
    "min_off": Label(words="jobs too few or too many, more than"),
    "min_off_share": Label(words="and more than this part of what came, began or waits", unit="share"),
    "min_others": Label(words="jobs of other hours, at least"),
    "min_over": Label(words="runs longer than the limit, at least"),
    "min_pushes": Label(words="failed pushes, at least"),
    "min_refused": Label(words="jobs refused in the same way, at least"),
    "min_retries": Label(words="failures that come back, at least"),
    "min_runs": Label(words="runs needed to know what is usual"),
    "min_shift": Label(words="runs after above runs before (rank test z), at least"),
    "min_side_runs": Label(words="runs needed before and after"),
    "min_silence": Label(words="silent for at least", unit=_SECONDS),
    "min_skew": Label(words="clocks apart by more than", unit=_SECONDS),
    "min_slots": Label(words="times needed to tell a timetable"),
    "min_slowdown": Label(words="median longer than before by at least", unit=_SECONDS),
    "min_told": Label(words="runs or jobs told of, at least"),
    "min_waits": Label(words="waits needed to know what is usual"),
    "minutes": Label(words="minutes on end, at least"),
    "named": Label(words="runs named, at most"),
    "nearby": Label(words="given up within this of the run's end", unit=_SECONDS),
    "others": Label(words="jobs of other classes meanwhile, at least"),
    "others_share": Label(words="of the usual jobs of other classes still come at least", unit="share"),
    "pace_share": Label(words="work is on a timetable from this part of equal gaps on", unit="share"),
    "pace_times": Label(words="gaps needed to tell the pace of work"),
    "points": Label(words="minutes or snapshots on end, at least"),
    "power_share": Label(words="off by the same power of a thousand, at least", unit="share"),
    "rate_window": Label(words="rates measured over the last", unit=_SECONDS),
    "ratio": Label(words="failures per first run, more than"),
    "release_within": Label(words="a lock may be given back after its holder's end within", unit=_SECONDS),
    "rhythm_share": Label(words="snapshots keep a rhythm from this part of equal distances on", unit="share"),
    "slo": Label(words="oldest job waits for more than", unit=_SECONDS),
    "slot_share": Label(words="comings at such times, and times with a coming, at least", unit="share"),
    "soon": Label(words="run again within", unit=_SECONDS),
    "target": Label(words="wait longer than", unit=_SECONDS),
    "telling_share": Label(words="lines that belong to one job alone, at least", unit="share"),
    "times": Label(words="times the usual share, at least"),
    "times_before": Label(words="times the median before, at least"),
    "times_gap": Label(words="times as long as it ever rested at these hours, at least"),
    "times_p99": Label(words="times the 99th percentile, more than"),
    "times_slowest": Label(words="or times the 95th percentile before, at least"),
    "times_unknown": Label(words="times as long where the usual is not known"),
    "tolerance": Label(words="second start after the first by more than", unit=_SECONDS),
    "window": Label(words="within", unit=_SECONDS),
    "within": Label(words="no further apart than", unit=_SECONDS),
}
"""What it was held against: the rules' parameters."""


def subject(name: str) -> str:
    """What a part of a finding's subject is called."""
    return SUBJECTS.get(name) or _as_words(name)


def metric(name: str, value: float | str | None) -> tuple[str, str]:
    """The name and the value of a measured value, in words."""
    return _told(METRICS, name, value)


def threshold(name: str, value: float | str | None) -> tuple[str, str]:
    """The name and the value of a parameter, in words."""
    return _told(THRESHOLDS, name, value)


def threshold_words(name: str) -> str:
    """What a parameter is called."""
    return threshold(name, None)[0]


def _told(labels: dict[str, Label], name: str, value: float | str | None) -> tuple[str, str]:
    label = labels.get(name) or Label(words=_as_words(name))
    return label.words, _in(label.unit, value)


def _in(unit: Unit, value: float | str | None) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value
    if unit == "seconds":
        return lasting(value)
    return f"{value:.0%}" if unit == "share" else number(value)


def _as_words(name: str) -> str:
    return name.replace("_", " ").strip() or name
