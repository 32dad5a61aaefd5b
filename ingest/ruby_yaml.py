"""Objects that Ruby wrote as YAML, read as plain values: no tag is ever revived, only kept by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

_MOST_NODES = 100_000
"""Values that a text may stand for once its aliases are followed; a few lines could stand for billions."""
_DEEPEST = 100
_BEGINS_A_LEVEL = "[{-?:"
_SURELY_SHALLOW = 1000
"""Levels that the YAML library has stack for on any machine."""
_INTEGER, _FLOAT, _BOOL, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True)
class RubyObject:
    """What a text holds."""

    tag: str
    """Its Ruby tag without the exclamation mark, such as ``ruby/struct:ReportJob``; '' where it has none."""
    value: Any
    """The same as plain JSON values; tags further inside are left out, symbols are text."""
    tags: dict[str, str]
    """Key of the outermost mapping to the Ruby tag of its value, where it has one."""


def read_object(text: str) -> RubyObject:
    """Raises ValueError, in words, for a text that is no YAML or stands for too much."""
    try:
        if _is_deep(text):
            raise ValueError("it is nested too deeply")  # noqa: TRY301 - told as all that is no YAML for us
        node = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"no valid YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise ValueError("no YAML value")
    reader = _Reader()
    value = reader.value(node, 0)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    tags = {str(reader.value(key, 0)): tag for key, inner in pairs if (tag := _ruby_tag(inner))}
    return RubyObject(tag=_ruby_tag(node), value=value, tags=tags)


def _is_deep(text: str) -> bool:
    """
    Whether values lie so deep in each other that making nodes of them would run out of stack, which nothing catches.

    Each level begins with one of a few characters; where there are not many of them, nothing needs to be read.
    """
    if sum(text.count(mark) for mark in _BEGINS_A_LEVEL) <= _SURELY_SHALLOW:
        return False
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _SURELY_SHALLOW:
            return True
    return False


@dataclass
class _Reader:
    """Counts the values while it makes them."""

    read: int = 0

    def value(self, node: yaml.Node, depth: int) -> Any:  # noqa: ANN401 - any JSON value
        self.read += 1
        if self.read > _MOST_NODES or depth > _DEEPEST:
            raise ValueError("it stands for more values, or deeper ones, than are read")
        if isinstance(node, yaml.MappingNode):
            return {_key(self.value(key, depth + 1)): self.value(inner, depth + 1) for key, inner in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(inner, depth + 1) for inner in node.value]
        return _scalar(str(node.tag), str(node.value))


def _key(key: Any) -> str:  # noqa: ANN401 - any JSON value
    """A symbol as a key is written with its colon."""
    return str(key)


def _scalar(tag: str, text: str) -> Any:  # noqa: ANN401 - any plain value
    if tag == _NULL:
        return None
    if tag == _BOOL:
        return text.lower() in ("true", "yes", "on")
    try:
        if tag == _INTEGER and text.lstrip("+-").isdigit() and len(text) < 30:  # noqa: PLR2004 - longer ones are text
            return int(text)
        if tag == _FLOAT:
            found = float(text)
            return found if abs(found) < float("inf") else text
    except ValueError:
        return text
    return text.removeprefix(":") if tag.endswith(":str") and text[:1] == ":" and text[1:2].isalpha() else text


def _ruby_tag(node: yaml.Node) -> str:
    tag = str(node.tag)
    return tag.removeprefix("!") if tag.startswith("!") else ""
