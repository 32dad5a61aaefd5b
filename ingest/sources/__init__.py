"""The input formats, one per file. The first that claims a line reads it."""

from __future__ import annotations

from ingest.sources import (
    active_job_json,
    active_job_text,
    celery_beat,
    celery_events,
    celery_json,
    celery_snapshot,
    celery_text,
    delayed_job_snapshot,
    delayed_job_text,
    dramatiq_snapshot,
    dramatiq_text,
    job_log,
    jobrunner_snapshot,
    otlp_json,
    procrastinate_events,
    procrastinate_jobs,
    procrastinate_snapshot,
    procrastinate_text,
    procrastinate_workers,
    resque_scheduler,
    resque_snapshot,
    resque_text,
    sidekiq_json,
    sidekiq_snapshot,
    sidekiq_text,
)
from ingest.sources.source import Parsed, Rows, Source

SOURCES: tuple[Source, ...] = (
    job_log.SOURCE,
    jobrunner_snapshot.SOURCE,
    otlp_json.SOURCE,
    sidekiq_json.SOURCE,
    sidekiq_text.SOURCE,
    sidekiq_snapshot.SOURCE,
    dramatiq_text.SOURCE,
    dramatiq_snapshot.SOURCE,
    procrastinate_text.SOURCE,
    procrastinate_events.SOURCE,
    procrastinate_jobs.SOURCE,
    procrastinate_workers.SOURCE,
    procrastinate_snapshot.SOURCE,
    resque_text.SOURCE,
    resque_scheduler.SOURCE,
    resque_snapshot.SOURCE,
    delayed_job_text.SOURCE,
    delayed_job_snapshot.SOURCE,
    active_job_json.SOURCE,
    active_job_text.SOURCE,
    celery_text.SOURCE,
    celery_beat.SOURCE,
    celery_events.SOURCE,
    celery_json.SOURCE,
    celery_snapshot.SOURCE,
)

__all__ = ["SOURCES", "Parsed", "Rows", "Source"]
