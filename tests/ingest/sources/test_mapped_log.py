"""Mapped logs: what each line tells, each trap by its name, and the promises that every format keeps."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.loading import load
from ingest.logfmt import pairs_of
from ingest.mapped_log import source_of, with_mapped
from ingest.mapping import LogMapping, MappedField, mappings_in
from ingest.sources import SOURCES
from tests.ingest.loads import NOW, evidence
from tests.ingest.scratch import SCRATCH
from tests.ingest.sources.reading import claimed, rows_of

AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - as the tables hold it
FIELDS = {
    "job_id": "jid", "job_class": "task", "queue": "q", "attempt": "try", "pid": "pid",
    "duration": {"key": "took", "unit": "ms"}, "arguments": "args", "run_at": "due", "will_retry": "again",
    "trace_id": "trace", "level": "level", "error_message": "error",
}  # fmt: skip


def mapping(form: str = "json", **more: Any) -> LogMapping:
    table = {
        "name": "shop",
        "format": form,
        "time": "ts",
        "event": "msg",
        "events": {"job start": "started", "job done*": "succeeded", "job do*": "failed"},
        "fields": FIELDS,
        **more,
    }
    return mappings_in({"log": [table]}, "jobtrail.toml")[0]


def line(form: str = "json", **values: Any) -> str:
    told = {"ts": "2026-03-01T22:00:05.120Z", "msg": "job start", "jid": "b6f1", **values}
    told = {key: value for key, value in told.items() if value is not None}
    if form == "json":
        return json.dumps(told) + "\n"
    words = {key: value if isinstance(value, str) else json.dumps(value) for key, value in told.items()}
    return " ".join(f"{key}={json.dumps(value)}" for key, value in words.items()) + "\n"


def only(
    form: str = "json", table: str = "job_events", *, of: LogMapping | None = None, **values: Any
) -> dict[str, Any]:
    rows = rows_of(source_of(of or mapping(form)), line(form, **values))
    assert set(rows) == {table}, rows
    (row,) = rows[table]
    return row


both = pytest.mark.parametrize("form", ["json", "logfmt"])


@both
def test_a_line_that_tells_an_event_is_a_row_with_its_columns(form: str) -> None:
    row = only(form, task="Mail", q="low", **{"try": 2}, pid=80, took=250, args=["a", 7], again=True, trace="ABCDEF")
    told = {"event": "started", "system": "shop", "occurred_at": AT, "job_id": "b6f1", "job_class": "Mail"}
    told |= {"queue": "low", "attempt": 2, "pid": 80, "duration": 0.25, "will_retry": True, "trace_id": "abcdef"}
    assert {name: row[name] for name in told} == told
    assert json.loads(row["arguments"]) == ["a", 7]
    assert (row["message"], row["attributes"]) == ("job start", None)


@both
def test_a_star_stands_for_any_more_text_and_the_longest_beginning_counts(form: str) -> None:
    assert only(form, msg="job done in 3s")["event"] == "succeeded"
    assert only(form, msg="job dope")["event"] == "failed"


@both
def test_a_line_that_tells_no_event_is_a_log_line_with_its_job(form: str) -> None:
    row = only(form, "log_lines", msg="sending mail", level="WARNING", q="low")
    assert (row["message"], row["job_id"], row["level"], row["occurred_at"]) == ("sending mail", "b6f1", "warn", AT)
    assert json.loads(row["attributes"]) == {"q": "low"}


@both
def test_keys_that_are_not_mapped_stay_in_attributes(form: str) -> None:
    row = only(form, shop="Köln", note='say "hi"\n', level="info")
    assert json.loads(row["attributes"]) == {"shop": "Köln", "note": 'say "hi"\n', "level": "info"}


@both
@pytest.mark.parametrize(
    ("key", "value", "column"),
    [
        ("try", "twice", "attempt"),
        ("try", "99999999999", "attempt"),
        ("pid", "9" * 25, "pid"),
        ("took", "-4", "duration"),
        ("took", "long", "duration"),
        ("args", "[1,", "arguments"),
        ("due", "tomorrow", "run_at"),
        ("again", "perhaps", "will_retry"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_kept_in_attributes(
    form: str, key: str, value: str, column: str
) -> None:
    row = only(form, **{key: value})
    assert row[column] is None
    assert json.loads(row["attributes"]) == {key: value}


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-03-01T22:00:05.120Z", AT),
        ("2026-03-02 00:00:05.120 +0200", AT),
        ("2026-03-01T17:30:05,120-04:30", AT),
        ("2026-03-01T22:00:05.120000000Z", AT),
        (1772402405.12, AT),
        (1772402405120, AT),
        (1772402405120000, AT),
        (1772402405120000123, AT),
        ("1772402405.12", AT),
    ],
)
@both
def test_a_time_is_told_by_its_shape(form: str, told: Any, moment: datetime) -> None:
    row = only(form, ts=told)
    assert (row["occurred_at"], row["occurred_at_clock"]) == (moment, None)


def test_a_unit_of_times_goes_before_their_size() -> None:
    assert only(of=mapping(time_unit="ms"), ts=1772402405120)["occurred_at"] == AT
    assert "rejects" in rows_of(source_of(mapping(time_unit="s")), line(ts=1772402405120))


@pytest.mark.parametrize("told", ["2026-03-01T22:00:05.120", "2026/03/01 22:00:05.120", "2026-03-01 22:00:05,120"])
def test_a_time_without_a_zone_is_a_wall_clock(told: str) -> None:
    row = only(ts=told)
    assert (row["occurred_at"], row["occurred_at_clock"]) == (None, AT)


@pytest.mark.parametrize(
    ("told", "seconds"), [("1m2.5s", 62.5), ("350µs", 0.00035), ("250ms", 0.25), ("1h0m1s", 3601), ("12", 0.012)]
)
def test_a_duration_may_name_its_own_unit(told: str, seconds: float) -> None:
    assert only(took=told)["duration"] == pytest.approx(seconds)


def test_a_log_may_count_its_first_run_as_none() -> None:
    of = mapping(fields={"attempt": {"key": "try", "first": 0}})
    assert only(of=of, **{"try": 0})["attempt"] == 1


def test_a_dot_stands_in_a_name_or_leads_into_an_object() -> None:
    of = mapping(fields={"job_id": "job.id", "host": "host.name"}, event="job.msg")
    row = only(of=of, **{"host.name": "web-1", "job": {"id": "c7", "msg": "job start"}})
    assert (row["job_id"], row["host"], row["event"]) == ("c7", "web-1", "started")
    assert json.loads(row["attributes"])["job"] == {"id": "c7", "msg": "job start"}


@both
def test_only_lines_that_hold_all_conditions_are_its(form: str) -> None:
    source = source_of(mapping(form, when={"logger": "worker", "v": 1}))
    assert claimed(source, line(form, logger="worker", v=1))
    assert not claimed(source, line(form, logger="worker"))
    assert not claimed(source, line(form, logger="web", v=1))


@both
def test_a_condition_that_stands_in_another_value_makes_no_event(form: str) -> None:
    of = mapping(form, when={"logger": "worker"})
    text = line(form, logger="web", note='x logger=worker "logger":"worker"')
    rows = rows_of(source_of(of), text)
    assert "job_events" not in rows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"ts":"2026-03-01T22:00:05Z","msg":"job st\n', "no valid JSON"),
        ('{"ts":"yesterday","msg":"job start"}\n', '"ts" is missing or no time'),
        ('{"ts":"0001-01-01T00:00:00Z","msg":"job start"}\n', '"ts" is missing or no time'),
        ('{"a":{"ts":1}}\n', '"ts" is missing or no time'),
    ],
)
def test_what_cannot_be_read_is_rejected_with_the_reason(text: str, reason: str) -> None:
    (reject,) = rows_of(source_of(mapping()), text)["rejects"]
    assert reason in reject["reason"]


# --- logfmt


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a=1 b=two", [("a", "1"), ("b", "two")]),
        ('a="x y" b="" c=', [("a", "x y"), ("b", ""), ("c", "")]),
        ("dry a=1", [("dry", None), ("a", "1")]),
        (r'a="say \"hi\"\n\\ \u00e4\x41"', [("a", 'say "hi"\n\\ äA')]),
        ('a="b=c d=e" f=1', [("a", "b=c d=e"), ("f", "1")]),
        ("a=b=c", [("a", "b=c")]),
        ('a="torn b=1', [("a", '"torn'), ("b", "1")]),
        ("=x a=1", [("=x", None), ("a", "1")]),
        ("a=1 a=2 a=3", [("a", "1"), ("a.2", "2"), ("a.3", "3")]),
        (r"path=C:\new", [("path", r"C:\new")]),
        (r'a="\ud800"', [("a", "\ufffd")]),
        ("größe=7\tb=1", [("größe", "7"), ("b", "1")]),
        ("", []),
    ],
)
def test_pairs_are_read_as_they_are_meant(text: str, pairs: list[tuple[str, str | None]]) -> None:
    frame = pairs_of(pl.DataFrame({"line_no": [1], "text": [text]})).told()
    assert [(key, value) for _, key, value in frame.select("line_no", "key", "value").iter_rows()] == pairs


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(st.from_regex(r"[a-z_.]{1,8}", fullmatch=True), TEXT, min_size=1, max_size=60))
def test_what_is_written_as_logfmt_is_read_back(told: dict[str, str]) -> None:
    text = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in told.items())
    lines = pl.DataFrame({"line_no": [7], "text": [text]})
    pairs = pairs_of(lines)
    assert {key: pairs.column(key)[0] for key in told} == told
    assert json.loads(pairs.objects([], {})[0]) == told


@pytest.mark.parametrize("more", [0, 60])
def test_log_lines_and_events_keep_what_their_own_columns_do_not_hold(more: int) -> None:
    others = {f"k{number}": str(number) for number in range(more)}
    text = line("logfmt", q="low", level="info", **others) + line(
        "logfmt", msg="other", q="low", level="info", **others
    )
    rows = rows_of(source_of(mapping("logfmt")), text)
    assert json.loads(rows["job_events"][0]["attributes"]) == {"level": "info", **others}
    assert json.loads(rows["log_lines"][0]["attributes"]) == {"q": "low", **others}


# --- what every format keeps


def _sample(form: str) -> str:
    lines = [
        line(form, jid=f"j{number}", msg=msg, level="info", ts=f"2026-03-01T22:{number % 60:02}:0{second}Z", took=took)
        for number in range(150)
        for second, (msg, took) in enumerate([("job start", None), ("note", "x"), ("job done", number)])
    ]
    return "".join(lines)


@both
def test_the_rows_are_the_same_however_the_file_is_cut(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(_sample(form), encoding="utf-8")
    sources = with_mapped(SOURCES, [mapping(form)])
    found = []
    for name, chunk in (("whole", 1 << 20), ("cut", 4001)):
        report = load(tmp_path / f"{name}.duckdb", [path], now=NOW, sources=sources, chunk=chunk, final=True)
        assert (report.files[0].format, report.files[0].rejects, report.rows) == ("shop", 0, 450)
        found.append(evidence(tmp_path / f"{name}.duckdb"))
    assert found[0] == found[1]


def test_a_zone_of_the_mapping_is_that_of_its_times(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(line(ts="2026-07-01T12:00:00"), encoding="utf-8")
    sources = with_mapped(SOURCES, [mapping(zone="Europe/Berlin")])
    load(tmp_path / "x.duckdb", [path], now=NOW, sources=sources)
    with duckdb.connect(str(tmp_path / "x.duckdb")) as db:
        assert db.execute("select hour(occurred_at) from job_events").fetchone() == (10,)
        assert db.execute("select zone, zone_basis from sources").fetchone() == ("Europe/Berlin", "stated")


def test_built_in_formats_are_asked_before_a_mapping_unless_it_is_to_be_first() -> None:
    last, first = mapping(), mapping(first=True, name="other")
    names = [source.name for source in with_mapped(SOURCES, [last, first])]
    assert (names[0], names[-1]) == ("other", "shop")


@both
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_damaged_text_raises_nothing_and_every_record_is_accounted_for(form: str, data: st.DataObject) -> None:
    text = _sample(form)[:3000]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text) - 1))
        end = min(len(text), start + data.draw(st.sampled_from([0, 1, 2, 7, 60, 400])))
        put = data.draw(
            st.text(max_size=8) | st.sampled_from(['"', "\\", "{", "[" * 50, "null", "-1", "9" * 30, "=", "\t", "e99"])
        )
        text = text[:start] + put + text[end:]
    records = pl.DataFrame({"text": text.replace("\0", "").split("\n")}).with_row_index("line_no", offset=1)
    records = records.with_columns(pl.col("line_no").cast(pl.Int64))
    parsed = source_of(mapping(form)).parse(records, SCRATCH)
    frames = [*parsed.rows.values(), *([parsed.rejects] if parsed.rejects is not None else [])]
    assert sorted(number for frame in frames for number in frame["line_no"]) == records["line_no"].to_list()
    for frame in parsed.rows.values():
        for attributes in frame["attributes"].drop_nulls():
            json.loads(attributes)


@both
@pytest.mark.parametrize("column", sorted(FIELDS))
@settings(max_examples=10, deadline=None)
@given(value=st.text(max_size=30) | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none())
def test_no_value_of_a_mapped_key_raises(form: str, column: str, value: Any) -> None:
    found = mapping(form).fields[column]
    assert isinstance(found, MappedField)
    text = line(form, **{found.key: value}).replace("\n", " ").replace("\0", "")
    records = pl.DataFrame({"line_no": [1], "text": [text]})
    parsed = source_of(mapping(form)).parse(records, SCRATCH)
    assert sum(frame.height for frame in parsed.rows.values()) == 1
