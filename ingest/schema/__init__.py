"""
The storage contract: one ``.sql`` file per public table, each column with its meaning behind it.

``evidence/`` holds the tables that loading appends to, ``derived/`` those that are computed from them
and can be thrown away. The text behind ``--`` on a column's line becomes the column's comment in the
database, so that ``describe`` and the docs say the same as the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SCHEMA_VERSION = 7

EVIDENCE = (
    "sources",
    "source_checkpoints",
    "job_events",
    "worker_events",
    "log_lines",
    "spans",
    "snapshots",
    "snapshot_jobs",
    "snapshot_queues",
    "snapshot_processes",
    "snapshot_locks",
    "marks",
    "declared",
    "native_ids",
    "rejected_lines",
    "meta",
)
"""Tables that loading appends to, in the order they are made."""

DERIVED = (
    "jobs",
    "attempts",
    "attempt_evidence",
    "failed_enqueues",
    "lock_conflicts",
    "held_locks",
    "job_ids",
    "workers",
    "changes",
    "queue_minutes",
    "pool_queues",
    "pool_minutes",
    "class_baselines",
    "class_errors",
    "class_hours",
    "class_changes",
    "class_periods",
    "class_schedules",
    "class_silences",
    "work_paces",
    "coverage",
    "log_gaps",
    "host_clocks",
    "depth_checks",
    "span_shares",
    "told_times",
    "limit_checks",
)
"""Tables computed from the evidence, in the order they are made."""

_COLUMN = re.compile(r"^    (?P<name>\w+) (?P<type>[\w\[\]]+)(?: not null)?,? +-- (?P<comment>.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a public table."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One public table: its name, what a row is, its columns, and the statement that makes it."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    statement: str

    @property
    def definition(self) -> str:
        """The columns in parentheses, as ``create table`` takes them, for a table of this shape under any name."""
        return self.statement.partition(f"create table {self.name} ")[2]

    @property
    def comment_statements(self) -> tuple[str, ...]:
        """The statements that write the comments into the database."""
        table = f"comment on table {self.name} is {_quoted(self.comment)}"
        return (
            table,
            *(f"comment on column {self.name}.{column.name} is {_quoted(column.comment)}" for column in self.columns),
        )


@cache
def table(name: str) -> Table:
    """Read a public table's definition. Raises ``FileNotFoundError`` for a table that does not exist."""
    folder = "evidence" if name in EVIDENCE else "derived"
    statement = files(__name__).joinpath(folder, f"{name}.sql").read_text(encoding="utf-8")
    first_line = statement.partition("\n")[0]
    return Table(
        name=name,
        comment=first_line.removeprefix("-- "),
        columns=tuple(Column(**match.groupdict()) for match in _COLUMN.finditer(statement)),
        statement=statement,
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
