"""
Take a snapshot of Celery as JSON, reading only: what waits in the broker's Redis, and what the workers say.

usage: python3 celery_snapshot.py APP > snapshot.json

APP is what stands behind ``celery -A``; run it where that works, with the Python of the application. Which workers live
is asked first: whoever does not answer within five seconds counts as dead. Then the broker is read in pages of about
1,000 messages, and the workers are asked what they run, hold and read.
"""

# ruff: noqa: INP001, UP017 - a script that stands alone, and runs on the Python 3.9 of older machines, too
from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, TextIO

_QUESTIONS = ("active", "reserved", "scheduled", "revoked", "stats", "active_queues")
_UNTOLD = ("broker", "rusage")
"""Parts of the workers' statistics that are left out: addresses, and what the machine counts."""
_PAGE = 1000
_SECONDS = 5


def write_snapshot(app: Any, out: TextIO) -> None:  # noqa: ANN401 - of a package not needed here
    """
    Write what waits and what runs, read in the order in which a task moves.

    What moves on meanwhile is seen twice rather than never.
    """
    import celery  # noqa: PLC0415 - it may be missing

    alive = list(app.control.inspect(timeout=_SECONDS).ping() or {})
    captured_at = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    head = {"captured_at": captured_at, "system": "celery", "version": celery.__version__}
    out.write(json.dumps(head)[:-1] + ',\n"broker": {')
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        if hasattr(channel, "unacked_key"):
            out.writelines(_broker(channel, set(app.amqp.queues)))
    out.write('},\n"inspect": ')
    inspect = app.control.inspect(alive, timeout=_SECONDS, limit=len(alive))
    replies = {question: (alive and getattr(inspect, question)()) or {} for question in _QUESTIONS}
    for told in replies["stats"].values():
        for name in _UNTOLD:
            told.pop(name, None)
    out.write(json.dumps(replies, ensure_ascii=False, default=str))
    out.write("}\n")


def _broker(channel: Any, configured: set[str]) -> Iterator[str]:  # noqa: ANN401 - the same
    """The lists of all queues that are bound or configured, and what workers have taken and not acknowledged."""
    import redis  # noqa: PLC0415 - Celery needs it for this broker

    client = redis.Redis(connection_pool=channel.pool)  # without the prefix that the channel's own puts before keys
    prefix = getattr(channel, "global_keyprefix", "") or ""
    yield '"queues": {'
    between = "\n"
    for name in sorted(configured | _bound(client, prefix, channel.sep)):
        for step in channel.priority_steps:
            key = channel._q_for_pri(name, step)  # noqa: SLF001 - the only way to learn it
            messages = _members(client, prefix + key)
            first = next(messages, None)
            if first is None and key != name:
                continue
            yield f"{between}{json.dumps(key)}: ["
            yield "" if first is None else "\n" + _text(first)
            for message in messages:
                yield ",\n" + _text(message)
            yield "]"
            between = ",\n"
    yield '},\n"unacked": '
    held = {_plain(tag): _plain(value) for tag, value in client.hscan_iter(prefix + channel.unacked_key, count=_PAGE)}
    yield json.dumps(held, ensure_ascii=False)
    yield ',\n"unacked_index": '
    scored = dict(client.zscan_iter(prefix + channel.unacked_index_key, count=_PAGE))
    yield json.dumps([[_plain(tag), score] for tag, score in scored.items()])


def _bound(client: Any, prefix: str, separator: str) -> set[str]:  # noqa: ANN401 - the same
    """The queues that were ever bound to an exchange, but for those over which workers talk to each other."""
    names = set()
    for key in client.scan_iter(match=f"{prefix}_kombu.binding.*", count=_PAGE):
        if client.type(key) == b"set":
            names |= {_plain(bound).split(separator)[-1] for bound in client.sscan_iter(key, count=_PAGE)}
    return {name for name in names if not name.startswith("celeryev.") and not name.endswith(".celery.pidbox")}


def _members(client: Any, key: str) -> Iterator[bytes]:  # noqa: ANN401 - the same
    """Messages are pushed at the front meanwhile: then a page begins with what the page before it ended with."""
    before: list[bytes] = []
    start = 0
    while page := client.lrange(key, start, start + _PAGE - 1):
        moved = next((n for n in range(min(len(before), len(page)), 0, -1) if before[-n:] == page[:n]), 0)
        yield from page[moved:]
        before, start = page, start + _PAGE


def _plain(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _text(value: bytes) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _main(name: str) -> None:
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as the command celery does
    try:
        from celery.app.utils import find_app  # noqa: PLC0415 - it may be missing
    except ImportError:
        sys.exit("The Python package celery is missing: run this with the Python of the application.")
    try:
        write_snapshot(find_app(name), sys.stdout)
    except Exception as error:  # noqa: BLE001 - of many packages; whatever it is, the snapshot is not whole
        sys.exit(f"No whole snapshot could be taken: {type(error).__name__}: {error}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):  # noqa: PLR2004 - the application
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    _main(sys.argv[1])
