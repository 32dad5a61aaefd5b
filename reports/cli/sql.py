"""jobtrail sql: a question of your own, read-only, that can reach nothing but the database."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import click
import duckdb
from rich.table import Table

from ingest.database import open_for_reading
from reports.cli.evidence import DATABASE, in_words
from reports.cli.terminal import console, plain

_TABLES = """
select table_name, coalesce(comment, '') as meaning from duckdb_tables()
where schema_name = 'main' and not temporary order by table_name
"""


@click.command()
@click.argument("query", required=False)
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="At most so many rows; 0 lifts the limit.",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0.001), default=30.0, show_default=True, help="Seconds a query may take."
)
@click.option("--tables", is_flag=True, help="List the tables and what they hold.")
def command(query: str | None, database: Path, form: str, limit: int, timeout: float, tables: bool) -> None:  # noqa: FBT001, PLR0913, PLR0917 - the options of a command
    """
    Ask the database in SQL (DuckDB's). Nothing can be changed, and no other file can be read or written.

    QUERY may be - to read it from standard input.
    """
    if tables:
        query = _TABLES
    if query is None:
        raise click.UsageError("give a query, or --tables to see what there is to ask")
    if query == "-":
        query = sys.stdin.read()
    with in_words(), open_for_reading(database) as db:
        confine(db, seconds=timeout)
        try:
            answer = db.execute(query)
            columns = [column[0] for column in answer.description or ()]
            rows = answer.fetchmany(limit + 1) if limit else answer.fetchall()
        except duckdb.Error as error:
            raise _Refused(_reason(error, timeout)) from error
    cut = bool(limit) and len(rows) > limit
    _print(columns, rows[:limit] if limit else rows, form)
    if cut:
        click.echo(f"Only the first {limit:,} rows are shown; --limit 0 shows all.", err=True)


def confine(db: duckdb.DuckDBPyConnection, *, seconds: float) -> None:
    """Take everything from a connection but reading this database, for so many seconds a query."""
    db.execute(f"set max_execution_time = {max(int(seconds * 1000), 1)}")
    db.execute("set enable_external_access = false")
    db.execute("set lock_configuration = true")


class _Refused(click.ClickException):
    exit_code = 2


def _reason(error: duckdb.Error, seconds: float) -> str:
    text = str(error)
    if "max_execution_time" in text or "interrupt" in text.lower():
        return f"the query took longer than {seconds:g} s; give it more with --timeout"
    if isinstance(error, duckdb.PermissionException):
        return f"not allowed here: {text.splitlines()[0]}"
    return text


def _print(columns: list[str], rows: list[tuple[Any, ...]], form: str) -> None:
    if form == "json":
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    elif form == "csv":
        out = io.StringIO()
        csv.writer(out).writerows([columns, *rows])
        click.echo(out.getvalue(), nl=False)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(plain(column), overflow="fold")
        for row in rows:
            table.add_row(*(plain("" if value is None else value) for value in row))
        console().print(table)
