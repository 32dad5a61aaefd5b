"""Findings held against the truth: what was found, what was missed, what was said falsely, per rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from analysis.finding import Finding
from analysis.rules import RULES
from tests.simulator.blind_spots import ABOUT_INPUTS
from tests.simulator.grouping import Grouping
from tests.simulator.truth import ABOUT_CLASSES, ABOUT_POOLS, ABOUT_QUEUES, ABOUT_WORKERS, Truth
from tests.simulator.written import MIDNIGHT

KNOWN = {rule.name: rule.family for rule in RULES}


@dataclass(kw_only=True)
class Score:
    """Claims of one day or of many. Each is a rule and what it names, told in words where it went wrong."""

    due: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    unasked: Counter[str] = field(default_factory=Counter)
    """The same for rules that do not exist yet."""
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    grouping: Grouping = field(default_factory=Grouping)

    def add(self, other: Score) -> None:
        for name in ("due", "found", "right", "false", "unasked"):
            getattr(self, name).update(getattr(other, name))
        self.missed += other.missed
        self.wrong += other.wrong
        self.grouping.add(other.grouping)

    def recall(self, rules: Iterable[str] = KNOWN) -> float:
        """Part of what was to be found that was; 1 where there was nothing."""
        rules = list(rules)
        return _part(sum(self.found[rule] for rule in rules), sum(self.due[rule] for rule in rules))

    def precision(self, rules: Iterable[str] = KNOWN) -> float:
        """Part of what was said that is true; 1 where nothing was said."""
        rules = list(rules)
        right = sum(self.right[rule] for rule in rules)
        return _part(right, right + sum(self.false[rule] for rule in rules))

    def table(self, title: str) -> str:
        """The score as a person reads it: a line per family, and one per rule below it."""
        lines = [title, f"  {'':22} to find  found  recall   true  false  precision"]
        for family in dict.fromkeys(KNOWN.values()):
            rules = [rule for rule, of in KNOWN.items() if of == family]
            lines += [self._line(family, rules), *(self._line(f"  {rule}", [rule]) for rule in rules)]
        lines += [self._line("all", list(KNOWN)), self.grouping.line()]
        if self.unasked:
            lines.append(
                "  no rule yet: " + ", ".join(f"{name} {count}" for name, count in sorted(self.unasked.items()))
            )
        return "\n".join(lines)

    def _line(self, name: str, rules: Sequence[str]) -> str:
        due, found, right, false = (
            sum(counts[rule] for rule in rules) for counts in (self.due, self.found, self.right, self.false)
        )
        return (
            f"  {name:22} {due:7} {found:6} {self.recall(rules):7.4f} {right:6} {false:6} {self.precision(rules):10.4f}"
        )


def score(findings: Iterable[Finding], truth: Truth) -> Score:
    """What these findings are worth: those above info, and of inputs also what is told as information, if true."""
    told = Score()
    findings = list(findings)
    said = [claim for claim in _claims(findings, truth) if claim[2].severity != "info"]
    named = {
        (rule, subject)
        for rule, subject, each in _claims(findings, truth)
        if each.severity != "info" or rule in ABOUT_INPUTS
    }
    for due in truth.must():
        first = due.rules[0]
        if first not in KNOWN:
            told.unasked[first] += 1
            continue
        told.due[first] += 1
        if any((rule, due.subject) in named for rule in due.rules):
            told.found[first] += 1
        else:
            told.missed.append(f"{first} {due.subject} ({due.fault})")
    wrong: dict[str, list[str]] = {}
    for rule, subject, finding in said:
        if _is_true(truth, rule, subject, finding):
            told.right[rule] += 1
        else:
            told.false[rule] += 1
            wrong.setdefault(f"{rule}: {finding.title} [{finding.confidence}]", []).append(subject)
    told.wrong = [f"{what}: {len(subjects)} such as {subjects[0]}" for what, subjects in wrong.items()]
    return told


def _claims(findings: Iterable[Finding], truth: Truth) -> Iterable[tuple[str, str, Finding]]:
    for finding in findings:
        yield from ((finding.rule, subject, finding) for subject in _subjects(finding, truth))


def _subjects(finding: Finding, truth: Truth) -> Sequence[str]:
    if finding.rule in ABOUT_WORKERS:
        return [finding.subject.get("host") or truth.host_of(finding.subject["log"])]
    if finding.rule in ABOUT_QUEUES:
        return [finding.subject["queue"]]
    if finding.rule in ABOUT_CLASSES:
        return [finding.subject["job_class"]]
    if finding.rule in ABOUT_POOLS:
        return [finding.subject["pool"]]
    if finding.rule in ABOUT_INPUTS:
        named = [finding.subject[name] for name in ("missing", "log", "known_by", "queue") if name in finding.subject]
        return [" of ".join(named)]
    return finding.jobs


def _is_true(truth: Truth, rule: str, subject: str, finding: Finding) -> bool:
    if rule in ABOUT_INPUTS:
        return truth.blind_spots.may(rule, subject)
    since, until = (((at or MIDNIGHT) - MIDNIGHT).total_seconds() for at in (finding.first_at, finding.last_at))
    if rule in ABOUT_WORKERS:
        return truth.may_of_host(rule, subject, since, until)
    if rule in ABOUT_CLASSES:
        return truth.may_of_class(rule, subject, since)
    if rule in ABOUT_POOLS:
        return truth.may_of_pool(subject, since, until)
    if rule not in ABOUT_QUEUES:
        return truth.may(rule, subject)
    return truth.may_of_queue(rule, subject, since, until)


def _part(of: int, whole: int) -> float:
    return of / whole if whole else 1.0
