"""JUnit's XML, which every CI shows: a test case per rule, failed where its findings make the check fail."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from analysis.counts import count
from analysis.finding import Check, Finding, Investigation
from analysis.rules import RULES
from reports import standing
from reports.fail_on import counts
from reports.wording import period, visible

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAMILY = {rule.name: rule.family for rule in RULES}
_SUITE = "jobtrail check"


def render(investigation: Investigation, fail_on: str) -> str:
    """One suite. A skipped case says which input it lacks; findings below the bar stand in the output of their case."""
    cases = [*_cases(investigation, fail_on)]
    numbers = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    counted = {name: str(number) for name, number in numbers.items()}
    whole = Element("testsuites", {"name": _SUITE, **counted})
    suite = SubElement(whole, "testsuite", {"name": _SUITE, **counted, "time": "0"})
    if investigation.as_of:
        suite.set("timestamp", f"{investigation.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%S}")
    suite.extend(cases)
    aside = [
        *(f"suppressed: {line}" for line in standing.suppressions(investigation)),
        *(f"no longer found: {line}" for line in standing.no_longer_found(investigation.baseline)),
        standing.selection(investigation.selection),
    ]
    if any(aside):
        SubElement(suite, "system-out").text = "\n".join(map(_fit, filter(None, aside)))
    indent(whole)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(whole, encoding="unicode") + "\n"


def _cases(investigation: Investigation, fail_on: str) -> Iterator[Element]:
    if investigation.no_data:
        case = Element("testcase", {"classname": "jobtrail", "name": "evidence", "time": "0"})
        SubElement(case, "error", {"type": "no data", "message": _fit(investigation.no_data)})
        yield case
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in investigation.findings:
        found[finding.rule].append(finding)
    yield from (_case(check, found[check.rule], fail_on) for check in investigation.checks)


def _case(check: Check, found: list[Finding], fail_on: str) -> Element:
    family = _FAMILY.get(check.rule, "other").replace(" ", "-")
    case = Element("testcase", {"classname": f"jobtrail.{family}", "name": check.rule, "time": "0"})
    failing = [finding for finding in found if counts(finding, fail_on)]
    passing = [finding for finding in found if not counts(finding, fail_on)]
    if failing:
        first = failing[0]
        more = f" (and {count(len(failing) - 1, 'more finding')})" if len(failing) > 1 else ""
        failure = SubElement(case, "failure", {"type": first.severity, "message": _fit(first.title) + more})
        failure.text = _told(failing)
    if check.status == "skipped":
        SubElement(case, "skipped", {"message": _fit(check.reason)})
    elif passing:
        SubElement(case, "system-out").text = _told(passing)
    elif check.status == "clean":
        SubElement(case, "system-out").text = _fit(check.reason)
    return case


def _told(findings: list[Finding]) -> str:
    return "\n\n".join("\n".join(map(_fit, filter(None, _lines(finding)))) for finding in findings)


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity}: {finding.title}"
    yield standing.status(finding)
    yield f"{period(finding.first_at, finding.last_at)}, {count(finding.job_count, 'job')}"
    yield f"{finding.confidence} confidence: {finding.confidence_reason}"
    yield from (f"{each.source}:{each.line}: {each.text}" for each in finding.evidence[:3])
    yield f"next: {finding.next_steps[0]}"
    yield f"fingerprint {finding.fingerprint}"


def _fit(text: str) -> str:
    """One line of characters that XML allows; ElementTree escapes the rest."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", visible(text))
