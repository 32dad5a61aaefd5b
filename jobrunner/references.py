"""References to an application's objects, ``gid://app/Model/1``: a run finds what its job names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


class RecordNotFoundError(LookupError):
    """A reference names an object that is not there any more."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The parts of a reference; ``model`` is the class's name, ``id`` its key as text."""

    app: str
    model: str
    id: str

    def __str__(self) -> str:
        return f"gid://{self.app}/{quote(self.model, safe=':')}/{quote(self.id, safe='')}"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference; ``ValueError`` for a text that is none."""
        parts = urlsplit(text)
        names = parts.path.split("/")
        if parts.scheme != "gid" or not parts.netloc or len(names) != 3 or not all(names[1:]):  # noqa: PLR2004 - /Model/1
            raise ValueError(f"{text!r} is no reference: gid://app/Model/id is")
        return cls(parts.netloc, unquote(names[1]), unquote(names[2]))


@runtime_checkable
class Referable(Protocol):
    """An object that a job's arguments carry by reference: define ``job_reference`` in its class."""

    def job_reference(self) -> Reference:
        """Say by what this object is found again; an id of ``""`` means that it is not saved yet."""


class References:
    """Who finds the objects of which application."""

    def __init__(self) -> None:
        self._finders: dict[str, Callable[[Reference], Any]] = {}

    def find_by(self, app: str, finder: Callable[[Reference], Any]) -> None:
        """Let a function find an application's objects; it raises ``RecordNotFoundError`` for one that is gone."""
        self._finders[app] = finder

    def find(self, text: str) -> Any:  # noqa: ANN401 - the application's object
        """Find an object; ``LookupError`` where nobody knows how or it is gone, ``ValueError`` of no reference."""
        reference = Reference.parse(text)
        finder = self._finders.get(reference.app)
        if finder is None:
            raise LookupError(
                f"nobody finds {text}: call REFERENCES.find_by({reference.app!r}, ...) where workers start"
            )
        found = finder(reference)
        if found is None:
            raise RecordNotFoundError(f"{text} was not found")
        return found


REFERENCES = References()
