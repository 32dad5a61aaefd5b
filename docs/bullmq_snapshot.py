"""
Take a snapshot of BullMQ's Redis keys as JSON, reading only. Needs the package ``redis``.

usage: python3 bullmq_snapshot.py [redis://HOST:PORT/DB] [PREFIX] > snapshot.json
       python3 bullmq_snapshot.py --events [redis://HOST:PORT/DB] [PREFIX] > events.jsonl

Without them the environment variables REDIS_URL and BULLMQ_PREFIX are used, which keeps a password out of the list of
processes; the prefix is ``bull`` unless the application sets another. With --events the queues' event streams are
written instead, an entry per line. Everything is read in pages of at most about 1,000 items and written as it comes. Of
jobs that succeeded the latest 10,000 of each queue are written.
"""

# ruff: noqa: INP001, UP017 - a script that stands alone, and runs on the Python 3.9 of older machines, too
from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, TextIO

_LISTS = ("wait", "paused", "active")
_SETS = ("prioritized", "delayed", "waiting-children", "failed", "completed")
_PAGE = 1000
_COMPLETED = 10_000


def write_snapshot(redis: Any, out: TextIO, prefix: str = "bull") -> None:  # noqa: ANN401 - of a package not needed here
    """
    Write of every queue what waits, runs, is put off, failed or succeeded lately, and each job's hash and lock.

    Places are read in the order in which a job moves: what moves on meanwhile is seen twice rather than never.
    """
    captured_at = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    seconds, microseconds = redis.time()
    head = {"captured_at": captured_at, "redis_time_ms": seconds * 1000 + microseconds // 1000}
    out.write(json.dumps(head)[:-1] + ', "keys": [')
    between = "\n"
    for queue in queues(redis, prefix):
        for entry in _entries(redis, f"{prefix}:{queue}:"):
            out.write(between + json.dumps(entry, ensure_ascii=False))
            between = ",\n"
    out.write("\n]}\n")


def write_events(redis: Any, out: TextIO, prefix: str = "bull") -> None:  # noqa: ANN401 - the same
    """Write the entries of every queue's event stream, each on a line with the name of its queue."""
    for queue in queues(redis, prefix):
        start = "-"
        while page := redis.xrange(f"{prefix}:{queue}:events", min=start, count=_PAGE):
            out.writelines(
                json.dumps({"queue": queue, "id": entry_id, **fields}, ensure_ascii=False) + "\n"
                for entry_id, fields in page
            )
            last, number = page[-1][0].split("-")
            start = f"{last}-{int(number) + 1}"


def queues(redis: Any, prefix: str) -> list[str]:  # noqa: ANN401 - the same
    """The names of the queues: each has a key ``meta``."""
    pattern = "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in prefix) + ":*:meta"
    names = {key[len(prefix) + 1 : -len(":meta")] for key in redis.scan_iter(match=pattern, count=_PAGE)}
    return sorted(name for name in names if ":" not in name)


def _entries(redis: Any, base: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - the same
    yield {"key": f"{base}meta", "type": "hash", "hash": redis.hgetall(f"{base}meta")}
    seen: set[str] = set()
    for name in (*_SETS[1:3], *_LISTS[:2], _SETS[0], _LISTS[2], *_SETS[3:]):
        if name in _LISTS:
            members = list(_list(redis, base + name))
            yield {"key": base + name, "type": "list", "list": members}
            ids = members
        else:
            scored = list(_zset(redis, base + name, most=_COMPLETED if name == "completed" else None))
            yield {"key": base + name, "type": "zset", "zset": [list(pair) for pair in scored]}
            ids = [member for member, _ in scored]
        for job_id in ids:
            if job_id in seen:
                continue
            seen.add(job_id)
            yield {"key": base + job_id, "type": "hash", "hash": redis.hgetall(base + job_id)}
        if name == "active":
            for job_id in ids:
                if redis.exists(f"{base}{job_id}:lock"):
                    yield {"key": f"{base}{job_id}:lock", "type": "string", "string": ""}
            # so that a queue in which every lock is gone is told from one whose locks nobody looked at
            yield {"key": f"{base}-:lock", "type": "string", "string": ""}


def _list(redis: Any, key: str) -> Iterator[str]:  # noqa: ANN401 - the same
    """In the list's order, but read from its end, where the next job is: what is pushed at the front moves nothing."""
    pages: list[list[str]] = []
    stop = -1
    while page := redis.lrange(key, stop - _PAGE + 1, stop):
        pages.append(page)
        stop -= len(page)
    for page in reversed(pages):
        yield from page


def _zset(redis: Any, key: str, *, most: int | None) -> Iterator[tuple[str, float]]:  # noqa: ANN401 - the same
    """The members with the highest scores first, where only so many are asked for."""
    start = 0
    while most is None or start < most:
        read = redis.zrange if most is None else redis.zrevrange
        page = read(key, start, start + _PAGE - 1, withscores=True)
        if not page:
            return
        yield from page
        start += len(page)


def _main(write: Any, address: str, prefix: str) -> None:  # noqa: ANN401 - one of the two above
    try:
        import redis as package  # noqa: PLC0415 - it may be missing
    except ImportError:
        sys.exit("The Python package redis is missing: install it (pip install redis; on Debian python3-redis).")
    try:
        client = package.Redis.from_url(address, decode_responses=True, encoding_errors="backslashreplace")
        write(client, sys.stdout, prefix)
    except (package.RedisError, ValueError) as error:
        sys.exit(f"No whole snapshot could be taken: {error}")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--events"]
    address = words[0] if words else os.environ.get("REDIS_URL", "")
    if not address or address.startswith("-") or len(words) > 2:  # noqa: PLR2004 - an address and a prefix
        sys.exit(__doc__)
    prefix = words[1] if len(words) > 1 else os.environ.get("BULLMQ_PREFIX", "bull")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    _main(write_events if "--events" in sys.argv else write_snapshot, address, prefix)
