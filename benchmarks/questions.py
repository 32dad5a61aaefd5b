"""
How long the questions take on many attempts: ``python -m benchmarks.questions --attempts 1000000``.

A day of the tests' simulator, with its faults, is written as a job log with snapshots, loaded, and made longer: every
further day is like the first one, with processes and jobs of its own. Then the tables are derived, all rules are
asked, incidents are gathered, and ``jobtrail why`` is asked for one job, each in a process of its own. Several sizes in
one run show how the cost grows: read the ratios, a shared machine gives no absolute figure.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import duckdb

from analysis.check import check
from analysis.incidents import incidents
from analysis.rules import RULES
from benchmarks.costs import Cost, cost_of, report
from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.loading import load
from tests.simulator.days import live, written

_T = TypeVar("_T")
_SEED = 1
_JOBS_A_DAY = 40_000
_LAST_JOB = """
select job_id, job_class, arguments from jobs where arguments is not null order by first_seen_at desc, job_id limit 1
"""


def loaded(database: Path) -> str:
    """One simulated day, read as any other input; how many attempts it has."""
    with tempfile.TemporaryDirectory() as folder:
        written(live(_SEED, jobs_a_day=_JOBS_A_DAY, faulty=True), "job_log").write(Path(folder))
        load(database, [Path(folder)], now=datetime.now(UTC), final=True)
    with open_for_reading(database) as db:
        return str(_one(db, "select count(*) from job_events where event = 'started'"))


def lengthened(database: Path, days: int) -> str:
    """The database of one day made one of several; how many events that is."""
    with open_for_writing(database) as db:
        db.execute("set preserve_insertion_order = false")
        for statement in files(__package__).joinpath("lengthened.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                db.execute(statement, {"days": days} if "$days" in statement else None)
        return f"{_one(db, 'select count(*) from job_events'):,} events"


def derived(database: Path) -> str:
    """What ``jobtrail ingest`` ends with."""
    with open_for_writing(database) as db:
        derive(db)
        return f"{_one(db, 'select count(*) from attempts'):,} attempts"


def asked(database: Path, memory: str, *, each: bool) -> str:
    """All rules, one after the other, and the incidents; with the seconds of each."""
    lines = []
    with open_for_reading(database) as db:
        db.execute("set memory_limit = $memory", {"memory": memory})
        whole, investigation = _timed(lambda: check(db))
        gathered, found = _timed(lambda: incidents(db, investigation))
        lines += [f"all {len(RULES)} rules: {whole:.1f} s, {len(investigation.findings)} findings"]
        lines += [f"incidents: {gathered:.1f} s, {len(found)} of them"]
        for rule in RULES if each else ():
            took, alone = _timed(partial(check, db, only=[rule.name]))
            jobs = sum(finding.job_count for finding in alone.findings)
            lines.append(f"  {rule.name:22}{took:8.2f} s{len(alone.findings):8} findings{jobs:10,} jobs")
    return "\n".join(lines)


def told(database: Path, *arguments: str) -> str:
    """The first line of what ``jobtrail`` answers."""
    command = [str(Path(sys.executable).with_name("jobtrail")), *arguments, "--db", str(database)]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
    return next(iter((answer.stdout or answer.stderr).splitlines()), "nothing")


def _one(db: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(db.execute(query).fetchall()[0][0])


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


def _told(name: str, work: Callable[[], str]) -> Cost:
    cost = cost_of(work)
    if cost is None:
        raise SystemExit(f"{name} failed")
    report(f"{name:22}{cost.wall:9.1f}{cost.cpu:9.1f}{cost.peak / 1e6:9,.0f}  {cost.told}")
    return cost


def main() -> None:
    """Build a database of each size, ask everything of it, and compare the sizes."""
    parser = argparse.ArgumentParser(prog="benchmarks.questions", description="Time of deriving, rules and why.")
    parser.add_argument("--attempts", type=int, action="append", help="so many attempts; several sizes are compared")
    parser.add_argument("--memory", default="3GB", help="what DuckDB may take while the rules are asked")
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"), help="where the databases are kept")
    parser.add_argument("--each", action="store_true", help="also the seconds of each rule")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for attempts in chosen.attempts or [1_000_000]:
        database = chosen.folder / f"questions-{attempts}.duckdb"
        report(f"\n{attempts:,} attempts\n{'':22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
        if not database.exists():
            unfinished = database.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            a_day = int(_told("load a day", partial(loaded, unfinished)).told)
            _told("make it longer", partial(lengthened, unfinished, max(1, round(attempts / a_day))))
            _told("derive", partial(derived, unfinished))
            unfinished.rename(database)
        _told("rules and incidents", partial(asked, database, chosen.memory, each=chosen.each))
        with open_for_reading(database) as db:
            job, job_class, arguments = db.execute(_LAST_JOB).fetchall()[0]
        _told("why by id", partial(told, database, "why", job))
        _told("why by arguments", partial(told, database, "why", "--class", job_class, "--args", arguments))
        _told("jobs of a class", partial(told, database, "jobs", "--class", job_class))


if __name__ == "__main__":
    main()
