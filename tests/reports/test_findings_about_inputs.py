"""A finding about an input names no job: every format says so by leaving the jobs out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from reports.cli import cli
from reports.render import RENDERERS
from tests.reports.golden import Story, report_on

SAMPLES = Path(__file__).parent.parent.parent / "sample_logs"
TITLE = "jobs.worker-1.jsonl lacks at least"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quiet day, and of every tenth run of one worker the log has lost the start."""
    inputs = tmp_path_factory.mktemp("gap") / "in"
    shutil.copytree(SAMPLES / "quiet-day", inputs)
    (log,) = inputs.rglob("jobs.worker-1.jsonl")
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    starts = [line for line in lines if '"event":"started"' in line]
    log.write_text("".join(line for line in lines if line not in starts[5::10]), encoding="utf-8")
    return inputs


def test_a_report_names_the_log_and_no_job(folder: Path, tmp_path: Path) -> None:
    report = report_on(Story(name="gap", inputs=folder), tmp_path)
    assert [finding.rule for finding in report.findings] == ["log-gap"]
    told = {ending: str(render(report)) for ending, render in RENDERERS.items()}
    assert all(TITLE in text for text in told.values())
    assert "0 jobs:" not in told[".md"]
    assert "<summary>0 jobs</summary>" not in told[".html"]
    assert "* line " in told[".md"]


def test_the_check_prints_its_evidence_and_no_line_of_jobs(folder: Path) -> None:
    printed = CliRunner().invoke(cli, ["check", str(folder)]).output
    assert TITLE in printed
    assert "\n  jobs" not in printed
    assert "(jobs.worker-1.jsonl:" in printed.replace("\n", "")


def test_its_json_counts_no_job(folder: Path) -> None:
    told = json.loads(CliRunner().invoke(cli, ["check", str(folder), "--format", "json"]).output)
    (finding,) = told["findings"]
    assert (finding["jobs"], finding["job_count"]) == ([], 0)
    assert finding["evidence"]
