"""The rules, one per pair of files."""

from __future__ import annotations

from typing import Any

from analysis.rule import Rule

RULES: tuple[Rule[Any], ...] = ()
