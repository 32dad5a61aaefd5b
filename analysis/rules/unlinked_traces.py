"""
Unlinked traces: spans that some runs or enqueues of a class have and others lack, so that no count of spans is whole.

Why it matters
    A dashboard made of these spans counts too few runs, and a trace ends where the job begins.

What to look at first
    The sampler's settings (OTEL_TRACES_SAMPLER), and whether every machine that enqueues and works is instrumented.

Severity
    Info.

Blind spots
    Runs that no log and no snapshot shows: where spans are the only input, nothing tells how many are missing. A class
    of which no run has a span is taken to be not traced at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.rule import Count, Row, Rule, Share, Verdict


class Params(BaseModel):
    """Thresholds."""

    min_told: Count = 20
    """Runs of a class, or jobs whose run has a span, that are enough to judge."""
    max_without: Share = 0.05
    """No more than this part of them may lack the span."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many lack their span, of how many."""
    told = sum(row["told"] for row in rows)
    lack = told - sum(row["with_span"] for row in rows)
    of_classes = rows[0]["job_class"] or "an unknown class"
    if len(rows) > 1:
        of_classes = f"{len(rows)} classes"
    if rows[0]["part"] == "run":
        title = (
            f"{lack:,} of {count(told, 'run')} of {of_classes} {which(lack, 'has', 'have')} no span, "
            "though the others have one"
        )
        step = "Count runs by logs or by jobtrail, not by spans."
    else:
        title = (
            f"Of {count(told, 'job')} of {of_classes} whose run has a span, {lack:,} "
            f"{which(lack, 'has', 'have')} none of the enqueue"
        )
        step = "Look which applications enqueue these jobs, and whether each of them writes spans."
    return Verdict(
        title=title,
        severity="info",
        confidence="high",
        confidence_reason="within the time that spans cover",
        metrics={"without_span": lack, "told": told, "share_with_span": round((told - lack) / told, 4)},
        next_steps=("Look at the sampling that is set where these spans come from.", step),
    )


def clean(seen: Row, params: Params) -> str:
    """Say how many classes have spans, and of how many runs."""
    if not seen["judged"]:
        return "there is no run that ended"
    if not seen["classes"]:
        return f"{count(seen['judged'], 'run')}; no class has {params.min_told} of which any has a span"
    of = f"{count(seen['runs'], 'run')} of {count(seen['classes'], 'class', 'classes')}"
    return f"no class with spans lacks more than {params.max_without:.0%} of them; {of} judged"


RULE = Rule(
    name="unlinked-traces",
    family="blind spots",
    params=Params(),
    subject=("part",),
    needs=(),
    verdict=verdict,
    clean=clean,
)
