"""jobtrail check: ask the rules, and say what was found, what was clean and what could not be asked."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from analysis.check import SettingError, check
from analysis.check_json import to_json
from analysis.finding import SEVERITIES, Finding, Investigation
from reports.cli import FOUND, NO_DATA
from reports.cli.evidence import DATABASE, evidence, moment
from reports.cli.terminal import console, plain


def settings_of(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """``--set rule.param=value``, several times."""
    pairs = [value.partition("=") for value in values]
    for key, sign, _ in pairs:
        if not sign or "." not in key:
            raise click.BadParameter(f"write rule.param=value, such as hung.min_age=20m, not {key!r}")
    return {key: value for key, _, value in pairs}


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--fail-on", type=click.Choice([*SEVERITIES, "none"]), default="high", show_default=True,
              help="Exit with 1 from this severity on.")  # fmt: skip
@click.option("--as-of", callback=moment, help="Ask at this moment (ISO 8601) instead of the latest observation.")
@click.option("--set", "settings", multiple=True, callback=settings_of, help="A threshold: rule.param=value.")
@click.option("--rule", "only", multiple=True, help="Ask only this rule. May be given several times.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - the options of a command
    ctx: click.Context,
    paths: tuple[Path, ...],
    database: Path,
    form: str,
    fail_on: str,
    as_of: datetime | None,
    settings: dict[str, str],
    only: tuple[str, ...],
) -> None:
    """Look for stuck, lost, duplicated, retried and slow jobs, in the database or in the paths given."""
    with evidence(database, paths, as_of) as db:
        try:
            investigation = check(db, as_of=as_of, settings=settings, only=only)
        except SettingError as error:
            raise click.UsageError(str(error)) from error
    if form == "json":
        click.echo(json.dumps(to_json(investigation), indent=2, ensure_ascii=False))
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
    out.print(f"As of {investigation.as_of:%Y-%m-%d %H:%M:%S} UTC, from {len(investigation.inputs)} inputs.\n")
    for finding in investigation.findings:
        _print_finding(out, finding)
    if not investigation.findings:
        out.print("Nothing found.\n")
    for outcome in investigation.checks:
        if outcome.status != "found":
            out.print(Text(f"  {outcome.status:8}{outcome.rule:20}{outcome.reason}"), soft_wrap=True)


def _print_finding(out: Console, finding: Finding) -> None:
    out.print(Text(f"{finding.severity.upper():9}{finding.rule}"), plain(finding.title), soft_wrap=True)
    jobs = ", ".join(finding.jobs[:3]) + (f" and {finding.job_count - 3:,} more" if finding.job_count > 3 else "")  # noqa: PLR2004 - shown
    out.print("        jobs    ", plain(jobs), soft_wrap=True)
    for piece in finding.evidence[:3]:
        when = f"{piece.at:%H:%M:%S}" if piece.at else "no time"
        out.print("        evidence", plain(f"{piece.source}:{piece.line} {when} {piece.text}"), soft_wrap=True)
    out.print("        next    ", plain(finding.next_steps[0]), "\n", soft_wrap=True)
