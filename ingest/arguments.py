"""The digest that makes equal work equal: a job's class and its arguments, whatever the spacing and order of keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import orjson
import polars as pl

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

Digest = Callable[[bytes], str]


def plain_digest(data: bytes) -> str:
    """Digest of 16 bytes, hex."""
    return blake2b(data, digest_size=16).hexdigest()


def with_arguments_digest(frame: pl.DataFrame, digest: Digest = plain_digest) -> pl.DataFrame:
    """The frame with ``arguments_digest`` made from its ``job_class`` and ``arguments``, once per distinct pair."""
    classes = frame["job_class"] if "job_class" in frame.columns else pl.repeat(None, frame.height, eager=True)
    known: dict[tuple[str | None, str], str | None] = {}
    digests: list[str | None] = []
    for pair in zip(classes.to_list(), frame["arguments"].to_list(), strict=True):
        if pair[1] is None:
            digests.append(None)
            continue
        if pair not in known:
            known[pair] = arguments_digest(*pair, digest)
        digests.append(known[pair])
    return frame.with_columns(arguments_digest=pl.Series(digests, dtype=pl.String))


def arguments_digest(job_class: str | None, arguments: str, digest: Digest = plain_digest) -> str | None:
    """
    Digest of class and canonical arguments, given as JSON text; None for null, which is no arguments.

    Text that is no JSON counts as it stands.
    """
    canonical = _canonical(arguments)
    if canonical is None:
        return None
    return digest(f"{job_class or ''}\n{canonical}".encode("utf-8", "surrogatepass"))


def _canonical(arguments: str) -> str | None:
    try:
        value: Any = orjson.loads(arguments)
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _canonical_of_any(arguments)


def _canonical_of_any(arguments: str) -> str | None:
    """Also of numbers beyond 64 bits and halves of surrogate pairs."""
    try:
        value: Any = json.loads(arguments)
        return None if value is None else _ENCODER.encode(value)
    except (ValueError, RecursionError):
        return arguments
