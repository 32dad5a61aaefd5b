"""The command line: one command per file, loaded only when it is called, so that ``--help`` answers at once."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import click

from reports.cli.settings import defaults, name_by_option
from reports.interrupts import STOPPED, WORDS, end_undisturbed, ending_at_once, noted

COMMANDS = {
    "ingest": ("reports.cli.ingest", "Read logs, spans and snapshots into the database."),
    "check": ("reports.cli.check", "Look for stuck, lost, duplicated, retried and slow jobs."),
    "rules": ("reports.cli.rules", "List the rules of check, or explain one."),
    "why": ("reports.cli.why", "Tell one job's life from every input, and the verdict."),
    "jobs": ("reports.cli.jobs", "List and search jobs by class, queue, state, argument, error and time."),
    "report": ("reports.cli.report", "Write an incident report."),
    "sql": ("reports.cli.sql", "Ask the database a question of your own, read-only."),
    "mapping": ("reports.cli.mapping", "Propose how to read a log that names its fields in its own way."),
    "demo": ("reports.cli.demo", "Investigate a sample incident."),
}
"""Command to the module that holds it as ``command``, and what it does in a sentence."""

EXAMPLES = {
    "ingest": "jobtrail ingest /var/log/sidekiq/ snapshot.json",
    "mapping": "jobtrail mapping worker.log >> jobtrail.toml",
    "demo": "jobtrail demo",
}
"""An example for the help of commands that have none in their own."""

FOUND, TROUBLE, NO_DATA, PIPE_CLOSED = 1, 2, 3, 141
"""Exit codes besides 0 and ``STOPPED``: findings; a usage, input or output error; nothing to look at; no reader."""

EXIT_CODES = {
    0: "nothing found at or above --fail-on",
    FOUND: "findings at or above --fail-on, after suppressions and --only-new",
    TROUBLE: "wrong usage, or an input, output or database that cannot be used",
    NO_DATA: "no data to look at",
    STOPPED: "stopped with Ctrl-C",
}
"""What the codes say, for help and docs."""

EXIT_CODES_TABLE = "\b\nExit codes:\n" + "\n".join(f"  {code:<5}{words}" for code, words in EXIT_CODES.items())
"""The same below a command's help."""


class Trouble(click.ClickException):
    """Something a user can mend, in one line."""

    exit_code = TROUBLE


class _Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            return None
        with ending_at_once():
            command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        if cmd_name in EXAMPLES and not command.epilog:
            command.epilog = f"\b\nExample:\n  {EXAMPLES[cmd_name]}\n"
        name_by_option(command, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            there_is = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]}; {there_is}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            ctx.default_map = {name: defaults(name, command, list(COMMANDS))}
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"""\b
Example:
  jobtrail ingest logs/ snapshot.json
  jobtrail check
  jobtrail report incident -o report.html

{EXIT_CODES_TABLE}
""",
)
@click.version_option(package_name="jobtrail", prog_name="jobtrail")
def cli() -> None:
    """
    Find out what happened to your background jobs.

    Every option can also come from jobtrail.toml or from the environment (JOBTRAIL_DB, JOBTRAIL_CHECK_FAIL_ON, ...).
    """


def main() -> None:
    """Run the command line, and end with its exit code."""
    interrupted = noted()
    if sys.stdout is None:  # closed by whoever started it: Python opens none then
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    try:
        code = cli.main(prog_name="jobtrail", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - each has its exit code
        if interrupted() or isinstance(error, click.Abort):
            end_undisturbed()
            click.echo(WORDS, err=True, nl=False)
            code = STOPPED
            _write_no_more()
        else:
            code = _told(error)
    sys.exit(code)


def _told(error: BaseException) -> int:
    """Say what went wrong, and return the exit code of it. Raises the error where someone is to look into it."""
    if isinstance(error, click.ClickException):
        error.show()
        return max(error.exit_code, TROUBLE)
    if isinstance(error, SystemExit | BrokenPipeError):  # how click and rich end when nobody reads on
        _write_no_more()
        return PIPE_CLOSED
    if isinstance(error, OSError):  # commands tell of files themselves: what is left is the output, on a full disk
        click.echo(f"Error: cannot write {error.filename or 'the output'}: {error.strerror or error}", err=True)
        _write_no_more()
        return TROUBLE
    if os.environ.get("JOBTRAIL_DEBUG") or not isinstance(error, Exception):
        raise error
    click.echo(
        f"jobtrail: {type(error).__name__}: {error}\n"
        "This is a bug in jobtrail. Run it again with JOBTRAIL_DEBUG=1 and report what it prints.",
        err=True,
    )
    return TROUBLE


def _write_no_more() -> None:
    """Let go of what is still to be written: at the end Python would try again, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
