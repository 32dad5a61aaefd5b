"""The report as Markdown, for tickets and wikis. Nothing a log says can become markup in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analysis.counts import count
from analysis.finding import Evidence, Finding
from reports import standing
from reports.incident import IMPACT_NOTE, Blank, IncidentReport, NextStep
from reports.incidents import ToldIncident
from reports.labels import metric, subject, threshold
from reports.wording import (
    axis,
    clock_of,
    lasting,
    moment,
    number,
    period,
    sparkline,
    visible,
    visible_lines,
)

_JOBS_SHOWN = 20
_EVIDENCE_SHOWN = 8
_SPARKS = 60
_MARKUP = re.compile(r"([\\`*_{}\[\]#|~@$^]|:(?=//)|(?<=www)\.)")


def render(report: IncidentReport) -> str:
    """The report as a Markdown document."""
    return "\n".join(_document(report)).rstrip() + "\n"


def _document(report: IncidentReport) -> Iterator[str]:
    yield from (f"# {_text(report.title)}", "", f"*{_text(report.period)}*", "")
    yield from (f"* **{_text(each.question)}** {_text(each.text)}" for each in report.answers)
    yield ""
    yield from _table(
        "What was found",
        ("No.", "Severity", "Finding", "When"),
        (
            (str(place), each.severity, each.title, period(each.first_at, each.last_at))
            for place, each in enumerate(report.findings, start=1)
        ),
    )
    yield from _incidents(report)
    yield from _section(
        "What to do first", (f"1. {_text(each.text)} ({_asked_by(each)})" for each in report.first_steps)
    )
    yield from _impact(report)
    yield from _timeline(report)
    yield from _queues(report)
    if report.findings:
        yield from ("## Findings", "")
    for place, finding in enumerate(report.findings, start=1):
        yield from _finding(place, finding, report.alone.get(place))
    yield from _section("Suppressed", (f"* {_text(line)}" for line in standing.suppressions(report)))
    yield from _section("No longer found", (f"* {_text(line)}" for line in standing.no_longer_found(report.baseline)))
    for blank in report.blanks:
        yield from _blank(blank)
    yield from _section("Blind spots", (f"* {_text(each)}" for each in report.blind_spots))
    yield from _section(
        "Asked, and nothing found", (f"* {_text(each.rule)}: {_text(each.reason)}" for each in report.clean)
    )
    yield from _table(
        "Inputs",
        ("Input", "Format", "Records", "Covers"),
        ((each.source, each.format, number(each.records), period(each.from_at, each.to_at)) for each in report.inputs),
    )
    yield from _sql(report)


def _incidents(report: IncidentReport) -> Iterator[str]:
    """What belongs together; where a finding stands alone, the same is said with it."""
    if report.joined:
        yield from (
            "## Incidents",
            "",
            "*Findings that share jobs, an error, a worker or a queue at the same time.*",
            "",
        )
    for each in report.joined:
        yield from (f"### Incident {each.number}: {_text(each.title)}", "")
        yield from (f"**{each.severity}**, {_text(period(each.first_at, each.last_at))}.", "")
        yield from (f"* {_text(fact)}" for fact in each.facts)
        yield from (f"* {_text(step)}" for step in _course(each, report))
        yield ""


def _course(incident: ToldIncident, report: IncidentReport) -> Iterator[str]:
    for step in incident.steps:
        finding = report.findings[step.number - 1]
        after = f" after {lasting(step.after)}" if step.after else ""
        yield f"finding {step.number}{after}: {finding.title}"


def _impact(report: IncidentReport) -> Iterator[str]:
    rows = [
        (
            each.job_class or "unknown",
            each.queue or "unknown",
            f"{number(each.jobs_hurt)} of {number(each.jobs)}",
            number(each.unresolved),
            f"{number(each.failed_runs)} of {number(each.runs)}",
            number(each.wasted_runs) + (f", {lasting(each.wasted_seconds)}" if each.wasted_seconds else ""),
        )
        for each in report.troubled
    ]
    columns = ("Class", "Queue", "Jobs hurt", "Still open", "Failed runs", "Wasted runs")
    yield from _table("Impact", columns, rows)
    if rows:
        yield from (f"*{IMPACT_NOTE}*", "")


def _timeline(report: IncidentReport) -> Iterator[str]:
    clock = clock_of(report.timeline.first_at, report.timeline.last_at)
    yield from _table("Timeline", ("UTC", "What happened"), ((clock(each.at), each.text) for each in report.turns))
    if report.timeline.buckets and report.timeline.first_at and report.timeline.last_at:
        begin, end = axis(report.timeline.first_at, report.timeline.last_at, 2)
        for kind in ("starts", "failures", "retries"):
            values = [getattr(bucket, kind) for bucket in report.timeline.buckets]
            sparks = sparkline(values, _SPARKS)
            yield f"    {kind:9}{sparks}  {sum(values):,}"
        yield f"    {'':9}{begin:{max(len(sparks) - len(end), len(begin) + 1)}}{end}"
        yield ""


def _sql(report: IncidentReport) -> Iterator[str]:
    """Every question once, with what rests on it."""
    asked: dict[str, list[str]] = {}
    for place, finding in enumerate(report.findings, start=1):
        asked.setdefault(finding.sql, []).append(str(place))
    questions = {sql: f"Finding{'s' * (len(places) > 1)} {', '.join(places)}" for sql, places in asked.items()}
    if report.troubled:
        questions.setdefault(report.impact.sql, "Impact")
    for sql in report.turns_sql if report.turns else ():
        questions.setdefault(sql, "Timeline")
    if questions:
        yield from ("## SQL", "", "*Paste it into jobtrail sql to see the rows behind the report.*", "")
    for sql, what in questions.items():
        yield from (f"### {what}", "", *_fenced(sql), "")


def _queues(report: IncidentReport) -> Iterator[str]:
    rows = []
    for each in report.queues:
        depths = [point.depth for point in each.points if point.depth is not None]
        waits = [point.wait for point in each.points if point.wait is not None]
        deepest = number(max(depths)) if depths else "unknown"
        rows.append((each.queue, deepest, lasting(max(waits, default=None))))
    yield from _table("Queues", ("Queue", "Most jobs waiting", "Longest wait"), rows)


def _finding(place: int, finding: Finding, alone: ToldIncident | None) -> Iterator[str]:
    yield from (f"### {place}. {_text(finding.title)}", "")
    status = f", {_text(standing.status(finding))}" if finding.status else ""
    when = _text(period(finding.first_at, finding.last_at))
    yield f"**{finding.severity}**{status}, {_text(finding.rule)}, {when}."
    yield from (f"Confidence {finding.confidence}: {_text(finding.confidence_reason)}.", "")
    yield from (f"* {_text(fact)}" for fact in (alone.facts if alone else ()))
    yield from (f"* {_text(subject(name))}: {_text(value)}" for name, value in finding.subject.items())
    measured = (metric(name, value) for name, value in finding.metrics.items() if value is not None)
    yield from (f"* {_text(words)}: {_text(value)}" for words, value in measured)
    held_against = (threshold(name, value) for name, value in finding.threshold.items())
    bar = "; ".join(f"{_text(words)} {_text(value)}" for words, value in held_against)
    yield from ((f"* held against: {bar}",) if bar else ())
    shown = ", ".join(_text(job) for job in finding.jobs[:_JOBS_SHOWN])
    more = f" and {finding.job_count - _JOBS_SHOWN:,} more" if finding.job_count > _JOBS_SHOWN else ""
    yield from (f"* {count(finding.job_count, 'job')}: {shown}{more}", "") if finding.jobs else ("",)
    if finding.next_steps:
        yield from ("Next steps, safest first:", "", *(f"1. {_text(step)}" for step in finding.next_steps), "")
    if not finding.evidence:
        return
    yield from ("Evidence:", "", *(_evidence(each) for each in finding.evidence[:_EVIDENCE_SHOWN]))
    hidden = len(finding.evidence) - _EVIDENCE_SHOWN
    yield from ((f"* {hidden:,} more in the report as HTML or JSON", "") if hidden > 0 else ("",))


def _evidence(each: Evidence) -> str:
    when = f" {_text(moment(each.at))}" if each.at else ""
    return f"* line {each.line} of {_text(each.source)}{when}: {_text(each.text)}"


def _blank(blank: Blank) -> Iterator[str]:
    yield from (f"## {blank.heading}", "", f"*{blank.question}*", "")
    if blank.columns:
        yield from (_row(blank.columns), _row(["---"] * len(blank.columns)), _row([" "] * len(blank.columns)), "")
    else:
        yield from ("\\_\\_\\_\\_", "")


def _asked_by(step: NextStep) -> str:
    return f"{'finding' if len(step.findings) == 1 else 'findings'} {', '.join(map(str, step.findings))}"


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield from (f"## {heading}", "", *listed, "")


def _table(heading: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    written = [_row([_text(cell) for cell in row]) for row in rows]
    if written:
        yield from (f"## {heading}", "", _row(columns), _row(["---"] * len(columns)), *written, "")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _fenced(code: str) -> tuple[str, ...]:
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}sql", visible_lines(code).rstrip("\n"), fence


def _text(value: str) -> str:
    """Words that Markdown shows as they are."""
    harmless = visible(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", harmless)
