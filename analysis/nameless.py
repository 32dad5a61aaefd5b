"""Jobs that their system gives no id: what is said of them is no surer than which of them it is said of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.finding import Confidence


def as_sure_as_told_apart(confidence: Confidence, reason: str, *, ambiguous: int, jobs: int) -> tuple[Confidence, str]:
    """
    Confidence and reason: low at most where none of the jobs can be told from an equal one, medium where some cannot.
    """
    if not ambiguous or (ambiguous < jobs and confidence != "high"):
        return confidence, reason
    doubt = (
        "the system gives no ids, and jobs of one class and the same arguments met, so that it is a guess whose runs"
    )
    some = f"those of {ambiguous:,} of {jobs:,} are" if ambiguous < jobs else "these are"
    return ("low" if ambiguous == jobs else "medium"), f"{doubt} {some}; {reason}"
