"""The rules, one per pair of files."""

from __future__ import annotations

from typing import Any

from analysis.rule import Rule
from analysis.rules import (
    enqueued_twice,
    hung,
    never_started,
    orphaned,
    queue_latency,
    redelivered,
    retried_often,
    retries_exhausted,
    retry_storm,
    slow_run,
    unread_queue,
)

RULES: tuple[Rule[Any], ...] = (
    hung.RULE,
    orphaned.RULE,
    never_started.RULE,
    redelivered.RULE,
    enqueued_twice.RULE,
    retried_often.RULE,
    retries_exhausted.RULE,
    retry_storm.RULE,
    slow_run.RULE,
    queue_latency.RULE,
    unread_queue.RULE,
)
