"""Wrapped files in the database: records of interleaved channels, exactly once, and what the envelope adds."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.ingest.loads import derived, evidence, job_log_lines, load_all, sidekiq_lines
from tests.ingest.wrappers.wrapping import WRAPPED

START = "pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 INFO: start"


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database)) as db:
        return db.execute(query).fetchall()


def loaded(folder: Path, name: str, data: bytes | str) -> Path:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    load_all(folder / "t.duckdb", folder / name, final=True)
    return folder / "t.duckdb"


def cri(line: str, stream: str = "stdout", second: int = 5) -> str:
    return f"2026-03-01T22:00:{second:02}.000000001Z {stream} F {line}\n"


def cloudwatch(lines: list[str], first: int = 0) -> str:
    return json.dumps(
        {
            "events": [
                {"timestamp": 1772402405000 + number, "message": line, "ingestionTime": 1, "eventId": f"{number:056}"}
                for number, line in enumerate(lines, first)
            ]
        }
    )


# --- channels


def interleaved() -> str:
    """Two workers' logs, each with backtraces, line by line by turns."""
    one, two = sidekiq_lines(15), sidekiq_lines(30, pid=8)[45:]
    return "".join(
        cri(line.rstrip("\n"), stream)
        for pair in zip(one, two, strict=False)
        for line, stream in zip(pair, ("stdout", "stderr"), strict=True)
    )


def test_a_record_goes_on_only_within_its_channel(tmp_path: Path) -> None:
    error = ["2026-03-01T22:00:05Z pid=80 tid=g7y WARN: RuntimeError: no room", "app/mail.rb:12:in `call'"]
    other = ["2026-03-01T22:00:05Z pid=81 tid=a WARN: ArgumentError: too many", "app/cart.rb:3:in `call'"]
    text = "".join(
        cri(line, stream)
        for pair in zip(error, other, strict=True)
        for line, stream in zip(pair, ("stdout", "stderr"), strict=True)
    )
    database = loaded(tmp_path, "a.log", text)
    told = rows(
        database, "select pid, message from log_lines union all select pid, backtrace from job_events order by 1"
    )
    assert [(pid, "mail" in text, "cart" in text) for pid, text in told] == [(80, True, False), (81, False, True)]


@pytest.mark.parametrize("chunk", [1, 300, 2000, 1 << 20])
def test_chunk_sizes_do_not_change_the_rows_though_two_channels_interleave(tmp_path: Path, chunk: int) -> None:
    (tmp_path / "a.log").write_text(interleaved(), encoding="utf-8")
    load_all(tmp_path / "whole.duckdb", tmp_path / "a.log", final=True)
    load_all(tmp_path / "t.duckdb", tmp_path / "a.log", final=True, chunk=chunk)
    assert evidence(tmp_path / "t.duckdb") == evidence(tmp_path / "whole.duckdb")


@settings(max_examples=4, deadline=None)
@given(st.lists(st.integers(0, 5000), max_size=4))
@example([33])  # within the first line, where it looks like another envelope
def test_a_wrapped_file_that_grows_is_the_file_loaded_at_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("grown")
    data = interleaved().encode()
    for cut in sorted({*cuts, len(data)}):
        (folder / "a.log").write_bytes(data[:cut])
        load_all(folder / "t.duckdb", folder / "a.log", chunk=2000)
    load_all(folder / "whole.duckdb", folder / "a.log")
    assert evidence(folder / "t.duckdb") == evidence(folder / "whole.duckdb")


# --- exactly once


def test_overlapping_exports_of_the_same_events_add_nothing_twice(tmp_path: Path) -> None:
    lines = [line.rstrip("\n") for line in sidekiq_lines(40)]
    (tmp_path / "a.json").write_text(cloudwatch(lines[:60]), encoding="utf-8")
    (tmp_path / "b.json").write_text(cloudwatch(lines[30:], first=30), encoding="utf-8")
    (tmp_path / "all.json").write_text(cloudwatch(lines), encoding="utf-8")
    load_all(tmp_path / "t.duckdb", tmp_path / "a.json", tmp_path / "b.json")
    load_all(tmp_path / "whole.duckdb", tmp_path / "all.json")
    facts = "select * exclude (source_id, line_no, record_no) from {} order by all"
    for table in ("job_events", "log_lines"):
        assert rows(tmp_path / "t.duckdb", facts.format(table)) == rows(tmp_path / "whole.duckdb", facts.format(table))
    before = evidence(tmp_path / "t.duckdb")
    load_all(tmp_path / "t.duckdb", tmp_path / "b.json", tmp_path / "a.json")
    assert evidence(tmp_path / "t.duckdb") == before


def test_overlapping_exports_of_the_journal_add_nothing_twice_and_one_of_them_may_grow(tmp_path: Path) -> None:
    wrapped = WRAPPED["journalctl -o json"](sidekiq_lines(60)).splitlines(keepends=True)
    (tmp_path / "b.json").write_bytes(b"".join(wrapped[50:]))
    for end in (20, 70, len(wrapped)):
        (tmp_path / "a.json").write_bytes(b"".join(wrapped[:end]))
        load_all(tmp_path / "t.duckdb", tmp_path / "a.json", tmp_path / "b.json", chunk=3000)
    count = "select count(*), count(distinct job_id || event) from job_events"
    [(events, distinct)] = rows(tmp_path / "t.duckdb", count)
    assert events == distinct == 120
    [(ids, different)] = rows(tmp_path / "t.duckdb", "select count(*), count(distinct native_id) from native_ids")
    assert ids == different == len(wrapped)


def test_equal_lines_with_ids_of_their_own_are_two(tmp_path: Path) -> None:
    database = loaded(tmp_path, "a.json", cloudwatch([START, START]))
    assert rows(database, "select count(*) from job_events") == [(2,)]


def test_equal_lines_without_ids_are_two(tmp_path: Path) -> None:
    database = loaded(tmp_path, "a.log", cri(START) * 2)
    assert rows(database, "select line_no from job_events order by 1") == [(1,), (2,)]


# --- what the envelope adds

AT = datetime(2026, 3, 1, 22, 0, 5)  # noqa: DTZ001 - naive UTC, as the tables hold it


def test_a_record_without_a_time_has_that_of_its_envelope_and_its_host(tmp_path: Path) -> None:
    database = loaded(tmp_path, "a.log", f"<134>1 2026-03-01T22:00:05Z web-1 sidekiq 80 - - {START}\n")
    assert rows(database, "select event, occurred_at, host from job_events") == [("started", AT, "web-1")]


def test_a_records_own_time_stands(tmp_path: Path) -> None:
    database = loaded(tmp_path, "a.log", cri(f"2026-03-01T21:59:59.5Z {START}"))
    assert rows(database, "select occurred_at from job_events") == [(AT - timedelta(seconds=5.5),)]


def test_a_line_of_no_format_has_its_time_host_and_level(tmp_path: Path) -> None:
    database = loaded(tmp_path, "a.log", "<131>1 2026-03-01T22:00:05Z web-1 shop 7 - - the till is on fire\n")
    told = rows(database, "select occurred_at, host, level, message, system from log_lines")
    assert told == [(AT, "web-1", "error", "the till is on fire", None)]


def test_nothing_of_the_envelope_is_dropped(tmp_path: Path) -> None:
    entry = {"__REALTIME_TIMESTAMP": "1772402405000000", "_BOOT_ID": "9c", "odd": [1, {"a": None}], "MESSAGE": START}
    database = loaded(tmp_path, "a.json", json.dumps(entry) + "\n")
    [(attributes,)] = rows(database, "select attributes from job_events")
    kept = {key: value for key, value in entry.items() if key != "MESSAGE"}
    assert json.loads(attributes)["envelope"] == {"journal": kept}


def test_records_of_one_line_have_places_of_their_own(tmp_path: Path) -> None:
    database = loaded(tmp_path, "a.json", cloudwatch([line.rstrip("\n") for line in sidekiq_lines(20)]))
    twice = "select line_no, record_no from job_events group by all having count(*) > 1"
    assert rows(database, "select count(*) > 30 from job_events") == [(True,)]
    assert rows(database, twice) == []


def test_a_place_in_a_document_is_the_line_where_the_event_stands(tmp_path: Path) -> None:
    text = json.dumps(json.loads(cloudwatch([START, "x", START])), indent=1)
    database = loaded(tmp_path, "a.json", text)
    places = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "{"][1:]
    assert rows(database, "select line_no from job_events order by 1") == [(places[0],), (places[2],)]


def test_an_export_with_the_latest_first_is_read_in_the_order_it_was_written(tmp_path: Path) -> None:
    lines = [line.rstrip("\n") for line in sidekiq_lines(9)]
    events = json.loads(cloudwatch(lines))["events"]
    (tmp_path / "up.json").write_text(json.dumps({"events": events}), encoding="utf-8")
    (tmp_path / "down.json").write_text(json.dumps({"events": events[::-1]}), encoding="utf-8")
    load_all(tmp_path / "up.duckdb", tmp_path / "up.json")
    load_all(tmp_path / "down.duckdb", tmp_path / "down.json")
    facts = "select occurred_at, event, job_id, error_class, backtrace, message from job_events order by all"
    assert rows(tmp_path / "down.duckdb", facts) == rows(tmp_path / "up.duckdb", facts)


# --- damage


def test_a_document_that_is_cut_yields_what_it_holds_and_says_so(tmp_path: Path) -> None:
    text = cloudwatch([START, START, START])
    database = loaded(tmp_path, "a.json", text[:-60])
    assert rows(database, "select count(*) from job_events") == [(2,)]
    [(reason, offset)] = rows(database, "select reason, byte_offset from rejected_lines")
    assert reason == "the document is cut or damaged from here on"
    assert text.encode()[offset:].startswith(b'{"timestamp"')


def test_a_bad_line_in_an_envelope_is_rejected_at_its_place_and_the_others_are_loaded(tmp_path: Path) -> None:
    good = '{"__REALTIME_TIMESTAMP":"1772402405000000","MESSAGE":"' + START + '"}\n'
    cut = good[:30] + "\n"
    bad_inside = json.dumps(
        {"__REALTIME_TIMESTAMP": "1", "MESSAGE": "9999-01-01T00:00:00Z pid=80 tid=a b=c INFO: start"}
    )
    database = loaded(tmp_path, "a.json", good + cut + good + bad_inside + "\n")
    assert rows(database, "select line_no from job_events order by 1") == [(1,), (3,)]
    told = rows(database, "select line_no, byte_offset from rejected_lines order by 1")
    assert told == [(2, len(good)), (4, 2 * len(good) + len(cut))]


def test_a_file_of_one_systems_lines_is_not_changed_by_what_looks_like_an_envelope_later(tmp_path: Path) -> None:
    text = "".join(sidekiq_lines(2000)) + cri("not within an envelope")
    assert len(text) > 1 << 16
    database = loaded(tmp_path, "a.log", text)
    assert rows(database, "select format from sources") == [("sidekiq_text",)]


def test_an_unwrapped_file_names_no_wrapper(tmp_path: Path) -> None:
    database = loaded(tmp_path, "a.log", "".join(job_log_lines(3)))
    assert rows(database, "select format from sources") == [("job_log",)]
    assert rows(database, "select count(*) from native_ids") == [(0,)]


def test_a_wrapped_file_and_its_bare_twin_are_not_the_same_stream(tmp_path: Path) -> None:
    loaded(tmp_path, "a.log", "".join(job_log_lines(3)))
    database = loaded(tmp_path, "b.log", WRAPPED["kubernetes CRI"](job_log_lines(3)))
    assert rows(database, "select count(*) from sources") == [(2,)]
    assert derived(database)["jobs"]


# --- zones

CLOCK = "[2026-03-02 00:30:05,120] [PID 80] [MainThread] [dramatiq.MainProcess] [INFO] Dramatiq '1.17.0' is booting up."
"""A line that tells its time by a wall clock: half past midnight, two and a half hours after the envelope's time."""


@pytest.mark.parametrize("delay", [timedelta(), timedelta(minutes=13), timedelta(seconds=-30)])
def test_a_records_wall_clock_is_read_in_the_zone_that_its_envelope_tells(tmp_path: Path, delay: timedelta) -> None:
    """A line may be written down late, out of a buffer, and by a clock that is a little behind."""
    written = AT + delay
    database = loaded(tmp_path, "a.log", f"{written:%Y-%m-%dT%H:%M:%S}.120000000Z stdout F {CLOCK}\n")
    told = "select occurred_at from worker_events union all select occurred_at from log_lines"
    assert rows(database, told) == [(AT.replace(microsecond=120_000),)]


def test_the_zone_of_an_old_syslog_is_worked_out_from_records_that_tell_theirs_in_utc(tmp_path: Path) -> None:
    lines = [f"2026-03-01T22:00:05Z {START}", "the till is on fire"]
    database = loaded(
        tmp_path, "a.log", "".join(f"Mar  2 00:00:06 web-1 shop[{n}]: {line}\n" for n, line in enumerate(lines))
    )
    assert rows(database, "select occurred_at from log_lines") == [(AT + timedelta(seconds=1),)]
    assert rows(database, "select zone_basis from sources") == [("worked out",)]
