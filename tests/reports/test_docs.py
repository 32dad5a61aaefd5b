"""The pages of docs/ that are made from the code say what the code says, and say it whole."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analysis.rule import Rule
from analysis.rules import RULES
from reports.cli import EXIT_CODES, cli
from reports.cli.suppressions import suppressions
from reports.interrupts import STOPPED
from scripts.write_docs import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name: str) -> None:
    same = (DOCS / name).read_text(encoding="utf-8") == PAGES[name]()
    assert same, f"docs/{name} does not say what the code says: run 'make docs'"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_paragraph_of_a_rule_stands_on_its_page(rule: Rule[Any]) -> None:
    page = " ".join(PAGES["rules.md"]().replace("**", "").split())
    for line in rule.docstring.splitlines():
        words = " ".join(line.split())
        assert words in page, f"rules.md leaves out {words!r}"


def test_every_row_of_a_table_has_as_many_cells_as_its_heading() -> None:
    for page in PAGES.values():
        cells = 0
        for line in page().splitlines():
            bars = line.replace("\\|", "").count("|") if line.startswith("| ") else 0
            assert not (cells and bars) or bars == cells, line
            cells = bars


def test_the_commands_of_the_page_on_ci_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DOCS.parent / "sample_logs" / "retry-storm", "logs")
    page = (DOCS / "ci.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    jobtrail (.+)$", page, re.MULTILINE)
    ended = {words: CliRunner().invoke(cli, shlex.split(words)) for words in commands}
    assert {words: result.exit_code for words, result in ended.items() if result.exit_code > 1} == {}
    assert len(ended) > 8
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= {"baseline.json", "junit.xml", "check.json", "jobtrail.prom"}


def test_the_suppression_of_the_page_on_ci_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "ci.md").read_text(encoding="utf-8")
    written = re.search(r"^    \[\[suppress\]\]\n(?:    .+\n)+", page, re.MULTILINE)
    assert written
    Path("jobtrail.toml").write_text(written[0], encoding="utf-8")
    assert [each.rule for each in suppressions()] == ["unread-queue"]


def test_the_page_on_ci_tells_every_exit_code_of_a_check_that_ran_to_its_end() -> None:
    page = (DOCS / "ci.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == [str(code) for code in EXIT_CODES if code != STOPPED]
