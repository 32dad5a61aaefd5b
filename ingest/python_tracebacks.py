"""A Python traceback in the words of a log record: which error it ends with, and the traceback itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BEGIN = re.compile(r"^[ \t|]*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):", re.MULTILINE)
_ERROR = re.compile(r"(?P<error>[A-Za-z_][\w.]*)(?:$|:[ \t]?(?P<message>.*))", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class TracebackError:
    """The error that a traceback ends with: class as written, dotted where it was, message, and the traceback."""

    error_class: str
    error_message: str | None
    traceback: str


def error_of(text: str) -> TracebackError | None:
    """
    The error of the last traceback in a text, or None where there is none. An error that was caused by others comes
    last, so the last one is what ended the job. The message keeps its further lines.
    """
    begins = [match.start() for match in _BEGIN.finditer(text)]
    if not begins:
        return None
    last = text[begins[-1] :].split("\n")
    indent = len(last[0]) - len(last[0].lstrip(" \t|+"))
    for number, line in enumerate(last[1:], start=1):
        told = line[indent:]
        if match := _ERROR.match(told):
            message = match["message"]
            return TracebackError(
                error_class=match["error"],
                error_message=None
                if message is None
                else "\n".join([message, *last[number + 1 :]]).rstrip("\n") or None,
                traceback=text[begins[0] :].rstrip("\n"),
            )
    return None
