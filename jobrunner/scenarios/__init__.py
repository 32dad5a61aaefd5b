"""
The stories of ``sample_logs/`` that our own workers write, each under a virtual clock, the same bytes every time.

worker_killed
    a worker process dies with jobs in its hands, at night
double_enqueue
    a checkout page sends orders twice
retry_storm
    a payment gateway is silent for three quarters of an hour
slow_export
    three large exports hold the threads of their queue
unread_queue
    a release misspells a queue's name
quiet_day
    nothing is wrong
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobrunner.scenarios import double_enqueue, quiet_day, retry_storm, slow_export, unread_queue, worker_killed

if TYPE_CHECKING:
    from jobrunner.scenarios.story import Story

STORIES: tuple[Story, ...] = (
    worker_killed.STORY,
    double_enqueue.STORY,
    retry_storm.STORY,
    slow_export.STORY,
    unread_queue.STORY,
    quiet_day.STORY,
)
