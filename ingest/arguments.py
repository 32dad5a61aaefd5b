"""The digest that makes equal work equal: a job's class and its arguments, whatever the spacing and order of keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import polars as pl

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

Digest = Callable[[bytes], str]


def plain_digest(data: bytes) -> str:
    """Digest of 16 bytes, hex."""
    return blake2b(data, digest_size=16).hexdigest()


def with_arguments_digest(frame: pl.DataFrame, digest: Digest = plain_digest) -> pl.DataFrame:
    """The frame with ``arguments_digest`` made from its ``job_class`` and ``arguments``, once per distinct pair."""
    told = [name for name in ("job_class", "arguments") if name in frame.columns]
    distinct = frame.select(told).filter(pl.col("arguments").is_not_null()).unique()
    pairs = distinct.select(
        pl.col("job_class") if "job_class" in told else pl.lit(None, pl.String).alias("job_class"), "arguments"
    )
    digests = [arguments_digest(job_class, arguments, digest) for job_class, arguments in pairs.iter_rows()]
    made = distinct.with_columns(arguments_digest=pl.Series(digests, dtype=pl.String))
    return frame.join(made, on=told, how="left", nulls_equal=True, maintain_order="left")


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
        value: Any = json.loads(arguments)
        return None if value is None else _ENCODER.encode(value)
    except (ValueError, RecursionError):
        return arguments
