"""The reports kept in ``golden/``, byte for byte: which inputs they are made of, and how."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from analysis.check import check
from analysis.impact import impact
from analysis.incidents import incidents
from analysis.moments import moments
from analysis.series import queue_series, timeline
from ingest.database import open_for_writing
from ingest.derive import derive
from ingest.loading import load
from jobrunner import scenarios
from reports.incident import IncidentReport, incident
from reports.render import RENDERERS
from tests.truth.scoring import WITHHELD

GOLDEN = Path(__file__).with_name("golden")
_TESTS = Path(__file__).parent.parent


@dataclass(frozen=True, kw_only=True)
class Story:
    """Inputs of which a report is made."""

    name: str
    inputs: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """Thresholds, where the story is shorter than the rules expect."""
    endings: tuple[str, ...] = (".md",)
    """Formats that are kept."""


THREE_MINUTES = Story(
    name="sidekiq-three-minutes",
    inputs=_TESTS / "fixtures" / "captures" / "sidekiq-6.4.1-pretty",
    endings=tuple(RENDERERS),
    settings={"orphaned.min_age": "20s", "never-started.min_age": "20s", "retry-storm.min_retries": "20"},
)

STORIES = (
    THREE_MINUTES,
    Story(name="hostile", inputs=_TESTS / "fixtures" / "hostile", endings=tuple(RENDERERS)),
    *(Story(name=story.name, inputs=_TESTS.parent / "sample_logs" / story.name) for story in scenarios.STORIES),
)


def report_on(story: Story, folder: Path) -> IncidentReport:
    """The story's report, by way of copied inputs and a database in this folder."""
    inputs, database = folder / "inputs", folder / "jobtrail.duckdb"
    shutil.copytree(story.inputs, inputs, ignore=shutil.ignore_patterns(*WITHHELD))
    load(database, [inputs], now=datetime(2026, 11, 24, tzinfo=UTC))
    with open_for_writing(database) as db:
        derive(db)
        investigation = check(db, settings=story.settings)
        return incident(
            investigation,
            incidents(db, investigation),
            impact(db, investigation),
            moments(db, investigation.as_of),
            timeline(db, investigation),
            queue_series(db, investigation),
            title="What happened to the jobs",
        )
