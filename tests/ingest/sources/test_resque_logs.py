"""Resque's logs, the workers' and the scheduler's: samples, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.records import physical_lines, sort_lines
from ingest.sources import SOURCES, resque_scheduler, resque_text
from tests.ingest.scratch import SCRATCH
from tests.ingest.sources.reading import rows_of

SAMPLES = Path(__file__).parent.parent / "samples"
AT = datetime(2026, 3, 1, 22, 0, 5)  # noqa: DTZ001 - naive, as the clock showed it
VV = "** [22:00:05 2026-03-01] 80: "
JOB = '(Job{mailers} | WelcomeMail | [7, {"lang"=>"de", "from"=>nil}])'
ACTIVE_JOB = (
    '(Job{reports} | ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper | [{"job_class"=>"YearReport", '
    '"job_id"=>"97ba6646-9acf-429d-95a3-61e4eabcf3df", "provider_job_id"=>nil, "queue_name"=>"reports", '
    '"arguments"=>[2026, {"format"=>"pdf"}], "executions"=>1, "enqueued_at"=>"2026-03-01T22:00:01.522017596Z"}])'
)


def one_event(line: str) -> dict[str, object]:
    (event,) = rows_of(resque_text.SOURCE, line)["job_events"]
    return event


@pytest.mark.parametrize(
    ("words", "event"),
    [
        (f"got: {JOB}", "started"),
        (f"done: {JOB}", "succeeded"),
        (f"{JOB} failed: #<Net::OpenTimeout: execution expired>", "failed"),
    ],
)
@pytest.mark.parametrize(("prefix", "at", "pid"), [(VV, AT, 80), ("*** ", None, None)], ids=["VVERBOSE", "VERBOSE"])
def test_a_jobs_line_tells_event_queue_class_and_arguments_but_no_id(
    prefix: str, at: datetime | None, pid: int | None, words: str, event: str
) -> None:
    told = one_event(prefix + words)
    assert (told["event"], told["queue"], told["job_class"], told["job_id"]) == (event, "mailers", "WelcomeMail", None)
    assert json.loads(str(told["arguments"])) == [7, {"lang": "de", "from": None}]
    assert (told["occurred_at_clock"], told["pid"]) == (at, pid)


@pytest.mark.parametrize(
    ("error", "error_class", "message"),
    [
        ("#<Timeout::Error: execution expired>", "Timeout::Error", "execution expired"),
        ('#<E: a\nb "q" ☃>', "E", 'a\nb "q" ☃'),
        ("#<E: <html>\n</html>>\nlibrary noise", "E", "<html>\n</html>"),
        ('#<E:"a\\nb \\"q\\"">', "E", 'a\nb "q"'),
        ("#<Resque::TermException: SIGTERM>", "Resque::TermException", "SIGTERM"),
        ("NoMessage", "NoMessage", ""),
        ("#<E: cut o", "E", "cut o"),
    ],
)
def test_an_error_is_told_apart_into_class_and_message(error: str, error_class: str, message: str) -> None:
    told = one_event(f"{VV}{JOB} failed: {error}")
    assert (told["error_class"], told["error_message"]) == (error_class, message)


@pytest.mark.parametrize(
    ("inspected", "value"),
    [
        ("[]", []),
        ('["a => nil", "=>", nil, true, -1.5, 1.0e+20]', ["a => nil", "=>", None, True, -1.5, 1e20]),
        ('[{"a"=>{"b"=>[1, nil]}}]', [{"a": {"b": [1, None]}}]),
        ('[{"a" => 1, b: :c}]', [{"a": 1, "b": "c"}]),
        ('["q\\"uote\\n", "null\\u0000"]', ['q"uote\n', "null\u0000"]),
        ("[#<Account id: 5>]", "[#<Account id: 5>]"),
        ("[1, 2", "[1, 2"),
        ("nil", None),
    ],
)
def test_arguments_are_read_as_ruby_wrote_them_and_kept_as_text_where_they_are_no_plain_values(
    inspected: str, value: object
) -> None:
    told = one_event(f"{VV}got: (Job{{q}} | C | {inspected})")
    assert json.loads(str(told["arguments"])) == value


def test_an_active_job_is_told_by_its_own_id_class_and_arguments_not_by_its_wrapper() -> None:
    told = one_event(f"{VV}got: {ACTIVE_JOB}")
    assert (told["job_id"], told["job_class"]) == ("97ba6646-9acf-429d-95a3-61e4eabcf3df", "YearReport")
    assert (json.loads(str(told["arguments"])), told["attempt"]) == ([2026, {"format": "pdf"}], 2)
    assert told["enqueued_at"] == datetime(2026, 3, 1, 22, 0, 1, 522017)  # noqa: DTZ001 - naive UTC


def test_the_retry_plugin_tells_when_a_retry_is_due_and_when_none_comes() -> None:
    again, over = rows_of(
        resque_text.SOURCE,
        f"{VV}resque-retry -- [7] [E/m]: retry delay: 60 for queue: mailers\n"
        f"{VV}resque-retry -- [7] [E/m]: retry criteria not sufficient for retry\n",
    )["job_events"]
    assert (again["event"], again["queue"]) == ("retry_scheduled", "mailers")
    assert again["run_at_clock"] == datetime(2026, 3, 1, 22, 1, 5)  # noqa: DTZ001 - naive, as the clock showed it
    assert over["event"] == "retries_exhausted"


def test_lines_that_tell_seconds_since_1970_tell_the_zone() -> None:
    text = (
        f"{VV}resque-3.0.0: Forked 91 at 1772398805\n{VV}resque-3.0.0: Processing a since 1772398805 [C]\n{VV}Found\n"
    )
    records = sort_lines(physical_lines(text.encode(), line_no=1, byte_offset=0), [resque_text.SOURCE]).records
    moments = resque_text.SOURCE.parse(records["resque_text"].select("line_no", "text"), SCRATCH).moments
    assert moments is not None
    assert moments.rows() == [(AT, datetime(2026, 3, 1, 21, 0, 5))] * 2  # noqa: DTZ001 - naive UTC


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("Starting worker web1:80:mailers,reports", "booted"),
        ("Exiting...", "stopping"),
        ("USR2 received; pausing job processing", "quieted"),
        ("resque-3.0.0: Forked 91 at 1772402405", "forked"),
    ],
)
def test_a_workers_life_is_told(words: str, event: str) -> None:
    (told,) = rows_of(resque_text.SOURCE, VV + words)["worker_events"]
    assert (told["event"], told["pid"], told["system"]) == (event, 80, "resque")
    if event == "booted":
        assert (told["host"], told["queues"]) == ("web1", ["mailers", "reports"])
    if event == "forked":
        assert json.loads(told["attributes"]) == {"child_pid": 91}


def test_a_worker_starting_under_verbose_names_host_and_process_itself() -> None:
    (told,) = rows_of(resque_text.SOURCE, "*** Starting worker web1:81:mailers\n")["worker_events"]
    assert (told["host"], told["pid"], told["worker"]) == ("web1", 81, "web1:81:mailers")


@pytest.mark.parametrize("line", ["*** build finished ***", "** TODO", "** [2026-03-01] x", "*** got: something"])
def test_other_lines_that_begin_with_stars_are_not_claimed(line: str) -> None:
    assert not pl.select(resque_text.SOURCE.claims(pl.lit(line))).item()


def test_a_time_that_no_clock_shows_is_rejected() -> None:
    assert rows_of(resque_text.SOURCE, "** [22:61:05 2026-03-01] 80: Checking a\n")["rejects"][0]["line_no"] == 1
    assert rows_of(resque_text.SOURCE, "** [22:00:05 0001-03-01] 80: Checking a\n")["rejects"]


def test_the_scheduler_tells_which_class_it_enqueued_for_which_schedule_in_utc() -> None:
    (told,) = rows_of(
        resque_scheduler.SOURCE, "resque-scheduler: [INFO] 2026-03-01T23:00:05+01:00: queueing ReportJob (nightly)\n"
    )["job_events"]
    assert (told["event"], told["job_class"], told["occurred_at"]) == ("enqueued", "ReportJob", AT)
    assert json.loads(told["attributes"]) == {"schedule": "nightly"}


def test_the_schedulers_other_lines_are_kept_with_level_and_time() -> None:
    (told,) = rows_of(resque_scheduler.SOURCE, "resque-scheduler: [DEBUG] 2026-03-01T22:00:05Z: queued 4 jobs\n")[
        "log_lines"
    ]
    assert (told["level"], told["message"], told["occurred_at"]) == ("debug", "queued 4 jobs", AT)


@pytest.mark.parametrize("path", sorted((SAMPLES / "resque_text").iterdir()), ids=lambda path: path.name)
def test_each_line_of_the_samples_is_a_row(path: Path) -> None:
    lines = path.read_text().splitlines()
    found = rows_of(resque_text.SOURCE, path.read_text())
    heads = {number for number, line in enumerate(lines, 1) if line.startswith("**")}
    assert {row["line_no"] for rows in found.values() for row in rows} == heads
    assert "rejects" not in found


@pytest.mark.parametrize("folder", ["resque_text", "resque_scheduler"])
def test_the_samples_are_claimed_by_their_source_alone(folder: str) -> None:
    for path in (SAMPLES / folder).iterdir():
        lines = pl.DataFrame({"text": path.read_text().splitlines()})
        claims = {each.name: lines.select(each.claims(pl.col("text"))).to_series().any() for each in SOURCES}
        assert {name for name, claimed in claims.items() if claimed} == {folder}


@given(st.text(), st.sampled_from([f"{VV}got: (Job{{", f"{VV}{JOB} failed: ", "*** got: (Job{q} | C | ", VV]))
def test_whatever_follows_a_valid_beginning_is_a_row_or_a_reject(tail: str, beginning: str) -> None:
    text = f"{beginning}{tail}".replace("\n", " ").replace("\r", " ")
    records = pl.DataFrame({"line_no": [1], "text": [text]})
    parsed = resque_text.SOURCE.parse(records, SCRATCH)
    rejected = [] if parsed.rejects is None else parsed.rejects["line_no"].to_list()
    assert [frame["line_no"].to_list() for frame in parsed.rows.values()] + [rejected] * bool(rejected) == [[1]]
    for frame in parsed.rows.values():
        for arguments in frame["arguments"].to_list() if "arguments" in frame.columns else ():
            json.loads(arguments or "null")
