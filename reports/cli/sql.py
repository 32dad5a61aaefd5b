"""jobtrail sql: a question of your own, read-only, that can reach nothing but the database."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
import duckdb

from analysis.answer import question
from reports.cli import Trouble
from reports.cli.answers import Row, csv_lines, json_lines, meanings, table_lines
from reports.cli.evidence import DATABASE, in_words
from reports.cli.sandbox import confined, deadline, interruptible, refusals
from reports.cli.shell import Shell
from reports.cli.words import words

_LIMIT = 1000
_BATCH = 5000
_PIPE_WIDTH = 200
_ENDINGS = (".csv", ".json", ".parquet")


@click.command(
    epilog="""\b
Examples:
  jobtrail sql "select job_class, state, count(*) from jobs group by all order by all"
  jobtrail sql "from attempts where state = 'failed'" -o failed.parquet
  jobtrail sql --format csv - < question.sql
"""
)
@click.argument("query", required=False, callback=words)
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write all rows to a .csv, .json or .parquet file.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"At most so many rows; 0 is all.  [default: {_LIMIT}; 0 with -o]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds a query may take; 0 is without end.",
)
@click.option("--tables", is_flag=True, help="List the tables and what they hold.")
def command(  # noqa: PLR0913, PLR0917 - the options of a command
    query: str | None,
    database: Path,
    form: str,
    output: Path | None,
    limit: int | None,
    timeout: float,
    tables: bool,  # noqa: FBT001 - click passes it so
) -> None:
    """
    Ask the database in SQL (DuckDB's). Nothing can be changed, and no other file can be read or written.

    Without QUERY, a shell; QUERY may be - to read it from standard input.
    """
    if output is not None:
        _refuse(output, database)
    if tables:
        query = question(__package__, "tables")
    elif query == "-" or (query is None and (output is not None or not sys.stdin.isatty())):
        query = sys.stdin.read()
    if limit is None:
        limit = 0 if output else _LIMIT
    if output is not None:
        with _whole(output) as unfinished, in_words(), confined(database, seconds=timeout, output=unfinished) as db:
            _Asking(db=db, form=form, limit=limit, timeout=timeout).write(query or "", output, unfinished)
        return
    with in_words(), confined(database, seconds=timeout) as db:
        asking = _Asking(db=db, form=form, limit=limit, timeout=timeout)
        if query is None:
            Shell(answer=asking.print, tables=asking.print_tables, columns=asking.print_columns).run(input)
        elif tables and form == "table":
            asking.print_tables()
        else:
            asking.print(query)


@dataclass(frozen=True, kw_only=True)
class _Asking:
    """A confined connection, and how its answers are to be written."""

    db: duckdb.DuckDBPyConnection
    form: str
    limit: int
    timeout: float

    def print(self, query: str) -> None:
        """Answer on standard output, and say on standard error where rows were left out."""
        with refusals(self.timeout):
            columns, stream = self._ask(query)
            sys.stdout.writelines(f"{line}\n" for line in self._lines(columns, self._limited(stream)))
            sys.stdout.flush()
            if self.limit and next(stream, None) is not None:
                click.echo(f"Only the first {self.limit:,} rows are shown; --limit 0 shows all.", err=True)

    def print_tables(self) -> None:
        """The tables and what they hold."""
        _, rows = self._ask(question(__package__, "tables"))
        for line in meanings(((name, meaning) for name, meaning in rows), _width()):
            click.echo(line)

    def print_columns(self, table: str) -> None:
        """One table's columns and what they mean."""
        found = self.db.execute(question(__package__, "columns"), {"table_name": table}).fetchall()
        if not found:
            raise Trouble(f"there is no table {table}; .tables lists what there is")
        for line in meanings(found, _width()):
            click.echo(line)

    def write(self, query: str, output: Path, unfinished: Path) -> None:
        """Answer into a file that takes the output's place at the end."""
        with refusals(self.timeout):
            if output.suffix == ".parquet":
                written = self._write_parquet(query, unfinished)
            else:
                written = self._write_lines(query, unfinished, output.suffix)
        click.echo(f"{written:,} rows written to {output}", err=True)

    def _write_lines(self, query: str, path: Path, ending: str) -> int:
        columns, stream = self._ask(query)
        rows = _Counted(self._limited(stream))
        lines = csv_lines(columns, rows) if ending == ".csv" else json_lines(columns, rows)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(f"{line}\n" for line in lines)
        return rows.seen

    def _write_parquet(self, query: str, path: Path) -> int:
        until = deadline(self.timeout)
        answer = interruptible(self.db, lambda: self.db.sql(query), until)
        if answer is None:
            raise Trouble("this statement has no answer to write")
        if self.limit:
            answer = answer.limit(self.limit)
        interruptible(self.db, lambda: answer.write_parquet(str(path)), until)
        with duckdb.connect() as other:
            row = other.execute(
                "select sum(num_rows) from parquet_file_metadata($path)", {"path": str(path)}
            ).fetchone()
        return int(row[0]) if row else 0

    def _ask(self, query: str) -> tuple[list[str], Iterator[Row]]:
        until = deadline(self.timeout)
        cursor = interruptible(self.db, lambda: self.db.execute(query), until)
        if cursor is None or cursor.description is None:
            raise Trouble("there is no question in what was given")
        return [column[0] for column in cursor.description or ()], self._streamed(cursor, until)

    def _streamed(self, cursor: duckdb.DuckDBPyConnection, until: float) -> Iterator[Row]:
        while batch := interruptible(self.db, lambda: cursor.fetchmany(_BATCH), until):
            yield from batch

    def _limited(self, stream: Iterator[Row]) -> Iterator[Row]:
        return islice(stream, self.limit) if self.limit else stream

    def _lines(self, columns: list[str], rows: Iterable[Row]) -> Iterator[str]:
        if self.form == "json":
            return json_lines(columns, rows, harmless=sys.stdout.isatty())
        if self.form == "csv":
            return csv_lines(columns, rows, harmless=sys.stdout.isatty())
        return table_lines(columns, rows, _width())


class _Counted:
    """Rows that count themselves as they pass."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.seen = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.seen += 1
            yield row


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """A file beside the output that takes its place at the end, or vanishes."""
    unfinished = output.resolve().with_name(f".{output.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    try:
        yield unfinished
        unfinished.replace(output)
    except OSError as error:
        raise Trouble(f"cannot write {output}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _refuse(output: Path, database: Path) -> None:
    if output.suffix not in _ENDINGS:
        raise click.UsageError(f"{output}: an answer is written to a file ending in {', '.join(_ENDINGS)}")
    if output.exists() and database.exists() and output.samefile(database):
        raise click.UsageError(f"{output} is the database itself: name another file")
    if not output.parent.is_dir():
        raise Trouble(f"cannot write {output}: there is no folder {output.parent}")


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_WIDTH
