"""Everything planted in a real capture that its inputs can show is found, and nothing else is flagged."""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from analysis.check import check
from ingest.database import open_for_reading, open_for_writing
from ingest.loading import load

from ingest.derive import derive, derive_temporarily
from tests.truth.scoring import WITHHELD, Capture

CAPTURES = Path(__file__).parent.parent / "fixtures" / "captures"

THRESHOLDS = {
    "hung.min_age": "20s",
    "orphaned.min_age": "20s",
    "never-started.min_age": "20s",
    "retried-often.attempts": "3",
    "retry-storm.min_retries": "20",
    "slow-run.min_excess": "300ms",
}
"""Scaled to captures of three minutes."""


@pytest.mark.parametrize("name", ["sidekiq-6.4.1-pretty", "sidekiq-6.4.1-json", "sidekiq-8.1.7-plain"])
def test_every_visible_fault_is_found_and_nothing_else_is_flagged(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = Capture(CAPTURES / name)
    inputs = tmp_path / name
    shutil.copytree(capture.folder, inputs, ignore=shutil.ignore_patterns(*WITHHELD))
    database = tmp_path / "jobtrail.duckdb"
    load(database, [inputs], now=datetime(2026, 11, 24, tzinfo=UTC))
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        if capture.as_of:
            derive_temporarily(db, capture.as_of.replace(tzinfo=None))
        investigation = check(db, as_of=capture.as_of, settings=THRESHOLDS)
    flagged: dict[str, set[str]] = defaultdict(set)
    for finding in investigation.findings:
        flagged[finding.rule] |= set(finding.jobs)
    score = capture.score(flagged, retries=int(THRESHOLDS["retried-often.attempts"]))
    with capsys.disabled():
        print("\n" + score.table(name))  # noqa: T201 - the table is for people
    assert {kind: jobs for kind, jobs in score.missed.items() if jobs} == {}
    assert {rule: jobs for rule, jobs in score.false.items() if jobs} == {}
