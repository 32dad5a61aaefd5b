"""What `jobtrail check` says to a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.counts import count
from analysis.finding import Finding, Investigation
from analysis.incidents import Incident
from reports import standing
from reports.cli.terminal import PIPE_WIDTH, period, plain
from reports.incidents import facts
from reports.wording import moment

_JOBS, _PIECES = 3, 2
"""Jobs and pieces of evidence shown of each finding; JSON has them all."""
_COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def text_of(investigation: Investigation, found: Sequence[Incident]) -> str:
    """The same as is printed, for a file."""
    out = Console(file=StringIO(), highlight=False, width=PIPE_WIDTH)
    with out.capture() as captured:
        print_investigation(out, investigation, found)
    return captured.get()


def print_investigation(out: Console, investigation: Investigation, found: Sequence[Incident]) -> None:
    """What was found, what does not count, what was clean and what could not be asked."""
    if investigation.no_data:
        ingest = " Read some: jobtrail ingest PATH..." if investigation.as_of is None else ""
        out.print(plain(investigation.no_data + ingest))
        return
    told, inputs = standing.how_many(investigation, len(found)), count(len(investigation.inputs), "input")
    out.print(f"{told}. As of {investigation.as_of:%Y-%m-%d %H:%M:%S} UTC, from {inputs}.")
    selection = standing.selection(investigation.selection)
    if selection:
        out.print(plain(selection))
    out.print()
    by_name = {finding.fingerprint: finding for finding in investigation.findings}
    for incident in found:
        _print_incident(out, incident, [by_name.pop(name) for name in incident.findings])
    for finding in by_name.values():
        _print_finding(out, finding)
    _print_aside(out, investigation)
    for heading, status in (("Clean", "clean"), ("Not asked, for want of evidence", "skipped")):
        checks = [each for each in investigation.checks if each.status == status]
        _print_section(out, heading, [(each.rule, each.reason) for each in checks])
    if investigation.findings:
        out.print("How a rule judges: jobtrail rules RULE")
        out.print("All evidence and the SQL behind each finding: jobtrail report incident, or --format json")


def _print_aside(out: Console, investigation: Investigation) -> None:
    suppressed = [
        (each.finding.rule, line)
        for each in investigation.suppressed
        for line in (each.finding.title, standing.suppressed(each))
    ]
    suppressed = [("" if place % 2 else rule, line) for place, (rule, line) in enumerate(suppressed)]
    _print_section(out, "Suppressed", suppressed)
    stale = [(f"suppress {each.number}", standing.stale(each)) for each in investigation.stale_suppressions]
    _print_section(out, "To look at in jobtrail.toml", stale)
    if investigation.baseline:
        heading = f"In the baseline of {moment(investigation.baseline.as_of)}, and no longer found"
        _print_section(out, heading, [(each.rule, each.title) for each in investigation.baseline.gone])
        not_asked = standing.not_asked(investigation.baseline)
        if not_asked:
            out.print(f"{not_asked}\n")


def _print_incident(out: Console, incident: Incident, findings: Sequence[Finding]) -> None:
    """Findings that belong together below a line that says so, with what is known of all of them."""
    if len(findings) > 1:
        out.print(Text(f"{count(len(findings), 'finding')} that belong together", "bold"))
        for fact in facts(incident):
            out.print("  ", plain(fact), sep="", soft_wrap=True)
        out.print()
    for finding in findings:
        _print_finding(out, finding)


def _print_finding(out: Console, finding: Finding) -> None:
    """Severity and title at the margin, the rest below in two columns, wrapped and never cut."""
    status = f"{finding.status.upper()}  " if finding.status else ""
    severity = Text(f"{finding.severity.upper()}  ", _COLOURS[finding.severity])
    out.print(severity + Text(status, "bold") + plain(finding.title))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, words in _rows(finding):
        table.add_row(f"  {label}", plain(words))
    out.print(table)
    out.print()


def _rows(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "rule", f"{finding.rule}, {finding.confidence} confidence: {finding.confidence_reason}"
    if finding.status == "worse":
        yield "before", standing.before(finding)
    if finding.first_at:
        yield "when", f"{_when(finding)} UTC"
    more = finding.job_count - _JOBS
    if finding.jobs:
        yield (
            ("job" if finding.job_count == 1 else "jobs"),
            ", ".join(finding.jobs[:_JOBS]) + (f" and {more:,} more" if more > 0 else ""),
        )
    for number, piece in enumerate(finding.evidence[:_PIECES]):
        at = f"{piece.at:%H:%M:%S} " if piece.at else ""
        yield "" if number else "evidence", f"{at}{piece.text} ({piece.source}:{piece.line})"
    yield "next", finding.next_steps[0]


def _when(finding: Finding) -> str:
    first, last = finding.first_at, finding.last_at
    if first is None or last is None or last - first < timedelta(seconds=1):
        return f"{first:%Y-%m-%d %H:%M:%S}"
    return period(first, last)


def _print_section(out: Console, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    if not rows:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for left, right in rows:
        table.add_row(plain(f"  {left}"), plain(right))
    out.print(heading, style="bold")
    out.print(table)
    out.print()
