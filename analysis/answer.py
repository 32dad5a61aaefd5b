"""The answer to a question in SQL, as rows by the names of their columns, and the files in which questions stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from analysis.as_of import aware

if TYPE_CHECKING:
    import duckdb  # `jobtrail rules` does without


def question(package: str, name: str) -> str:
    """The text of ``name`` (without its .sql) beside the modules of a package."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def answer(db: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One dictionary a row, column name to value; times naive UTC, as the database has them."""
    asked = db.execute(sql, dict(given))
    columns = [column[0] for column in asked.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in asked.fetchall()]


def answer_with_zones(db: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same with aware times, as people and frozen values get them."""
    return [
        {name: aware(value) if isinstance(value, datetime) else value for name, value in row.items()}
        for row in answer(db, sql, given)
    ]


def columns(rows: Sequence[Sequence[Any]], *names: str) -> dict[str, list[Any]]:
    """Rows as the lists that a question unnests: name of each place to its values."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
