"""jobtrail jobs: list and search jobs."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.table import Table

from analysis.durations import in_words
from analysis.moment import aware, moment_asked
from analysis.search import STATES, JobLine, Jobs, Wanted, classes, find_jobs, queues
from reports.cli import NO_DATA
from reports.cli.evidence import DATABASE, evidence, moment
from reports.cli.terminal import console, plain
from reports.cli.times import shown, spoken, zone
from reports.wording import visible

_HEADINGS = ("first seen", "class", "queue", "state", "runs", "waited", "ran", "job id")
_GAP = 2
_LEAST_ERROR = 12
"""Characters of the last error that are worth a column."""
_GOES_FIRST = ("ran", "waited", "queue", "runs", "state")
"""Columns that a narrow terminal does without, in this order."""


def arguments_of(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """``--arg key=value`` or ``--arg value``, several times."""
    pairs = [value.partition("=") for value in values]
    return tuple((key, value) if sign else ("", key) for key, sign, value in pairs)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--class", "job_class", help="Jobs of this class; * stands for any characters.")
@click.option("--queue", help="Jobs of this queue; * stands for any characters.")
@click.option("--state", type=click.Choice(STATES), help="Jobs in this state.")
@click.option("--arg", "arguments", multiple=True, callback=arguments_of,
              help="Jobs whose arguments hold KEY=VALUE, or VALUE, at any depth.")  # fmt: skip
@click.option("--error", help="Jobs whose last error holds this text.")
@click.option("--since", help="Jobs seen from then on: 2026-03-17T09:30, 'yesterday 22:00', '2 hours ago'.")
@click.option("--until", help="Jobs seen before then.")
@click.option(
    "--tz", "zone", callback=zone, default="UTC", show_default=True, help="Zone of the times given and shown."
)
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="At most so many; 0 for all.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--as-of", callback=moment, help="Ask at this moment (ISO 8601) instead of the latest observation.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - the options of a command
    ctx: click.Context,
    paths: tuple[Path, ...],
    database: Path,
    job_class: str | None,
    queue: str | None,
    state: str | None,
    arguments: tuple[tuple[str, str], ...],
    error: str | None,
    since: str | None,
    until: str | None,
    zone: tzinfo,
    limit: int,
    form: str,
    as_of: datetime | None,
) -> None:
    """
    List jobs, the latest first.

    Words such as "yesterday" count from the end of the data, not from today.

    Example: jobtrail jobs --class '*Export*' --state failed --since "yesterday 22:00" --tz Europe/Paris
    """
    with evidence(database, paths, as_of) as db:
        asked_at = aware(moment_asked(db, as_of))
        if asked_at is None:
            click.echo("There is no evidence with a time in it, so there is no job to list.", err=True)
            ctx.exit(NO_DATA)
        wanted = Wanted(
            job_class=job_class,
            queue=queue,
            state=state,
            error=error,
            arguments=arguments,
            since=spoken(since, before=asked_at, zone=zone, option="--since") if since else None,
            until=spoken(until, before=asked_at, zone=zone, option="--until") if until else None,
        )
        found = find_jobs(db, wanted, limit=limit)
        _say(db, wanted, found, zone)
    _print(console(), found, zone, form)


def _say(db: duckdb.DuckDBPyConnection, wanted: Wanted, found: Jobs, zone: tzinfo) -> None:
    """How many there are, how times were understood, and what a name that nothing has may have meant."""
    times = [
        f"{word} {shown(at, zone)} {at.astimezone(zone).tzname()}"
        for word, at in (("since", wanted.since), ("until", wanted.until))
        if at
    ]
    many = "No job" if not found.total else "1 job" if found.total == 1 else f"{found.total:,} jobs"
    more = f", the latest {len(found.lines):,} are shown; --limit 0 shows all" if len(found.lines) < found.total else ""
    click.echo(f"{' '.join([many, *times])}{more}.", err=True)
    for option, given, known in (("class", wanted.job_class, classes(db)), ("queue", wanted.queue, queues(db))):
        if given and "*" not in given and given not in known:
            near = [name for name in known if given.lower() in name.lower()] or get_close_matches(given, known)
            hint = f"; did you mean {' or '.join(visible(name) for name in near[:3])}?" if near else ""
            click.echo(f"No job has the {option} {visible(given)}{hint}", err=True)


def _print(out: Console, found: Jobs, zone: tzinfo, form: str) -> None:
    if form == "json":
        click.echo(json.dumps([line.model_dump(mode="json") for line in found.lines], indent=2))
    elif form == "csv":
        text = io.StringIO()
        rows = csv.DictWriter(text, list(JobLine.model_fields))
        rows.writeheader()
        rows.writerows(line.model_dump(mode="json") for line in found.lines)
        click.echo(text.getvalue(), nl=False)
    elif found.lines:
        out.print(_table(found, zone, out.width))


def _table(found: Jobs, zone: tzinfo, width: int) -> Table:
    """The list; on a narrow terminal errors are cut first, then whole columns go, the job id never."""
    cells = [dict(zip(_HEADINGS, _cells(line, zone), strict=True)) for line in found.lines]
    widths = {heading: max(len(heading), *(len(row[heading]) for row in cells)) + _GAP for heading in _HEADINGS}
    for heading in _GOES_FIRST:
        if sum(widths.values()) > width:
            del widths[heading]
    room = width - sum(widths.values())
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for heading in widths:
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("runs", "waited", "ran") else "left")
    if room >= _LEAST_ERROR:
        table.add_column("last error", no_wrap=True)
    for line, row in zip(found.lines, cells, strict=True):
        error = visible(_error(line))
        cut = error if len(error) <= room else f"{error[: room - 1]}…"
        table.add_row(*(plain(row[heading]) for heading in widths), *([plain(cut)] if room >= _LEAST_ERROR else []))
    return table


def _cells(line: JobLine, zone: tzinfo) -> tuple[str, ...]:
    return (
        shown(line.came_at, zone),
        visible(line.job_class or ""),
        visible(line.queue or ""),
        line.state,
        str(line.attempts),
        _lasting(line.wait),
        _lasting(line.run),
        visible(line.job_id),
    )


def _error(line: JobLine) -> str:
    message = (line.error_message or "").partition("\n")[0]
    return ": ".join(part for part in (line.error_class, message) if part)


def _lasting(seconds: float | None) -> str:
    return "" if seconds is None else in_words(seconds)
