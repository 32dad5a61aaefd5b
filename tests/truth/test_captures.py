"""Everything planted in a real capture that its inputs can show is found, and nothing else is flagged."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import settings

from analysis.check import check
from analysis.story import story
from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive, derive_temporarily
from ingest.loading import load
from tests.truth.scoring import WITHHELD, Capture

CAPTURES = Path(__file__).parent.parent / "fixtures" / "captures"

THRESHOLDS = {
    "hung.min_age": "20s",
    "orphaned.min_age": "20s",
    "never-started.min_age": "20s",
    "retried-often.attempts": "3",
    "retry-storm.min_retries": "20",
    "slow-run.min_excess": "300ms",
}
"""Scaled to captures of three minutes."""


CAPTURED = (
    "sidekiq-6.4.1-pretty",
    "sidekiq-6.4.1-json",
    "sidekiq-8.1.7-plain",
    "delayed_job-4.1.9",
    "activejob-6.1-sidekiq-6.4.1",
    "activejob-6.1-async-ts",
    "celery-text",
)

RIGHT_BY_THE_LOG: Mapping[str, Mapping[str, set[str]]] = {
    # Delayed Job's own time of a run includes deleting the row, which waited here for a burst of enqueues.
    "delayed_job-4.1.9": {"slow-run": {"343"}},
}
"""Flags that the inputs justify though what ran in the job alone does not."""


@contextmanager
def captured(name: str, folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Capture]]:
    """A capture in a database, as of the end of its observation."""
    capture = Capture(CAPTURES / name)
    shutil.copytree(capture.folder, folder / name, ignore=shutil.ignore_patterns(*WITHHELD))
    database = folder / "jobtrail.duckdb"
    load(database, [folder / name], now=datetime(2026, 11, 24, tzinfo=UTC))
    if capture.as_of is None:
        with open_for_writing(database) as db:
            derive(db)
    with open_for_reading(database) as db:
        if capture.as_of:
            derive_temporarily(db, capture.as_of.replace(tzinfo=None))
        yield db, capture


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in CAPTURED], ids=CAPTURED
)
def at_hand(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, duckdb.DuckDBPyConnection, Capture]]:
    """A capture's name, the database that all tests of it read, and what is known of it."""
    with captured(request.param, tmp_path_factory.mktemp("capture")) as (db, capture):
        yield request.param, db, capture


def test_every_visible_fault_is_found_and_nothing_else_is_flagged(
    at_hand: tuple[str, duckdb.DuckDBPyConnection, Capture], print_at_the_end: Callable[[str], None]
) -> None:
    name, db, capture = at_hand
    investigation = check(db, as_of=capture.as_of, settings=THRESHOLDS)
    flagged: dict[str, set[str]] = defaultdict(set)
    for finding in investigation.findings:
        flagged[finding.rule] |= set(finding.jobs)
    score = capture.score(flagged, retries=int(THRESHOLDS["retried-often.attempts"]), hung=20)
    print_at_the_end(score.table(name))
    assert {kind: jobs for kind, jobs in score.missed.items() if jobs} == {}
    right = RIGHT_BY_THE_LOG.get(name, {})
    assert {rule: false for rule, jobs in score.false.items() if (false := set(jobs) - right.get(rule, set()))} == {}


_FITS: Mapping[str, Callable[[str], bool]] = {
    "finished": lambda ran: ran == "+",
    "retried": lambda ran: ran.endswith("+") and "-" in ran,
    "ran-again": lambda ran: ran.endswith("+") and len(ran) > 1,
    "ran-twice": lambda ran: ran.count("+") > 1,
    "given-up": lambda ran: not ran or ran.endswith("-"),
    "retrying": lambda ran: ran.endswith("-"),
    "orphaned": lambda ran: ran in {"?", "-"},
    "hung": lambda ran: ran == "?",
    "running": lambda ran: ran == "?",
    "discarded": lambda ran: ran in {"", "-"},
    "waiting": lambda ran: not ran,
    "unread-queue": lambda ran: not ran,
    "scheduled": lambda ran: not ran,
}
"""Kind of verdict to the executions it is right for: + succeeded, - failed or cut off, ? without an end."""


def some(alike: Sequence[str]) -> Sequence[str]:
    """Of jobs that nothing tells apart a few, spread over all of them; with ``make soak`` every one."""
    return alike[:: max(1, 8 * len(alike) // settings.default.max_examples)]


def test_the_verdict_on_a_job_fits_what_really_ran(at_hand: tuple[str, duckdb.DuckDBPyConnection, Capture]) -> None:
    _, db, capture = at_hand
    asked = db.execute(
        "select job_key, job_id, job_class, state, attempts from jobs qualify state <> 'succeeded' or attempts > 1"
        " or row_number() over (partition by job_class, state order by job_key) = 1 order by job_key"
    ).fetchall()
    recorded = {run.job_class for runs in capture.executions.values() for run in runs}
    alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    ids = {job_key: job_id for job_key, job_id, *_ in asked}
    for job_key, job_id, *told in asked:
        ran = "".join({True: "+", False: "-", None: "?"}[run.succeeded] for run in capture.executions.get(job_id, ()))
        alike[ran, job_id in capture.executions, *told].append(job_key)
    for (ran, has_book, job_class, *_), job_keys in alike.items():
        for job_key in some(job_keys):
            verdict = story(db, job_key, as_of=capture.as_of).verdict
            if not has_book and verdict.kind == "finished" and job_class not in recorded:
                continue  # the ledger keeps no book of this class
            assert _FITS[verdict.kind](ran), f"{ids[job_key]} ran {ran!r}: {verdict.sentence}"
