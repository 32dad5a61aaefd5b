"""The benchmarks, on inputs so small that they only show that every way of reading counts the same records."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.inputs import made
from benchmarks.ways import WAYS


@pytest.mark.parametrize("kind", WAYS)
def test_every_way_of_reading_an_input_counts_the_same_records(kind: str, tmp_path: Path) -> None:
    path = made(kind, 300_000, tmp_path)
    counts = {name: way(path, tmp_path / f"{place}.duckdb") for place, (name, way) in enumerate(WAYS[kind].items())}
    told = {name: count for name, count in counts.items() if count >= 0}
    assert "jobtrail" in told
    assert len(set(told.values())) == 1, told


def test_an_input_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, second = (made("job log", 50_000, folder).read_bytes() for folder in folders)
    assert first == second
