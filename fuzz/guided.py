"""
One target under atheris: ``python -m fuzz.guided TARGET SECONDS FOLDER``, a process that libFuzzer ends.

Half of the inputs are made by libFuzzer, half are damaged by our own means, which know JSON and lines.
"""

from __future__ import annotations

import importlib
import random
import sys
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

from fuzz.mutations import LARGEST, mutated

if TYPE_CHECKING:
    from fuzz.target import Target

_SLOWEST = 60
"""Seconds after which an input counts as one that hangs."""
_MEMORY = 3000
"""Mebibytes that the process may have."""


def main(name: str, seconds: str, folder: Path) -> None:
    """Try the target until the time is over or a promise is broken; the input is then kept in the folder."""
    with atheris.instrument_imports(include=["ingest"]):
        targets: tuple[Target, ...] = importlib.import_module("fuzz.targets").TARGETS
    target = next(target for target in targets if target.name == name)
    seeds = target.seeds()
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (corpus / blake2b(seed, digest_size=10).hexdigest()).write_bytes(seed)

    def damaged(data: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)  # noqa: S311 - no secret
        ours = dice.random() < 0.5  # noqa: PLR2004 - half of them
        return mutated(data, dice, seeds)[:most] if ours else bytes(atheris.Mutate(data, most))

    options = {
        "max_total_time": seconds,
        "max_len": str(LARGEST),
        "len_control": "0",
        "timeout": str(_SLOWEST),
        "rss_limit_mb": str(_MEMORY),
        "artifact_prefix": f"{folder}/",
        "print_final_stats": "1",
    }
    words = [name, *(f"-{key}={value}" for key, value in options.items()), str(corpus)]
    atheris.Setup(words, target.holds, custom_mutator=damaged)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
