"""jobtrail report: what happened, as a document that can be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
import duckdb

from analysis.baseline import compare
from analysis.check import SettingError, check
from analysis.finding import Investigation
from analysis.impact import impact
from analysis.incidents import incidents
from analysis.moments import moments
from analysis.series import queue_series, timeline
from analysis.suppression import suppress
from ingest.redaction import Redaction
from reports.cli import FOUND, NO_DATA, Trouble
from reports.cli.baselines import read_baseline
from reports.cli.check import settings_of
from reports.cli.evidence import DATABASE, evidence, moment
from reports.cli.redacting import redacting
from reports.cli.suppressions import suppressions
from reports.cli.terminal import console, plain
from reports.cli.words import words
from reports.fail_on import BARS, fails
from reports.incident import IncidentReport, incident
from reports.render import RENDERERS


@click.group(
    epilog="""\b
Example:
  jobtrail report incident -o report.html
"""
)
def command() -> None:
    """Write a report."""


@command.command(
    "incident",
    epilog="""\b
Examples:
  jobtrail report incident -o report.html -o report.md
  jobtrail report incident /var/log/sidekiq/ snapshot.json -o report.html
""",
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    default=(Path("incident.html"),),
    show_default="incident.html",
    help="A file ending in .html, .md or .json. May be given several times.",
)
@click.option("--title", callback=words, default="Incident report", show_default=True)
@click.option("--fail-on", type=click.Choice(BARS), default="none", show_default=True,
              help="Exit with 1 from this severity on.")  # fmt: skip
@click.option("--baseline", type=click.Path(path_type=Path, dir_okay=False),
              help="Say of each finding whether it is new, known or worse than in this file of check's.")  # fmt: skip
@click.option("--as-of", callback=moment, help="Ask at this moment (ISO 8601) instead of the latest observation.")
@click.option("--set", "settings", multiple=True, callback=settings_of, help="A threshold: rule.param=value.")
@redacting
@click.pass_context
def incident_command(  # noqa: PLR0913, PLR0917 - the options of a command
    ctx: click.Context,
    paths: tuple[Path, ...],
    database: Path,
    redaction: Redaction | None,
    outputs: tuple[Path, ...],
    title: str,
    fail_on: str,
    baseline: Path | None,
    as_of: datetime | None,
    settings: dict[str, str],
) -> None:
    """Write an incident report from the database or from the paths given."""
    for output in outputs:
        _refuse(output, (*paths, database, *filter(None, [baseline])))
    known = read_baseline(baseline) if baseline else None
    suppressed = suppressions()
    with evidence(database, paths, as_of, redaction=redaction) as db:
        try:
            investigation = suppress(check(db, as_of=as_of, settings=settings), suppressed)
        except SettingError as error:
            raise click.UsageError(str(error)) from error
        if investigation.as_of is None:
            console().print("There is no evidence with a time in it, so there is nothing to report.")
            ctx.exit(NO_DATA)
        if known:
            investigation = compare(investigation, known)
        write(db, investigation, outputs, title=title)
    if fails(investigation, fail_on):
        ctx.exit(FOUND)


def _refuse(output: Path, read: Sequence[Path]) -> None:
    """Say what is wrong with an output before the work is done and not after it."""
    if output.suffix not in RENDERERS:
        raise click.UsageError(f"{output}: a report ends in {', '.join(RENDERERS)}")
    if output.exists() and any(each.exists() and output.samefile(each) for each in read):
        raise click.UsageError(f"{output} is an input: name another file for the report")
    if not output.parent.is_dir():
        raise Trouble(f"cannot write {output}: there is no folder {output.parent}")


def write(
    db: duckdb.DuckDBPyConnection, investigation: Investigation, outputs: Sequence[Path], *, title: str
) -> IncidentReport:
    """Write the report into each of these files, and say where it is and what it says."""
    report = incident(
        investigation,
        incidents(db, investigation),
        impact(db, investigation),
        moments(db, investigation.as_of),
        timeline(db, investigation),
        queue_series(db, investigation),
        title=title,
    )
    out = console()
    for output in outputs:
        try:
            output.write_text(RENDERERS[output.suffix](report), encoding="utf-8")
        except OSError as error:
            raise Trouble(f"cannot write {output}: {error.strerror}") from error
        out.print("Report written to", plain(output))
    for answer in report.answers:
        out.print(plain(f"{answer.question:16}{answer.text}"), soft_wrap=True)
    return report
