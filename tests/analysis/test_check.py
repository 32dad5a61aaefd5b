"""The check itself: settings, moments, and the same answer whatever the order of things."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.check import SettingError, _literal, check
from analysis.check_json import to_text
from analysis.incidents import incidents
from analysis.rules import RULES
from ingest import schema
from ingest.database import open_for_reading, open_for_writing
from ingest.derive import derive, derive_temporarily
from ingest.loading import load
from reports.cli import cli
from tests.analysis.tables import CASE_TABLES, CASES, Case, checked, database, empty_database, insert
from tests.ingest.evidence import NOON, EvidenceDatabase, at

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-8.1.7-plain"
FOUND = [case for case in CASES if case.values["flags"]]
EXAMPLES = [next(case for case in FOUND if case.rule == rule.name) for rule in RULES]


# Settings


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("hing.min_age", "20s", "there is no rule hing; did you mean hung?"),
        ("zzz.min_age", "20s", "there is no rule zzz; there are hung, orphaned, never-started"),
        ("hung.min_ag", "20s", "there is no setting hung.min_ag; did you mean hung.min_age?"),
        ("hung.zzz", "20s", "there is no setting hung.zzz; there are hung.min_age, hung.times_p99"),
        ("hung", "20s", "there is no setting hung"),
        ("hung.min_age", "soon", "hung.min_age: 'soon' is no duration; write 300ms, 20s, 10m, 1h30m or 1d"),
        ("hung.min_age", "", "hung.min_age: '' is no duration"),
        ("hung.min_age", "-20s", "hung.min_age: '-20s' is no duration"),
        ("hung.times_p99", "-1", "hung.times_p99: '-1' will not do, it should be greater than or equal to 0"),
        ("hung.times_p99", "nan", "hung.times_p99: 'nan' will not do"),
        ("hung.times_p99", "inf", "hung.times_p99: 'inf' will not do"),
        ("retried-often.attempts", "many", "retried-often.attempts: 'many' will not do, it should be a valid integer"),
        ("retried-often.attempts", "0", "it should be greater than or equal to 1"),
        ("retried-often.attempts", "", "it should be a valid integer"),
        ("retried-often.attempts", "2.5", "it should be a valid integer"),
        ("slow-run.max_share", "8", "it should be less than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_answered_in_one_line_with_what_would_do(key: str, value: str, says: str) -> None:
    with empty_database() as db, pytest.raises(SettingError) as refused:
        check(db, settings={key: value})
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_rule_that_does_not_exist_is_answered_with_the_nearest_one() -> None:
    with empty_database() as db, pytest.raises(SettingError, match=r"no rule orphan; did you mean orphaned\?"):
        check(db, only=["orphan"])


def test_only_the_rules_asked_for_are_asked() -> None:
    with database({}) as db:
        asked = check(db, as_of=datetime(2026, 1, 5, tzinfo=UTC), only=["slow-run", "hung"])
    assert [outcome.rule for outcome in asked.checks] == ["hung", "slow-run"]


@pytest.mark.parametrize("option", [("--set", "hung.min_ag=1m"), ("--set", "hung.min_age=soon"), ("--rule", "hong")])
def test_the_command_answers_a_wrong_setting_with_its_usage_and_exit_code_2(
    option: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "jobtrail.duckdb"
    open_for_writing(path).close()
    with open_for_writing(path) as db:
        derive(db)
    result = CliRunner().invoke(cli, ["check", "--db", str(path), *option])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_jobs_that_share_several_lines_are_counted_once_and_are_one_piece_of_work() -> None:
    began = datetime(2026, 1, 5, 11)  # noqa: DTZ001 - naive UTC as the table
    own = [(f"job-{number}", f"charging order {number}") for number in range(40)]
    shared = [(job, f"{words} 4711") for job in ("job-0", "job-1") for words in ("charging card", "mailing receipt")]
    rows = {
        "jobs": [
            {"job_id": f"job-{number}", "state": "succeeded", "attempts": 1, "first_started_at": began}
            for number in range(40)
        ],
        "attempt_evidence": [{"job_key": job, "text": text} for job, text in own + shared],
    }
    with database(rows) as db:
        found = check(db, as_of=datetime(2026, 1, 5, 12, tzinfo=UTC), only=["enqueued-twice"]).findings
    assert [each.title.partition(" share")[0] for each in found] == ["2 jobs of Job"]
    assert [each.metrics["pieces_of_work"] for each in found] == [1]


# The same answer


def turned_round(case: Case) -> Case:
    rows = {name: values[::-1] for name, values in case.values.items() if name in CASE_TABLES}
    return Case(case.rule, {**case.values, **rows})


@pytest.mark.parametrize("case", FOUND, ids=str)
def test_the_order_of_rows_and_the_number_of_threads_change_nothing(case: Case) -> None:
    told = set()
    for each, threads in ((case, 2), (turned_round(case), 1)):
        with each.database() as db:
            db.execute(f"set threads = {threads}")
            investigation = checked(each, db)
            told.add(to_text(investigation, incidents(db, investigation)))
            db.execute("reset threads")  # the instance is shared
    assert len(told) == 1


def test_the_order_of_files_and_the_number_of_threads_change_nothing(tmp_path: Path) -> None:
    shutil.copytree(CAPTURE / "snapshots", tmp_path / "in")
    shutil.copy(CAPTURE / "sidekiq.log", tmp_path / "in")
    inputs = sorted((tmp_path / "in").iterdir())
    told = set()
    for number, (paths, threads) in enumerate([(inputs, 2), (inputs[::-1], 2), (inputs, 1)]):
        path = tmp_path / f"{number}.duckdb"
        for each in paths:
            load(path, [each], now=datetime(2026, 11, 24, tzinfo=UTC))
        with open_for_writing(path) as db:
            db.execute(f"set threads = {threads}")
            derive(db)
            investigation = check(db, settings={"retried-often.attempts": "1", "slow-run.min_excess": "1ms"})
            told.add(to_text(investigation, incidents(db, investigation)))
    assert len(told) == 1


def moved(value: Any, by: timedelta) -> Any:
    """The same, some time later."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, list):
        return [moved(each, by) for each in value]
    if isinstance(value, Mapping):
        return {key: moved(each, by) for key, each in value.items()}
    return value


@pytest.mark.parametrize("case", EXAMPLES, ids=str)
def test_a_fingerprint_does_not_change_with_time(case: Case) -> None:
    later = Case(case.rule, moved(case.values, timedelta(days=40, hours=3)))
    assert [each.fingerprint for each in checked(later).findings] == [
        each.fingerprint for each in checked(case).findings
    ]


def test_fingerprints_of_different_subjects_differ() -> None:
    found = [finding for case in EXAMPLES for finding in checked(case).findings]
    subjects = {(each.rule, *sorted(each.subject.items())) for each in found}
    assert len({each.fingerprint for each in found}) == len(subjects)


# Findings about inputs


def test_a_finding_about_an_input_concerns_no_job_and_shows_the_lines_around_what_is_missing() -> None:
    evidence = EvidenceDatabase()
    for number in range(40):
        evidence.event(10 * number, "started", f"job-{number}")
        evidence.event(10 * number + 2, "succeeded", f"job-{number}", duration=2.0)
    evidence.event(402, "succeeded", "job-x", duration=1.0).event(405, "succeeded", "job-y", duration=1.0)
    asked = check(evidence.derive().db, only=["log-gap"])
    assert [outcome.reason for outcome in asked.checks] == ["1 finding"]
    (found,) = asked.findings
    assert (found.jobs, found.job_count) == ((), 0)
    assert found.subject == {"log": "worker.log", "missing": "lines", "system": "sidekiq"}
    assert [(piece.source, piece.line, piece.text) for piece in found.evidence] == [
        ("worker.log", 80, "succeeded Export job-39"),
        ("worker.log", 81, "succeeded Export job-x"),
    ]


# Moments


def hung_for_an_hour() -> EvidenceDatabase:
    evidence = EvidenceDatabase().event(0, "started").event(3500, "started", "job-b", thread="t2")
    return evidence.event(3600, "heartbeat").snapshot(3601, pids=[100]).event(3700, "succeeded", duration=3700.0)


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(3601, ["job-a"]), (3599, []), (3700, [])],
    ids=["after an hour it is hung", "before, nothing is known of the snapshot", "once it has ended it is not"],
)
def test_a_question_about_an_earlier_moment_knows_nothing_later(seconds: float, found: list[str]) -> None:
    evidence = hung_for_an_hour().derive()
    derive_temporarily(evidence.db, at(seconds))
    asked = check(evidence.db, as_of=at(seconds).replace(tzinfo=UTC), only=["hung"])
    assert [job for finding in asked.findings for job in finding.jobs] == found
    for finding in asked.findings:
        assert all(piece.at <= asked.as_of for piece in finding.evidence if piece.at and asked.as_of)


def test_without_a_moment_the_stored_one_is_asked_at() -> None:
    evidence = hung_for_an_hour().derive(3601)
    assert check(evidence.db).as_of == at(3601).replace(tzinfo=UTC)


# The SQL of a finding


def with_rows(path: Path, case: Case) -> None:
    """A database file with the case's rows in its public tables."""
    with open_for_writing(path) as db:
        derive(db, NOON)
        insert(db, "sources", [{"path": "worker.log"}])
        for name in schema.DERIVED:
            insert(db, name, case.values.get(name, []))


def rows_of(db: duckdb.DuckDBPyConnection, case: Case) -> Sequence[Mapping[str, Any]]:
    answer = db.execute(checked(case, db).findings[0].sql)
    columns = [column[0] for column in answer.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]


@pytest.mark.parametrize("case", EXAMPLES, ids=str)
def test_the_sql_of_a_finding_pasted_into_jobtrail_sql_gives_its_jobs(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "jobtrail.duckdb"
    with_rows(path, case)
    with open_for_reading(path) as db:
        found = checked(case, db)
        expected = json.loads(json.dumps(rows_of(db, case), default=str))
    answer = CliRunner().invoke(cli, ["sql", found.findings[0].sql, "--db", str(path), "--format", "json"])
    assert json.loads(answer.output) == expected
    jobs = {row["job_id"] for row in expected} - {None}
    assert sorted(jobs) == sorted({job for each in found.findings for job in each.jobs})


MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1))  # noqa: DTZ001 - naive as the tables
VALUES = (
    st.integers(min_value=0, max_value=10**12)
    | st.floats(min_value=0, max_value=1e12)
    | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_525))
    | MOMENTS
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
)


@pytest.fixture(scope="module")
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        yield db


@settings(deadline=None)
@given(value=VALUES)
def test_a_value_written_into_sql_means_the_same_as_the_value_given_beside_it(
    memory: duckdb.DuckDBPyConnection, value: Any
) -> None:
    same = memory.execute(f"select {_literal(value)} = $value", {"value": value}).fetchone()
    assert same == (True,)
