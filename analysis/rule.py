"""What a rule is: a question in SQL, its parameters, and how an answer becomes a finding."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from analysis.finding import Confidence, Severity

Row = Mapping[str, Any]
"""One row of a rule's answer: column name to value; times naive UTC, as the database has them."""

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


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[P]):
    """
    One question about jobs.

    Its SQL stands beside its module, under the same name. It reads derived tables only, takes ``$as_of`` and the
    fields of ``params`` as parameters, and answers with a row per job and execution concerned: ``job_key``,
    ``attempt`` (null where the job as a whole is meant), ``first_at``, ``last_at``, the columns of ``subject``, and
    whatever ``verdict`` needs. Rows that agree on ``subject`` make one finding.
    """

    name: str
    family: str
    params: P
    subject: tuple[str, ...]
    needs: tuple[str, ...]
    """What at least one input must show for the question to make sense: starts, ends, errors, enqueues, queues, ..."""
    verdict: Callable[[Sequence[Row], P], Verdict]

    @property
    def sql(self) -> str:
        """The question. Raises ``FileNotFoundError`` where the .sql file is missing."""
        return files("analysis.rules").joinpath(f"{self.name.replace('-', '_')}.sql").read_text(encoding="utf-8")

    @property
    def docstring(self) -> str:
        """The rule's own words: first line the definition, then headings."""
        return inspect.getdoc(sys.modules[f"analysis.rules.{self.name.replace('-', '_')}"]) or ""
