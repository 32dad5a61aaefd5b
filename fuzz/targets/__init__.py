"""What is tried. A promise is a function of bytes that raises where it does not hold."""

from __future__ import annotations

from fuzz.target import Target
from fuzz.targets import files, loads, redaction, sources, texts

TARGETS: tuple[Target, ...] = (
    *texts.TARGETS,
    *redaction.TARGETS,
    *files.TARGETS,
    *sources.TARGETS,
    *loads.TARGETS,
)
