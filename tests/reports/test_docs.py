"""The pages of docs/ that are made from the code say what the code says, and say it whole."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.rule import Rule
from analysis.rules import RULES
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
