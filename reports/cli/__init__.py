"""The command line: one command per file, loaded only when it is called, so that ``--help`` answers at once."""

from __future__ import annotations

import os
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import click

COMMANDS = {
    "ingest": ("reports.cli.ingest", "Read logs, spans and snapshots into the database."),
    "check": ("reports.cli.check", "Look for stuck, lost, duplicated, retried and slow jobs."),
    "why": ("reports.cli.why", "Tell one job's life from every input, and the verdict."),
    "jobs": ("reports.cli.jobs", "List and search jobs by class, queue, state, argument, error and time."),
    "report": ("reports.cli.report", "Write an incident report."),
    "sql": ("reports.cli.sql", "Ask the database a question of your own, read-only."),
    "demo": ("reports.cli.demo", "Investigate a sample incident."),
}
"""Command to the module that holds it as ``command``, and what it does in a sentence."""

FOUND, TROUBLE, NO_DATA = 1, 2, 3
"""Exit codes besides 0: findings, a usage or input error, nothing to look at."""


class _Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


def _settings() -> dict[str, Any]:
    """What ``jobtrail.toml`` in the working folder says: a table per command, options by their names."""
    path = Path("jobtrail.toml")
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} is no valid TOML: {error}") from error


@click.group(cls=_Commands, context_settings={"auto_envvar_prefix": "JOBTRAIL", "help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jobtrail")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """
    Find out what happened to your background jobs.

    Start with: jobtrail ingest LOGS... and then jobtrail check.
    """
    ctx.default_map = _settings()


def main() -> None:
    """Run the command line. Exit codes: 0 clean, 1 findings, 2 usage or input error, 3 no data."""
    try:
        cli(prog_name="jobtrail")
    except Exception as error:
        if os.environ.get("JOBTRAIL_DEBUG"):
            raise
        click.echo(
            f"jobtrail: {type(error).__name__}: {error}\n"
            "This is a bug in jobtrail. Run it again with JOBTRAIL_DEBUG=1 and report what it prints.",
            err=True,
        )
        sys.exit(TROUBLE)
