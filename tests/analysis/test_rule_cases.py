"""Each rule flags the jobs that its case tables name, and no other."""

from __future__ import annotations

import tomllib
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from analysis.check import check
from analysis.rules import RULES
from tests.analysis.tables import database

_TABLES = ("jobs", "attempts", "workers", "class_baselines", "attempt_evidence")
_KEYS = {"name", "as_of", "flags", "settings", *_TABLES}
_CASES = [
    pytest.param(path.stem.replace("_", "-"), case, id=f"{path.stem}: {case['name']}")
    for path in sorted(Path(__file__).with_name("rules").glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


@pytest.mark.parametrize(("rule", "case"), _CASES)
def test_a_rule_flags_exactly_the_jobs_named(rule: str, case: dict[str, Any]) -> None:
    assert not case.keys() - _KEYS, "a case holds a key that nothing reads"
    settings = {f"{rule}.{param}": str(value) for param, value in case.get("settings", {}).items()}
    with database({name: case[name] for name in _TABLES if name in case}) as db:
        found = check(db, as_of=case["as_of"].replace(tzinfo=UTC), settings=settings, only=[rule])
    assert sorted({job for finding in found.findings for job in finding.jobs}) == sorted(case["flags"])


def test_every_case_table_belongs_to_a_rule() -> None:
    assert {case.values[0] for case in _CASES} == {rule.name for rule in RULES}
