"""Runs a job at once, in the call that enqueues it: for scripts and consoles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobrunner.adapters.adapter import Adapter
from jobrunner.json_lines import through_json

if TYPE_CHECKING:
    from datetime import datetime

    from jobrunner.job import Job


class Inline(Adapter):
    """Has no queue. The job runs from its hash, as by a worker, and what it raises goes to whoever enqueued it."""

    def enqueue(self, job: Job) -> None:
        from jobrunner.execution import perform  # noqa: PLC0415 - it knows jobs, which know adapters

        perform(through_json(job.serialize()))

    def enqueue_at(self, job: Job, moment: datetime) -> None:
        raise NotImplementedError(
            f"{job.job_class} is to run at {moment:%Y-%m-%d %H:%M:%S %Z}, and Inline runs jobs at once: "
            "use AsyncThreads or a backend with a queue for jobs with a wait, retries among them"
        )
