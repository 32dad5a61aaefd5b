"""The report as Markdown, for tickets and wikis. Nothing a log says can become markup in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analysis.finding import Evidence, Finding
from reports.incident import Blank, IncidentReport
from reports.wording import count, lasting, moment, number, period, visible, visible_lines

_JOBS_SHOWN = 20
_MARKUP = re.compile(r"([\\`*_{}\[\]#|~@$^]|:(?=//)|(?<=www)\.)")


def render(report: IncidentReport) -> str:
    """The report as a Markdown document."""
    return "\n".join(_document(report)).rstrip() + "\n"


def _document(report: IncidentReport) -> Iterator[str]:
    yield from (f"# {_text(report.title)}", "", f"*{_text(report.period)}*", "", _text(" ".join(report.summary)), "")
    yield from (f"* **{_text(each.value)}** {_text(each.label)}" for each in report.figures)
    yield ""
    yield from _queues(report)
    yield from _section(
        "Next steps, safest first",
        (
            f"1. {_text(each.text)} ({'finding' if len(each.findings) == 1 else 'findings'} {', '.join(map(str, each.findings))})"
            for each in report.next_steps
        ),
    )
    yield from ("## Findings", "")
    if not report.findings:
        yield from ("No check found anything wrong.", "")
    for place, finding in enumerate(report.findings, start=1):
        yield from _finding(place, finding)
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


def _queues(report: IncidentReport) -> Iterator[str]:
    rows = []
    for each in report.queues:
        depths = [point.depth for point in each.points if point.depth is not None]
        waits = [point.wait for point in each.points if point.wait is not None]
        deepest = number(max(depths)) if depths else "unknown"
        rows.append((each.queue, deepest, lasting(max(waits, default=None))))
    yield from _table("Queues", ("Queue", "Most jobs waiting", "Longest wait"), rows)


def _finding(place: int, finding: Finding) -> Iterator[str]:
    yield from (f"### {place}. {_text(finding.title)}", "")
    yield f"**{finding.severity}**, {_text(finding.rule)}, {_text(period(finding.first_at, finding.last_at))}."
    yield from (f"Confidence {finding.confidence}: {_text(finding.confidence_reason)}.", "")
    yield from (f"* {_text(name)}: {_text(value)}" for name, value in finding.subject.items())
    yield from (f"* {_text(name)}: {_text(str(value))}" for name, value in finding.metrics.items() if value is not None)
    yield from (f"* threshold {_text(name)}: {_text(str(value))}" for name, value in finding.threshold.items())
    shown = ", ".join(_text(job) for job in finding.jobs[:_JOBS_SHOWN])
    more = f" and {finding.job_count - _JOBS_SHOWN:,} more" if finding.job_count > _JOBS_SHOWN else ""
    yield from (f"* {count(finding.job_count, 'job')}: {shown}{more}", "", "Evidence:", "")
    yield from (_evidence(each) for each in finding.evidence)
    yield from ("", *_fenced(finding.sql), "")


def _evidence(each: Evidence) -> str:
    when = f" {_text(moment(each.at))}" if each.at else ""
    return f"* line {each.line} of {_text(each.source)}{when}: {_text(each.text)}"


def _blank(blank: Blank) -> Iterator[str]:
    yield from (f"## {blank.heading}", "", f"*{blank.question}*", "")
    if blank.columns:
        yield from (_row(blank.columns), _row(["---"] * len(blank.columns)), _row([" "] * len(blank.columns)), "")
    else:
        yield from ("\\_\\_\\_\\_", "")


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
