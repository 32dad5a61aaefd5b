"""
Writes a log as a worker does, a few bytes at a time, and rotates it now and then.

    python -m tests.ingest.rotations FOLDER HOW SEED JOBS

``HOW`` is ``rename``, ``copytruncate`` or ``compress``: renamed, and compressed at the rotation after. It is rotated
between two records, so that the files together are the log.
"""

from __future__ import annotations

import gzip
import random
import sys
import time
from pathlib import Path

from tests.ingest.loads import sidekiq_lines

ROTATIONS = 5


def write(folder: Path, how: str, *, seed: int, jobs: int) -> None:
    """Write the log of so many jobs into ``worker.log`` of this folder."""
    dice = random.Random(seed)  # noqa: S311 - moments, not secrets
    lines = [line.encode() for line in sidekiq_lines(jobs)]
    starts = [number for number, line in enumerate(lines) if b"INFO: start" in line][1:]
    rotations = set(dice.sample(starts, ROTATIONS))
    live = folder / "worker.log"
    file = live.open("ab", buffering=0)
    for number, line in enumerate(lines):
        if number in rotations:
            file = rotate(live, file, how)
        cut = dice.randrange(len(line)) if dice.random() < 0.1 else len(line)
        file.write(line[:cut])
        if cut < len(line) or dice.random() < 0.1:
            time.sleep(dice.uniform(0, 0.01))
        file.write(line[cut:])
    file.close()


def rotate(live: Path, file: object, how: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - an open file
    """Move older files on by a number, and this one to number 1."""
    for number in range(ROTATIONS, 0, -1):
        for suffix in ("", ".gz"):
            old = live.with_name(f"worker.log.{number}{suffix}")
            if old.exists():
                moved = old.rename(live.with_name(f"worker.log.{number + 1}{suffix}"))
                if how == "compress" and not suffix:
                    compress(moved)
    first = live.with_name("worker.log.1")
    if how == "copytruncate":
        first.write_bytes(live.read_bytes())
        live.open("r+b").truncate(0)
        return file
    live.rename(first)
    file.close()  # type: ignore[attr-defined]
    return live.open("ab", buffering=0)


def compress(file: Path) -> None:
    """As gzip does: the compressed file appears bit by bit, then the other goes."""
    with gzip.open(f"{file}.gz", "wb") as packed:
        packed.write(file.read_bytes())
    file.unlink()


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], seed=int(sys.argv[3]), jobs=int(sys.argv[4]))
