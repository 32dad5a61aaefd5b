"""Exports that overlap and name no ids: their events are read once where enough of them in a row are the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.ingest.loads import derived, evidence, load_all, sidekiq_lines
from tests.ingest.test_loading import rows
from tests.ingest.test_redaction import load_redacted

LINES = [line.rstrip("\n") for line in sidekiq_lines(120)]
END = len(LINES)


def moment(number: int) -> str:
    return f"2026-03-01T12:{number // 60:02}:{number % 60:02}.000Z"


def datadog(begin: int, end: int) -> str:
    """As the console exports: the latest first."""
    cells = [[moment(number), "web-1", "shop", LINES[number]] for number in reversed(range(begin, end))]
    return _csv(["Date", "Host", "Service", "Message"], cells)


def insights(begin: int, end: int) -> str:
    cells = [[moment(number)[:-1].replace("T", " "), LINES[number], "w/1"] for number in range(begin, end)]
    return _csv(["@timestamp", "@message", "@logStream"], cells)


def log_events(begin: int, end: int) -> str:
    told = [{"timestamp": 1772366400000 + n * 1000, "message": LINES[n], "ingestionTime": n} for n in range(begin, end)]
    return json.dumps({"events": told}, indent=1)


def _csv(names: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows(cells)
    return out.getvalue()


Export = Callable[[int, int], str]
EXPORTS: tuple[Export, ...] = (datadog, insights, log_events)


def facts(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows, wherever they stand."""
    exclude = "source_id, line_no, record_no, attributes"
    return {
        table: rows(database, f"select * exclude ({exclude}) from {table} order by all")
        for table in ("job_events", "log_lines")
    }


def load_parts(folder: Path, export: Export, *parts: tuple[int, int]) -> Path:
    for number, part in enumerate(parts):
        (folder / f"{number}.txt").write_text(export(*part), encoding="utf-8")
        load_all(folder / "t.duckdb", folder / f"{number}.txt")
    return folder / "t.duckdb"


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize(
    "parts",
    [((0, 210), (98, END)), ((98, END), (0, 210)), ((98, 210), (0, END)), ((0, 120), (196, END), (42, 273))],
    ids=["forwards", "backwards", "enclosing", "between two"],
)
def test_what_overlaps_is_read_once(tmp_path: Path, export: Export, parts: Sequence[tuple[int, int]]) -> None:
    (tmp_path / "whole").mkdir()
    whole = load_parts(tmp_path / "whole", export, (0, END))
    database = load_parts(tmp_path, export, *parts)
    assert facts(database) == facts(whole)
    assert [row[1:4] for row in derived(database)["attempts"]] == [row[1:4] for row in derived(whole)["attempts"]]
    before = evidence(database)
    load_all(database, *sorted(tmp_path.glob("*.txt"), reverse=True))
    assert evidence(database) == before


def test_an_export_that_is_taken_anew_and_is_longer_now_keeps_what_another_left_to_it(tmp_path: Path) -> None:
    database = load_parts(tmp_path, insights, (0, 180), (98, END))
    (tmp_path / "0.txt").write_text(insights(0, 273), encoding="utf-8")
    load_all(database, tmp_path / "0.txt")
    (tmp_path / "whole").mkdir()
    assert facts(database) == facts(load_parts(tmp_path / "whole", insights, (0, END)))


def test_an_overlap_that_is_too_short_is_kept_and_told(tmp_path: Path) -> None:
    database = load_parts(tmp_path, datadog, (0, 70), (40, 110))
    assert rows(database, "select row_count, overlap from sources order by source_id")[1][1] == (
        "shares 30 events with 0.txt, less than the 64 lines and 4,096 bytes in a row that tell an overlap:"
        " they may count twice"
    )
    (tmp_path / "whole").mkdir()
    whole = load_parts(tmp_path / "whole", datadog, (0, 110))
    assert len(facts(database)["job_events"]) > len(facts(whole)["job_events"])


def test_equal_events_of_one_export_are_as_many_as_it_has(tmp_path: Path) -> None:
    start = "2026-03-01T22:00:05.120Z pid=80 tid=g7y class=Mail jid=0123456789abcdef01234567 INFO: start"
    text = _csv(["Date", "Host", "Service", "Message"], [[moment(0), "web-1", "shop", start]] * 100)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        load_all(tmp_path / "t.duckdb", tmp_path / name)
    assert rows(tmp_path / "t.duckdb", "select count(*) from job_events") == [(100,)]


def test_redacted_exports_are_told_by_what_only_the_owner_of_the_key_can_make(tmp_path: Path) -> None:
    for number, part in enumerate([(0, 210), (98, END)]):
        (tmp_path / f"{number}.csv").write_text(datadog(*part), encoding="utf-8")
        load_redacted(tmp_path / "t.duckdb", tmp_path / f"{number}.csv")
    (tmp_path / "whole.csv").write_text(datadog(0, END), encoding="utf-8")
    load_redacted(tmp_path / "whole.duckdb", tmp_path / "whole.csv")
    assert facts(tmp_path / "t.duckdb") == facts(tmp_path / "whole.duckdb")
    load_all(tmp_path / "open.duckdb", tmp_path / "whole.csv")
    ids = "select native_id from native_ids"
    assert not {*rows(tmp_path / "whole.duckdb", ids)} & {*rows(tmp_path / "open.duckdb", ids)}
