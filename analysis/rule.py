"""What a rule is: a question in SQL, its parameters, and how an answer becomes a finding."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from analysis.answer import question
from analysis.finding import Confidence, Severity

Row = Mapping[str, Any]
"""One row of a rule's answer: column name to value; times naive UTC, as the database has them."""

Family = Literal[
    "stuck", "duplicated", "retried", "slow", "failing", "misconfigured", "missing", "workers", "blind spots"
]
"""What kind of complaint a rule voices."""

WOULD_SHOW = {
    "starts": "a worker's log",
    "ends": "a worker's log or spans",
    "errors": "a worker's log or spans",
    "enqueues": "the log of the application that enqueues, or its spans",
    "queues": "a snapshot of the queues",
    "workers": "a snapshot of the queues, or a log with heartbeats",
}
"""What rules may need an input to show, and which input does."""

Count = Annotated[int, Field(ge=1)]
"""A parameter that says how many."""
Times = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""A parameter that says how many times as much."""
Share = Annotated[float, Field(ge=0, le=1)]
"""A parameter that says which part of all, from 0 to 1."""

Unseen = Literal["end", "start", "failure"]
"""What was not seen: the end of a run, in the log of its own worker; a start or a failure, in the log of any."""

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a rule says about the rows that share one subject. The check adds jobs, evidence, SQL and fingerprint."""

    title: str
    severity: Severity
    confidence: Confidence
    confidence_reason: str
    metrics: Mapping[str, float | int | str | None]
    next_steps: Sequence[str]
    unseen: Unseen | None = None
    """Where all of this rests on an event that no input shows: which. With gaps in the inputs it is less sure."""
    across: float | None = None
    """Where it rests on a time from one machine to another: seconds. With clocks far apart it is less sure."""


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[P]):
    """
    One question about jobs.

    Its SQL stands beside its module, under the same name. It reads derived tables only, takes ``$as_of`` and the
    fields of ``params`` as parameters, and answers with a row per job and execution concerned: ``scope``, ``system``,
    ``job_key``, ``job_id``, ``attempt`` (null where the job as a whole is meant), ``first_at``, ``last_at``, the
    columns of ``subject``, and whatever ``verdict`` needs. Rows that agree on scope, system and ``subject`` make one
    finding.

    A row about an input rather than a job has null for ``job_key`` and ``job_id``. It may name the lines that it rests
    on: ``source_id`` with ``line_no``, and ``next_source_id`` with ``next_line_no``.
    """

    name: str
    family: Family
    params: P
    subject: tuple[str, ...]
    needs: tuple[str, ...]
    """What at least one input must show for the question to make sense: keys of ``WOULD_SHOW``."""
    verdict: Callable[[Sequence[Row], P], Verdict]
    clean: Callable[[Row, P], str]
    """Given the row of ``looked_at``: what was looked at and the bar it was held to, when nothing was found."""

    @property
    def sql(self) -> str:
        """The question. Raises ``FileNotFoundError`` where the .sql file is missing."""
        return self._read("")

    @property
    def looked_at(self) -> str:
        """SQL for one row: ``judged``, how many things were held to the bar (none: nothing was asked), and more."""
        return self._read(".looked_at")

    @property
    def docstring(self) -> str:
        """The rule's own words: first line the definition, then headings."""
        return inspect.getdoc(sys.modules[f"analysis.rules.{self.name.replace('-', '_')}"]) or ""

    def _read(self, ending: str) -> str:
        return question("analysis.rules", self.name.replace("-", "_") + ending)
