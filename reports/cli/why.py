"""jobtrail why: one job's life from every input, and the verdict with what it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.answer import question
from analysis.search import JobLine, classes, ids_like, jobs_given, jobs_known_as, lines_with
from analysis.story import Life, Story, Verdict, story
from analysis.story.life import Step
from ingest.redaction import Redaction
from reports.cli import NO_DATA, TROUBLE
from reports.cli.evidence import DATABASE, evidence, moment
from reports.cli.redacting import redacting
from reports.cli.terminal import console, plain
from reports.cli.times import shown, zone
from reports.cli.words import json_text, some_id, words
from reports.wording import visible

_ALIKE = {"log": 6, "span": 6, "snapshot": 2}
"""So many pieces of one kind in a row are shown whole; of more, the first and the last."""
_LISTED = 10
"""Jobs of equal arguments that are listed."""


class _ById(click.Command):
    """With a class or arguments asked for there is no id: all words are paths."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        left = super().parse_args(ctx, args)
        given = ctx.params
        if given["job_id"] is not None and (given["job_class"] is not None or given["arguments"] is not None):
            given["paths"] = (Path(given["job_id"]), *given["paths"])
            given["job_id"] = None
        return left


@click.command(cls=_ById)
@click.argument("job_id", required=False, callback=some_id)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--class", "job_class", callback=words, help="With --args: the class of the job, instead of an id.")
@click.option("--args", "arguments", callback=json_text, help="Its arguments as JSON: '[42]'.")
@click.option("--db", "database", type=click.Path(path_type=Path), default=DATABASE, show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "every", is_flag=True, help="Show every piece of evidence, however many are alike.")
@click.option("--tz", "zone", callback=zone, default="UTC", show_default=True, help="Show times in this zone.")
@click.option("--as-of", callback=moment, help="Ask at this moment (ISO 8601) instead of the latest observation.")
@redacting
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - the options of a command
    ctx: click.Context,
    job_id: str | None,
    paths: tuple[Path, ...],
    job_class: str | None,
    arguments: str | None,
    database: Path,
    redaction: Redaction | None,
    form: str,
    every: bool,  # noqa: FBT001 - click passes it so
    zone: tzinfo,
    as_of: datetime | None,
) -> None:
    """
    Tell the life of one job, and why it ended as it did.

    JOB_ID is any id the job was known by: its own, the backend's, a trace id or an idempotency key. Without an id, give
    its class and arguments. PATHS are read for this once; without them the database is asked.

    Examples: jobtrail why 26fc2074db2520c45178ba9b, jobtrail why --class ChargeCard --args '[42]'
    """
    if job_id is None and job_class is None and arguments is None:
        raise click.UsageError("whose life? Give a job's id, or its class and arguments: --class C --args '[42]'")
    if job_id is None and (job_class is None or arguments is None):
        raise click.UsageError("--class and --args belong together; to search by one of them: jobtrail jobs")
    with evidence(database, paths, as_of, redaction=redaction) as db:
        found = jobs_known_as(db, job_id) if job_id is not None else jobs_given(db, str(job_class), str(arguments))
        if len(found) != 1:
            if job_id is not None:
                _explain(db, job_id, found)
            else:
                _explain_arguments(db, str(job_class), str(arguments), found)
            ctx.exit(TROUBLE if found else NO_DATA)
        told = story(db, found[0].job_key, as_of=as_of, zone=zone)
    if form == "json":
        click.echo(json.dumps(told.model_dump(mode="json"), indent=2))
    else:
        _print(console(), told, zone, every=every)


def _explain_arguments(db: duckdb.DuckDBPyConnection, job_class: str, arguments: str, found: Sequence[JobLine]) -> None:
    """The same for a class and arguments."""
    if found:
        click.echo(f"{len(found)} jobs of {visible(job_class)} have these arguments. Ask for one of them:", err=True)
        for job in found[:_LISTED]:
            came = f"{job.came_at:%Y-%m-%d %H:%M:%S} UTC" if job.came_at else "unknown time"
            click.echo(f"  jobtrail why {visible(job.job_id)}   {came}, {job.state}", err=True)
        if len(found) > _LISTED:
            click.echo(f"  and {len(found) - _LISTED:,} more: jobtrail jobs --class {visible(job_class)}", err=True)
        return
    click.echo(f"No job of {visible(job_class)} is known to have the arguments {visible(arguments)}.", err=True)
    known = classes(db)
    if job_class not in known and (near := get_close_matches(job_class, known, n=1)):
        click.echo(f"Did you mean the class {visible(near[0])}?", err=True)
    click.echo(
        f"Some inputs show no arguments. To look for a part of them: jobtrail jobs --class {visible(job_class)} "
        "--arg VALUE",
        err=True,
    )


def _explain(db: duckdb.DuckDBPyConnection, job_id: str, found: Sequence[JobLine]) -> None:
    """Why there is not one job to tell of, and what to ask instead."""
    if found:
        click.echo(f"{len(found)} jobs were known as {visible(job_id)}. Ask for one of them by its own id:", err=True)
        for job in found:
            name = job.job_id if sum(other.job_id == job.job_id for other in found) == 1 else job.job_key
            click.echo(
                f"  jobtrail why {visible(name)}   {visible(job.job_class or 'no class')}, {job.state}", err=True
            )
        return
    click.echo(f"No job was known as {visible(job_id)}.", err=True)
    if near := ids_like(db, job_id):
        click.echo("Did you mean " + " or ".join(visible(each) for each in near) + "?", err=True)
    for line in lines_with(db, job_id):
        click.echo(f"  {visible(line.source)}:{line.line} holds it: {visible(line.text)[:160]}", err=True)
        if line.job_id:
            click.echo(f"    which job {visible(line.job_id)} said: jobtrail why {visible(line.job_id)}", err=True)
    inputs, first_at, last_at = db.execute(question(__package__, "period_read")).fetchall()[0]
    covered = f", from {first_at:%Y-%m-%d %H:%M:%S} to {last_at:%Y-%m-%d %H:%M:%S} UTC" if first_at else ""
    click.echo(
        f"{inputs} inputs were read{covered}. To look for an argument: jobtrail jobs --arg {visible(job_id)}",
        err=True,
    )


def _print(out: Console, told: Story, zone: tzinfo, *, every: bool) -> None:
    _print_job(out, told.life, zone)
    _print_steps(out, told.life, zone, every=every)
    _print_verdict(out, told.verdict)


def _print_job(out: Console, life: Life, zone: tzinfo) -> None:
    what = visible(life.job_class or "class unknown")
    where = f" on queue {visible(life.queue)}" if life.queue else ""
    out.print(Text(f"{what}{where}, {life.system} job "), plain(life.job_id), sep="", soft_wrap=True)
    if life.arguments is not None:
        out.print("  arguments  ", plain(life.arguments), sep="", soft_wrap=True)
    for alias in life.aliases:
        out.print(f"  {alias.kind.replace('_', ' '):11}", plain(alias.id), sep="", soft_wrap=True)
    if life.parent_job_id:
        out.print("  enqueued by job ", plain(life.parent_job_id), sep="", soft_wrap=True)
    unended = " (no end seen)" if life.state == "running" else ""
    out.print(
        f"  state      {life.state}{unended}, as of {shown(life.as_of, zone)} {life.as_of.astimezone(zone).tzname()}\n"
    )


def _print_steps(out: Console, life: Life, zone: tzinfo, *, every: bool) -> None:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=3)
    table.add_column(overflow="fold", ratio=1, style="dim")
    day = None
    for step in life.steps if every else _without_repetition(life.steps):
        if isinstance(step, int):
            table.add_row("", Text(f"… {step:,} more of the same …", style="dim"), "")
            continue
        local = step.at.astimezone(zone) if step.at else None
        if local and local.date() != day:
            day = local.date()
            table.add_row(Text(f"{day}", style="bold"), Text(local.tzname() or "", style="dim"), "")
        table.add_row(f"{local:%H:%M:%S}.{local:%f}"[:12] if local else "no time", plain(visible(step.text)),
                      plain(f"{step.source}:{step.line}"))  # fmt: skip
    if life.steps_left_out:
        table.add_row("", Text(f"{life.steps_left_out:,} pieces of evidence in between are left out"), "")
    if not life.steps:
        out.print("No input says more of it than its id.")
    out.print(table)


def _without_repetition(steps: Sequence[Step]) -> Iterator[Step | int]:
    """The steps; of many alike in a row the first and the last, and between them how many are left out."""
    for (kind, _, _), group in groupby(steps, key=_alike):
        alike = list(group)
        half = _ALIKE[kind] // 2
        if len(alike) <= 2 * half:
            yield from alike
        else:
            yield from alike[:half]
            yield len(alike) - 2 * half
            yield from alike[-half:]


def _alike(step: Step) -> tuple[str, str, str]:
    return step.kind, step.event, step.text if step.kind == "snapshot" else ""


def _print_verdict(out: Console, verdict: Verdict) -> None:
    out.print()
    out.print(Text(f"{visible(verdict.sentence)}.", style="bold"))
    rows = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("confidence", plain(visible(f"{verdict.confidence}: {verdict.confidence_reason}")))
    for place, each in enumerate(verdict.rests_on):
        rows.add_row("rests on" if place == 0 else "", plain(visible(f"{each.source}:{each.line} {each.text}")))
    for heading, sentences in (("also", verdict.notes), ("not seen", verdict.unseen), ("next", verdict.next_steps)):
        for place, sentence in enumerate(sentences):
            rows.add_row(heading if place == 0 else "", plain(visible(sentence)))
    out.print(Padding(rows, (0, 0, 0, 2)))
