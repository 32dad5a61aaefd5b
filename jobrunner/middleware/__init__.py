"""
What wraps a job, outermost first.

tracing
    outermost, so that the span covers all the others do and the log lines can name its trace
job_log
    the line ``started`` is written before, the last line after the work
heartbeat
    innermost: it only speaks of jobs that run
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobrunner.middleware.heartbeat import Heartbeat
from jobrunner.middleware.job_log import JobLog
from jobrunner.middleware.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jobrunner.middleware.middleware import Middleware

MIDDLEWARE: tuple[type[Middleware], ...] = (Tracing, JobLog, Heartbeat)


def in_order(given: Iterable[Middleware]) -> tuple[Middleware, ...]:
    """Put ours in the table's order, whatever order they came in; an application's own come innermost."""
    return tuple(
        sorted(given, key=lambda each: MIDDLEWARE.index(type(each)) if type(each) in MIDDLEWARE else len(MIDDLEWARE))
    )
