"""Prometheus' text format, for the textfile collector: gauges per rule and severity, and the moment they speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from analysis.finding import SEVERITIES, Finding, Investigation

_Labels = Sequence[tuple[str, str]]


def render(investigation: Investigation) -> str:
    """Zeros are written, too, so that an alert ends; a rule that was not asked has no number of findings."""
    return "".join(f"{line}\n" for line in _lines(investigation))


def _lines(investigation: Investigation) -> Iterator[str]:
    asked = [check.rule for check in investigation.checks if check.status != "skipped"]
    yield from _gauge("jobtrail_inputs", "Inputs that were read.", [((), len(investigation.inputs))])
    if investigation.as_of:
        at = (investigation.as_of.astimezone(UTC) - datetime.fromtimestamp(0, UTC)).total_seconds()
        yield from _gauge("jobtrail_as_of_timestamp_seconds", "The moment that was asked about.", [((), at)])
    yield from _gauge(
        "jobtrail_rule_asked",
        "1 where the inputs allowed the rule's question, 0 where they did not.",
        [((("rule", check.rule),), int(check.status != "skipped")) for check in investigation.checks],
    )
    yield from _gauge("jobtrail_findings", "Findings that count.", _by_rule(asked, investigation.findings))
    new = [finding for finding in investigation.findings if finding.status in {"new", "worse"}]
    if investigation.baseline:
        yield from _gauge("jobtrail_findings_new", "Of them, new or worse than the baseline.", _by_rule(asked, new))
    suppressed = Counter(each.finding.rule for each in investigation.suppressed)
    yield from _gauge(
        "jobtrail_findings_suppressed",
        "Findings that do not count.",
        [((("rule", rule),), suppressed[rule]) for rule in asked],
    )
    yield from _gauge(
        "jobtrail_suppressions_stale",
        "Suppressions that are over, or that fit nothing.",
        [((), len(investigation.stale_suppressions))],
    )


def _by_rule(asked: Sequence[str], findings: Sequence[Finding]) -> list[tuple[_Labels, float]]:
    many = Counter((finding.rule, finding.severity) for finding in findings)
    return [
        ((("rule", rule), ("severity", severity)), many[rule, severity]) for rule in asked for severity in SEVERITIES
    ]


def _gauge(name: str, words: str, samples: Sequence[tuple[_Labels, float]]) -> Iterator[str]:
    if not samples:
        return
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        yield f"{name}{{{told}}} {value!r}" if told else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
