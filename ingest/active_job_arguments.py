"""
An Active Job's arguments as the job gets them, from the form in which Active Job stores them.

Stored, a hash carries the names of its keys that were symbols, a record its global id, a time or a symbol the
serializer that wrote it. A log line tells the values alone: without these marks equal arguments are equal in both.
"""

from __future__ import annotations

import json
from typing import Any

from ingest.untrusted_json import decoded

_MARKS = ("_aj_symbol_keys", "_aj_ruby2_keywords", "_aj_hash_with_indifferent_access")
_DEEPEST = 100


def plain_arguments(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """The same value without the marks; what is nested more deeply than a hundred levels is left as it is."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [plain_arguments(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"_aj_globalid"}:
        return value["_aj_globalid"]
    if "_aj_serialized" in value and "value" in value:
        return plain_arguments(value["value"], depth + 1)
    return {key: plain_arguments(one, depth + 1) for key, one in value.items() if key not in _MARKS}


def plain_arguments_text(text: str) -> str:
    """The same for JSON text; a string in it that holds JSON itself is read, too."""
    try:
        value = decoded(text)
        inner = decoded(value) if isinstance(value, str) and value[:1] in ("[", "{") else value
    except ValueError:
        return text
    return json.dumps(plain_arguments(inner), ensure_ascii=False)
