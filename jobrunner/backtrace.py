"""An exception's backtrace as text, with paths told from the application's root and not from this machine's."""

from __future__ import annotations

import traceback
from pathlib import Path

HERE = Path(__file__).parent.parent


def backtrace(error: BaseException, root: str = "/srv/app") -> str:
    """Write the frames of the application, outermost first; the runner's own say nothing about the fault."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_of_application(frame.filename)]
    return "\n".join(f"{_told_from(root, frame.filename)}:{frame.lineno}: in {frame.name}" for frame in frames)


def _is_of_application(filename: str) -> bool:
    path = Path(filename)
    ours = HERE / "jobrunner"
    return path.parent not in (ours, ours / "adapters", ours / "middleware")


def _told_from(root: str, filename: str) -> str:
    path = Path(filename)
    if "site-packages" in path.parts:
        return "/".join(["/usr/lib/python3", *path.parts[path.parts.index("site-packages") :]])
    if path.is_relative_to(HERE):
        return f"{root}/{path.relative_to(HERE)}"
    return f"/usr/lib/python3/{path.name}"
