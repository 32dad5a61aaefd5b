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

from analysis.answer import question
from analysis.as_of import aware, moment_asked
from analysis.counts import count
from analysis.durations import in_words
from analysis.search import STATES, JobLine, Jobs, Wanted, classes, find_jobs, queues
from ingest.redaction import Redaction
from reports.cli import NO_DATA
from reports.cli.evidence import DATABASE, evidence, moment
from reports.cli.redacting import redacting
from reports.cli.terminal import console, fitting_table
from reports.cli.times import shown, spoken, zone
from reports.cli.words import readable, words
from reports.wording import visible

_MOST = 10**9
"""Jobs that may be asked for by number; more than a database holds."""
_MESSAGE = 40
"""Characters of an error's message that the table shows."""


def arguments_of(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """``--arg key=value`` or ``--arg value``, several times."""
    pairs = [readable(value).partition("=") for value in values]
    return tuple((key, value) if sign else ("", key) for key, sign, value in pairs)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--class", "job_class", callback=words, help="Jobs of this class; * stands for any characters.")
@click.option("--queue", callback=words, help="Jobs of this queue; * stands for any characters.")
@click.option("--state", type=click.Choice(STATES), help="Jobs in this state.")
@click.option("--arg", "arguments", multiple=True, callback=arguments_of,
              help="Jobs whose arguments hold KEY=VALUE, or VALUE, at any depth.")  # fmt: skip
@click.option("--error", callback=words, help="Jobs whose last error holds this text.")
@click.option("--since", help="Jobs seen from then on: 2026-03-17T09:30, 'yesterday 22:00', '2 hours ago'.")
@click.option("--until", help="Jobs seen before then.")
@click.option(
    "--tz", "zone", callback=zone, default="UTC", show_default=True, help="Zone of the times given and shown."
)
@click.option(
    "--limit", type=click.IntRange(0, _MOST), default=50, show_default=True, help="At most so many; 0 for all."
)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--as-of", callback=moment, help="Ask at this moment (ISO 8601) instead of the latest observation.")
@redacting
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - the options of a command
    ctx: click.Context,
    paths: tuple[Path, ...],
    database: Path,
    redaction: Redaction | None,
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
    with evidence(database, paths, as_of, redaction=redaction) as db:
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
    many = count(found.total, "job") if found.total else "No job"
    more = f", the latest {len(found.lines):,} are shown; --limit 0 shows all" if len(found.lines) < found.total else ""
    click.echo(f"{' '.join([many, *times])}{more}.", err=True)
    if wanted.arguments and not found.total:
        jobs, with_arguments = db.execute(question(__package__, "arguments_shown")).fetchall()[0]
        words = "jobtrail why VALUE looks into what was logged, too"
        click.echo(f"Of {jobs:,} jobs {with_arguments:,} show their arguments in these inputs; {words}.", err=True)
    for option, given, names in (("class", wanted.job_class, classes), ("queue", wanted.queue, queues)):
        if given and "*" not in given and given not in (known := names(db)):
            near = [name for name in known if given.lower() in name.lower()] or get_close_matches(given, known)
            hint = f"; did you mean {' or '.join(visible(name) for name in near[:3])}?" if near else ""
            click.echo(f"No job has the {option} {visible(given)}{hint}", err=True)


def _print(out: Console, found: Jobs, zone: tzinfo, form: str) -> None:
    if form == "json":
        told = [line.model_dump(mode="json") | {"arguments": _decoded(line.arguments)} for line in found.lines]
        click.echo(json.dumps(told, indent=2))
    elif form == "csv":
        text = io.StringIO()
        rows = csv.DictWriter(text, list(JobLine.model_fields))
        rows.writeheader()
        rows.writerows(line.model_dump(mode="json") for line in found.lines)
        click.echo(text.getvalue(), nl=False)
    elif found.lines:
        out.print(_table(found, zone, out.width))


def _table(found: Jobs, zone: tzinfo, width: int) -> Table:
    return fitting_table(
        [_cells(line, zone) for line in found.lines],
        goes_first=("last error", "ran", "waited", "queue", "runs", "state"),
        right=("runs", "waited", "ran"),
        width=width,
    )


def _cells(line: JobLine, zone: tzinfo) -> dict[str, str]:
    return {
        "first seen": shown(line.came_at, zone),
        "class": visible(line.job_class or ""),
        "queue": visible(line.queue or ""),
        "state": line.state,
        "runs": str(line.attempts),
        "waited": _lasting(line.wait),
        "ran": _lasting(line.run),
        "job id": visible(line.job_id),
        "last error": visible(_error(line)),
    }


def _decoded(arguments: str | None) -> object:
    """Arguments as values; as text where they are nested too deeply to be read."""
    try:
        return None if arguments is None else json.loads(arguments)
    except RecursionError:
        return arguments


def _error(line: JobLine) -> str:
    message = (line.error_message or "").partition("\n")[0]
    short = message if len(message) <= _MESSAGE else f"{message[: _MESSAGE - 1]}…"
    return ": ".join(part for part in (line.error_class, short) if part)


def _lasting(seconds: float | None) -> str:
    return "" if seconds is None else in_words(seconds)
