"""
Take a snapshot of RQ's Redis keys as JSON, reading only. Needs the package ``redis``.

usage: python3 rq_snapshot.py [redis://HOST:PORT/DB] > snapshot.json

Without an address the environment variable REDIS_URL is used, which keeps a password out of the list of processes.
Everything is read in pages of at most about 500 items and written as it comes, so that Redis is not held up. Of each
job its hash is written, without the pickles of its call and of its result; of a failed one its last error, too.
"""

# ruff: noqa: INP001, UP017 - a script that stands alone, and runs on the Python 3.9 of older machines, too
from __future__ import annotations

import base64
import json
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from itertools import islice
from typing import Any, TextIO

_PAGE = 500
_QUEUE, _INTERMEDIATE = "rq:queue:", ":intermediate"
_REGISTRIES = ("deferred", "ready", "scheduled", "wip", "failed", "canceled", "finished")
_UNREADABLE = (b"data", b"result")
"""Pickles: to read one is to run it."""
_LONGEST = 10_000_000
"""Bytes of an error, once it is unpacked."""


def write_snapshot(redis: Any, out: TextIO) -> None:  # noqa: ANN401 - of a package not needed here
    """
    Write every key that tells about queues, registries, jobs and workers.

    Keys are read in the order in which a job moves: what moves on meanwhile is seen twice rather than never. Jobs come
    last, each once.
    """
    seconds, microseconds = redis.time()
    captured_at = datetime.fromtimestamp(seconds + microseconds / 1_000_000, timezone.utc)
    head = {"system": "rq", "captured_at": captured_at.isoformat().replace("+00:00", "Z")}
    out.write(json.dumps(head)[:-1] + ',\n"keys": [')
    between = "\n"
    for entry in _entries(redis):
        out.write(between + json.dumps(entry, ensure_ascii=False))
        between = ",\n"
    out.write("\n]}\n")


def _entries(redis: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - the same
    listed = sorted(_text(key) for key in set(redis.sscan_iter("rq:queues", count=_PAGE)))
    yield {"key": "rq:queues", "type": "set", "value": listed}
    scanned = {_text(key) for key in redis.scan_iter(match=f"{_QUEUE}*", count=_PAGE)}
    jobs: dict[str, bool] = {}
    for key in sorted({*listed, *scanned}):
        yield _list(redis, key, jobs)
    queues = {key[len(_QUEUE) :] for key in {*listed, *scanned} if not key.endswith(_INTERMEDIATE)}
    for registry in _REGISTRIES:
        of_registry = {_text(key) for key in redis.scan_iter(match=f"rq:{registry}:*", count=_PAGE)}
        for key in sorted(of_registry | {f"rq:{registry}:{queue}" for queue in queues}):
            if redis.type(key) == b"zset":
                yield _zset(redis, key, jobs, registry)
    if redis.exists("rq:suspended"):
        yield {"key": "rq:suspended", "type": "string", "value": "1"}
    for key in sorted({_text(key) for key in redis.sscan_iter("rq:workers", count=_PAGE)}):
        if worker := _hash(redis, key):
            yield {"key": key, "type": "hash", "ttl_ms": redis.pttl(key), "value": worker}
    yield from _jobs(redis, jobs)


def _list(redis: Any, key: str, jobs: dict[str, bool]) -> dict[str, Any]:  # noqa: ANN401 - the same
    """From its end: jobs are taken from the front meanwhile, which moves no index counted from the end."""
    members: list[str] = []
    if redis.type(key) == b"list":
        read = 0
        while page := redis.lrange(key, -read - _PAGE, -read - 1):
            members += map(_text, reversed(page))
            read += _PAGE
    members.reverse()
    members = list(dict.fromkeys(members))
    jobs.update({job_id: jobs.get(job_id, False) for job_id in members})
    return {"key": key, "type": "list", "value": members}


def _zset(redis: Any, key: str, jobs: dict[str, bool], registry: str) -> dict[str, Any]:  # noqa: ANN401 - the same
    scored = {_text(member): score for member, score in redis.zscan_iter(key, count=_PAGE)}
    for member in scored:
        job_id = member.rsplit(":", 1)[0] if registry == "wip" else member
        jobs[job_id] = jobs.get(job_id, False) or registry in ("failed", "scheduled")
    return {"key": key, "type": "zset", "value": sorted(scored.items(), key=lambda item: item[1])}


def _jobs(redis: Any, jobs: dict[str, bool]) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - the same
    ids = iter(jobs.items())
    while page := list(islice(ids, _PAGE)):
        pipe = redis.pipeline(transaction=False)
        for job_id, _ in page:
            pipe.hgetall(f"rq:job:{job_id}")
        for (job_id, failed), found in zip(page, pipe.execute()):  # noqa: B905 - Python 3.9 has no other
            if not found:
                continue
            job = {_text(name): _text(value) for name, value in found.items() if name not in _UNREADABLE}
            error = _last_error(redis, job_id) if failed and not job.get("exc_info") else None
            yield {
                "key": f"rq:job:{job_id}",
                "type": "hash",
                "value": {**job, **({"exc_info": error} if error else {})},
            }


def _last_error(redis: Any, job_id: str) -> str | None:  # noqa: ANN401 - the same
    """What went wrong last, which newer versions of RQ keep beside the job."""
    key = f"rq:results:{job_id}"
    found = redis.xrevrange(key, count=1) if redis.type(key) == b"stream" else []
    packed = found[0][1].get(b"exc_string") if found else None
    try:
        return _text(base64.b64decode(packed)) if packed else None
    except ValueError:
        return None


def _hash(redis: Any, key: str) -> dict[str, str]:  # noqa: ANN401 - the same
    return {_text(name): _text(value) for name, value in redis.hscan_iter(key, count=_PAGE)}


def _text(value: bytes) -> str:
    """Bytes as text; RQ compresses an error."""
    if value[:1] == b"x":
        with suppress(zlib.error):
            value = zlib.decompressobj().decompress(value, _LONGEST)
    return value.decode("utf-8", "backslashreplace")


def _main(address: str) -> None:
    try:
        import redis as package  # noqa: PLC0415 - it may be missing
    except ImportError:
        sys.exit("The Python package redis is missing: install it (pip install redis; on Debian python3-redis).")
    try:
        write_snapshot(package.Redis.from_url(address), sys.stdout)
    except (package.RedisError, ValueError) as error:
        sys.exit(f"No whole snapshot could be taken: {error}")


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) == 2 else os.environ.get("REDIS_URL", "")  # noqa: PLR2004 - one address
    if not given or given.startswith("-") or len(sys.argv) > 2:  # noqa: PLR2004 - the same
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    _main(given)
