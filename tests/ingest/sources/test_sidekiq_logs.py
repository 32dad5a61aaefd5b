"""Sidekiq's logs, whichever version and formatter wrote them: samples, and each trap by its name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.records import physical_lines, sort_lines
from ingest.sources import Source, sidekiq_json, sidekiq_text
from tests.ingest.scratch import SCRATCH

JID = "0123456789abcdef01234567"
AT = datetime(2026, 3, 1, 22, 0, 5, 120000)  # noqa: DTZ001 - naive UTC, as the tables have it

BEFORE_8 = f"2026-03-01T22:00:05.120Z pid=80 tid=g7y class=WelcomeMail jid={JID}"
FROM_8 = f"INFO 2026-03-01T22:00:05.120Z pid=80 tid=g7y jid={JID} class=WelcomeMail"
COLOURED = FROM_8.replace("INFO", "\x1b[1;34mINFO \x1b[0m")
JSON = (
    '{"ts":"2026-03-01T22:00:05.120Z","pid":80,"tid":"g7y","lvl":"INFO","msg":"%s","ctx":{"class":"WelcomeMail","jid":"'
    + JID
    + '"%s}}'
)
THREAD = "2026-03-01T22:00:05.120Z pid=80 tid=g7y"
PAYLOAD = (
    '{"retry":3,"queue":"mailers","class":"WelcomeMail","args":[7,{"to":"a"}],"jid":"' + JID + '",'
    '"created_at":1772402400.5,"enqueued_at":1772402401.25,"retry_count":1}'
)


def rows(source: Source, text: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of a whole log text, table by table; rejects under their own name."""
    parted = sort_lines(physical_lines(text.encode(), line_no=1, byte_offset=0), [source])
    records = parted.records.get(source.name, pl.DataFrame({"line_no": [], "text": []}))
    parsed = source.parse(records.select("line_no", "text"), SCRATCH)
    found = {table: frame.to_dicts() for table, frame in parsed.rows.items()}
    return found | ({"rejects": parsed.rejects.to_dicts()} if parsed.rejects is not None else {})


LIVES = [
    pytest.param(sidekiq_text.SOURCE, f"{BEFORE_8} INFO: start", f"{BEFORE_8} elapsed=0.044 INFO: done", id="6 and 7"),
    pytest.param(sidekiq_text.SOURCE, f"{FROM_8}: start", f"{FROM_8} elapsed=0.044: done", id="8 plain"),
    pytest.param(sidekiq_text.SOURCE, f"{COLOURED}: start", f"{COLOURED} elapsed=0.044: done", id="8 coloured"),
    pytest.param(sidekiq_json.SOURCE, JSON % ("start", ""), JSON % ("done", ',"elapsed":0.044'), id="JSON"),
]


@pytest.mark.parametrize(("source", "start", "done"), LIVES)
def test_start_and_done_are_read_with_their_job_thread_and_duration(source: Source, start: str, done: str) -> None:
    first, second = rows(source, f"{start}\n{done}\n")["job_events"]
    assert (first["event"], first["occurred_at"], first["duration"]) == ("started", AT, None)
    assert (second["event"], second["job_id"], second["job_class"]) == ("succeeded", JID, "WelcomeMail")
    assert (second["pid"], second["thread"], second["duration"]) == (80, "g7y", 0.044)


def test_a_log_without_times_keeps_its_order_and_has_none() -> None:
    text = f"pid=80 tid=g7y class=WelcomeMail jid={JID} INFO: start\n"
    event = rows(sidekiq_text.SOURCE, text)["job_events"][0]
    assert (event["event"], event["occurred_at"], event["line_no"]) == ("started", None, 1)


def test_tags_and_batch_ids_are_kept_as_attributes() -> None:
    event = rows(sidekiq_text.SOURCE, f"{BEFORE_8} bid=b1 tags=a,b INFO: start\n")["job_events"][0]
    assert event["attributes"] == '{"bid": "b1", "tags": ["a", "b"]}'


@pytest.mark.parametrize("prefix", [BEFORE_8, FROM_8, COLOURED], ids=["6 and 7", "8 plain", "8 coloured"])
def test_colons_in_class_names_and_tags_do_not_end_the_prefix(prefix: str) -> None:
    named = prefix.replace("WelcomeMail", "Billing::Mail") + " tags=team:x"
    ending = " INFO: start" if prefix is BEFORE_8 else ": start"
    event = rows(sidekiq_text.SOURCE, f"{named}{ending}\n")["job_events"][0]
    assert (event["event"], event["job_class"]) == ("started", "Billing::Mail")
    assert event["attributes"] == '{"tags": ["team:x"]}'


def test_a_fail_line_is_a_failure_though_it_is_logged_at_info() -> None:
    assert rows(sidekiq_text.SOURCE, f"{BEFORE_8} elapsed=1.5 INFO: fail\n")["job_events"][0]["event"] == "failed"


def test_the_report_of_an_error_tells_the_job_its_queue_its_arguments_and_whether_a_retry_comes() -> None:
    report = f'{THREAD} WARN: {{"context":"Job raised exception","job":{PAYLOAD}}}\n'
    event = rows(sidekiq_text.SOURCE, report)["job_events"][0]
    assert (event["event"], event["job_id"], event["queue"]) == ("error_reported", JID, "mailers")
    assert (event["attempt"], event["max_attempts"], event["will_retry"]) == (3, 4, True)
    assert event["arguments"] == '[7,{"to":"a"}]'
    assert event["enqueued_at"] == datetime(2026, 3, 1, 22, 0, 1, 250000)  # noqa: DTZ001 - naive UTC


@pytest.mark.parametrize(
    ("retry", "count", "will_retry"),
    [("true", "null", True), ("false", "null", False), ("2", "0", True), ("2", "1", False), ("0", "null", False)],
)
def test_the_last_failure_is_known_from_the_payload(retry: str, count: str, *, will_retry: bool) -> None:
    payload = PAYLOAD.replace('"retry":3', f'"retry":{retry}').replace('"retry_count":1', f'"retry_count":{count}')
    report = f'{THREAD} WARN: {{"context":"Job raised exception","job":{payload}}}\n'
    assert rows(sidekiq_text.SOURCE, report)["job_events"][0]["will_retry"] is will_retry


def test_the_class_and_backtrace_of_an_error_stay_on_their_thread_for_the_derivation_to_join() -> None:
    text = f"{THREAD} WARN: App::Gone: it is\ngone: \"x\" | {{1}} ☃\n{THREAD} WARN: a.rb:1:in `run'\nb.rb:2:in `go'\n"
    first, second = rows(sidekiq_text.SOURCE, text)["log_lines"]
    assert (first["message"], first["thread"]) == ('App::Gone: it is\ngone: "x" | {1} ☃', "g7y")
    assert second["message"] == "a.rb:1:in `run'\nb.rb:2:in `go'"


RUBY_31 = (
    '{"retry"=>5, "queue"=>"mailers", "class"=>"WelcomeMail", "args"=>[7, {"to"=>"a: b"}, nil], "jid"=>"%s", '
    '"enqueued_at"=>1772402401250}'
)
RUBY_34 = RUBY_31.replace("=>", " => ")


@pytest.mark.parametrize("payload", [RUBY_31, RUBY_34], ids=["Ruby 3.1", "Ruby 3.4"])
def test_an_error_of_sidekiq_8_is_one_record_at_info_with_rubys_own_notation(payload: str) -> None:
    text = (
        f"INFO 2026-03-01T22:00:05.120Z pid=80 tid=g7y context=Job raised exception job={payload % JID}: "
        "/srv/a.rb:50:in `run': too slow (https://x.test/y) (App::Timeout)\nsecond line\n"
        "\tfrom /srv/b.rb:2:in `go'\n"
    )
    event = rows(sidekiq_text.SOURCE, text)["job_events"][0]
    assert (event["event"], event["job_id"], event["queue"]) == ("error_reported", JID, "mailers")
    assert event["arguments"] == '[7,{"to":"a: b"},null]'
    assert (event["error_class"], event["error_message"]) == (
        "App::Timeout",
        "too slow (https://x.test/y)\nsecond line",
    )
    assert event["backtrace"] == "/srv/a.rb:50:in `run'\n/srv/b.rb:2:in `go'"
    assert event["enqueued_at"] == datetime(2026, 3, 1, 22, 0, 1, 250000)  # noqa: DTZ001 - milliseconds, naive UTC


def test_a_payload_that_is_no_plain_ruby_value_still_gives_its_job_away() -> None:
    payload = '{"class"=>"WelcomeMail", "args"=>[#<Object:0x01>], "jid"=>"' + JID + '"}'
    text = f"INFO 2026-03-01T22:00:05.120Z pid=80 tid=g7y context=Job raised exception job={payload}: boom\n"
    assert rows(sidekiq_text.SOURCE, text)["job_events"][0]["job_id"] == JID


def test_the_words_of_an_error_without_a_place_are_kept() -> None:
    payload = RUBY_31 % JID
    text = f"INFO 2026-03-01T22:00:05.120Z pid=80 tid=g7y context=Job raised exception job={payload}: boom\n"
    assert rows(sidekiq_text.SOURCE, text)["job_events"][0]["error_message"] == "boom"


def test_a_shutdown_names_each_job_that_it_pushes_back() -> None:
    job = PAYLOAD.replace('"', '\\"')
    work = f'#<struct Sidekiq::BasicFetch::UnitOfWork queue="queue:mailers", job="{job}">'
    found = rows(sidekiq_text.SOURCE, f"{THREAD} WARN: Work still in progress [{work}, {work}]\n")["job_events"]
    assert [(event["event"], event["job_id"], event["record_no"]) for event in found] == [
        ("requeued", JID, 0),
        ("requeued", JID, 1),
    ]


def test_a_job_pushed_back_that_cannot_be_read_is_kept_with_its_place() -> None:
    good, bad = PAYLOAD.replace('"', '\\"'), "not a payload"
    cut = PAYLOAD.replace(JID, "cut").replace('"', '\\"')[:-40]
    works = ", ".join(f'#<struct UnitOfWork queue="queue:mailers", job="{job}">' for job in (good, bad, good))
    cut_works = works[:-1].removesuffix("]") + f', #<struct UnitOfWork queue="queue:mailers", job="{cut}'
    found = rows(sidekiq_text.SOURCE, f"{THREAD} WARN: Work still in progress [{cut_works}\n")
    assert [(event["job_id"], event["record_no"]) for event in found["job_events"]] == [(JID, 0), (JID, 2), ("cut", 3)]
    assert found["log_lines"][0]["attributes"] == '{"unreadable_jobs": [2]}'
    assert "not a payload" in found["log_lines"][0]["message"]


@pytest.mark.parametrize(
    "record",
    [
        f'{THREAD} WARN: {{"context":"Job raised exception","job":{PAYLOAD}}}',
        f"{THREAD} WARN: Work still in progress []",
        f"{THREAD} INFO: Bye!",
        f"{BEFORE_8} INFO: start",
    ],
    ids=["error", "requeue", "worker", "start"],
)
def test_stray_lines_after_any_record_are_kept(record: str) -> None:
    found = rows(sidekiq_text.SOURCE, f"{record}\nstray one\n  stray two\n")
    assert "stray one\n  stray two" in found["log_lines"][0]["message"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (sidekiq_text.SOURCE, f"{BEFORE_8} queue=low trace_id={'a' * 32} span_id={'b' * 16} INFO: {{}}"),
        (sidekiq_text.SOURCE, f"{FROM_8} queue=low trace_id={'a' * 32} span_id={'b' * 16}: {{}}"),
        (
            sidekiq_json.SOURCE,
            JSON % ("{}", ',"queue":"low","trace_id":"' + "a" * 32 + '","span_id":"' + "b" * 16 + '"'),
        ),
    ],
    ids=["6 and 7", "8", "JSON"],
)
def test_a_queue_and_a_trace_in_the_context_are_in_their_columns(source: Source, line: str) -> None:
    event = rows(source, line.replace("{}", "start") + "\n")["job_events"][0]
    assert (event["queue"], event["trace_id"], event["span_id"]) == ("low", "a" * 32, "b" * 16)
    said = rows(source, line.replace("{}", "words of the job") + "\n")["log_lines"][0]
    assert (said["trace_id"], said["span_id"]) == ("a" * 32, "b" * 16)
    assert '"queue":"low"' in said["attributes"]


@pytest.mark.parametrize("prefix", [BEFORE_8, FROM_8], ids=["6 and 7", "8"])
def test_tags_may_hold_spaces(prefix: str) -> None:
    ending = " INFO: done" if prefix is BEFORE_8 else ": done"
    event = rows(sidekiq_text.SOURCE, f"{prefix} tags=two words,b c tenant=7 elapsed=0.5{ending}\n")["job_events"][0]
    assert (event["event"], event["duration"]) == ("succeeded", 0.5)
    assert event["attributes"] == '{"tags": ["two words", "b c"], "tenant": "7"}'


@pytest.mark.parametrize("message", ['{"a"=>{}}: no {"b"}: end', "cannot read }: ", "}: "])
def test_the_message_of_an_error_of_sidekiq_8_may_look_like_the_end_of_its_payload(message: str) -> None:
    text = (
        f"INFO 2026-03-01T22:00:05.120Z pid=80 tid=g7y context=Job raised exception job={RUBY_31 % JID}: "
        f"/srv/a.rb:50:in `run': {message} (App::Odd)\n"
    )
    event = rows(sidekiq_text.SOURCE, text)["job_events"][0]
    assert (event["job_id"], event["error_class"], event["error_message"]) == (JID, "App::Odd", message)


def test_an_error_reported_inside_a_jobs_context_keeps_that_context() -> None:
    report = f'{THREAD} tenant=7 WARN: {{"context":"Job raised exception","job":{PAYLOAD}}}\n'
    assert '"tenant": "7"' in rows(sidekiq_text.SOURCE, report)["job_events"][0]["attributes"]


@pytest.mark.parametrize(
    ("words", "event", "count"),
    [
        ("Booting Sidekiq 6.4.1 with redis options {}", "booted", None),
        ("Sidekiq 7.3.10 connecting to Redis with options {}", "booted", None),
        ("Received TSTP, no longer accepting new work", "quieted", None),
        ("Shutting down", "stopping", None),
        ("Terminating 2 busy worker threads", "stopping", 2),
        ("Terminating 2 busy threads", "stopping", 2),
        ("Pushed 2 jobs back to Redis", "pushed_back", 2),
        ("Bye!", "stopped", None),
    ],
)
def test_the_life_of_a_process_is_read(words: str, event: str, count: int | None) -> None:
    found = rows(sidekiq_text.SOURCE, f"{THREAD} INFO: {words}\n")["worker_events"][0]
    assert (found["event"], found["job_count"], found["pid"]) == (event, count, 80)


def test_another_librarys_noise_after_a_start_is_no_part_of_it() -> None:
    found = rows(sidekiq_text.SOURCE, f"{BEFORE_8} INFO: start\nRedis#sadd will change (called from a.rb:1)\n")
    assert found["job_events"][0]["event"] == "started"
    assert (found["log_lines"][0]["message"], found["log_lines"][0]["line_no"]) == (
        "Redis#sadd will change (called from a.rb:1)",
        2,
    )


def test_an_application_line_in_a_job_keeps_all_its_lines() -> None:
    found = rows(sidekiq_text.SOURCE, f"{BEFORE_8} INFO: Report rendered\n  summary ok\n  detail ok\n")["log_lines"][0]
    assert (found["message"], found["job_id"]) == ("Report rendered\n  summary ok\n  detail ok", JID)


def test_the_word_start_outside_a_job_is_an_application_line() -> None:
    assert "job_events" not in rows(sidekiq_text.SOURCE, f"{THREAD} INFO: start\n")


def test_a_cut_json_line_is_rejected_with_its_reason() -> None:
    cut = (JSON % ("start", ""))[:-9]
    assert rows(sidekiq_json.SOURCE, cut + "\n")["rejects"][0]["reason"].startswith("no valid JSON")


def test_an_offset_in_a_json_time_is_not_dropped() -> None:
    line = (JSON % ("start", "")).replace(".120Z", ".120+02:00")
    assert rows(sidekiq_json.SOURCE, line + "\n")["job_events"][0]["occurred_at"] == AT.replace(hour=20)


@given(st.text(max_size=200))
def test_whatever_follows_a_prefix_is_accounted_for(words: str) -> None:
    for source, text in (
        (sidekiq_text.SOURCE, f"{BEFORE_8} INFO: {words}"),
        (sidekiq_text.SOURCE, f"{THREAD} {words}"),
        (sidekiq_text.SOURCE, f"{FROM_8} context={words} job={{{words}}}: {words}"),
        (sidekiq_json.SOURCE, '{"ts":"2026-03-01T22:00:05.120Z","pid":1,"tid":"a","lvl":"INFO","msg":"' + words),
    ):
        parsed = source.parse(pl.DataFrame({"line_no": [1], "text": [text]}), SCRATCH)
        assert sum(frame.height for frame in parsed.rows.values()) + (parsed.rejects is not None) >= 1


DIGEST = "uniquejobs:4a488ba6a44a59f9309d1aa4e3133c03"
OTHER = "fedcba9876543210fedcba98"


def refusal(job_id: str) -> str:
    return f"Skipping job with id ({job_id}) because lock_digest: ({DIGEST}) already exists"


def test_a_duplicate_that_a_lock_refuses_at_the_client_is_no_lost_job() -> None:
    text = f"{THREAD} uniquejobs=client until_executed={DIGEST} INFO: {refusal(OTHER)}\n"
    (event,) = rows(sidekiq_text.SOURCE, text)["job_events"]
    assert (event["event"], event["job_id"], event["parent_job_id"]) == ("lock_conflict", OTHER, None)
    assert event["attributes"] == f'{{"uniquejobs": "client", "until_executed": "{DIGEST}"}}'


def test_a_duplicate_that_a_job_would_have_enqueued_names_that_job_as_its_parent() -> None:
    text = f"{BEFORE_8} uniquejobs=client until_executed={DIGEST} INFO: {refusal(OTHER)}\n"
    (event,) = rows(sidekiq_text.SOURCE, text)["job_events"]
    assert (event["event"], event["job_id"], event["parent_job_id"]) == ("lock_conflict", OTHER, JID)
    assert event["job_class"] is None


@pytest.mark.parametrize("source", [sidekiq_text.SOURCE, sidekiq_json.SOURCE], ids=["text", "JSON"])
def test_a_run_that_a_lock_refuses_is_cancelled_though_done_follows(source: Source) -> None:
    line = JSON % (refusal(JID), "") if source is sidekiq_json.SOURCE else f"{BEFORE_8} INFO: {refusal(JID)}"
    (event,) = rows(source, f"{line}\n")["job_events"]
    assert (event["event"], event["job_id"], event["job_class"]) == ("cancelled", JID, "WelcomeMail")


def test_a_duplicate_that_the_client_puts_into_the_dead_set_is_told_with_its_class() -> None:
    (event,) = rows(sidekiq_text.SOURCE, f"{THREAD} INFO: Adding dead WelcomeMail job {OTHER}\n")["job_events"]
    assert (event["event"], event["job_id"], event["job_class"]) == ("retries_exhausted", OTHER, "WelcomeMail")


@pytest.mark.parametrize(
    "template",
    [
        '{"queue"=>"mailers", "class"=>"WelcomeMail", "args"=>[7, {"to"=>"a"}]}',
        '{"queue" => "mailers", "class" => "WelcomeMail", "args" => [7, {"to" => "a"}]}',
        '{"queue":"mailers","class":"WelcomeMail","args":[7,{"to":"a"}]}',
    ],
    ids=["Ruby 3.1", "Ruby 3.4", "JSON"],
)
def test_a_tick_of_sidekiq_cron_tells_class_queue_and_arguments_and_no_id(template: str) -> None:
    (event,) = rows(sidekiq_text.SOURCE, f"{THREAD} DEBUG: enqueued nightly: mail: {template}\n")["job_events"]
    assert (event["event"], event["job_id"], event["job_class"]) == ("enqueued", None, "WelcomeMail")
    assert (event["queue"], event["arguments"]) == ("mailers", '[7,{"to":"a"}]')
    assert event["attributes"] == '{"cron":"nightly: mail"}'


@pytest.mark.parametrize(
    "words",
    [
        "Cron Jobs - added job with name: nightly_report",
        "Cron Jobs - added job with name nightly in the namespace default",
        "CRON JOB: undefined method",
        'enqueued nightly: {"class"=>#<Object:0x01>}',
        'enqueued nightly: {"queue"=>"mailers"}',
        "Starting Reaper",
        "Skipping job with id () because lock_digest: () already exists",
        "Deleted job: 0123",
    ],
)
def test_other_words_of_the_plugins_are_kept_as_they_are(words: str) -> None:
    found = rows(sidekiq_text.SOURCE, f"{THREAD} uniquejobs=reaper INFO: {words}\n")
    assert [line["message"] for line in found["log_lines"]] == [words]
    assert "job_events" not in found
