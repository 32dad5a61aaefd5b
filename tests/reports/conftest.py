"""What several tests of the command line and of reports look at, made once per process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from reports.cli import cli
from tests.reports.golden import THREE_MINUTES, report_on

if TYPE_CHECKING:
    from reports.incident import IncidentReport

_CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-8.1.7-plain"


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of a capture, as ``jobtrail ingest`` makes it: to be read only."""
    path = tmp_path_factory.mktemp("ingested") / "jobtrail.duckdb"
    told = CliRunner().invoke(
        cli, ["ingest", str(_CAPTURE / "sidekiq.log"), str(_CAPTURE / "snapshots"), "--db", str(path)]
    )
    assert told.exit_code == 0
    return path


@pytest.fixture
def database(ingested: Path, tmp_path: Path) -> Path:
    """A copy of it, with its key, to do anything with."""
    for file in ingested.parent.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path / ingested.name


@pytest.fixture(scope="session")
def three_minutes(tmp_path_factory: pytest.TempPathFactory) -> IncidentReport:
    """The report of a real capture."""
    return report_on(THREE_MINUTES, tmp_path_factory.mktemp("three-minutes"))
