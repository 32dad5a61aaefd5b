"""What the trouble cost, in numbers: jobs hurt, runs that came to nothing, and what is not mended at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

import duckdb

from analysis.answer import answer_with_zones, columns, question
from analysis.finding import SEVERITIES, Frozen, Investigation

HURTS = SEVERITIES[SEVERITIES.index("medium") :]
"""Severities whose findings count their jobs as hurt."""
_Key = tuple[Any, ...]


class ClassImpact(Frozen):
    """The size of what was seen of one class on one queue, and of what went wrong in it."""

    scope: str
    system: str
    job_class: str | None
    queue: str | None
    jobs: int
    jobs_hurt: int
    """Of the jobs, those named by a finding of severity medium or worse."""
    unresolved: int
    """Of the jobs hurt, those that had not succeeded at the end."""
    runs: int
    failed_runs: int
    wasted_runs: int
    """Runs that came to nothing: failed, cut off, died with their worker, or a second success of the same job."""
    wasted_seconds: float
    """Seconds spent in them, where their length is known."""


class Impact(Frozen):
    """The size of everything seen, and of what went wrong in it."""

    jobs: int
    runs: int
    failed_runs: int
    wasted_runs: int
    wasted_seconds: float
    jobs_hurt: int
    """Jobs named by a finding of severity medium or worse, each counted once."""
    fates: dict[str, int]
    """State at the end to the number of jobs hurt that are in it; most frequent first."""
    longest_wait: float | None
    """Seconds from enqueue to start; None where no input shows a wait."""
    last_failure_at: datetime | None
    by_class: tuple[ClassImpact, ...]
    """Most jobs hurt first."""
    sql: str
    """The question behind the numbers: paste it into ``jobtrail sql``."""

    @property
    def unresolved(self) -> int:
        """Jobs hurt that had not succeeded at the end."""
        return sum(jobs for state, jobs in self.fates.items() if state != "succeeded")


def impact(db: duckdb.DuckDBPyConnection, investigation: Investigation) -> Impact:
    """The impact of what was found, measured over all of the evidence."""
    hurt = sorted({job for finding in investigation.findings if finding.severity in HURTS for job in finding.job_names})
    given = columns(hurt, "scopes", "systems", "jobs")
    fates: dict[_Key, Counter[str]] = defaultdict(Counter)
    for *key, state, jobs in db.execute(question(__package__, "hurt"), given).fetchall():
        fates[tuple(key)][state] += jobs
    statement = question(__package__, "impact")
    rows = answer_with_zones(db, statement, {})
    failures = [row["last_failure_at"] for row in rows if row["last_failure_at"]]
    of_all = sum(fates.values(), Counter[str]())
    return Impact(
        jobs=sum(row["jobs"] for row in rows),
        runs=sum(row["runs"] for row in rows),
        failed_runs=sum(row["failed_runs"] for row in rows),
        wasted_runs=sum(row["wasted_runs"] for row in rows),
        wasted_seconds=round(sum(row["wasted_seconds"] for row in rows), 3),
        jobs_hurt=len(hurt),
        fates=dict(sorted(of_all.items(), key=lambda fate: (-fate[1], fate[0]))),
        longest_wait=max((row["longest_wait"] for row in rows if row["longest_wait"] is not None), default=None),
        last_failure_at=max(failures, default=None),
        by_class=tuple(sorted((_of_class(row, fates) for row in rows), key=_most_hurt_first)),
        sql=statement,
    )


def _of_class(row: dict[str, Any], fates: dict[_Key, Counter[str]]) -> ClassImpact:
    fate = fates.get((row["scope"], row["system"], row["job_class"], row["queue"]), Counter())
    named = {name: value for name, value in row.items() if name in ClassImpact.model_fields}
    return ClassImpact(**named, jobs_hurt=fate.total(), unresolved=fate.total() - fate["succeeded"])


def _most_hurt_first(each: ClassImpact) -> tuple[int, int, int, str, str, str, str]:
    place = (each.scope, each.system, each.job_class or "", each.queue or "")
    return (-each.jobs_hurt, -each.wasted_runs, -each.jobs, *place)
