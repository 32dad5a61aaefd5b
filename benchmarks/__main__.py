"""
How much CPU it costs to read logs and spans: ``python -m benchmarks --size 1000``.

Each way reads the same file in a process of its own. CPU seconds are those of the process and its children, peak memory
is its own. One run on a shared machine is no absolute figure: read the ratios.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.costs import Cost, cost_of, report
from benchmarks.inputs import KINDS, made
from benchmarks.ways import WAYS, Way


def read(way: Way, path: Path) -> str:
    """Read a file one way, into a database that is thrown away; the number of records."""
    with tempfile.TemporaryDirectory() as folder:
        return str(way(path, Path(folder, "t.duckdb")))


def main() -> None:
    """Measure the kinds asked for and print a table of each."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="CPU and memory of reading logs and spans.")
    parser.add_argument("--size", type=int, default=1000, help="megabytes of each input")
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"), help="where the inputs are kept")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind of input")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for kind in chosen.kind or KINDS:
        path = made(kind, chosen.size * 10**6, chosen.folder)
        report(f"\n{kind}: {path.stat().st_size / 1e6:,.0f} MB")
        report(f"{'way':28}{'records':>12}{'CPU s':>9}{'wall s':>9}{'per CPU s':>12}{'peak MB':>9}{'CPU ratio':>11}")
        first: Cost | None = None
        for name, way in WAYS[kind].items():
            cost = cost_of(partial(read, way, path))
            first = first or cost
            records = int(cost.told) if cost else 0
            if cost is None or records < 0:
                report(f"{name:28}{'failed' if cost is None else 'not installed':>12}")
                continue
            ratio = f"{cost.cpu / first.cpu:.2f}" if first else ""
            report(
                f"{name:28}{records:>12,}{cost.cpu:>9.1f}{cost.wall:>9.1f}{records / cost.cpu:>12,.0f}"
                f"{cost.peak / 1e6:>9,.0f}{ratio:>11}"
            )


if __name__ == "__main__":
    main()
