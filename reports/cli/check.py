"""jobtrail check: ask the rules, and say what was found, what was clean and what could not be asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.check import SettingError, check
from analysis.check_json import schema_text, to_text
from analysis.counts import count
from analysis.finding import SEVERITIES, Check, Finding, Investigation
from ingest.redaction import Redaction
from reports.cli import FOUND, NO_DATA
from reports.cli.evidence import DATABASE, evidence, moment
from reports.cli.redacting import redacting
from reports.cli.terminal import console, period, plain

_JOBS, _PIECES = 3, 2
"""Jobs and pieces of evidence shown of each finding; JSON has them all."""
_COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def settings_of(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """``--set rule.param=value``, several times."""
    pairs = [value.partition("=") for value in values]
    for key, sign, _ in pairs:
        if not sign or "." not in key:
            raise click.BadParameter(f"write rule.param=value, such as hung.min_age=20m, not {key!r}")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _print_schema(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click passes it so
    if wanted:
        click.echo(schema_text(), nl=False)
        ctx.exit()


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema,
              help="Print the JSON Schema of --format json, and leave.")  # fmt: skip
@click.option("--fail-on", type=click.Choice([*SEVERITIES, "none"]), default="high", show_default=True,
              help="Exit with 1 from this severity on.")  # fmt: skip
@click.option("--as-of", callback=moment, help="Ask at this moment (ISO 8601) instead of the latest observation.")
@click.option("--set", "settings", multiple=True, callback=settings_of,
              help="A threshold, rule.param=value, such as hung.min_age=1h30m or retried-often.attempts=3. Durations: "
              "300ms, 20s, 10m, 2h, 1d. May be given several times.")  # fmt: skip
@click.option("--rule", "only", multiple=True, help="Ask only this rule. May be given several times.")
@redacting
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - the options of a command
    ctx: click.Context,
    paths: tuple[Path, ...],
    database: Path,
    redaction: Redaction | None,
    form: str,
    fail_on: str,
    as_of: datetime | None,
    settings: dict[str, str],
    only: tuple[str, ...],
) -> None:
    """Look for stuck, lost, duplicated, retried and slow jobs, in the database or in the paths given."""
    with evidence(database, paths, as_of, redaction=redaction) as db:
        try:
            investigation = check(db, as_of=as_of, settings=settings, only=only)
        except SettingError as error:
            raise click.UsageError(str(error)) from error
    if form == "json":
        click.echo(to_text(investigation))
    else:
        _print(console(), investigation)
    if investigation.as_of is None:
        ctx.exit(NO_DATA)
    if fails(investigation, fail_on):
        ctx.exit(FOUND)


def fails(investigation: Investigation, fail_on: str) -> bool:
    """Whether a finding is at or above a severity; none is above ``none``."""
    if fail_on == "none":
        return False
    least = SEVERITIES.index(fail_on)
    return any(SEVERITIES.index(finding.severity) >= least for finding in investigation.findings)


def _print(out: Console, investigation: Investigation) -> None:
    if investigation.as_of is None:
        out.print(
            "There is no evidence with a time in it, so nothing could be checked. Read some: jobtrail ingest PATH..."
        )
        return
    findings = investigation.findings
    told = count(len(findings), "finding") if findings else "Nothing found"
    inputs = count(len(investigation.inputs), "input")
    out.print(f"{told}. As of {investigation.as_of:%Y-%m-%d %H:%M:%S} UTC, from {inputs}.\n")
    for finding in findings:
        _print_finding(out, finding)
    for status in ("clean", "skipped"):
        _print_checks(out, [each for each in investigation.checks if each.status == status])
    if findings:
        out.print("All evidence and the SQL behind each finding: jobtrail report incident, or --format json")


def _print_finding(out: Console, finding: Finding) -> None:
    """Severity and title at the margin, the rest below in two columns, wrapped and never cut."""
    out.print(Text(f"{finding.severity.upper()}  ", _COLOURS[finding.severity]) + plain(finding.title))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, words in _rows(finding):
        table.add_row(f"  {label}", plain(words))
    out.print(table)
    out.print()


def _rows(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "rule", f"{finding.rule}, {finding.confidence} confidence: {finding.confidence_reason}"
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


def _print_checks(out: Console, checks: list[Check]) -> None:
    if not checks:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in checks:
        table.add_row(f"  {each.rule}", plain(each.reason))
    out.print("Clean" if checks[0].status == "clean" else "Not asked, for want of evidence", style="bold")
    out.print(table)
    out.print()
