"""A simulated day from its seed to its score: lived, written, loaded, checked, held against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Literal

from analysis.check import check
from analysis.finding import Finding
from analysis.incidents import Incident, incidents
from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive
from ingest.loading import load
from ingest.mapped_log import with_mapped
from ingest.mapping import read_mappings
from ingest.sources import SOURCES
from tests.simulator import faults, job_log, sidekiq
from tests.simulator.causes import Causes
from tests.simulator.grouping import grouping
from tests.simulator.life import Life
from tests.simulator.losses import Loss, clocks_apart, lossy
from tests.simulator.scoring import Score, score
from tests.simulator.shop import DAY
from tests.simulator.truth import Truth
from tests.simulator.world import World
from tests.simulator.written import Clocks, Files

Form = Literal["sidekiq", "job_log"]
FORMS: Mapping[Form, Callable[[Life, Clocks], Files]] = {"sidekiq": sidekiq.write, "job_log": job_log.write}


def live(seed: int, *, jobs_a_day: int, days: int = 1, faulty: bool = False) -> Life:
    """Let some days pass. Of several the last is the bad one."""
    world = World(seed, days=days, jobs_a_day=jobs_a_day)
    if faulty:
        faults.plant(world, (days - 1) * DAY, Random(f"{seed}: faults of day 0"))  # noqa: S311 - repeatable, not secret
    return world.run()


def written(life: Life, form: Form, losses: Sequence[Loss] = ()) -> Files:
    """The files of a life, as far as they are left."""
    clocks = clocks_apart(life.seed) if "clocks" in losses else Clocks()
    return lossy(FORMS[form](life, clocks), losses, life.seed)


def found_in(files: Files, folder: Path) -> tuple[tuple[Finding, ...], tuple[Incident, ...]]:
    """What the rules say of these files, which are written into an empty folder, and what belongs together of it."""
    inputs, settings, database = folder / "in", folder / "jobtrail.toml", folder / "jobtrail.duckdb"
    inputs.mkdir()
    files.write(inputs)
    settings.write_text(files.settings, encoding="utf-8")
    sources = with_mapped(SOURCES, read_mappings(settings, taken=[source.name for source in SOURCES]))
    load(database, [inputs], now=datetime(2026, 11, 24, tzinfo=UTC), sources=sources, final=True)
    with open_for_writing(database) as db:
        derive(db)
    with open_for_reading(database) as db:
        unread = db.execute("select path from sources where reject_count > 0 or format = 'unrecognised'").fetchall()
        if unread:
            raise ValueError(f"the simulator wrote lines that cannot be read, in {unread}")
        investigation = check(db)
        return investigation.findings, incidents(db, investigation)


def scored(  # noqa: PLR0913 - the knobs of an experiment
    seed: int,
    form: Form,
    *,
    jobs_a_day: int = 3000,
    days: int = 1,
    faulty: bool = False,
    losses: Sequence[Loss] = (),
    keep: Path | None = None,
) -> Score:
    """What the rules make of one seed's days. Files and database stay in ``keep``, an empty folder."""
    life = live(seed, jobs_a_day=jobs_a_day, days=days, faulty=faulty)
    files = written(life, form, losses)
    with TemporaryDirectory() as folder:
        findings, together = found_in(files, keep or Path(folder))
    told = score(findings, Truth(life, files))
    causes = Causes(life)
    known = {each.fingerprint: cause for each in findings if (cause := causes.of(each)) is not None}
    names = {each.fingerprint: f"{each.rule}: {each.title}" for each in findings}
    told.grouping = grouping(known, names, [each.findings for each in together])
    return told
