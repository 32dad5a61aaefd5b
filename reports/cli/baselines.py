"""Baseline files: what an earlier check found."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.baseline import Baseline, BaselineError, baseline_of, from_text, to_text
from analysis.counts import count
from analysis.finding import Investigation
from reports.cli import Trouble
from reports.cli.whole_files import write_whole


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file. Raises ``Trouble`` with the words of what is wrong with it."""
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Trouble(f"there is no baseline {path}: write one with --write-baseline {path}") from error
    except OSError as error:
        raise Trouble(f"cannot read the baseline {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Trouble(f"cannot use {path}: it is no text") from error
    except BaselineError as error:
        raise Trouble(f"cannot use {path}: {error}") from error


def refuse_to_overwrite(path: Path) -> None:
    """Raises ``Trouble`` where the file is there and holds something else than a baseline."""
    try:
        if not path.exists() or (path.is_file() and path.stat().st_size == 0):
            return
        read_baseline(path)
    except Trouble as error:
        raise Trouble(f"will not write over {path}, because it is something else: {error.message}") from error


def write_baseline(path: Path, investigation: Investigation) -> None:
    """Write what was found, and say so beside the output."""
    if investigation.as_of is None:
        return
    baseline = baseline_of(investigation, investigation.as_of)
    write_whole(path, to_text(baseline))
    click.echo(f"Baseline of {count(len(baseline.findings), 'finding')} written to {path}", err=True)
