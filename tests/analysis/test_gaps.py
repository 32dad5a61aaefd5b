"""What is said because something was not seen is less sure where it may stand in a gap."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from analysis.check import check
from analysis.finding import Finding
from tests.analysis.tables import CASES, checked, database, insert

AS_OF = datetime(2026, 1, 5, 12, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, 5, hour, minute)  # noqa: DTZ001 - naive UTC as the tables


def died(*, gaps: list[dict[str, Any]], runs: int = 1) -> Finding:
    """The finding about runs that began one an hour from nine on, and whose worker died at half past eleven."""
    rows: dict[str, list[dict[str, Any]]] = {
        "attempts": [
            {
                "job_id": f"job-{number}",
                "started_at": at(9 + number),
                "state": "running",
                "worker_key": "w1",
                "worker_state": "gone",
            }
            for number in range(runs)
        ],
        "workers": [
            {
                "worker_key": "w1",
                "worker": "w1",
                "log": "worker.log",
                "lines": 7,
                "last_seen_at": at(11, 30),
                "state": "gone",
            }
        ],
        "log_gaps": gaps,
    }
    with database(rows) as db:
        (found,) = check(db, as_of=AS_OF, only=["orphaned"]).findings
    return found


SILENT = {"kind": "stretch", "log": "worker.log", "from_at": at(9, 30), "to_at": at(9, 50)}
LINES = {"kind": "lines", "log": "worker.log", "from_at": at(8), "to_at": at(12)}


def test_without_a_gap_it_is_as_sure_as_its_worker_is_gone() -> None:
    assert died(gaps=[]).confidence == "high"


def test_while_the_workers_log_is_silent_the_end_may_have_come() -> None:
    found = died(gaps=[SILENT])
    assert found.confidence == "low"
    assert found.confidence_reason == (
        "worker.log is silent between 2026-01-05 09:30:00 and 2026-01-05 09:50:00 UTC, and the end may have come then; "
        "the worker is gone: a heartbeat"
    )


def test_where_only_some_of_the_runs_touch_the_gap_it_is_less_doubtful() -> None:
    assert died(gaps=[SILENT], runs=3).confidence == "medium"


def test_a_log_that_lacks_lines_here_and_there_leaves_medium() -> None:
    found = died(gaps=[LINES])
    assert found.confidence == "medium"
    assert "lacks lines between" in found.confidence_reason


@pytest.mark.parametrize(
    "elsewhere",
    [
        SILENT | {"from_at": at(7), "to_at": at(8)},
        SILENT | {"log": "other.log"},
        SILENT | {"scope": "elsewhere"},
        {"kind": "machine", "host": "app-2", "from_at": at(8), "to_at": at(12)},
        {"kind": "silence", "log": "worker.log", "from_at": at(9, 30), "to_at": at(9, 50)},
        {"kind": "snapshots", "from_at": at(9), "to_at": at(11)},
    ],
    ids=["before", "another log", "another installation", "another machine", "a mere silence", "snapshots"],
)
def test_a_gap_that_could_not_hide_the_end_changes_nothing(elsewhere: dict[str, Any]) -> None:
    assert died(gaps=[elsewhere]).confidence == "high"


@pytest.mark.parametrize(("behind", "confidence"), [(6.0, "high"), (6.1, "medium")])
def test_waits_of_a_minute_bear_clocks_that_are_a_tenth_of_it_apart(behind: float, confidence: str) -> None:
    case = next(each for each in CASES if each.rule == "queue-latency" and each.values["flags"])
    with case.database() as db:
        insert(db, "host_clocks", [{"system": system_of(db), "behind": behind}, {"basis": "future", "behind": 9000.0}])
        found = checked(case, db).findings[0]
    assert found.confidence == confidence
    assert ("; but the clocks of web-1 and app-1 are at least 6.1 s apart" in found.confidence_reason) == (behind > 6)


def system_of(db: duckdb.DuckDBPyConnection) -> str:
    return str(db.execute("select min(system) from attempts").fetchall()[0][0])


def waiting(state_basis: str) -> Finding:
    """The finding about a job that no log shows to start while a machine's log is not among the inputs."""
    rows: dict[str, list[dict[str, Any]]] = {
        "jobs": [
            {
                "job_id": "job-a",
                "state": "queued",
                "state_basis": state_basis,
                "eligible_at": at(9),
                "state_at": at(9),
                "last_seen_at": at(11),
            }
        ],
        "workers": [{"worker_key": "w1", "lines": 7, "queues": ["default"], "last_seen_at": at(12), "state": "alive"}],
        "log_gaps": [{"kind": "machine", "host": "app-2", "from_at": at(8), "to_at": at(12)}],
    }
    with database(rows) as db:
        (found,) = check(db, as_of=AS_OF, only=["never-started"]).findings
    return found


def test_a_start_may_stand_in_the_log_of_a_machine_that_is_missing() -> None:
    found = waiting("log")
    assert found.confidence == "low"
    assert found.confidence_reason.startswith("no log of app-2 is among the inputs, and the start may stand there; ")


def test_what_a_snapshot_holds_does_not_rest_on_what_logs_leave_out() -> None:
    assert waiting("snapshot").confidence == "high"
