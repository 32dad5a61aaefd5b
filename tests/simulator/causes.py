"""Which planted cause each finding comes of, as the ledger of a life knows it."""

from __future__ import annotations

from collections import Counter, defaultdict

from analysis.finding import Finding
from tests.simulator.faults import RIGHT
from tests.simulator.life import Job, Life, Trouble
from tests.simulator.written import MIDNIGHT

_MOST = 0.5
_MEANWHILE = 3600.0


class Causes:
    """The causes of one life. One that hits many jobs, or one job several times, is one."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._of_jobs: dict[str, set[str]] = defaultdict(set)
        for job in life.jobs:
            self._of_jobs[job.id] |= job.causes | self._held_up(job)

    def _held_up(self, job: Job) -> set[str]:
        """Nothing was planted on it, and it waits: no worker reads its queue, or nothing moves what is due."""
        if job.runs and job.runs[-1].outcome != "pushed back":
            return {"scheduler-dead"} if self._planted("scheduler-dead") and self._waits_for_retry(job) else set()
        if job.delay is not None and self._planted("scheduler-dead"):
            return {"scheduler-dead"}
        if job.queue in ("images", "exports") and self._planted("workers-missing"):
            return {"workers-missing"}
        return set()

    def _planted(self, fault: str) -> bool:
        return any(fault in job.faults for job in self._life.jobs)

    def _waits_for_retry(self, job: Job) -> bool:
        return any(job is held for _, held in self._life.looks[-1].retrying)

    def of(self, finding: Finding) -> str | None:
        """The cause of most of its jobs or, about a queue or class, what was planted on that; None if none."""
        counts = Counter(cause for job_id in finding.jobs for cause in self._likely(finding.rule, job_id))
        if counts:
            cause, jobs = min(counts.items(), key=lambda each: (-each[1], each[0]))
            if jobs >= _MOST * len(finding.jobs):
                return cause
        return next((trouble.fault for trouble in self._life.troubles if _is_about(finding, trouble)), None)

    def _likely(self, rule: str, job_id: str) -> set[str]:
        """Of the causes of a job those that the rule names rightly; all where it names none of them."""
        causes = self._of_jobs[job_id]
        return {cause for cause in causes if rule in RIGHT.get(cause.partition(" ")[0], ())} or causes


def _is_about(finding: Finding, trouble: Trouble) -> bool:
    if finding.first_at is None or finding.rule not in RIGHT[trouble.fault]:
        return False
    since, until = ((at - MIDNIGHT).total_seconds() for at in (finding.first_at, finding.last_at or finding.first_at))
    at_that_time = since <= trouble.ends_at + _MEANWHILE and until >= trouble.begins_at - _MEANWHILE
    return at_that_time and trouble.subject in (finding.subject.get("queue"), finding.subject.get("job_class"))
