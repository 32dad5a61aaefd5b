"""jobtrail demo: an incident out of sample_logs/, from raw files to the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

import reports
from analysis.check import check
from reports.cli.evidence import evidence, load_and_derive
from reports.cli.report import write

_SAMPLES = Path(reports.__file__).parent.parent / "sample_logs"
_DEFAULT = "retry-storm"


def _titles() -> Mapping[str, str]:
    """The stories that are there by name, each with the heading of the text beside its folder."""
    tellings = sorted(_SAMPLES.glob("*.md"))
    return {
        telling.stem: telling.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        for telling in tellings
        if telling.with_suffix("").is_dir()
    }


def _known(_ctx: click.Context, _param: click.Parameter, story: str) -> str:
    titles = _titles()
    if not titles:
        raise click.ClickException("the stories come with the repository: run this from a clone of it")
    if story not in titles:
        raise click.BadParameter(f"there is no story {story!r}; there are {', '.join(titles)}")
    return story


_LIST = "\n".join(f"{name:24}{title}" for name, title in _titles().items())
_EPILOG = f"Stories:\n\n\b\n{_LIST}\n\nExample: jobtrail demo slow-export"


@click.command(epilog=_EPILOG)
@click.argument("story", default=_DEFAULT, callback=_known)
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("jobtrail-demo"), show_default=True
)
def command(story: str, folder: Path) -> None:
    """
    Investigate a sample incident: read it, check it, write its report.

    STORY is one of those below; without it, retry-storm.
    """
    folder = folder / story
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "jobtrail.duckdb"
    database.unlink(missing_ok=True)  # the story may have been written anew since the last time
    load_and_derive(database, [_SAMPLES / story])
    with evidence(database, (), None) as db:
        write(db, check(db), [folder / "incident.html"], title=_titles()[story])
    click.echo(f"Look further with: jobtrail check --db {database}")
