"""Every name that a rule uses for a measured value or a threshold has words for people."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from analysis.rule import Rule
from analysis.rules import RULES
from reports import labels


def _metrics_named_in(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if isinstance(node, ast.keyword) and node.arg == "metrics" and isinstance(node.value, ast.Dict):
            yield from (key.value for key in node.value.keys if isinstance(key, ast.Constant))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_name_a_rule_uses_is_listed(rule: Rule[Any]) -> None:
    named = {
        "METRICS": set(_metrics_named_in(rule.verdict.__module__)),
        "THRESHOLDS": set(type(rule.params).model_fields),
        "SUBJECTS": set(rule.subject),
    }
    missing = {table: sorted(names - set(getattr(labels, table))) for table, names in named.items()}
    assert named["METRICS"], f"{rule.name} measures nothing"
    assert not any(missing.values()), f"add these names to reports/labels.py: {missing}"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (labels.metric("worst_wait", 12.3), ("longest wait", "12.3 s")),
        (labels.metric("jobs", 1234), ("jobs", "1,234")),
        (labels.metric("likely_queue", None), ("queue probably meant", "unknown")),
        (labels.threshold("min_age", 600.0), ("for at least", "10 min")),
        (labels.threshold("max_share", 0.08), ("outliers ignored when telling what is usual, up to", "8%")),
        (labels.threshold("no_such_name", 2.5), ("no such name", "2.5")),
        (labels.metric("no_such_name", "x"), ("no such name", "x")),
        (labels.metric("_", 1), ("_", "1")),
    ],
)
def test_a_value_is_told_with_its_unit_and_an_unknown_name_as_words(
    told: tuple[str, str], words: tuple[str, str]
) -> None:
    assert told == words
