"""The options that say what is secret, the same for each command that reads files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from ingest.redaction import Redaction, RedactionError

_NAMES = ("redact", "secret_keys", "secret_patterns")


def _checked(use: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], Any]:
    """An option's values as they are, if each can be used."""

    def check(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for value in values:
                use(value)
        except RedactionError as error:
            raise click.BadParameter(str(error)) from error
        return values

    return check


_OPTIONS = (
    click.option("--redact", is_flag=True, help="Store no passwords, tokens, e-mail addresses and card numbers."),
    click.option(
        "--redact-key",
        "secret_keys",
        multiple=True,
        callback=_checked(lambda name: Redaction(keys=(name,))),
        metavar="NAME",
        help="Nor the values of keys with this word in their name. May be given several times.",
    ),
    click.option(
        "--redact-pattern",
        "secret_patterns",
        multiple=True,
        callback=_checked(lambda regex: Redaction().adding(patterns=(regex,))),
        metavar="REGEX",
        help="Nor what this matches, or its group 'secret'. May be given several times.",
    ),
)


def redacting(command: Callable[..., Any]) -> Callable[..., Any]:
    """
    Give a command the options, and hand it what they say as ``redaction``, None where nothing is to be redacted.

    They are refused where the command line gives them without files to read: what a database holds stays as it is.
    """

    @wraps(command)
    def run(
        *words: object,
        paths: tuple[object, ...],
        redact: bool,
        secret_keys: tuple[str, ...],
        secret_patterns: tuple[str, ...],
        **others: object,
    ) -> Any:  # noqa: ANN401 - what the command returns
        given = map(click.get_current_context().get_parameter_source, _NAMES)
        if not paths and ParameterSource.COMMANDLINE in given:
            raise click.UsageError("--redact is for paths: what the database holds stays as it was read")
        wanted = redact or secret_keys or secret_patterns
        redaction = Redaction().adding(keys=secret_keys, patterns=secret_patterns) if wanted else None
        return command(*words, paths=paths, redaction=redaction, **others)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run
