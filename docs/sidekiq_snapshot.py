"""
Take a snapshot of Sidekiq's Redis keys as JSON, reading only. Needs the package ``redis``.

usage: python3 sidekiq_snapshot.py redis://HOST:PORT/DB > snapshot.json
"""

# ruff: noqa: INP001, T201 - a script that stands alone and prints
from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

_EXACT = ("queues", "schedule", "retry", "dead", "processes", "paused", "stat:processed", "stat:failed")
_PATTERNS = ("queue:*", "*:workers", "*:work", "*:[0-9]*:????????????", "cron_job:*")
_PAGE = 1000


def snapshot(redis: Any) -> dict[str, Any]:  # noqa: ANN401 - a client of a package that need not be installed
    """Every key that tells about jobs, queues and processes, typed as Redis types it."""
    names = {name for name in _EXACT if redis.exists(name)}
    for pattern in _PATTERNS:
        names.update(redis.scan_iter(match=pattern, count=_PAGE))
    keys = {}
    for name in sorted(names):
        kind = redis.type(name)
        value = _value(redis, name, kind)
        if value is not None:
            keys[name] = {"type": kind, "ttl_ms": redis.pttl(name), "value": value}
    return {
        "captured_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "redis_time": list(redis.time()),
        "keys": keys,
    }


def _value(redis: Any, name: str, kind: str) -> Any:  # noqa: ANN401 - the same
    if kind == "string":
        return redis.get(name)
    if kind == "set":
        return sorted(redis.sscan_iter(name, count=_PAGE))
    if kind == "hash":
        return dict(redis.hscan_iter(name, count=_PAGE))
    if kind == "zset":
        return [{"member": member, "score": score} for member, score in redis.zscan_iter(name, count=_PAGE)]
    if kind == "list":
        length = redis.llen(name)
        return [item for start in range(0, length, _PAGE) for item in redis.lrange(name, start, start + _PAGE - 1)]
    return None


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and one address
        sys.exit(__doc__)
    import redis as redis_package

    client = redis_package.Redis.from_url(sys.argv[1], decode_responses=True)
    print(json.dumps(snapshot(client), indent=1, ensure_ascii=False))
