"""Prints how well the rules do on simulated days: recall and precision per rule and family."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from tests.simulator.days import FORMS, Form, scored
from tests.simulator.losses import LOSSES, Loss
from tests.simulator.scoring import Score


@click.command()
@click.option("--days", default=5, help="So many days, each judged for itself.")
@click.option("--seed", default=1, help="Of the first day; the others follow.")
@click.option("--length", default=1, help="Days that each is seen with those before it; the last is the bad one.")
@click.option("--jobs", default=3000, help="Jobs a day.")
@click.option("--form", "forms", multiple=True, type=click.Choice(list(FORMS)), default=list(FORMS))
@click.option("--loss", "losses", multiple=True, type=click.Choice(list(LOSSES)), help="Several may come together.")
@click.option("--quiet", is_flag=True, help="Days on which nothing goes wrong.")
@click.option("--wrong", is_flag=True, help="Also name what was missed, said falsely, mixed and split.")
@click.option("--keep", type=click.Path(path_type=Path), help="An empty folder for files and database of one day.")
def main(  # noqa: PLR0913, PLR0917 - options of a command
    days: int,
    seed: int,
    length: int,
    jobs: int,
    forms: Sequence[Form],
    losses: Sequence[Loss],
    quiet: bool,  # noqa: FBT001 - click gives them by name
    wrong: bool,  # noqa: FBT001 - the same
    keep: Path | None,
) -> None:
    """Simulate days and print the score of the rules."""
    for form in forms:
        total = Score()
        began = time.process_time()
        for day in range(seed, seed + days):
            one = scored(day, form, jobs_a_day=jobs, days=length, faulty=not quiet, losses=losses, keep=keep)
            total.add(one)
            if wrong:
                for kind, told in (
                    ("missed", one.missed),
                    ("false ", one.wrong),
                    ("mixed ", one.grouping.mixed),
                    ("split ", one.grouping.split),
                ):
                    for words in told:
                        click.echo(f"seed {day} {form}: {kind} {words}")
        kind = "quiet" if quiet else "bad"
        lost = " and ".join(losses) or "nothing"
        took = time.process_time() - began
        click.echo(total.table(f"{form}: {days} {kind} days of {jobs} jobs, {lost} lost ({took:.0f} s of CPU)"))


main()
