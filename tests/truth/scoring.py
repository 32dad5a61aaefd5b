"""
Hold findings against what is known to have been planted in a capture.

``truth.json`` names the planted faults, ``exec_truth.jsonl.gz`` what really ran. A fault counts as planted when the
inputs can show it; otherwise the score says in words why they cannot. A flag is false when neither a planted fault nor
the ledger of executions makes it right.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

WITHHELD = ("truth.json", "exec_truth.jsonl.gz")
"""Files of a capture that the tool must not see."""

_STUCK = frozenset({"hung", "orphaned"})
_KILLED = _STUCK | {"worker-lost"}
_NEVER_RAN = frozenset({"never-started", "unread-queue"})
_AGAIN = frozenset({"redelivered", "overlapping", "double-success"})
_GIVEN_UP = frozenset({"retries-exhausted", "discarded"})

RIGHT_ANSWERS: Mapping[str, frozenset[str]] = {
    "missing_never_started": _NEVER_RAN,
    "duplicate_enqueue": frozenset({"enqueued-twice"}),
    "same_jid_pushed_twice": _AGAIN | {"enqueued-twice"},
    "retried_then_ok": frozenset({"retried-often", "retry-storm"}),
    "retries_exhausted_dead": frozenset({"retries-exhausted"}),
    "retries_exhausted_discarded_dead_false": frozenset({"retries-exhausted"}),
    "attempts_exhausted_failed_at_set": frozenset({"retries-exhausted"}),
    "attempts_exhausted_row_destroyed": _GIVEN_UP,
    "failed_no_retry_dropped": _GIVEN_UP,
    "slow_20x": frozenset({"slow-run"}),
    "retry_storm": frozenset({"retry-storm"}),
    "orphan_kill9_worker": _KILLED,
    "orphan_kill9_bystander": _KILLED,
    "orphan_kill9_worker_then_rerun_after_max_run_time_30s": _KILLED | {"redelivered"},
    "hang_until_end": frozenset({"hung"}),
    "same_job_id_enqueued_twice": _AGAIN | {"enqueued-twice"},
    "retried_then_ok_retry_on": frozenset({"retried-often", "retry-storm"}),
    "retry_on_exhausted": frozenset({"retries-exhausted", "retries-multiplied"}),
    "discard_on": frozenset({"discarded"}),
    "before_perform_abort": frozenset({"discarded"}),
    "expired": frozenset({"discarded"}),
    "revoked_before_start": frozenset({"discarded"}),
    "revoked_terminated_sigterm": frozenset({"discarded"}),
    "canceled_before_start": frozenset({"discarded"}),
    "retry_on_exhausted_with_block": frozenset({"retries-exhausted"}),
    "orphan_kill9_process": _KILLED,
    "never_started_no_consumer": _NEVER_RAN,
    "stuck_hang_until_end": frozenset({"hung"}),
    "duplicate_same_args": frozenset({"enqueued-twice"}),
    "long_report_before_kill": _KILLED,
    "pool_child_sigkill_worker_lost": _STUCK | _GIVEN_UP,
    "soft_time_limit": _GIVEN_UP,
    "hard_time_limit": _GIVEN_UP,
    "retried_then_succeeded": frozenset({"retried-often", "retry-storm"}),
    "retries_exhausted": frozenset({"retries-exhausted"}),
    "failed_no_retry": _GIVEN_UP,
    "rejected": _GIVEN_UP,
    "unregistered_task": _GIVEN_UP,
    "redelivered_visibility_timeout": _AGAIN,
}
"""Kind of planted fault to the rules that name it rightly."""

_TWO_KINDS = 0.08
"""With more slow runs than this a class has two kinds of run, and none of them is slow for its class."""

_LEAST_AGE = 20
"""Seconds that a run must be under way before it is said to hang, in captures of three minutes."""

ABOUT_QUEUES = frozenset({"retry-storm", "queue-latency"})
"""Rules about a queue as a whole: the jobs they list were there, and need no fault of their own."""


@dataclass
class Execution:
    """One run as the ledger has it."""

    job_class: str
    started_at: float
    pid: int | None = None
    succeeded: bool | None = None
    seconds: float | None = None


@dataclass
class Score:
    """One capture's score: per kind of fault, and the flags that nothing justifies."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    out_of_reach: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    false: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def table(self, title: str) -> str:
        """The score as a person reads it."""
        lines = [title, f"  {'planted fault':42} planted  found missed"]
        for kind in sorted({*self.planted, *self.out_of_reach}):
            lines.append(f"  {kind:42} {self.planted[kind]:7} {self.found[kind]:6} {len(self.missed[kind]):6}")
            lines += [f"      {count} cannot be seen: {reason}" for reason, count in self.out_of_reach[kind].items()]
        lines += [f"  false: {rule}: {len(jobs)}, e.g. {jobs[0]}" for rule, jobs in sorted(self.false.items()) if jobs]
        return "\n".join(lines)


class Capture:
    """A labelled capture."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
        self.ends_at = next(
            (e["t"] for e in self.truth["process_events"] if e["event"] == "observation_window_end"), None
        )
        self.executions = _executions(folder, self.ends_at)
        self.lines = _lines(folder)

    @property
    def as_of(self) -> datetime | None:
        """End of the observation, aware UTC; what comes later is teardown."""
        return datetime.fromtimestamp(self.ends_at, UTC) if self.ends_at else None

    def score(self, flagged: Mapping[str, Iterable[str]], *, retries: int, hung: float) -> Score:
        """Score flags (rule to job ids) made with these ``retried-often.attempts`` and ``hung.min_age`` (seconds)."""
        result = Score()
        flags = {rule: set(jobs) for rule, jobs in flagged.items()}
        right = self._right_by_ledger(retries)
        for fault in self.truth["planted"]:
            kind, jobs = fault["fault"], _jobs(fault)
            if kind not in RIGHT_ANSWERS or not jobs:
                continue
            for rule in RIGHT_ANSWERS[kind]:
                right[rule] |= set(jobs)
            reason = self._why_unseen(kind, fault, jobs, retries, hung)
            if reason:
                result.out_of_reach[kind][reason] += 1
                continue
            result.planted[kind] += 1
            if any(job in flags.get(rule, ()) for rule in RIGHT_ANSWERS[kind] for job in jobs):
                result.found[kind] += 1
            else:
                result.missed[kind].append(jobs[0])
        for rule in flags.keys() - ABOUT_QUEUES:
            result.false[rule] = sorted(flags[rule] - right[rule])
        return result

    def _why_unseen(  # noqa: PLR0911 - a reason per kind of fault
        self, kind: str, fault: Mapping[str, Any], jobs: list[str], retries: int, hung: float
    ) -> str | None:
        mentions = {job: [line for line in self.lines if job in line] for job in jobs}
        if not any(mentions.values()):
            return "its id stands in no input"
        executions = [run for job in jobs for run in self.executions.get(job, ())]
        runs = max(len(self.executions.get(job, ())) for job in jobs)
        if kind == "long_report_before_kill" and all(run.succeeded is not None for run in executions):
            return "it ended before its worker was killed"
        if kind == "hang_until_end" and self.ends_at and executions and self.ends_at - executions[0].started_at < hung:
            return f"it hung for less than {hung:g} s before the capture ended"
        if kind in ("same_jid_pushed_twice", "redelivered_visibility_timeout") and runs < 2:
            return "the second push never ran" if kind == "same_jid_pushed_twice" else "it was never handed out again"
        if kind in ("retried_then_ok", "retried_then_succeeded") and runs < retries:
            return f"it ran fewer than {retries} times before the capture ended"
        if kind == "slow_20x" and self._slow_share(fault["class"]) > _TWO_KINDS:
            return "so many runs of its class are slow that the class has two kinds of run"
        if kind == "hang_until_end" and self._end - fault["t"] < _LEAST_AGE:
            return f"the inputs end less than {_LEAST_AGE} s after it"
        if kind == "duplicate_enqueue":
            argument = str(fault["args"][0])
            if sum(any(argument in line for line in lines) for lines in mentions.values()) < 2:
                return "the pair's arguments stand in no input beside their ids: start and done lines carry none"
        return None

    @property
    def _end(self) -> float:
        return self.ends_at or datetime.fromisoformat(self.truth["finished_at"]).timestamp()

    def _slow_share(self, job_class: str) -> float:
        runs = [
            r.seconds for runs in self.executions.values() for r in runs if r.job_class == job_class and r.succeeded
        ]
        seconds = [each for each in runs if each is not None]
        return sum(each > 4 * median(seconds) for each in seconds) / len(seconds)

    def _right_by_ledger(self, retries: int) -> dict[str, set[str]]:
        usual = defaultdict(list)
        for runs in self.executions.values():
            for run in runs:
                if run.succeeded and run.seconds is not None:
                    usual[run.job_class].append(run.seconds)
        medians = {job_class: median(seconds) for job_class, seconds in usual.items()}
        right: dict[str, set[str]] = defaultdict(set)
        for job, runs in self.executions.items():
            for rule, is_right in _by_its_runs(runs, medians, retries).items():
                if is_right:
                    right[rule].add(job)
        return right


def _by_its_runs(runs: list[Execution], medians: Mapping[str, float], retries: int) -> dict[str, bool]:
    """Rule to whether it is right about a job that ran so."""
    never_ended = any(run.succeeded is None for run in runs)
    at_once = any(run.seconds and run.started_at + run.seconds > later.started_at for run, later in pairwise(runs))
    slow = any(run.seconds and run.seconds > 4 * medians.get(run.job_class, float("inf")) for run in runs)
    return {
        "hung": never_ended,
        "orphaned": never_ended,
        "worker-lost": never_ended,
        "redelivered": len(runs) > 1,
        "double-success": sum(run.succeeded is True for run in runs) > 1,
        "overlapping": at_once,
        "retried-often": len(runs) >= retries,
        "retries-exhausted": runs[-1].succeeded is False,
        "discarded": runs[-1].succeeded is False,
        "slow-run": slow,
    }


def _jobs(fault: Mapping[str, Any]) -> list[str]:
    several = [job for name in ("jids", "job_ids", "ids") for job in fault.get(name, ())]
    return [str(job) for job in [*several, *(fault.get(name) for name in ("jid", "job_id", "id"))] if job is not None]


def _executions(folder: Path, ends_at: float | None) -> dict[str, list[Execution]]:
    runs: dict[str, list[Execution]] = defaultdict(list)
    with gzip.open(folder / "exec_truth.jsonl.gz", "rt") as file:
        records = sorted((json.loads(line) for line in file), key=lambda record: record["t"])
    for record in records:
        if record.get("id") is None or (ends_at and record["t"] > ends_at):
            continue
        job = runs[str(record["id"])]
        if record["ev"] == "start":
            job.append(Execution(job_class=record["cls"], started_at=record["t"], pid=record.get("pid")))
            continue
        open_runs = [run for run in job if run.succeeded is None]
        if open_runs:
            ended = next((run for run in open_runs if run.pid == record.get("pid")), open_runs[0])
            ended.succeeded = record["ev"] == "end" and record.get("outcome", "ok") == "ok"
            ended.seconds = record.get("secs", record["t"] - ended.started_at)
    return runs


def _lines(folder: Path) -> list[str]:
    lines: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in WITHHELD:
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            lines += raw.decode("utf-8", "replace").split("\n")
    return lines
