"""What `[[suppress]]` in ``jobtrail.toml`` says not to count; a mistake in it is told and never passed over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import click

from analysis.check import INSTALLATION
from analysis.rules import RULES
from analysis.settings import SettingError, nearest, rule_named
from analysis.suppression import Suppression
from reports.cli.settings import FILE, written

_KEYS = ("rule", "fingerprint", "reason", "until")


def suppressions() -> tuple[Suppression, ...]:
    """
    The suppressions of the file, in its order; none where there is no file.

    Raises ``UsageError`` that names the file and the entry.
    """
    return suppressions_in(written().get("suppress", []))


def suppressions_in(tables: object) -> tuple[Suppression, ...]:
    """The same from the values of the file."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise click.UsageError(f"{FILE}: suppress must be a list of tables: write [[suppress]], with two brackets")
    return tuple(_suppression(number, table) for number, table in enumerate(tables, start=1))


def _suppression(number: int, table: Mapping[str, Any]) -> Suppression:
    parts = _parts(number, table)
    for key, value in table.items():
        if key not in {*_KEYS, *parts}:
            raise _wrong(number, f"there is no key {key}; {nearest(key, [*_KEYS, *parts])}")
        if key != "until" and not isinstance(value, str):
            raise _wrong(number, f"{key} must be text")
    if "rule" not in table and "fingerprint" not in table:
        raise _wrong(number, "it names neither a rule nor a fingerprint")
    if not table.get("reason", "").strip():
        raise _wrong(number, "it needs a reason: say why it does not count")
    fingerprint = table.get("fingerprint")
    if fingerprint is not None and not re.fullmatch(r"[0-9a-f]{16}", fingerprint):
        raise _wrong(number, f"{fingerprint!r} is no fingerprint; `jobtrail check --format json` shows them")
    return Suppression(
        number=number,
        rule=table.get("rule"),
        fingerprint=fingerprint,
        subject={part: table[part] for part in parts if part in table},
        reason=table["reason"].strip(),
        until=_until(number, table),
    )


def _parts(number: int, table: Mapping[str, Any]) -> list[str]:
    """Parts of a subject that the findings meant can have."""
    if "rule" not in table:
        return sorted({part for rule in RULES for part in rule.subject} | {*INSTALLATION})
    try:
        return [*rule_named(str(table["rule"]), RULES).subject, *INSTALLATION]
    except SettingError as error:
        raise _wrong(number, str(error)) from error


def _until(number: int, table: Mapping[str, Any]) -> date | datetime | None:
    until = table.get("until")
    if until is None:
        return None
    if not isinstance(until, date):
        raise _wrong(number, "until must be a day, without quotes: until = 2026-12-31")
    if isinstance(until, datetime) and until.tzinfo is None:
        raise _wrong(number, f"until names no zone: write {until.isoformat()}Z for UTC, or a day alone")
    return until


def _wrong(number: int, words: str) -> click.UsageError:
    return click.UsageError(f"{FILE}, suppress {number}: {words}")
