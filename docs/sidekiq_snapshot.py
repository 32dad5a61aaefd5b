"""
Take a snapshot of Sidekiq's Redis keys as JSON, reading only. Needs the package ``redis``.

usage: python3 sidekiq_snapshot.py [redis://HOST:PORT/DB] [NAMESPACE] > snapshot.json

Without them the environment variables REDIS_URL and REDIS_NAMESPACE are used, which keeps a password out of the list of
processes. NAMESPACE is for applications with the gem redis-namespace. Everything is read in pages of at most about
1,000 items and written as it comes, so that neither Redis nor this machine holds a large queue at once. Of the locks of
the gem sidekiq-unique-jobs the 10,000 oldest are read; where there are more, it says so.
"""

# ruff: noqa: INP001, UP017 - a script that stands alone, and runs on the Python 3.9 of older machines, too
from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import chain
from typing import Any, TextIO

_SETS = ("schedule", "retry", "dead")
_NAMED = ("queues", "processes", "paused", "stat:processed", "stat:failed")
_PATTERNS = ("queue:*", "cron_job:*")
_DIGESTS = "uniquejobs:digests"
_LOCKS = 10_000
_PAGE = 1000


def write_snapshot(redis: Any, out: TextIO, namespace: str = "") -> None:  # noqa: ANN401 - of a package not needed here
    """
    Write every key that tells about jobs, queues and processes, typed as Redis types it.

    Keys are read in the order in which a job moves: what moves on meanwhile is seen twice rather than never. Locks come
    last: one that was there all the time has had its holder in one of the places that were read before.
    """
    prefix = f"{namespace}:" if namespace else ""
    captured_at = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    head = {"captured_at": captured_at, "redis_time": list(redis.time())} | (
        {"namespace": namespace} if namespace else {}
    )
    out.write(json.dumps(head)[:-1] + ',\n"keys": {')
    between = "\n"
    for name in _names(redis, prefix):
        kind, ttl = redis.type(prefix + name), redis.pttl(prefix + name)
        if kind not in _READERS:  # it does not exist, or not any more
            continue
        out.write(f'{between}{_text(name)}: {{"type": {_text(kind)}, "ttl_ms": {ttl}, "value": ')
        out.writelines(_READERS[kind](redis, prefix + name))
        out.write("}")
        between = ",\n"
    left_out = max(0, redis.zcard(prefix + _DIGESTS) - _LOCKS)
    out.write(f'\n}},\n"locks_left_out": {left_out}}}\n' if left_out else "\n}}\n")
    if left_out:
        sys.stderr.write(f"There are more locks than {_LOCKS:,}: the {left_out:,} newest were left out.\n")


def _names(redis: Any, prefix: str) -> Iterator[str]:  # noqa: ANN401 - the same
    listed = sorted(set(redis.sscan_iter(f"{prefix}queues", count=_PAGE)))
    processes = sorted(set(redis.sscan_iter(f"{prefix}processes", count=_PAGE)))
    scanned = [name for pattern in _PATTERNS for name in redis.scan_iter(match=_literal(prefix) + pattern, count=_PAGE)]
    names = chain(
        _SETS,
        sorted({*(f"queue:{name}" for name in listed), *(name.removeprefix(prefix) for name in scanned)}),
        (name for process in processes for name in (process, f"{process}:work", f"{process}:workers")),
        _NAMED,
        _locks(redis, prefix),
    )
    return iter(dict.fromkeys(names))


def _locks(redis: Any, prefix: str) -> Iterator[str]:  # noqa: ANN401 - the same
    """The oldest ones: a lock that was left behind grows old."""
    for start in range(0, _LOCKS, _PAGE):
        digests = redis.zrange(prefix + _DIGESTS, start, min(start + _PAGE, _LOCKS) - 1)
        yield from (f"{digest}:LOCKED" for digest in digests)
        if len(digests) < _PAGE:
            return


def _literal(text: str) -> str:
    """Text that stands for itself in a pattern of SCAN."""
    return "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in text)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _string(redis: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - the same
    yield json.dumps(redis.get(name), ensure_ascii=False)


def _set(redis: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - the same
    yield from _array(_once((member, _text(member)) for member in redis.sscan_iter(name, count=_PAGE)))


def _zset(redis: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - the same
    scored = redis.zscan_iter(name, count=_PAGE)
    yield from _array(
        _once((member, f'{{"member": {_text(member)}, "score": {json.dumps(score)}}}') for member, score in scored)
    )


def _hash(redis: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - the same
    yield json.dumps(dict(redis.hscan_iter(name, count=_PAGE)), ensure_ascii=False)


def _list(redis: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - the same
    yield from _array(_text(member) for member in _members(redis, name))


def _members(redis: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - the same
    """Jobs are pushed at the front meanwhile: then a page begins with what the page before it ended with."""
    before: list[str] = []
    start = 0
    while page := redis.lrange(name, start, start + _PAGE - 1):
        moved = next((n for n in range(min(len(before), len(page)), 0, -1) if before[-n:] == page[:n]), 0)
        yield from page[moved:]
        before, start = page, start + _PAGE


def _once(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A scan may come by the same member twice."""
    seen = set()
    for member, text in items:
        if (known := hash(member)) not in seen:
            seen.add(known)
            yield text


def _array(texts: Iterable[str]) -> Iterator[str]:
    yield "["
    for number, text in enumerate(texts):
        yield f"{',' if number else ''}\n{text}"
    yield "]"


_READERS = {"string": _string, "set": _set, "hash": _hash, "zset": _zset, "list": _list}


def _main(address: str, namespace: str = "") -> None:
    try:
        import redis as package  # noqa: PLC0415 - it may be missing
    except ImportError:
        sys.exit("The Python package redis is missing: install it (pip install redis; on Debian python3-redis).")
    try:
        client = package.Redis.from_url(address, decode_responses=True, encoding_errors="backslashreplace")
        write_snapshot(client, sys.stdout, namespace)
    except (package.RedisError, ValueError) as error:
        sys.exit(f"No whole snapshot could be taken: {error}")


if __name__ == "__main__":
    given = dict(zip(("REDIS_URL", "REDIS_NAMESPACE"), sys.argv[1:], strict=False))
    words = [given.get(name) or os.environ.get(name, "") for name in ("REDIS_URL", "REDIS_NAMESPACE")]
    if not words[0] or words[0].startswith("-") or len(sys.argv) > 3:  # noqa: PLR2004 - an address and a namespace
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    _main(*words)
