"""Writes what the contract describes as JSON lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def json_line(value: BaseModel) -> str:
    """One line with its end; fields that are not known are left out."""
    return compact(value.model_dump(exclude_none=True)) + "\n"


def compact(value: object) -> str:
    """JSON without spaces between its parts, in the characters a person reads."""
    return json.dumps(value, default=stamp, ensure_ascii=False, separators=(",", ":"))


def stamp(value: object) -> str:
    """Write a time as the contract wants it: UTC, microseconds, Z."""
    if not isinstance(value, datetime):
        return repr(value)
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def through_json(told: dict[str, Any]) -> dict[str, Any]:
    """Make of a job's hash what a store would give back, sharing nothing with it."""
    read: dict[str, Any] = json.loads(json.dumps(told))
    return read
