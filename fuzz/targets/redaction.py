"""The redactor: whatever is around a secret, it does not come out."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from fuzz.seeds import all_samples, json_values
from fuzz.target import Target, as_text, promise, valid_json
from ingest.redaction import Redaction, Redactor

_SECRET = "hunter2hunter2"  # noqa: S105 - the one that must not be found
_NAMED = (f"password={_SECRET}", f'"apiKey": "{_SECRET}"', f":token=>'{_SECRET}'", f"--secret {_SECRET}")
_SHAPED = ("alice.hunter@example.com", "AKIAIOSFODNN7EXAMPLE", "https://bob:hunter2hunter2@db/x")


def _words(data: bytes) -> None:
    text = as_text(data)
    redactor = Redactor(Redaction(), b"k" * 32)
    middle = len(text) // 2
    for secret in (*_NAMED, *_SHAPED):
        told = redactor.text(f"{text[:middle]}\n{secret}\n{text[middle:]}")
        told.encode()
        hidden = _SECRET if _SECRET in secret else secret
        promise(hidden not in told or hidden in redactor.text(text), f"{secret} is left in what is told")


def _json(data: bytes) -> None:
    try:
        value = json.loads(as_text(data))
    except (ValueError, RecursionError):
        return
    secrets = {"userPassword": _SECRET, "note": f"see {_SHAPED[0]}", "url": _SHAPED[2]}
    around: list[Any] = [{"a": value, "b": secrets}, [value, secrets, [["token", _SECRET]]]]
    redactor = Redactor(Redaction(), b"k" * 32)
    texts = [json.dumps(each) for each in around]
    queues, said = [_SHAPED[0]] * 2, [json.dumps(secrets)] * 2
    frame = pl.DataFrame({"arguments": texts, "error_message": said, "queue": queues, "backtrace": said})
    told = redactor.frame("job_events", frame)
    for text in told["arguments"]:
        valid_json(text)
    for name in told.columns:
        for text in told[name]:
            left = [secret for secret in (_SECRET, _SHAPED[0]) if secret in text]
            promise(not left or any(secret in as_text(data) for secret in left), f"{left} is left in {name}")


TARGETS = (
    Target(
        name="redaction_of_words",
        promise="no secret on a line of its own is left",
        attempt=_words,
        quick=30,
        seeds=all_samples,
    ),
    Target(name="redaction_of_json", promise="no secret in an object is left", attempt=_json, seeds=json_values),
)
