"""
Redis keys at one moment as a JSON document, each typed as Redis types it, whatever system they are of.

    {"captured_at": "2026-03-01T22:00:05.1Z", "redis_time": [1772402405, 90000],
     "keys": {"queues": {"type": "set", "ttl_ms": -1, "value": ["mailers"]}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest import untrusted_json as read

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from ingest.untrusted_json import Fields

_OF_RESQUE = (
    r'"keys"\s*:\s*\{\s*"resque:'
    r'|"system"\s*:\s*"resque"'
    r'|"(?:[^"\\]*:)?(?:workers"\s*:\s*\{\s*"type"\s*:\s*"set"|workers:heartbeat"|failed_queues"'
    r'|worker:[^"\\]+:[0-9]+:[^"\\]*"\s*:\s*\{\s*"type"\s*:\s*"string"|delayed_queue_schedule"'
    r'|failed"\s*:\s*\{\s*"type"\s*:\s*"list")'
)
"""Keys that Resque writes and Sidekiq does not, or what says so outright."""


def is_redis_document(beginning: pl.Expr) -> pl.Expr:
    """Whether a document begins like Redis keys at one moment."""
    return (
        beginning.str.contains(r"^\x{feff}?\s*\{")
        & beginning.str.contains(r'"captured_at"\s*:')
        & beginning.str.contains(r'"keys"\s*:\s*\{|"redis_time"\s*:\s*\[')
        & ~beginning.str.contains(r'"keys"\s*:\s*\{\s*"[^"]*"\s*:\s*\d')  # where they are only counted
    )


def is_of_resque(beginning: pl.Expr) -> pl.Expr:
    """Whether those keys are Resque's; without a sign of it they are taken for Sidekiq's."""
    return beginning.str.contains(_OF_RESQUE)


def taken_at(fields: Fields) -> datetime:
    """When it was taken, by Redis' own clock where that was noted. Raises ValueError where nothing tells."""
    moment = fields.take("redis_time", _redis_time) or fields.take("captured_at", read.iso)
    if moment is None:
        raise ValueError('neither "redis_time" nor "captured_at" tells when it was taken')
    return moment


def keys_of(document: dict[str, Any]) -> dict[str, Any]:
    """Its keys. Raises ValueError where there are none."""
    keys = document.get("keys")
    if not isinstance(keys, dict):
        raise ValueError('"keys" is missing or no object')  # noqa: TRY004 - bad input is one kind of error here
    return keys


def _redis_time(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    """Redis' own clock: seconds, and microseconds beside them."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - the two numbers of TIME
        return None
    seconds, microseconds = (read.long_integer(part) for part in value)
    return None if seconds is None or microseconds is None else read.epoch_seconds(f"{seconds}.{microseconds:06d}")
