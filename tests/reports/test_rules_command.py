"""jobtrail rules: the list, and one rule explained, as docs/rules.md has it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result

from analysis.rule import Family, Rule
from analysis.rules import RULES
from analysis.settings import params_of
from reports.cli import cli
from reports.rulebook import entry
from scripts.write_docs import rules_page

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["rules", *words])


def test_every_rule_stands_in_the_list_once_below_its_family() -> None:
    lines = run().output.splitlines()
    family, listed = "", []
    for line in lines:
        if line.strip() in get_args(Family):
            family = line.strip()
        elif line.startswith("  "):
            listed.append((family, line.split()[0]))
    assert listed == [(rule.family, rule.name) for rule in RULES]


@each_rule
def test_a_rule_is_explained_with_everything_that_its_page_says(rule: Rule[Any]) -> None:
    told = " ".join(run(rule.name).output.split())
    page = " ".join(rules_page().split())
    described = entry(rule)
    assert f"{described.title}: {described.definition}" in told
    for section in described.sections:
        assert f"{section.heading} {' '.join(section.text.replace('``', '').split())}" in told
        assert f"**{section.heading}.** {section.text}" in page
    for each in described.thresholds:
        assert f"--set {each.setting}={each.default} {each.meaning}" in told
        assert f"| `{each.setting}` | `{each.default}` | {each.meaning} |" in page
    for need in described.needs:
        assert f"An input that shows {need.shows}: {need.found_in}." in told


@each_rule
def test_what_is_printed_as_default_can_be_typed_and_changes_nothing(rule: Rule[Any]) -> None:
    typed = {each.setting: each.default for each in entry(rule).thresholds}
    assert params_of(rule, typed) == rule.params


@each_rule
def test_its_sql_comes_out_as_it_stands_in_its_file(rule: Rule[Any]) -> None:
    assert run(rule.name, "--sql").output == rule.sql


def test_json_holds_the_same_of_all_and_of_one() -> None:
    told = json.loads(run("--json").output)
    assert [each["name"] for each in told] == [rule.name for rule in RULES]
    assert json.loads(run("hung", "--json").output) == told[0]
    assert told[0]["thresholds"][0] == {"setting": "hung.min_age", "default": "10m", "meaning": "for at least"}
    assert "``" not in run("--json").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("hing",), "there is no rule hing; did you mean hung?"),
        (("zzz",), "there is no rule zzz; there are hung, orphaned"),
        (("--sql",), "--sql is for one rule"),
        (("hung", "--sql", "--json"), "--sql is for one rule and stands alone"),
    ],
)
def test_a_wrong_word_is_answered_in_words_and_with_exit_code_2(words: tuple[str, ...], says: str) -> None:
    result = run(*words)
    assert (result.exit_code, says in result.output) == (2, True)


@pytest.mark.parametrize("words", [["rules"], ["rules", "hung"], ["rules", "--json"]])
def test_the_rules_are_told_without_a_database(words: list[str]) -> None:
    code = (
        f"import sys; from reports.cli import cli; cli({words!r}, standalone_mode=False);"
        "print([name for name in ('duckdb', 'polars', 'jinja2', 'ingest.sources') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip().endswith("\n[]")
