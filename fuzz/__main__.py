"""
Try targets for some time each: ``python -m fuzz [TARGET ...] --seconds 60``; one on a kept input with ``--input``.

With atheris (``pip install '.[fuzz]'``) the inputs are guided by what they reach; without it they are damaged samples.
An input that breaks a promise is kept in the folder, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import re
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from fuzz.mutations import inputs
from fuzz.target import Target
from fuzz.targets import TARGETS

_TO_START = 120
"""Seconds beyond its time that a process may take to begin and to end."""
_SHOWN = 12
"""Lines that are shown of what went wrong."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one target."""

    attempts: int
    fault: str | None
    """What went wrong, in words; None where every promise held."""


def report(line: str) -> None:
    """Print a line at once: the next one may take minutes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def guided(target: Target, seconds: int, folder: Path) -> Outcome:
    """Under atheris, in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    command = [sys.executable, "-m", "fuzz.guided", target.name, str(seconds), str(folder)]
    with log.open("wb") as out:
        try:
            code = subprocess.run(  # noqa: S603 - our own program
                command, stdout=out, stderr=subprocess.STDOUT, check=False, timeout=seconds + _TO_START
            ).returncode
        except subprocess.TimeoutExpired:
            return Outcome(attempts=0, fault=f"it did not end: see {log}")
    told = log.read_text(encoding="utf-8", errors="replace")
    counted = re.search(r"number_of_executed_units:\s*(\d+)", told) or re.search(r"Done (\d+) runs", told)
    return Outcome(attempts=int(counted[1]) if counted else 0, fault=_fault_in(told) if code else None)


def _fault_in(told: str) -> str:
    _, _, said = told.partition("=== Uncaught Python exception: ===")
    lines = (said or told).strip().splitlines()
    before = next((place for place, line in enumerate(lines) if line.startswith(("==", "nanobind:"))), len(lines))
    kept = [line for line in lines if "Test unit written to" in line]
    return "\n".join([*(lines[:before][-_SHOWN:] if said else lines[-_SHOWN:]), *kept])


def unguided(target: Target, seconds: int, folder: Path) -> Outcome:
    """Damaged samples, in this process."""
    ends = time.monotonic() + seconds
    dice = random.Random(target.name)  # noqa: S311 - no secret
    attempts = 0
    for data in inputs(target.seeds(), dice):
        if time.monotonic() > ends:
            break
        attempts += 1
        try:
            target.holds(data)
        except Exception:  # noqa: BLE001 - whatever it raises is the fault
            folder.mkdir(parents=True, exist_ok=True)
            kept = folder / f"crash-{attempts}"
            kept.write_bytes(data)
            said = "\n".join(traceback.format_exc().splitlines()[-_SHOWN:])
            return Outcome(attempts=attempts, fault=f"{said}\nkept in {kept}")
    return Outcome(attempts=attempts, fault=None)


def main() -> int:
    """Try the targets asked for and print a line of each; returns the exit code."""
    by_name = {target.name: target for target in TARGETS}
    parser = argparse.ArgumentParser(prog="fuzz", description="Bytes that nobody wrote, given to all that reads input.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all without it: {', '.join(by_name)}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="where inputs are kept")
    parser.add_argument("--input", type=Path, help="try the one target on this file only")
    chosen = parser.parse_args()
    if unknown := set(chosen.targets) - set(by_name):
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(by_name)}")
    targets = [by_name[name] for name in chosen.targets or by_name]
    if chosen.input:
        if len(targets) != 1:
            parser.error("--input needs the one target that it is for")
        try:
            data = chosen.input.read_bytes()
        except OSError as error:
            parser.error(f"cannot read {chosen.input}: {error.strerror}")
        targets[0].holds(data)
        report(f"{targets[0].name}: {targets[0].promise}: it holds")
        return 0
    has_atheris = importlib.util.find_spec("atheris") is not None
    if not has_atheris:
        report(
            "atheris is not installed (it has none for every Python): damaged samples are tried without its guidance"
        )
    faults = 0
    for target in targets:
        outcome = (guided if has_atheris else unguided)(target, chosen.seconds, chosen.folder / target.name)
        report(f"{target.name:26}{outcome.attempts:>12,} in {chosen.seconds} s  {'FAULT' if outcome.fault else 'ok'}")
        if outcome.fault:
            faults += 1
            report(outcome.fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
