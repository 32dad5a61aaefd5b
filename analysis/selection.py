"""Narrow what a check found to a time, a queue, a class, or to what is new; the rules are asked of everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from difflib import get_close_matches

import duckdb

from analysis.answer import answer, columns, question
from analysis.baseline import how_many
from analysis.finding import Finding, Investigation, Selection
from analysis.search import classes, queues
from analysis.wildcard import fits


def select(db: duckdb.DuckDBPyConnection, investigation: Investigation, wanted: Selection) -> Investigation:
    """
    The findings that touch the time, the queue and the class wanted: by their subject, or by one of their jobs.

    ``db`` holds the tables that the investigation was made of.
    """
    if (wanted.since, wanted.until, wanted.queue, wanted.job_class) == (None, None, None, None):
        return investigation
    in_time = [each for each in investigation.findings if _is_in_time(each, wanted)]
    findings = tuple(_of_the_place(db, in_time, wanted))
    suppressed = [each for each in investigation.suppressed if _is_in_time(each.finding, wanted)]
    of_the_place = {each.fingerprint for each in _of_the_place(db, [each.finding for each in suppressed], wanted)}
    baseline = investigation.baseline
    return investigation.model_copy(
        update={
            "findings": findings,
            "suppressed": tuple(each for each in suppressed if each.finding.fingerprint in of_the_place),
            "baseline": baseline
            and baseline.model_copy(
                update={
                    **how_many(findings),
                    "gone": tuple(each for each in baseline.gone if not _names_another(each.subject, wanted)),
                }
            ),
            "selection": wanted.model_copy(
                update={
                    "left_out": len(investigation.findings) - len(findings),
                    "no_data": None if findings else _no_data(db, investigation, wanted),
                }
            ),
        }
    )


def only_new(investigation: Investigation) -> Investigation:
    """Without the findings that the baseline knows and that are no worse."""
    findings = tuple(each for each in investigation.findings if each.status != "known")
    left_out = investigation.selection.left_out + len(investigation.findings) - len(findings)
    selection = investigation.selection.model_copy(update={"only_new": True, "left_out": left_out})
    return investigation.model_copy(update={"findings": findings, "selection": selection})


def _is_in_time(finding: Finding, wanted: Selection) -> bool:
    """Whether any of its time is within; one without a time may be."""
    first, last = finding.first_at or finding.last_at, finding.last_at or finding.first_at
    return (wanted.since is None or last is None or last >= wanted.since) and (
        wanted.until is None or first is None or first < wanted.until
    )


def _of_the_place(db: duckdb.DuckDBPyConnection, findings: Sequence[Finding], wanted: Selection) -> Sequence[Finding]:
    if wanted.queue is None and wanted.job_class is None:
        return findings
    named = [(place, *job) for place, finding in enumerate(findings) for job in finding.job_names]
    seen: dict[int, list[tuple[str, str]]] = defaultdict(list)
    asked = columns(named, "places", "scopes", "systems", "jobs")
    for row in answer(db, question(__package__, "places_of_jobs"), asked):
        seen[row["place"]].append((row["job_class"], row["queue"]))
    return [
        finding
        for place, finding in enumerate(findings)
        if _is_wanted((finding.subject.get("job_class"), finding.subject.get("queue")), wanted)
        or any(_is_wanted(each, wanted) for each in seen[place])
    ]


def _is_wanted(place: tuple[str | None, str | None], wanted: Selection) -> bool:
    return all(
        pattern is None or (name is not None and fits(pattern, name))
        for pattern, name in zip((wanted.job_class, wanted.queue), place, strict=True)
    )


def _names_another(subject: dict[str, str], wanted: Selection) -> bool:
    given = (("job_class", wanted.job_class), ("queue", wanted.queue))
    return any(part in subject and pattern is not None and not fits(pattern, subject[part]) for part, pattern in given)


def _no_data(db: duckdb.DuckDBPyConnection, investigation: Investigation, wanted: Selection) -> str | None:
    """Why no finding could touch what is wanted; a misspelt queue must not look healthy."""
    for pattern, what, known in ((wanted.queue, "queue", queues), (wanted.job_class, "class", classes)):
        names = known(db) if pattern is not None else ()
        if pattern is not None and not any(fits(pattern, name) for name in names):
            near = get_close_matches(pattern, names, n=1)
            return f"No job has the {what} {pattern}" + (f"; did you mean {near[0]}?" if near else ".")
    if investigation.as_of and wanted.since and wanted.since > investigation.as_of:
        return f"The inputs end at {investigation.as_of:%Y-%m-%d %H:%M:%S} UTC, before the time asked for."
    if investigation.first_at and wanted.until and wanted.until <= investigation.first_at:
        return f"The inputs begin at {investigation.first_at:%Y-%m-%d %H:%M:%S} UTC, after the time asked for."
    return None
