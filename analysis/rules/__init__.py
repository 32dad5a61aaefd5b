"""The rules, one per pair of files."""

from __future__ import annotations

from typing import Any

from analysis.rule import Rule
from analysis.rules import (
    ambiguous_units,
    clock_skew,
    depth_mismatch,
    discarded,
    double_success,
    enqueued_twice,
    hung,
    log_gap,
    lost,
    never_started,
    orphaned,
    overdue,
    overlapping,
    poison,
    queue_latency,
    redelivered,
    retried_often,
    retries_exhausted,
    retries_multiplied,
    retry_storm,
    slow_run,
    unlinked_traces,
    unread_queue,
)

RULES: tuple[Rule[Any], ...] = (
    hung.RULE,
    orphaned.RULE,
    never_started.RULE,
    overdue.RULE,
    lost.RULE,
    redelivered.RULE,
    enqueued_twice.RULE,
    overlapping.RULE,
    double_success.RULE,
    retried_often.RULE,
    retries_exhausted.RULE,
    discarded.RULE,
    retry_storm.RULE,
    retries_multiplied.RULE,
    poison.RULE,
    slow_run.RULE,
    queue_latency.RULE,
    unread_queue.RULE,
    log_gap.RULE,
    clock_skew.RULE,
    depth_mismatch.RULE,
    unlinked_traces.RULE,
    ambiguous_units.RULE,
)
