"""The moment that questions are asked at. Tables hold naive UTC, people and frozen values get aware times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb  # `jobtrail rules` does without


def moment_asked(db: duckdb.DuckDBPyConnection, as_of: datetime | None) -> datetime | None:
    """``as_of`` (aware), or the moment the stored tables speak of, as naive UTC; None where there is no evidence."""
    if as_of is not None:
        return naive(as_of)
    row = db.execute("select cast(value as timestamp) from meta where key = 'as_of'").fetchone()
    return row[0] if row else None


def aware(moment: datetime | None) -> datetime | None:
    """A table's time as an aware one."""
    return moment.replace(tzinfo=UTC) if moment else None


def naive(moment: datetime) -> datetime:
    """An aware time as the tables hold it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
