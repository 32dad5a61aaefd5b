"""In each story the jobrunner tells, exactly what was planted is found with default thresholds, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.check import check
from analysis.finding import Finding
from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.loading import load
from jobrunner.scenarios import STORIES
from jobrunner.scenarios.site import Planted
from reports.cli import cli

SAMPLES = Path(__file__).parent.parent.parent / "sample_logs"
TRUTHS = Path(__file__).parent / "stories"

Flag = tuple[str, str]
"""
A rule and what it names: a job's id, or ``queue NAME`` where a story planted something on a queue as a whole, or on the
workers that read this queue only.
"""


def planted_flags(planted: list[Planted]) -> set[Flag]:
    jobs = {(fault["rule"], job) for fault in planted for job in fault.get("jobs", ())}
    return jobs | {(fault["rule"], f"queue {fault['queue']}") for fault in planted if "queue" in fault}


def flags_of(findings: tuple[Finding, ...], planted: list[Planted]) -> set[Flag]:
    of_queues = {fault["rule"] for fault in planted if "queue" in fault}
    named: set[Flag] = set()
    for finding in findings:
        if finding.severity != "info":
            queue = finding.subject.get("queue") or finding.subject.get("pool")
            about = [f"queue {queue}"] if finding.rule in of_queues else finding.jobs
            named |= {(finding.rule, each) for each in about}
    return named


def table(name: str, planted: set[Flag], flagged: set[Flag]) -> str:
    """The score as a person reads it."""
    told = [name, f"  {'rule':20} planted  found missed  false"]
    for rule in sorted({rule for rule, _ in planted | flagged}):
        right, said = ({named for of, named in flags if of == rule} for flags in (planted, flagged))
        told.append(f"  {rule:20} {len(right):7} {len(right & said):6} {len(right - said):6} {len(said - right):6}")
    return "\n".join(told if len(told) > 2 else [name, "  nothing planted, nothing flagged"])


@pytest.mark.parametrize("name", [story.name for story in STORIES])
def test_what_was_planted_is_found_and_nothing_else_is_flagged(
    name: str, tmp_path: Path, print_at_the_end: Callable[[str], None]
) -> None:
    planted: list[Planted] = json.loads((TRUTHS / f"{name}.json").read_text())["planted"]
    database = tmp_path / "jobtrail.duckdb"
    load(database, [SAMPLES / name], now=datetime(2026, 11, 24, tzinfo=UTC))
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        unread = db.execute("select path, reject_count, bytes_pending, format from sources").fetchall()
        findings = check(db).findings
    right, flagged = planted_flags(planted), flags_of(findings, planted)
    allowed = {(fault["rule"], job) for fault in planted for job in fault.get("may_name", ())}
    print_at_the_end(table(name, right, flagged - allowed))
    assert right - flagged == set()
    assert flagged - right - allowed == set()
    assert len(unread) == 5
    assert all((rejects, pending) == (0, 0) and form != "unrecognised" for _, rejects, pending, form in unread)


def test_the_quiet_day_gives_no_finding_and_exit_code_0_through_the_command_line() -> None:
    told = CliRunner().invoke(cli, ["check", str(SAMPLES / "quiet-day"), "--fail-on", "info"])
    assert (told.exit_code, "Nothing found." in told.output) == (0, True)
