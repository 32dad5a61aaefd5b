"""Thresholds as users set them: ``rule.param=value``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from analysis.durations import duration
from analysis.rule import Rule


class SettingError(Exception):
    """A setting names no rule or no parameter, or its value is none; one line says which and what there is."""


def params_of(rule: Rule[Any], settings: Mapping[str, str]) -> BaseModel:
    """The rule's parameters with these settings (``rule.param`` to value) in their place. Raises ``SettingError``."""
    given: dict[str, timedelta | str] = {}
    for key, value in settings.items():
        name, _, param = key.partition(".")
        if name == rule.name:
            given[param] = _value(rule, param, value)
    try:
        params: BaseModel = type(rule.params).model_validate(rule.params.model_dump() | given)
    except ValidationError as error:
        first = error.errors()[0]
        words = first["msg"].removeprefix("Input ").partition(", unable")[0]
        raise SettingError(f"{rule.name}.{first['loc'][0]}: {first['input']!r} will not do, it {words}") from error
    return params


def refuse_unknown(rules: Sequence[Rule[Any]], settings: Mapping[str, str], only: Iterable[str]) -> None:
    """Raises ``SettingError`` for a setting that no rule has, and for a rule that there is not."""
    for name in only:
        rule_named(name, rules)
    for key in settings:
        name, _, param = key.partition(".")
        params = [*type(rule_named(name, rules).params).model_fields]
        if param not in params:
            full = [f"{name}.{each}" for each in params]
            raise SettingError(f"there is no setting {key}; {nearest(key, full)}")


def rule_named(name: str, rules: Sequence[Rule[Any]]) -> Rule[Any]:
    """The rule of this name. Raises ``SettingError``."""
    for rule in rules:
        if rule.name == name:
            return rule
    raise SettingError(f"there is no rule {name}; {nearest(name, [rule.name for rule in rules])}")


def nearest(word: str, known: Sequence[str]) -> str:
    """What may have been meant, or else everything there is."""
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


def _value(rule: Rule[Any], param: str, value: str) -> timedelta | str:
    if type(rule.params).model_fields[param].annotation is not timedelta:
        return value
    try:
        return duration(value)
    except ValueError as error:
        raise SettingError(f"{rule.name}.{param}: {error}") from error
