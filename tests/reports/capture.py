"""The report on a real capture: what the tests of every format look at."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from analysis.check import check
from analysis.impact import impact
from analysis.moments import moments
from analysis.series import queue_series, timeline
from ingest.database import open_for_writing
from ingest.derive import derive
from ingest.loading import load
from reports.incident import IncidentReport, incident
from tests.truth.scoring import WITHHELD

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-6.4.1-pretty"

THRESHOLDS = {"orphaned.min_age": "20s", "never-started.min_age": "20s", "retry-storm.min_retries": "20"}
"""Scaled to a capture of three minutes."""


def captured_report(folder: Path) -> IncidentReport:
    """The capture's report, by way of a database in this folder."""
    inputs, database = folder / "inputs", folder / "jobtrail.duckdb"
    shutil.copytree(CAPTURE, inputs, ignore=shutil.ignore_patterns(*WITHHELD))
    load(database, [inputs], now=datetime(2026, 11, 24, tzinfo=UTC))
    with open_for_writing(database) as db:
        derive(db)
        investigation = check(db, settings=THRESHOLDS)
        return incident(
            investigation,
            impact(db, investigation),
            moments(db, investigation.as_of),
            timeline(db, investigation),
            queue_series(db, investigation),
            title="What happened to the jobs",
        )
