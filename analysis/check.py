"""Ask every rule its question, at one moment, and gather what was found, what was clean and what could not be asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb
from pydantic import BaseModel

from analysis.answer import answer, answer_with_zones, columns, question
from analysis.as_of import aware, moment_asked
from analysis.clocks import as_sure_as_timed
from analysis.counts import count
from analysis.finding import SEVERITIES, Check, Coverage, Evidence, Finding, Investigation
from analysis.gaps import as_sure_as_seen
from analysis.nameless import as_sure_as_told_apart
from analysis.rule import WOULD_SHOW, Row, Rule
from analysis.rules import RULES
from analysis.settings import SettingError, params_of, refuse_unknown

__all__ = ["SettingError", "check"]

_JOBS_SHOWN = 5
_LINES_SHOWN = 8
_VERSION = "1"
INSTALLATION = ("scope", "system")
"""Equal names of two installations or systems are two things."""
_LEADING_COMMENT = re.compile(r"\A(?:--.*\n)+")
"""A command line takes a question that begins with two dashes for an option."""
_PARAMETER = re.compile(r"\$(\w+)")


def check(
    db: duckdb.DuckDBPyConnection,
    *,
    as_of: datetime | None = None,
    settings: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    rules: Sequence[Rule[Any]] = RULES,
) -> Investigation:
    """
    Ask the rules (or ``only`` those) of the derived tables, which must speak of ``as_of``.

    ``as_of`` (aware) defaults to the moment the stored tables speak of. ``settings`` maps ``rule.param`` to a value as
    people write it. Raises ``SettingError`` for a setting or a rule that does not exist, and for a value that is none.
    """
    settings = settings or {}
    refuse_unknown(rules, settings, only)
    asked = [(rule, params_of(rule, settings)) for rule in rules if not only or rule.name in only]
    moment = moment_asked(db, as_of)
    inputs = _inputs(db)
    if moment is None:
        return Investigation(as_of=None, first_at=None, inputs=inputs, checks=(), findings=())
    shown = {word for each in inputs for word in each.shows}
    checks, findings = [], []
    for rule, params in asked:
        outcome, found = _ask(db, rule, params, moment, shown)
        checks.append(outcome)
        findings += found
    firsts = [each.from_at for each in inputs if each.from_at]
    return Investigation(
        as_of=aware(moment),
        first_at=min(firsts, default=None),
        inputs=inputs,
        checks=tuple(checks),
        findings=tuple(sorted(findings, key=_order)),
    )


def _order(finding: Finding) -> tuple[int, int, str, str]:
    return -SEVERITIES.index(finding.severity), -finding.job_count, finding.rule, finding.fingerprint


def _ask(
    db: duckdb.DuckDBPyConnection, rule: Rule[Any], params: BaseModel, moment: datetime, shown: set[str]
) -> tuple[Check, list[Finding]]:
    missing = [word for word in rule.needs if word not in shown]
    if missing:
        reason = f"no input shows {missing[0]}; {WOULD_SHOW[missing[0]]} would"
        return Check(rule=rule.name, status="skipped", reason=reason), []
    given = {"as_of": moment} | params.model_dump()
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in _rows(db, rule.sql, given):
        groups.setdefault(tuple(row[name] for name in (*INSTALLATION, *rule.subject)), []).append(row)
    asked = _LEADING_COMMENT.sub("", _filled_in(rule.sql, given))
    found = [_finding(db, rule, params, group, asked) for group in groups.values()]
    if found:
        jobs = len({row["job_key"] for rows in groups.values() for row in rows} - {None})
        concerned = f", {count(jobs, 'job')} concerned" if jobs else ""
        return Check(rule=rule.name, status="found", reason=f"{count(len(found), 'finding')}{concerned}"), found
    seen = _rows(db, rule.looked_at, given)[0]
    return Check(rule=rule.name, status="clean" if seen["judged"] else "skipped", reason=rule.clean(seen, params)), []


def _rows(db: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, Any]) -> Sequence[Row]:
    """The rows; of the parameters given a question takes those that it names."""
    return answer(db, sql, {name: given[name] for name in set(_PARAMETER.findall(sql))})


def _finding(
    db: duckdb.DuckDBPyConnection, rule: Rule[Any], params: BaseModel, rows: Sequence[Row], sql: str
) -> Finding:
    verdict = rule.verdict(rows, params)
    scope = rows[0]["scope"]
    subject = {name: str(rows[0][name]) for name in (*rule.subject, *INSTALLATION) if rows[0][name] not in {None, ""}}
    ordered = sorted(rows, key=lambda row: (row["first_at"] or datetime.max, row["job_key"] or ""))  # noqa: DTZ901 - naive as the table
    keys = list(dict.fromkeys(row["job_key"] for row in ordered if row["job_key"] is not None))
    jobs = tuple(dict.fromkeys(row["job_id"] for row in ordered if row["job_id"] is not None))
    firsts = [row["first_at"] for row in rows if row["first_at"]]
    lasts = [row["last_at"] for row in rows if row["last_at"]]
    ambiguous = _rows(db, question(__package__, "ambiguous"), {"job_keys": keys})[0]["jobs"]
    confidence, reason = as_sure_as_told_apart(
        verdict.confidence, verdict.confidence_reason, ambiguous=ambiguous, jobs=len(keys)
    )
    confidence, reason = as_sure_as_seen(db, confidence, reason, unseen=verdict.unseen, rows=rows)
    confidence, reason = as_sure_as_timed(db, confidence, reason, across=verdict.across, row=rows[0])
    return Finding(
        rule=rule.name,
        fingerprint=_fingerprint(rule.name, subject),
        severity=verdict.severity,
        confidence=confidence,
        confidence_reason=reason,
        title=f"{verdict.title} (in {scope})" if scope else verdict.title,
        subject=subject,
        jobs=jobs,
        job_count=len(jobs),
        first_at=aware(min(firsts, default=None)),
        last_at=aware(max(lasts, default=None)),
        metrics=dict(verdict.metrics),
        threshold={name: _plain(value) for name, value in params.model_dump().items()},
        evidence=_evidence(db, keys[:_JOBS_SHOWN]) if keys else _evidence_of_inputs(db, ordered),
        sql=sql,
        next_steps=tuple(verdict.next_steps),
    )


def _evidence(db: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> tuple[Evidence, ...]:
    rows = answer_with_zones(db, question(__package__, "evidence"), {"job_keys": list(keys)})
    return tuple(Evidence(**row) for row in rows)


def _evidence_of_inputs(db: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> tuple[Evidence, ...]:
    """The lines that rows about no job name, each once."""
    named = [
        (row.get(source), row.get(line))
        for row in rows
        for source, line in (("source_id", "line_no"), ("next_source_id", "next_line_no"))
    ]
    lines = list(dict.fromkeys((source, line) for source, line in named if line is not None))[:_LINES_SHOWN]
    if not lines:
        return ()
    given = columns(lines, "source_ids", "line_nos")
    told = answer_with_zones(db, question(__package__, "evidence_of_inputs"), given)
    return tuple(Evidence(**row) for row in told)


def _inputs(db: duckdb.DuckDBPyConnection) -> tuple[Coverage, ...]:
    return tuple(Coverage(**row) for row in answer_with_zones(db, question(__package__, "inputs"), {}))


def _filled_in(sql: str, values: Mapping[str, Any]) -> str:
    return _PARAMETER.sub(lambda match: _literal(values[match[1]]), sql)


def _literal(value: Any) -> str:  # noqa: ANN401 - any parameter
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, timedelta):
        return f"interval '{value // timedelta(microseconds=1)} microseconds'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _plain(value: Any) -> float | int | str:  # noqa: ANN401 - any parameter
    return value.total_seconds() if isinstance(value, timedelta) else value


def _fingerprint(rule: str, subject: Mapping[str, str]) -> str:
    text = "\n".join([_VERSION, rule, *(f"{name}={subject[name]}" for name in sorted(subject))])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
