"""What people ask, and which kind of input answers it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, what inputs must show to answer it, and which input would show that."""

    words: str
    needs: frozenset[str]
    answered_by: str


QUESTIONS = (
    Question(
        words="Which runs failed, and how often was a job tried?",
        needs=frozenset({"starts", "errors"}),
        answered_by="a worker's log",
    ),
    Question(
        words="Which runs never ended?",
        needs=frozenset({"starts", "ends"}),
        answered_by="a worker's log",
    ),
    Question(
        words="Did the worker die, or is the job hanging?",
        needs=frozenset({"workers", "heartbeats"}),
        answered_by="a snapshot of the queue system taken after the incident",
    ),
    Question(
        words="Which jobs never started, and on which queue do they wait?",
        needs=frozenset({"queues"}),
        answered_by="a snapshot of the queue system",
    ),
    Question(
        words="How long did jobs wait before they ran?",
        needs=frozenset({"enqueues", "starts"}),
        answered_by="the log or the spans of the application that enqueues",
    ),
    Question(
        words="Was the same work enqueued twice?",
        needs=frozenset({"arguments"}),
        answered_by="a log or a snapshot that holds the jobs' arguments",
    ),
)


def answered(shown: Iterable[str]) -> tuple[list[Question], list[Question]]:
    """The questions that inputs showing these things can answer, and those they cannot."""
    shown = set(shown)
    can = [question for question in QUESTIONS if question.needs <= shown]
    return can, [question for question in QUESTIONS if question not in can]
