"""Annotations of a workflow on GitHub: a line per finding, which the runner takes for a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analysis.counts import count
from analysis.finding import Finding, Investigation
from analysis.impact import HURTS
from reports import standing
from reports.fail_on import counts
from reports.wording import moment, visible


def render(investigation: Investigation, fail_on: str) -> str:
    """Errors for what fails, warnings for the rest from medium on, notices for what is below."""
    return "".join(f"{line}\n" for line in _lines(investigation, fail_on))


def _lines(investigation: Investigation, fail_on: str) -> Iterator[str]:
    if investigation.no_data:
        yield _command("error", "jobtrail", investigation.no_data)
        return
    for finding in investigation.findings:
        yield _command(_level(finding, fail_on), f"jobtrail: {finding.rule}", *_message(finding))
    for each in investigation.stale_suppressions:
        yield _command("warning", f"jobtrail.toml: suppress {each.number}", standing.stale(each))
    yield _command("notice", "jobtrail", _summary(investigation), standing.selection(investigation.selection))


def _level(finding: Finding, fail_on: str) -> str:
    if counts(finding, fail_on):
        return "error"
    return "warning" if finding.severity in HURTS else "notice"


def _message(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity}: {finding.title}"
    yield standing.status(finding)
    yield f"Next: {finding.next_steps[0]}"


def _summary(investigation: Investigation) -> str:
    ended = Counter(check.status for check in investigation.checks)
    parts = [standing.how_many(investigation)]
    if investigation.baseline and investigation.baseline.gone:
        parts.append(f"{len(investigation.baseline.gone):,} no longer found")
    parts += [f"{count(ended['clean'], 'check')} clean", f"{ended['skipped']:,} not asked"]
    return f"{', '.join(parts)}. As of {moment(investigation.as_of)}."


def _command(level: str, title: str, *lines: str) -> str:
    """One line: in what it carries, whatever the runner would take for its end or for another command is escaped."""
    message = "%0A".join(_escaped(line) for line in lines if line)
    return f"::{level} title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{message}"


def _escaped(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
