"""One job's story: its life in order from every input, and a verdict with what it rests on."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import duckdb

from analysis.as_of import moment_asked
from analysis.finding import Frozen
from analysis.story.life import Life, read_life
from analysis.story.verdict import Verdict, verdict

__all__ = ["Life", "Story", "Verdict", "story"]


class Story(Frozen):
    """What became of a job, and why."""

    life: Life
    verdict: Verdict


def story(db: duckdb.DuckDBPyConnection, job_key: str, *, as_of: datetime | None = None, zone: tzinfo = UTC) -> Story:
    """
    The story of a job; its sentences tell times in ``zone``.

    The derived tables must speak of ``as_of`` (aware; by default the moment they were stored for). Raises
    ``LookupError`` for a key that no job has.
    """
    moment = moment_asked(db, as_of)
    if moment is None:
        raise LookupError("there is no evidence with a time in it")
    life = read_life(db, job_key, moment)
    return Story(life=life, verdict=verdict(life, zone))
