"""What the trouble cost, in numbers: jobs, runs, failures, and how many jobs were hurt."""

from __future__ import annotations

from importlib.resources import files

import duckdb

from analysis.finding import SEVERITIES, Frozen, Investigation

_HURTS = SEVERITIES[SEVERITIES.index("medium") :]


class Impact(Frozen):
    """The size of everything seen, and of what went wrong in it."""

    jobs: int
    runs: int
    failed_runs: int
    jobs_hurt: int
    """Jobs named by a finding of severity medium or worse, each counted once."""
    failed_seconds: float
    """Seconds spent in runs that failed."""
    longest_wait: float | None
    """Seconds from enqueue to start; None where no input shows a wait."""


def impact(db: duckdb.DuckDBPyConnection, investigation: Investigation) -> Impact:
    """The impact of what was found, measured over all of the evidence."""
    statement = files(__package__).joinpath("impact.sql").read_text(encoding="utf-8")
    jobs, runs, failed_runs, failed_seconds, longest_wait = db.execute(statement).fetchall()[0]
    hurt = {job for finding in investigation.findings if finding.severity in _HURTS for job in finding.jobs}
    return Impact(
        jobs=jobs,
        runs=runs,
        failed_runs=failed_runs,
        jobs_hurt=len(hurt),
        failed_seconds=float(failed_seconds),
        longest_wait=longest_wait,
    )
