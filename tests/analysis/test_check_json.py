"""The JSON of a check keeps its published contract."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from analysis.check import check
from analysis.check_json import schema_text, to_json, to_text
from analysis.finding import (
    BaselineComparison,
    BaselineEntry,
    Before,
    Check,
    Confidence,
    Coverage,
    Evidence,
    Finding,
    Investigation,
    Selection,
    Severity,
    StaleSuppression,
    Status,
    Suppressed,
)
from analysis.incidents import Change, Comparison, Difference, Incident, incidents
from reports.cli import cli
from tests.analysis.tables import CASES, Case, checked, empty_database

SCHEMA: dict[str, Any] = json.loads(schema_text())
CONTRACT = Draft202012Validator(SCHEMA)
VALUES: dict[str, type[BaseModel]] = {
    "input": Coverage,
    "check": Check,
    "finding": Finding,
    "evidence": Evidence,
    "before": Before,
    "suppressed": Suppressed,
    "stale_suppression": StaleSuppression,
    "baseline": BaselineComparison,
    "baseline_entry": BaselineEntry,
    "selection": Selection,
    "incident": Incident,
    "comparison": Comparison,
    "difference": Difference,
    "change": Change,
}
HOSTILE = "\x00 \x1b[31mred\x1b[0m \x9b2J \u202e </script> é \U0001f4a3"


def judged(case: Case) -> tuple[Investigation, tuple[Incident, ...]]:
    with case.database() as db:
        investigation = checked(case, db)
        return investigation, incidents(db, investigation)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_whatever_a_rule_finds_keeps_the_contract(case: Case) -> None:
    CONTRACT.validate(json.loads(to_text(*judged(case))))


def test_an_empty_database_keeps_the_contract() -> None:
    with empty_database() as db:
        told = to_json(check(db), ())
    CONTRACT.validate(told)
    assert (told["as_of"], told["checks"], told["findings"]) == (None, [], [])


def test_the_contract_is_a_schema_itself() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", VALUES)
def test_the_contract_describes_every_field_of_a_value_and_nothing_else(name: str) -> None:
    described = SCHEMA["$defs"][name]
    assert list(described["properties"]) == list(VALUES[name].model_fields)
    assert described["required"] == list(VALUES[name].model_fields)


def test_the_contract_describes_the_whole_and_nothing_else() -> None:
    whole = Investigation(as_of=None, first_at=None, inputs=(), checks=(), findings=())
    assert list(SCHEMA["properties"]) == SCHEMA["required"] == list(to_json(whole, ()))


def test_the_contract_knows_every_severity_and_confidence() -> None:
    finding = SCHEMA["$defs"]["finding"]["properties"]
    assert finding["severity"]["enum"] == list(get_args(Severity))
    assert finding["confidence"]["enum"] == list(get_args(Confidence))


def test_the_contract_knows_every_status_of_a_finding_and_of_a_suppression() -> None:
    assert SCHEMA["$defs"]["finding"]["properties"]["status"]["enum"] == [*get_args(Status), None]
    stale = get_args(StaleSuppression.model_fields["status"].annotation)
    assert SCHEMA["$defs"]["stale_suppression"]["properties"]["status"]["enum"] == list(stale)


def objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield path, schema
        for key, value in schema.items():
            yield from objects(value, f"{path}/{key}")


def test_every_object_is_closed_and_every_property_described() -> None:
    for path, schema in objects(SCHEMA):
        assert "additionalProperties" in schema, path
        for name, described in schema.get("properties", {}).items():
            assert described.get("description"), f"{path}/{name}"


def test_hostile_text_of_a_log_comes_back_as_it_was_and_is_harmless_on_the_way() -> None:
    values = {
        "as_of": datetime(2026, 1, 5, 12),  # noqa: DTZ001 - as the tables have it
        "jobs": [{"job_id": HOSTILE, "job_class": HOSTILE, "error_class": HOSTILE, "state": "failed", "attempts": 1}],
        "attempt_evidence": [{"job_key": HOSTILE, "text": HOSTILE}],
    }
    text = to_text(*judged(Case("retries-exhausted", values)))
    assert text.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    told = json.loads(text)
    CONTRACT.validate(told)
    finding = told["findings"][0]
    assert finding["jobs"] == [HOSTILE]
    assert finding["subject"]["error_class"] == finding["evidence"][0]["text"] == HOSTILE
    assert finding["title"].endswith(HOSTILE)


def test_half_a_character_pair_comes_back_as_it_was() -> None:
    outcome = Check(rule="hung", status="clean", reason="half \ud800")
    whole = Investigation(as_of=None, first_at=None, inputs=(), checks=(outcome,), findings=())
    assert json.loads(to_text(whole, ()))["checks"][0]["reason"] == "half \ud800"


def test_the_contract_is_shipped_with_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert "*.json" in project["tool"]["setuptools"]["package-data"]["*"]


def test_the_command_prints_the_contract() -> None:
    result = CliRunner().invoke(cli, ["check", "--schema"])
    assert (result.exit_code, json.loads(result.output)) == (0, SCHEMA)
