"""jobtrail rules: what there is to look for, and how each rule judges."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.rules import RULES
from analysis.settings import SettingError, rule_named
from reports.cli.terminal import console
from reports.rulebook import RuleEntry, entry

_WIDTH = 100
"""Prose is not read in longer lines."""


@click.command(
    epilog="""\b
Examples:
  jobtrail rules
  jobtrail rules hung
  jobtrail rules hung --sql
"""
)
@click.argument("rule", required=False)
@click.option("--sql", is_flag=True, help="Print the rule's question as it stands, with its parameters as $name.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(rule: str | None, sql: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes them so
    """List the rules of `jobtrail check`, or explain one: what it finds, its thresholds, its blind spots."""
    if sql and (rule is None or as_json):
        raise click.UsageError("--sql is for one rule and stands alone, such as: jobtrail rules hung --sql")
    try:
        entries = [entry(each) for each in ([rule_named(rule, RULES)] if rule else RULES)]
    except SettingError as error:
        raise click.UsageError(str(error)) from error
    if sql:
        click.echo(entries[0].sql, nl=False)
    elif as_json:
        told = [json.loads(plain(each.model_dump_json())) for each in entries]
        click.echo(json.dumps(told[0] if rule else told, indent=2))
    elif rule:
        explain(console(), entries[0])
    else:
        print_list(console(), entries)


def plain(text: str) -> str:
    """The text without the marks of code."""
    return text.replace("``", "")


def print_list(out: Console, entries: Iterable[RuleEntry]) -> None:
    """Family by family, a line each."""
    listed = list(entries)
    longest = max(len(each.name) for each in listed)
    for family, members in groupby(listed, key=lambda each: each.family):
        out.print(Text(family, "bold"))
        out.print(_two_columns((each.name.ljust(longest), each.definition) for each in members))
        out.print()
    out.print("Explain one: jobtrail rules RULE. Ask one alone: jobtrail check --rule RULE.")


def explain(out: Console, told: RuleEntry) -> None:
    """One rule in full, but for its SQL."""
    width = min(out.width, _WIDTH)
    out.print(Text(told.name, "bold") + Text(f" ({told.family})"))
    out.print(Text(f"{told.title}: {told.definition}"), width=width)
    for section in told.sections:
        out.print(Text(f"\n{section.heading}", "bold"))
        out.print(Text(plain(section.text)), width=width)
    if told.thresholds:
        out.print(Text("\nThresholds", "bold") + Text(" and what they are unless you say otherwise"))
        out.print(_two_columns((f"--set {each.setting}={each.default}", each.meaning) for each in told.thresholds))
    out.print(Text("\nNeeds", "bold"))
    for need in told.needs:
        out.print(Text(f"An input that shows {need.shows}: {need.found_in}."))
    if not told.needs:
        out.print("Any input." if told.family == "blind spots" else "Any input with jobs.")
    out.print(f"\nOne finding per {', '.join(told.one_finding_per)}. Its SQL: jobtrail rules {told.name} --sql")


def _two_columns(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for left, right in rows:
        table.add_row(Text(f"  {left}"), Text(plain(right)))
    return table
