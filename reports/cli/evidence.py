"""Where a command finds its evidence: a database that was loaded before, or paths that are loaded for this once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

import click
import duckdb

from analysis.as_of import naive
from ingest.database import DatabaseError, open_for_reading, open_for_writing, room_to_write
from ingest.derive import derive, derive_temporarily
from ingest.files import InputError
from ingest.loading import LoadReport, load
from ingest.mapped_log import with_mapped
from ingest.mapping import read_mappings
from ingest.redaction import Redaction
from ingest.sources import SOURCES, Source
from reports.cli import Trouble
from reports.cli.settings import FILE

DATABASE = Path("jobtrail.duckdb")


def load_and_derive(  # noqa: PLR0913 - the options of a command
    database: Path,
    paths: Sequence[Path],
    *,
    formats: Sequence[str] = (),
    zone: tzinfo | None = None,
    first_day: date | None = None,
    final: bool = False,
    redaction: Redaction | None = None,
    mapping: Path | None = None,
) -> LoadReport:
    """
    Load paths and bring the derived tables up to date.

    ``mapping`` is the file that maps logs of other formats; without it ``jobtrail.toml``, where there is one. Raises
    ``ClickException`` with the words of what is wrong.
    """
    with in_words():
        now = datetime.now(UTC)
        report = load(
            database,
            paths,
            sources=sources_of(mapping),
            formats=formats,
            zone=zone,
            first_day=first_day,
            final=final,
            redaction=redaction,
            now=now,
        )
        with room_to_write(database), open_for_writing(database) as db:
            derive(db)
    return report


def sources_of(mapping: Path | None) -> tuple[Source, ...]:
    """The formats that are read, those of this mapping among them; without it of ``jobtrail.toml``, if there is one."""
    if mapping is None and not FILE.is_file():
        return SOURCES
    return with_mapped(SOURCES, read_mappings(mapping or FILE, taken=[source.name for source in SOURCES]))


@contextmanager
def evidence(
    database: Path, paths: Sequence[Path], as_of: datetime | None, *, redaction: Redaction | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """
    A read-only connection whose derived tables speak of ``as_of`` (aware; the latest observation where None).

    ``redaction`` is what is secret in the paths.
    """
    with tempfile.TemporaryDirectory(prefix="jobtrail-") as folder:
        if paths:
            database = Path(folder) / "evidence.duckdb"
            load_and_derive(database, paths, redaction=redaction)
        with in_words(), open_for_reading(database) as db:
            _bring_up_to_date(db, as_of)
            yield db


@contextmanager
def in_words() -> Iterator[None]:
    """Errors that users can mend come out as one line."""
    try:
        yield
    except (DatabaseError, InputError) as error:
        raise Trouble(str(error)) from error


def moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """An ISO 8601 time as an option's value; one without a zone is UTC."""
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{value!r} is no ISO 8601 time, such as 2026-03-17T09:30:00Z") from error


def _bring_up_to_date(db: duckdb.DuckDBPyConnection, as_of: datetime | None) -> None:
    stored = dict(db.execute("select key, value from meta").fetchall())
    wanted = naive(as_of) if as_of else None
    complete = stored.get("derived_version") == stored.get("evidence_version")
    if wanted is None and not complete:
        raise Trouble("the last load was cut off before its end: run the same 'jobtrail ingest' again")
    if wanted is not None and not (complete and stored.get("as_of") == wanted.isoformat(sep=" ")):
        derive_temporarily(db, wanted)
