"""Words of a person that are looked for among texts of the database."""

from __future__ import annotations

import json

import click


def words(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """An option's or argument's value as text: bytes that are no UTF-8, which no table holds, become U+FFFD."""
    return None if value is None else readable(value)


def some_id(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The same for an id, which must not be empty: every line would hold it."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty: write the id of a job", ctx, param)
    return None if value is None else readable(value)


def json_text(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A value that must be JSON."""
    if value is None:
        return None
    try:
        json.loads(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is no JSON; write a list or an object: '[42, \"eu\"]'", ctx, param
        ) from error
    return readable(value)


def readable(value: str) -> str:
    """What was typed, without halves of characters."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
