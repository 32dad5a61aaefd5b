"""jobtrail ingest: files to rows, and what they can tell."""

from __future__ import annotations

import signal
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Event
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from analysis.answer import question
from ingest.clocks import ZoneError, zone_named
from ingest.database import open_for_reading
from ingest.follow import follow
from ingest.loading import Options
from ingest.redaction import Redaction
from ingest.redaction_key import key_file
from reports.cli import NO_DATA
from reports.cli.evidence import DATABASE, in_words, load_and_derive, sources_of
from reports.cli.redacting import redacting
from reports.cli.terminal import console, fitting_table, period, plain
from reports.questions import answered
from reports.wording import visible


def _zone(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tzinfo | None:
    try:
        return zone_named(value) if value else None
    except ZoneError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--format", "formats", multiple=True, help="Try only this format. May be given several times.")
@click.option("--final", is_flag=True, help="No file will grow: a last line without its end counts.")
@click.option("--zone", callback=_zone, help="Time zone of times that name none, such as Europe/Paris or +02:00.")
@click.option(
    "--date",
    "first_day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day of the first line of a log that writes the time of day alone.",
)
@redacting
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file that maps the keys of other logs ([[log]]); jobtrail.toml where there is one.",
)
@click.option(
    "--follow",
    "follows",
    is_flag=True,
    help="Read on as files grow, rotate and appear, until Ctrl-C or SIGTERM.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.05),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="With --follow: how often to look for what is new.",
)
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - the options of a command
    ctx: click.Context,
    paths: tuple[Path, ...],
    database: Path,
    formats: tuple[str, ...],
    final: bool,  # noqa: FBT001 - click passes it so
    zone: tzinfo | None,
    first_day: datetime | None,
    redaction: Redaction | None,
    mapping: Path | None,
    follows: bool,  # noqa: FBT001 - the same
    every: float,
) -> None:
    """
    Read logs, spans and snapshots from files and folders into the database.

    Formats and compression are recognised by content. Reading the same input again, under whatever name, adds nothing.
    """
    day = first_day.date() if first_day else None
    if follows:
        with in_words():
            options = Options(
                sources=sources_of(mapping),
                formats=formats,
                zone=zone,
                first_day=day,
                final=final,
                redaction=redaction,
            )
            _follow(database, paths, options, every=every)
        return
    report = load_and_derive(
        database,
        paths,
        formats=formats,
        zone=zone,
        first_day=day,
        final=final,
        redaction=redaction,
        mapping=mapping,
    )
    out = console()
    if not report.files:
        out.print("There is no file to read in what was given.")
        ctx.exit(NO_DATA)
    with in_words(), open_for_reading(database) as db:
        rows = db.execute(question(__package__, "inputs_read")).fetchall()
        unread = db.execute(question(__package__, "first_rejects")).fetchall()
        guessed = db.execute(question(__package__, "guessed_zones")).fetchall()
    out.print(_table(rows, out.width))
    for path, line, reason, more in unread:
        others = f" (and {more:,} more lines of that file)" if more else ""
        out.print(plain(visible(f"  not read  {path}:{line} {reason}{others}")), soft_wrap=True)
    for file in (each for each in report.files if each.note):
        out.print(plain(visible(f"  note      {file.name}: {file.note}")), soft_wrap=True)
    for path, zone_name, basis in guessed:
        told = "taken for" if basis == "assumed" else "worked out to be in"
        words = (
            f"{path}: its times name no zone; they were {told} {zone_name}. Say which with --zone, in a new database."
        )
        out.print(plain(visible(f"  note      {words}")), soft_wrap=True)
    shown = {word for row in rows for word in row[-1]}
    can, cannot = answered(shown)
    for each in can:
        out.print(Text(f"  can be answered      {each.words}"))
    for each in cannot:
        out.print(Text(f"  cannot be answered   {each.words} It takes {each.answered_by}."))
    new = sum(not file.known_already for file in report.files)
    out.print(Text(f"\n{report.rows:,} rows from {new} new or grown of {len(report.files)} files, in {database}."))
    if report.redacted is not None:
        values = "1 secret value was" if report.redacted == 1 else f"{report.redacted:,} secret values were"
        words = f"{values} redacted. Keep {key_file(database)} on this machine: the next load needs it."
        out.print(plain(words), soft_wrap=True)
    if not any(row[-1] for row in rows):
        out.print("No file is in a format that jobtrail knows, so there is nothing to check.")
        ctx.exit(NO_DATA)


def _follow(database: Path, paths: tuple[Path, ...], options: Options, *, every: float) -> None:
    """Follow until a signal comes; a second one ends at once."""
    if options.final:
        raise click.UsageError("--final says that no file will grow, and --follow waits for that: leave one out")
    stop = Event()

    def note_stop(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, note_stop)
    out = console()

    def say(words: str) -> None:
        out.print(plain(visible(words)), soft_wrap=True)

    say(f"Following into {database}; Ctrl-C ends it.")
    done = follow(database, paths, options, every=every, stopped=stop.wait, say=say)
    redacted = "" if done.redacted is None else f"; {done.redacted:,} secret values were redacted"
    files = "1 file" if done.files == 1 else f"{done.files:,} files"
    say(f"{done.rows:,} rows came of {files}, in {database}{redacted}.")


_HOSTS = 2
"""Machines that the table names of each input."""


def _table(rows: list[tuple[Any, ...]], width: int) -> Table:
    """What was read; on a narrow terminal without zones, hosts and formats."""
    lines = [
        {
            "input": path,
            "format": form,
            "host": ", ".join(hosts[:_HOSTS]) + (f" and {len(hosts) - _HOSTS} more" if len(hosts) > _HOSTS else ""),
            "period": period(first_at, last_at),
            "zone": zone or "",
            "rows": f"{count:,}",
            "rejected": f"{rejects:,}",
            "pending bytes": f"{pending:,}",
        }
        for path, form, hosts, first_at, last_at, zone, count, rejects, pending, _shows in rows
    ]
    empty = [name for name in ("rejected", "pending bytes") if all(line[name] == "0" for line in lines)]
    return fitting_table(
        lines, goes_first=("zone", *empty, "host", "format"), right=("rows", "rejected", "pending bytes"), width=width
    )
