"""The demo: any story of sample_logs/, from its files to the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reports.cli import cli

ROOT = Path(__file__).parent.parent.parent
OTHER_LOG = ROOT / "tests" / "fixtures" / "captures" / "sidekiq-8.1.7-plain" / "sidekiq.log"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_the_demo_writes_the_report_of_a_story_and_begins_anew_each_time(tmp_path: Path) -> None:
    database = tmp_path / "worker-killed" / "jobtrail.duckdb"
    first = run("demo", "worker-killed", "--folder", tmp_path)
    assert (first.exit_code, "Report written" in first.output) == (0, True)
    assert "<h1>A worker killed at night</h1>" in (tmp_path / "worker-killed" / "incident.html").read_text()
    run("ingest", OTHER_LOG, "--db", database)
    assert run("demo", "worker-killed", "--folder", tmp_path).output == first.output


@pytest.mark.parametrize(("words", "code"), [(("--help",), 0), (("nix",), 2)])
def test_the_demo_names_its_stories_in_its_help_and_where_it_does_not_know_one(
    words: tuple[str, ...], code: int
) -> None:
    result = run("demo", *words)
    assert result.exit_code == code
    for folder in (ROOT / "sample_logs").iterdir():
        assert folder.stem in result.output
