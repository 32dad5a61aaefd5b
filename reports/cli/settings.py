"""Options from elsewhere than the command line: ``jobtrail.toml`` in the working folder, and the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

FILE = Path("jobtrail.toml")


def name_by_option(command: click.Command, *path: str) -> None:
    """Let the environment give each option by its name (``JOBTRAIL_CHECK_FAIL_ON``), and ``JOBTRAIL_DB`` to all."""
    if isinstance(command, click.Group):
        for name, member in command.commands.items():
            name_by_option(member, *path, name)
    for name, option in _options(command).items():
        own = "_".join(("JOBTRAIL", *path, name)).upper().replace("-", "_")
        option.envvar = [own, "JOBTRAIL_DB"] if name == "db" else own


def defaults(name: str, command: click.Command, commands: Sequence[str]) -> dict[str, Any]:
    """
    What the file says about a command, as click's ``default_map``; ``db`` may stand above all tables.

    Raises ``ClickException`` for a file that is no TOML, and for a table or a key that nothing reads.
    """
    told = written()
    told.pop("log", None)  # the mappings of logs: ingest.mapping reads and checks them
    told.pop("suppress", None)  # reports.cli.suppressions does
    tables = {key: value for key, value in told.items() if isinstance(value, dict)}
    for key in told:
        if key not in tables and key != "db":
            raise _unknown(f"key {key} above all tables", key, ["db"])
        if key in tables and key not in commands:
            raise _unknown(f"command for the table [{key}]", key, commands)
    for_all = {"db": told["db"]} if "db" in told else {}
    return _of(command, tables.get(name, {}), for_all, f"[{name}]")


def _of(command: click.Command, table: Mapping[str, Any], for_all: Mapping[str, Any], where: str) -> dict[str, Any]:
    options = _options(command)
    found: dict[str, Any] = {options[key].name or key: value for key, value in for_all.items() if key in options}
    members = command.commands if isinstance(command, click.Group) else {}
    for member_name, member in members.items():
        inner = table.get(member_name, {})
        if not isinstance(inner, dict):
            raise click.UsageError(f"{FILE}: {where[:-1]}.{member_name}] must be a table")
        found[member_name] = _of(member, inner, for_all, f"{where[:-1]}.{member_name}]")
    for key, value in table.items():
        option = options.get(key.replace("_", "-"))
        if option is not None:
            found[option.name or key] = value
        elif key not in members:
            raise _unknown(f"option {key} for {where}", key, [*options, *members])
    return found


def _options(command: click.Command) -> dict[str, click.Option]:
    """By the long name that people write, without its dashes."""
    return {
        max(option.opts, key=len).lstrip("-"): option
        for option in command.params
        if isinstance(option, click.Option) and option.name != "help"
    }


def _unknown(what: str, key: str, known: Sequence[str]) -> click.ClickException:
    near = get_close_matches(key, known, n=1)
    there_is = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return click.UsageError(f"{FILE}: there is no {what}; {there_is}")


def written() -> dict[str, Any]:
    """All that the file says. Raises ``ClickException`` for a file that is no TOML."""
    if not FILE.is_file():
        return {}
    import tomllib  # noqa: PLC0415 - only where there is a file

    try:
        return tomllib.loads(FILE.read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"cannot read {FILE}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # beside its own errors, those of numbers with too many digits
        raise click.UsageError(f"{FILE} is no valid TOML: {error}") from error
