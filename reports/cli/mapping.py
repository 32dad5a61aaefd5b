"""jobtrail mapping: from a sample of an unknown log to a mapping that ingest reads it with."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ingest.files import InputFile
from ingest.mapping_proposal import propose
from ingest.reading import open_reader
from reports.cli import NO_DATA, Trouble
from reports.wording import visible

_HEAD = 4 << 20


@click.command()
@click.argument("samples", nargs=-1, required=True, metavar="SAMPLE...", type=click.Path(path_type=Path))
@click.option("--lines", type=click.IntRange(1), default=2000, show_default=True, help="Lines to look at in each file.")
@click.option("--name", help="Name of the format; without it that of the first file.")
@click.pass_context
def command(ctx: click.Context, samples: tuple[Path, ...], lines: int, name: str | None) -> None:
    """
    Propose a mapping for a log that names its fields in its own way.

    Reads the first lines of JSON lines or logfmt and prints what to put into jobtrail.toml, for 'jobtrail ingest' to
    read the log with. What was guessed is marked, and what was left out is listed with an example.
    """
    text = "\n".join("\n".join(_beginning(sample).splitlines()[:lines]) for sample in samples)
    proposal = propose(text, name=_checked(name) if name else _named_after(samples[0]))
    if proposal is None:
        click.echo("No line has keys and a time: a mapping reads JSON lines and logfmt.", err=True)
        ctx.exit(NO_DATA)
    click.echo("\n".join(visible(line) for line in proposal.splitlines()))


def _named_after(sample: Path) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", sample.name.partition(".")[0].lower()).strip("_")
    return stem if stem.endswith("_log") else f"{stem or 'my'}_log"


def _checked(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise click.BadParameter(f"{name!r} must be of a-z, 0-9 and _", param_hint="--name")
    return name


def _beginning(sample: Path) -> str:
    """The first whole lines of a file, decompressed."""
    try:
        head = open_reader(InputFile(path=sample, name=sample.name)).head(_HEAD)
    except OSError as error:
        raise Trouble(f"cannot read {sample}: {error.strerror or error}") from error
    whole = head[: head.rfind(b"\n") + 1] or head
    return whole.decode("utf-8", "replace")
