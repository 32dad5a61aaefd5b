"""The digest that makes equal work equal: a job's class and its arguments, whatever the spacing and order of keys."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def arguments_digest(job_class: str | None, arguments: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """
    Digest of class and canonical arguments, given as JSON text or as a decoded value; None where there are none.

    Text that is no JSON counts as it stands.
    """
    canonical = _canonical(arguments)
    if canonical is None:
        return None
    named = f"{job_class or ''}\n{canonical}"
    return blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _canonical(arguments: Any) -> str | None:  # noqa: ANN401 - any JSON value
    try:
        value = json.loads(arguments) if isinstance(arguments, str) else arguments
        return None if value is None else _ENCODER.encode(value)
    except (ValueError, RecursionError):
        return str(arguments)
