"""Thresholds as users set them: ``rule.param=value``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from analysis.durations import duration
from analysis.rule import Rule


class SettingError(Exception):
    """A setting names no rule or no parameter, or its value is none; the words say which and what there is."""


def params_of(rule: Rule[Any], settings: Mapping[str, str]) -> BaseModel:
    """The rule's parameters with these settings (``rule.param`` to value) in their place."""
    given = {}
    for key, value in settings.items():
        name, _, param = key.partition(".")
        if name == rule.name:
            given[param] = _value(rule, param, value)
    try:
        params: BaseModel = type(rule.params).model_validate(rule.params.model_dump() | given)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingError(f"{rule.name}.{first['loc'][0]}: {first['msg'].lower()}") from error
    return params


def refuse_unknown(rules: Sequence[Rule[Any]], settings: Mapping[str, str]) -> None:
    """Raises ``SettingError`` for a setting that no rule has."""
    known = [f"{rule.name}.{param}" for rule in rules for param in type(rule.params).model_fields]
    for key in settings:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            there_is = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise SettingError(f"there is no setting {key}; {there_is}")


def _value(rule: Rule[Any], param: str, value: str) -> timedelta | str:
    field = type(rule.params).model_fields.get(param)
    if field is None or field.annotation is not timedelta:
        return value
    try:
        return duration(value)
    except ValueError as error:
        raise SettingError(f"{rule.name}.{param}: {error}") from error
