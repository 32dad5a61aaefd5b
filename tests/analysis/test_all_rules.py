"""What holds for every rule. A rule that is added to RULES is tested here without another line."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
import sqlglot
from sqlglot import exp

import analysis.rules
from analysis.finding import SEVERITIES
from analysis.rule import Family, Rule
from analysis.rules import RULES
from ingest import schema
from tests.analysis.tables import CASES, checked, database, empty_database

FOLDER = Path(analysis.rules.__file__).parent
ROW = {"scope", "system", "job_key", "job_id", "attempt", "first_at", "last_at"}
HEADINGS = ["Why it matters", "What to look at first", "Severity", "Blind spots"]
COLUMNS = {column.name for name in schema.DERIVED for column in schema.table(name).columns}
NAMED_AS_A_COLUMN = {("retried-often", "attempts")}
"""This setting was public before the rule of names; a table macro has to call it otherwise."""
PERCENTILES = (exp.Quantile, exp.ApproxQuantile, exp.PercentileCont, exp.PercentileDisc, exp.Median)
OTHER_ENGINES = ("postgres", "spark", "snowflake")

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
each_question = pytest.mark.parametrize(
    "sql",
    [
        pytest.param(sql, id=f"{rule.name} {part}")
        for rule in RULES
        for part, sql in (("flags", rule.sql), ("looks at", rule.looked_at))
    ],
)


def columns_on_an_empty_database(rule: Rule[Any], sql: str) -> set[str]:
    given = {"as_of": datetime(2026, 1, 5)} | rule.params.model_dump()  # noqa: DTZ001 - naive UTC as the tables
    used = {name: given[name] for name in re.findall(r"\$(\w+)", sql)}
    with empty_database() as db:
        return {column[0] for column in db.execute(sql, used).description or ()}


@each_rule
def test_its_question_binds_and_answers_with_what_a_finding_needs(rule: Rule[Any]) -> None:
    assert columns_on_an_empty_database(rule, rule.sql) >= ROW | set(rule.subject)


@each_rule
def test_its_clean_sentence_says_that_there_is_nothing_in_an_empty_database(rule: Rule[Any]) -> None:
    assert "judged" in columns_on_an_empty_database(rule, rule.looked_at)
    case = next(case for case in CASES if case.rule == rule.name)
    with database({}) as db:
        found = checked(case, db)
    assert [outcome.status for outcome in found.checks] == ["skipped"]


@each_question
def test_it_reads_derived_tables_only(sql: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    assert {table.name for table in tree.find_all(exp.Table)} - own <= set(schema.DERIVED)


@each_question
def test_it_is_asked_at_a_given_moment_and_never_now(sql: str) -> None:
    assert not re.search(r"\b(now|today|current_\w+|localtime\w*|getdate|get_current_\w+)\b", sql, re.IGNORECASE)


@each_question
def test_it_compares_and_computes_no_percentile(sql: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert not list(tree.find_all(*PERCENTILES))
    assert not re.search(r"\b(quantile|percentile|median|mad)\w*\s*\(", sql, re.IGNORECASE)


@each_question
def test_it_stays_in_the_dialect_that_other_engines_share(sql: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert not [function.name for function in tree.find_all(exp.Anonymous)], "a function sqlglot does not know"
    assert not [join for join in tree.find_all(exp.Join) if join.method == "ASOF"]
    for engine in OTHER_ENGINES:
        sqlglot.transpile(sql, read="duckdb", write=engine, unsupported_level=sqlglot.ErrorLevel.RAISE)


@each_rule
def test_its_answer_has_one_order(rule: Rule[Any]) -> None:
    order = sqlglot.parse_one(rule.sql, read="duckdb").args.get("order")
    assert order is not None
    assert "job_key" in {column.name for column in order.find_all(exp.Column)}


@each_rule
def test_every_parameter_is_used_and_every_one_used_is_declared(rule: Rule[Any]) -> None:
    declared = set(type(rule.params).model_fields)
    used = set(re.findall(r"\$(\w+)", rule.sql)) - {"as_of"}
    assert used == declared
    assert set(re.findall(r"\$(\w+)", rule.looked_at)) - {"as_of"} <= declared


@each_rule
def test_no_parameter_is_named_as_a_column(rule: Rule[Any]) -> None:
    named = {(rule.name, param) for param in type(rule.params).model_fields if param in COLUMNS}
    assert named <= NAMED_AS_A_COLUMN


@each_rule
def test_its_first_line_is_its_name_and_its_definition(rule: Rule[Any]) -> None:
    first_line = rule.docstring.partition("\n")[0]
    assert re.fullmatch(rf"{rule.name.replace('-', ' ').capitalize()}: \w.+\.", first_line)


@each_rule
def test_its_headings_are_present_and_in_order(rule: Rule[Any]) -> None:
    assert re.findall(r"^(\S.*[^.:\n])$", rule.docstring, re.MULTILINE) == HEADINGS


@each_rule
def test_its_severities_are_those_that_its_words_name(rule: Rule[Any]) -> None:
    module = ast.parse(inspect.getsource(sys.modules[rule.verdict.__module__]))
    said = [node.value for node in ast.walk(module) if isinstance(node, ast.keyword) and node.arg == "severity"]
    used = {node.value for each in said for node in ast.walk(each) if isinstance(node, ast.Constant)} & {*SEVERITIES}
    words = re.findall(r"\w+", rule.docstring.partition("\nSeverity\n")[2].partition("\n\n")[0].lower())
    assert used == {*words} & {*SEVERITIES}, "say under Severity which it gives, and when"


@each_rule
def test_its_family_is_one_of_the_design(rule: Rule[Any]) -> None:
    assert rule.family in get_args(Family)


@each_rule
def test_its_cases_flag_leave_alone_and_stand_on_the_threshold(rule: Rule[Any]) -> None:
    cases = [case.values for case in CASES if case.rule == rule.name]
    assert any(case["flags"] for case in cases)
    assert any(not case["flags"] for case in cases)
    assert any("exactly" in case["name"] for case in cases)


def test_each_rule_has_its_files_and_each_file_its_rule() -> None:
    names = {rule.name.replace("-", "_") for rule in RULES}
    assert len(names) == len(RULES)
    assert {path.name for path in FOLDER.iterdir() if path.suffix in {".py", ".sql"}} == {"__init__.py"} | {
        name + ending for name in names for ending in (".py", ".sql", ".looked_at.sql")
    }


@each_rule
def test_its_module_bears_its_name(rule: Rule[Any]) -> None:
    module = getattr(analysis.rules, rule.name.replace("-", "_"))
    assert module.RULE is rule


def test_case_tables_are_read_without_leftovers() -> None:
    folder = Path(__file__).with_name("rules")
    assert {key for path in folder.glob("*.toml") for key in tomllib.loads(path.read_text(encoding="utf-8"))} == {
        "case"
    }


def test_a_name_that_two_installations_share_is_two_findings() -> None:
    """Whatever its rule: the same rows under another scope, beside the first ones, are found again and apart."""
    for rule in RULES:
        case = next(case for case in CASES if case.rule == rule.name and case.values["flags"])
        with case.database() as db:
            once = checked(case, db)
            double(db)
            twice = checked(case, db)
        assert len(twice.findings) == 2 * len(once.findings), rule.name
        assert len({finding.fingerprint for finding in twice.findings}) == len(twice.findings)


def double(db: duckdb.DuckDBPyConnection) -> None:
    """Put every row of an installation a second time, under another scope and keys of its own."""
    for name in schema.DERIVED:
        columns = {column.name for column in schema.table(name).columns}
        other = {"scope": "'elsewhere'"} if "scope" in columns else {}
        other |= {key: f"'elsewhere/' || {key}" for key in ("job_key", "worker_key") if key in columns}
        if other:
            changes = ", ".join(f"{value} as {column}" for column, value in other.items())
            db.execute(f"insert into {name} by name select * replace ({changes}) from {name}")
