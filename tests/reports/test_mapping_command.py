"""jobtrail mapping, and ingest with what it proposed, as a user meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reports.cli import cli
from tests.ingest.mapped_samples import IDS, SAMPLES

PAGE = Path(__file__).parent.parent.parent / "docs" / "mapping.md"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "worker.log").write_text(SAMPLES["structlog"](), encoding="utf-8")
    return tmp_path


def test_a_proposal_put_into_the_working_folder_is_what_ingest_and_why_read_with(folder: Path) -> None:
    proposal = run("mapping", "worker.log")
    assert proposal.exit_code == 0
    (folder / "jobtrail.toml").write_text(proposal.stdout, encoding="utf-8")
    assert run("ingest", "worker.log").exit_code == 0
    told = run("why", IDS[0])
    assert told.exit_code == 0
    assert "succeeded" in told.output


def test_a_file_named_with_an_option_goes_before_the_one_in_the_folder(folder: Path) -> None:
    (folder / "jobtrail.toml").write_text("[[log]]\nname = 7\n", encoding="utf-8")
    assert run("ingest", "worker.log").exit_code != 0
    (folder / "other.toml").write_text(run("mapping", "worker.log").stdout, encoding="utf-8")
    assert run("ingest", "worker.log", "--mapping", "other.toml").exit_code == 0


def test_check_reads_paths_with_the_mapping_of_the_folder(folder: Path) -> None:
    (folder / "jobtrail.toml").write_text(run("mapping", "worker.log").stdout, encoding="utf-8")
    assert "1 input" in run("check", "worker.log").output


def test_a_mistake_in_a_mapping_is_told_in_one_line(folder: Path) -> None:
    (folder / "bad.toml").write_text('[[log]]\nname = "shop"\nformt = "json"\n', encoding="utf-8")
    result = run("ingest", "worker.log", "--mapping", "bad.toml")
    assert (result.exit_code, result.output) == (
        2,
        "Error: bad.toml, log shop: formt: there is no such key; did you mean format?\n",
    )


def test_only_the_mapped_format_is_asked_when_it_is_named(folder: Path) -> None:
    (folder / "jobtrail.toml").write_text(run("mapping", "worker.log", "--name", "shop").stdout, encoding="utf-8")
    assert run("ingest", "worker.log", "--format", "shop").exit_code == 0
    assert "there is no format shopp" in run("ingest", "worker.log", "--format", "shopp").output


def test_a_sample_without_keys_is_no_data_and_one_that_is_not_there_is_trouble(folder: Path) -> None:
    (folder / "words.txt").write_text("nothing happened\n", encoding="utf-8")
    assert run("mapping", "words.txt").exit_code == 3
    assert run("mapping", "none.log").exit_code == 2
    assert run("mapping", "worker.log", "--name", "My Log").exit_code == 2


def test_a_proposal_shows_no_terminal_sequence_of_the_log(folder: Path) -> None:
    (folder / "odd.log").write_text('ts=2026-03-01T22:00:05Z msg="job started\x1b[2J" jid=a\n', encoding="utf-8")
    assert "\x1b" not in run("mapping", "odd.log").output


def test_the_worked_example_of_the_page_says_what_the_command_prints(folder: Path) -> None:
    page = [line.removeprefix("    ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    (folder / "worker.log").write_text("\n".join(line for line in page if line.startswith("time=2026")) + "\n", "utf-8")
    begin = next(number for number, line in enumerate(page) if line.startswith("# Proposed"))
    proposal = run("mapping", "worker.log", "--name", "shop").stdout.splitlines()
    assert page[begin : begin + len(proposal)] == proposal
    (folder / "jobtrail.toml").write_text("\n".join(proposal), encoding="utf-8")
    run("ingest", "worker.log")
    told = next(line for line in page if line.startswith("Run 1 failed"))
    assert told in " ".join(run("why", "b6f1").output.split())
