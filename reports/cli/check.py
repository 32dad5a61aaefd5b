"""jobtrail check: ask the rules, and say what was found, what was clean and what could not be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path

import click

from analysis.baseline import compare
from analysis.check import SettingError, check
from analysis.check_json import schema_text
from analysis.finding import Investigation, Selection
from analysis.incidents import Incident, incidents
from analysis.selection import only_new, select
from analysis.suppression import suppress
from ingest.redaction import Redaction
from reports.check_formats import FORMATS
from reports.cli import EXIT_CODES_TABLE, FOUND, NO_DATA
from reports.cli.baselines import read_baseline, refuse_to_overwrite, write_baseline
from reports.cli.check_text import print_investigation, text_of
from reports.cli.evidence import DATABASE, evidence, moment
from reports.cli.redacting import redacting
from reports.cli.suppressions import suppressions
from reports.cli.terminal import console
from reports.cli.times import spoken, zone
from reports.cli.whole_files import refuse, write_whole
from reports.cli.words import words
from reports.fail_on import BARS, fails


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


@click.command(
    epilog=f"""\b
Examples:
  jobtrail check --fail-on medium --set hung.min_age=20m
  jobtrail check --write-baseline baseline.json
  jobtrail check --baseline baseline.json --only-new
  jobtrail check --format junit -o junit.xml

A finding that is to count no more: [[suppress]] in jobtrail.toml, see docs/ci.md.

{EXIT_CODES_TABLE}
"""
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--format", "form", type=click.Choice(["text", *FORMATS]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
              help="Write the format into this file, whole, and text to the terminal.")  # fmt: skip
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema,
              help="Print the JSON Schema of --format json, and leave.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(BARS), default="high", show_default=True,
              help="Exit with 1 from this severity on.")  # fmt: skip
@click.option("--baseline", type=click.Path(path_type=Path, dir_okay=False),
              help="Say of each finding whether it is new, known or worse than in this file.")  # fmt: skip
@click.option("--write-baseline", "write_baseline_to", type=click.Path(path_type=Path, dir_okay=False),
              help="Write what is found into this file, for a later --baseline.")  # fmt: skip
@click.option("--only-new", "new_only", is_flag=True, help="Leave out what the baseline knows, for --fail-on, too.")
@click.option("--since", help="Only findings that touch the time from then on: 2026-03-17T09:30, 'yesterday 22:00'.")
@click.option("--until", help="Only findings that touch the time before then.")
@click.option("--tz", "zone", callback=zone, default="UTC", show_default=True, help="Zone of the times given.")
@click.option("--queue", callback=words, help="Only findings that touch this queue; * stands for any characters.")
@click.option("--class", "job_class", callback=words, help="Only findings that touch this class; * as well.")
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
    output: Path | None,
    fail_on: str,
    baseline: Path | None,
    write_baseline_to: Path | None,
    new_only: bool,  # noqa: FBT001 - click passes it so
    since: str | None,
    until: str | None,
    zone: tzinfo,
    queue: str | None,
    job_class: str | None,
    as_of: datetime | None,
    settings: dict[str, str],
    only: tuple[str, ...],
) -> None:
    """
    Look for stuck, lost, duplicated, retried and slow jobs, in the database or in the paths given.

    Words such as "yesterday" count from the end of the data, not from today.
    """
    if new_only and baseline is None:
        raise click.UsageError(
            "--only-new needs something to compare with: write it once with --write-baseline baseline.json, then give "
            "--baseline baseline.json"
        )
    for written in filter(None, (output, write_baseline_to)):
        refuse(written, (*paths, database))
    if write_baseline_to:
        refuse_to_overwrite(write_baseline_to)
    is_first = baseline == write_baseline_to and baseline is not None and not baseline.exists()
    known = read_baseline(baseline) if baseline and not is_first else None
    suppressed = suppressions()
    with evidence(database, paths, as_of, redaction=redaction) as db:
        try:
            found = suppress(check(db, as_of=as_of, settings=settings, only=only), suppressed)
        except SettingError as error:
            raise click.UsageError(str(error)) from error
        asked_at = found.as_of
        if asked_at is not None:
            found = compare(found, known) if known else found
            wanted = Selection(
                since=spoken(since, before=asked_at, zone=zone, option="--since") if since else None,
                until=spoken(until, before=asked_at, zone=zone, option="--until") if until else None,
                queue=queue,
                job_class=job_class,
            )
            found = select(db, found, wanted)
        told = only_new(found) if new_only else found
        joined = incidents(db, told)
    if write_baseline_to and not found.no_data:
        write_baseline(write_baseline_to, found)
    _tell(told, joined, form, fail_on, output)
    if told.no_data:
        ctx.exit(NO_DATA)
    if fails(told, fail_on):
        ctx.exit(FOUND)


def _tell(
    investigation: Investigation, found: Sequence[Incident], form: str, fail_on: str, output: Path | None
) -> None:
    """In the format wanted; where that goes into a file, people still get their text."""
    if form == "text" or output is not None:
        print_investigation(console(), investigation, found)
    if form == "text":
        text = text_of(investigation, found) if output else ""
    else:
        text = FORMATS[form](investigation, found, fail_on)
    if output is not None:
        write_whole(output, text)
    elif form != "text":
        click.echo(text, nl=False)
