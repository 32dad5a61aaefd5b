"""Mappings: what is read from TOML, what is said of each mistake, and proposals that read their own sample."""

from __future__ import annotations

import re
import time
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import schema
from ingest.derive import derive
from ingest.loading import load
from ingest.mapped_log import with_mapped
from ingest.mapping import EVENTS, FIELDS, MappedField, MappingError, mappings_in, read_mappings
from ingest.mapping_proposal import propose
from ingest.sources import SOURCES
from tests.ingest.loads import NOW
from tests.ingest.mapped_samples import IDS, SAMPLES

WHOLE: dict[str, Any] = {
    "name": "shop",
    "format": "logfmt",
    "time": "ts",
    "event": "msg",
    "events": {"job start": "started", "job done*": "succeeded"},
    "fields": {"job_id": "jid", "duration": {"key": "took", "unit": "ms"}},
}


def test_the_events_are_those_that_the_table_names() -> None:
    comment = next(each.comment for each in schema.table("job_events").columns if each.name == "event")
    assert set(EVENTS) == set(re.findall(r"[a-z_]+", re.sub(r"\(.*?\)", "", comment))) - {"what", "happened"}


def test_every_field_is_a_column_of_a_table() -> None:
    columns = {each.name for name in ("job_events", "log_lines") for each in schema.table(name).columns}
    assert set(FIELDS) <= columns


def test_a_mapping_is_read_with_its_defaults() -> None:
    (mapping,) = mappings_in({"log": [WHOLE]}, "jobtrail.toml")
    assert (mapping.system, mapping.first, mapping.zone, mapping.when) == ("shop", False, None, {})
    assert mapping.fields["duration"] == MappedField(key="took", unit="ms")


def test_a_zone_may_be_an_offset() -> None:
    (mapping,) = mappings_in({"log": [{**WHOLE, "zone": "+02:00"}]}, "jobtrail.toml")
    assert mapping.zone == timezone(timedelta(hours=2))


def test_a_file_without_logs_maps_nothing() -> None:
    assert mappings_in({"check": {"fail_on": "high"}}, "jobtrail.toml") == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tiem": "ts"}, "log shop: tiem: there is no such key; did you mean time?"),
        ({"format": "xml"}, "format: 'xml' is none of json, logfmt"),
        ({"name": "My Log"}, "name: 'My Log' must be of a-z, 0-9 and _"),
        ({"name": "sidekiq_json"}, "name: there is a format of that name already"),
        ({"name": 7}, "log 1: name: it must be a text"),
        ({"zone": "Mars/Phobos"}, "zone: there is no time zone Mars/Phobos"),
        ({"time_unit": "years"}, "time_unit: 'years' is none of s, ms, us, ns"),
        ({"first": "yes"}, "first: it must be true or false"),
        ({"events": {}}, "events: it names no event"),
        ({"events": {"go": "startd"}}, "events.\"go\": 'startd' is no event; did you mean started?"),
        ({"events": {"a*b": "started"}}, "a * may only stand at the end"),
        ({"fields": {"job_ids": "jid"}}, "fields.job_ids: there is no such field; did you mean job_id?"),
        ({"fields": {"job_id": 7}}, "fields.job_id: it must name a key"),
        ({"fields": {"job_id": {"key": "a", "unit": "ms"}}}, "fields.job_id.unit: there is no such key here"),
        ({"fields": {"wait": {"key": "a", "unit": "weeks"}}}, "fields.wait.unit: 'weeks' is none of"),
        ({"fields": {"attempt": {"key": "a", "first": 3}}}, "fields.attempt.first: it must be 0 or 1"),
        ({"fields": ["jid"]}, "fields: it must be a table"),
        ({"when": {"logger": ["a"]}}, "when.logger: it must be a text"),
    ],
)
def test_a_mistake_is_told_with_file_log_and_key(change: dict[str, Any], says: str) -> None:
    with pytest.raises(MappingError) as error:
        mappings_in({"log": [{**WHOLE, **change}]}, "jobtrail.toml", taken=["sidekiq_json"])
    assert str(error.value).startswith("jobtrail.toml, log ")
    assert says in str(error.value)


@pytest.mark.parametrize("key", ["name", "format", "time", "event", "events"])
def test_what_is_needed_is_asked_for(key: str) -> None:
    with pytest.raises(MappingError, match=f"{key}: it is missing"):
        mappings_in({"log": [{name: value for name, value in WHOLE.items() if name != key}]}, "jobtrail.toml")


def test_one_bracket_too_few_is_told() -> None:
    with pytest.raises(MappingError, match=r"write \[\[log\]\], with two brackets"):
        mappings_in({"log": WHOLE}, "jobtrail.toml")


def test_two_logs_must_have_two_names() -> None:
    with pytest.raises(MappingError, match="there is a format of that name already"):
        mappings_in({"log": [WHOLE, WHOLE]}, "jobtrail.toml")


@pytest.mark.parametrize("text", ["[[log]\n", "a = " + "9" * 5000, "a = " + "[" * 5000, 'a = "\ud800"'])
def test_a_file_that_is_no_toml_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(MappingError, match="is no valid TOML"):
        read_mappings(tmp_path / "bad.toml")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot read"):
        read_mappings(tmp_path / "none.toml")


# --- proposals


def test_a_proposal_for_many_lines_is_made_in_time() -> None:
    began = time.process_time()
    proposal = propose("".join(f"ts=2026-03-01T22:00:05Z msg=start jid={number}\n" for number in range(20_000)))
    assert "jid" in str(proposal)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("name", SAMPLES)
def test_a_proposal_reads_the_sample_it_was_made_from(name: str, tmp_path: Path) -> None:
    text = SAMPLES[name]()
    (tmp_path / "a.log").write_text(text, encoding="utf-8")
    proposal = propose(text, name=name)
    assert proposal is not None
    (tmp_path / "jobtrail.toml").write_text(proposal, encoding="utf-8")
    sources = with_mapped(SOURCES, read_mappings(tmp_path / "jobtrail.toml"))
    report = load(tmp_path / "x.duckdb", [tmp_path / "a.log"], now=NOW, sources=sources)
    assert [(file.format, file.rejects) for file in report.files] == [(name, 0)]
    with duckdb.connect(str(tmp_path / "x.duckdb")) as db:
        derive(db)
        events = db.execute("select job_id, event from job_events order by occurred_at").fetchall()
        runs = db.execute("select job_id, state, epoch(started_at)::bigint from attempts order by 3").fetchall()
        classes = db.execute("select count(distinct job_class) from jobs where job_class is not null").fetchone()
    assert events == [
        (job, event)
        for job, last in zip(IDS, ("succeeded", "failed"), strict=True)
        for event in ("enqueued", "started", last)
    ]
    assert runs == [(IDS[0], "succeeded", 1772402405), (IDS[1], "failed", 1772402406)]
    assert classes == (1,)


def test_what_a_built_in_format_would_take_is_asked_first() -> None:
    assert "first = true  # the built-in format bullmq_log" in (propose(SAMPLES["pino"]()) or "")
    assert "first = true" not in (propose(SAMPLES["zap"]()) or "")


def test_guesses_are_marked_and_what_was_left_out_is_listed() -> None:
    proposal = propose(SAMPLES["zap"]()) or ""
    assert 'error_message = "error"  # GUESS' in proposal
    assert '#   "caller"  # such as "worker/run.go:41"' in proposal
    assert '# zone = "Europe/Berlin"' in (propose(SAMPLES["go_worker"]()) or "")


def test_ids_and_numbers_in_words_become_a_beginning() -> None:
    lines = [f'ts=2026-03-01T22:00:0{n}Z msg="started job {n}4711" jid=j{n}' for n in range(5)]
    assert '"started job *" = "started"' in (propose("\n".join(lines)) or "")


def test_lines_about_the_worker_itself_are_no_events_of_jobs() -> None:
    lines = ['ts=2026-03-01T22:00:01Z msg="worker started"', 'ts=2026-03-01T22:00:02Z msg="job started" jid=a']
    proposal = propose("\n".join(lines)) or ""
    assert '\n"job started" = "started"' in proposal
    assert '\n# "worker started" = ?' in proposal


@pytest.mark.parametrize("text", ["", "hello", "{}", '{"a":1}', "a=1 b=2", "[]", "=\n= =", "\x1b[31mred"])
def test_a_text_without_keys_and_times_has_no_proposal(text: str) -> None:
    assert propose(text) is None


HOSTILE = st.text(max_size=30) | st.sampled_from(['"', '\\"', "\x1b[2J", "'''", "]]", "\u202e", "job started", "a=b"])


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=5), st.sampled_from(["json", "logfmt"]))
def test_a_proposal_is_toml_whatever_the_log_says(pairs: list[tuple[str, str]], form: str) -> None:
    import json  # noqa: PLC0415 - only here
    import tomllib  # noqa: PLC0415

    told = {"ts": "2026-03-01T22:00:05Z", "msg": "job started", **dict(pairs)}
    line = json.dumps(told) if form == "json" else " ".join(f"{key}={json.dumps(value)}" for key, value in told.items())
    proposal = propose(line)
    if proposal is not None:
        tomllib.loads(proposal)


@given(st.text(max_size=200))
def test_no_text_makes_proposing_fail(text: str) -> None:
    propose(text)
