"""jobtrail demo: a real incident, from raw files to the report."""

from __future__ import annotations

from pathlib import Path

import click

import reports
from analysis.check import check
from reports.cli.evidence import evidence, load_and_derive
from reports.cli.report import write

_STORY = "sidekiq-three-minutes"


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("jobtrail-demo"), show_default=True
)
def command(folder: Path) -> None:
    """Investigate a sample incident: read it, check it, write its report."""
    story = Path(reports.__file__).parent.parent / "sample_logs" / _STORY
    if not story.is_dir():
        raise click.ClickException("the sample incident comes with the repository: run this from a clone of it")
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "jobtrail.duckdb"
    load_and_derive(database, [story])
    with evidence(database, (), None) as db:
        write(db, check(db), [folder / "incident.html"], title="Three bad minutes of a shop")
    click.echo(f"Look further with: jobtrail check --db {database}")
