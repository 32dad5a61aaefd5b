"""From a job's life to one sentence: what became of it, how sure that is, and what it rests on."""

from __future__ import annotations

from datetime import tzinfo

from analysis.finding import Confidence, Evidence, Frozen
from analysis.nameless import as_sure_as_told_apart
from analysis.story.cases import CASES, Kind
from analysis.story.life import Life
from analysis.story.remarks import notes, unseen
from analysis.story.telling import Telling


class Verdict(Frozen):
    """What became of the job. Sentences come without a full stop; they hold text from logs: untrusted."""

    kind: Kind
    sentence: str
    confidence: Confidence
    confidence_reason: str
    """Why no more, and which input would raise it."""
    rests_on: tuple[Evidence, ...]
    notes: tuple[str, ...]
    """What else stands out: long waits, slow runs, other jobs that do the same work."""
    unseen: tuple[str, ...]
    """What no input shows, and which would."""
    next_steps: tuple[str, ...]
    """Safest first; none where nothing is wrong."""


def verdict(life: Life, zone: tzinfo) -> Verdict:
    """The verdict on a life."""
    telling = Telling(zone)
    conclusion = next(said for case in CASES if (said := case(life, telling)))
    confidence, reason = as_sure_as_told_apart(
        conclusion.confidence, conclusion.reason, ambiguous=int(life.identity == "ambiguous"), jobs=1
    )
    return Verdict(
        kind=conclusion.kind,
        sentence=conclusion.sentence,
        confidence=confidence,
        confidence_reason=reason,
        rests_on=tuple(Evidence(source=s.source, line=s.line, at=s.at, text=s.text) for s in conclusion.rests_on),
        notes=tuple(notes(life, telling)),
        unseen=tuple(unseen(life)),
        next_steps=conclusion.next_steps,
    )
