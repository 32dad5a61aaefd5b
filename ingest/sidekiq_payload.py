"""A Sidekiq job as it is stored and logged: the facts that its payload holds, Active Job's wrapped inside or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest import untrusted_json as read
from ingest.active_job_arguments import plain_arguments_text
from ingest.snapshot_rows import Row
from ingest.untrusted_json import Fields

_RETRIES_UNLESS_SAID = 25
_TOLD = (
    "job_id",
    "provider_job_id",
    "job_class",
    "queue",
    "attempt",
    "max_attempts",
    "arguments",
    "enqueued_at",
    "attributes",
)


def payload_facts(payload: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """
    The columns of ``job_events`` that the payload of a job tells which has just failed.

    Raises ``ValueError`` for a payload without an id.
    """
    if not isinstance(payload, dict):
        raise ValueError("the payload is no object")  # noqa: TRY004 - one kind of error for bad input
    row = job_row(Fields.of(payload), {"held_in": "running"}, {})
    attempt, allowed = row["attempt"], row["max_attempts"]
    return {name: row[name] for name in _TOLD} | {
        "will_retry": None if attempt is None or allowed is None else attempt < allowed
    }


def job_row(job: Fields, found: Row, aside: Row) -> Row:
    payload = dict(job.left)
    active_job = _active_job(job)
    jid = job.take("jid", read.text)
    job_id = active_job.take("job_id", read.text) if active_job else jid
    if not job_id:
        raise ValueError('no "jid"')
    job_class = job.take("wrapped", read.text) if active_job else job.take("class", read.text)
    stored = active_job.take("arguments", read.json_value) if active_job else job.take("args", read.json_value)
    arguments = plain_arguments_text(stored) if active_job and stored else stored
    queue = job.take("queue", read.text)
    retried_at, failed_at = read.epoch(payload.get("retried_at")), read.epoch(payload.get("failed_at"))
    earlier = (active_job and active_job.take("executions", read.integer)) or 0
    job.aside = {**aside, "active_job": active_job.left or None if active_job else None}
    return {
        "job_id": job_id,
        "provider_job_id": jid if active_job else None,
        "job_class": job_class,
        "attempt": _within_32_bits(earlier, _attempt(found["held_in"], payload.get("retry_count"))),
        "max_attempts": _within_32_bits(earlier, _max_attempts(payload)),
        "arguments": arguments,
        "created_at": job.take("created_at", read.epoch),
        "enqueued_at": job.take("enqueued_at", read.epoch),
        "failed_at": retried_at or failed_at,
        "error_class": job.take("error_class", read.text),
        "error_message": job.take("error_message", read.text),
        **found,
        "queue": _first(found.get("queue"), queue),
        "attributes": job.attributes(),
    }


def _active_job(job: Fields) -> Fields | None:
    """The Active Job inside a wrapper's payload, which is then left without it."""
    arguments = job.left.get("args")
    inner = arguments[0] if isinstance(arguments, list) and len(arguments) == 1 else None
    if (
        not isinstance(inner, dict)
        or not isinstance(job.left.get("wrapped"), str)
        or not read.text(inner.get("job_id"))
    ):
        return None
    del job.left["args"]
    return Fields.of(inner)


def _attempt(held_in: str, retry_count: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """Executions so far, the running one included; ``retry_count`` is 0 after the first failure."""
    failures = 0
    if retry_count is not None:
        counted = read.integer(retry_count)
        if counted is None:
            return None
        failures = counted + 1
    return failures + (held_in == "running")


def _max_attempts(payload: Mapping[str, Any]) -> int | None:
    retry = payload.get("retry")
    if retry is None or retry is True:
        return _RETRIES_UNLESS_SAID + 1
    if retry is False:
        return 1
    retries = read.integer(retry)
    return None if retries is None or retries < 0 else retries + 1


def _within_32_bits(earlier: int, later: int | None) -> int | None:
    return None if later is None else read.integer(earlier + later)


def _first(*values: Any) -> Any:  # noqa: ANN401 - whatever it is given
    return next((value for value in values if value is not None), None)
