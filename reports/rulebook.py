"""What there is to say about a rule: the one source of `jobtrail rules` and of docs/rules.md."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from analysis.durations import as_typed
from analysis.finding import Frozen
from analysis.rule import WOULD_SHOW, Rule
from reports.labels import threshold_words

_SECTION = re.compile(r"^(\S.*)\n((?: {4}.*(?:\n|$)|\n)+)", re.MULTILINE)


class Section(Frozen):
    """A heading and what stands under it, in one paragraph."""

    heading: str
    text: str


class Threshold(Frozen):
    """One parameter of a rule."""

    setting: str
    """As it is typed behind ``--set``: ``hung.min_age``."""
    default: str
    """As it is typed behind the setting and an equals sign."""
    meaning: str


class Need(Frozen):
    """Something that at least one input must show."""

    shows: str
    found_in: str
    """The inputs that show it."""


class RuleEntry(Frozen):
    """Everything about one rule. Words between two backticks are code."""

    name: str
    family: str
    title: str
    """Its name as people say it."""
    definition: str
    """What it finds, in a sentence that goes on after the title."""
    sections: tuple[Section, ...]
    """Why it matters, what to look at first, severity, blind spots."""
    thresholds: tuple[Threshold, ...]
    one_finding_per: tuple[str, ...]
    """The parts of a finding's subject, as a suppression names them."""
    needs: tuple[Need, ...]
    sql: str
    """The question, with its parameters as ``$name``."""


def entry(rule: Rule[Any]) -> RuleEntry:
    """A rule's entry, from its docstring and its values."""
    first, _, sections = rule.docstring.partition("\n\n")
    title, _, definition = " ".join(first.split()).partition(": ")
    return RuleEntry(
        name=rule.name,
        family=rule.family,
        title=title,
        definition=definition,
        sections=tuple(
            Section(heading=heading, text=" ".join(words.split())) for heading, words in _SECTION.findall(sections)
        ),
        thresholds=tuple(
            Threshold(setting=f"{rule.name}.{name}", default=_typed(value), meaning=threshold_words(name))
            for name, value in rule.params.model_dump().items()
        ),
        one_finding_per=rule.subject,
        needs=tuple(Need(shows=word, found_in=WOULD_SHOW[word]) for word in rule.needs),
        sql=rule.sql,
    )


def _typed(value: object) -> str:
    return as_typed(value) if isinstance(value, timedelta) else str(value)
