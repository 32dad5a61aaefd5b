"""
A job as it stands in a queue: the hash that Active Job writes, key by key.

Keys that are not known, of a newer Rails or of an extension, are kept and written back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jobrunner.arguments import exact_time, read_time


class JobDataError(ValueError):
    """A job's hash that is none."""


@dataclass(frozen=True, kw_only=True)
class JobData:
    """
    A job between enqueue and run; ``arguments`` are still JSON.

    ``job_id`` stays the same over retries, ``provider_job_id`` changes with each push. ``executions`` counts the runs
    begun; ``exception_executions`` those that each ``retry_on`` saw fail, None in data of old versions.
    """

    job_class: str
    job_id: str
    provider_job_id: str | None = None
    queue_name: str = "default"
    priority: int | None = None
    arguments: list[Any] = field(default_factory=list)
    executions: int = 0
    exception_executions: dict[str, int] | None = field(default_factory=dict)
    locale: str = "en"
    timezone: str | None = None
    enqueued_at: datetime | None = None
    scheduled_at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Write the hash; times in UTC with nanoseconds, keys in Active Job's order."""
        return {
            "job_class": self.job_class,
            "job_id": self.job_id,
            "provider_job_id": self.provider_job_id,
            "queue_name": self.queue_name,
            "priority": self.priority,
            "arguments": self.arguments,
            "executions": self.executions,
            "exception_executions": self.exception_executions,
            "locale": self.locale,
            "timezone": self.timezone,
            "enqueued_at": self.enqueued_at and exact_time(self.enqueued_at.astimezone(UTC)),
            "scheduled_at": self.scheduled_at and exact_time(self.scheduled_at.astimezone(UTC)),
            **self.extra,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> JobData:
        """Read the hash; ``JobDataError`` where a key is missing or holds what it cannot."""
        known = {name: told[name] for name in cls.__dataclass_fields__ if name in told and name != "extra"}
        extra = {name: each for name, each in told.items() if name not in known}
        for name, kinds in _KINDS.items():
            if not isinstance(told.get(name), kinds):
                expected = " or ".join("null" if each is type(None) else each.__name__ for each in kinds)
                raise JobDataError(f"{name} of a job's hash is {told.get(name)!r}: it must be {expected}")
        known["queue_name"] = known.get("queue_name") or "default"
        known["executions"] = known.get("executions") or 0
        known["locale"] = known.get("locale") or "en"
        known["exception_executions"] = told.get("exception_executions")
        for name in ("enqueued_at", "scheduled_at"):
            known[name] = _moment(name, told.get(name))
        return cls(**known, extra=extra)


_NONE = type(None)
_KINDS: Mapping[str, tuple[type, ...]] = {
    "job_class": (str,),
    "job_id": (str,),
    "provider_job_id": (str, int, _NONE),
    "queue_name": (str, _NONE),
    "priority": (int, _NONE),
    "arguments": (list,),
    "executions": (int, _NONE),
    "exception_executions": (dict, _NONE),
    "locale": (str, _NONE),
    "timezone": (str, _NONE),
    "enqueued_at": (str, _NONE),
    "scheduled_at": (str, _NONE),
}


def _moment(name: str, text: str | None) -> datetime | None:
    try:
        return read_time(text) if text else None
    except ValueError as error:
        raise JobDataError(f"{name} of a job's hash is {text!r}: it must be a time with its zone") from error
