"""Active Job's lines in a Rails log: the words of each version, and each trap by its name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.records import physical_lines, sort_lines
from ingest.sources import Source, active_job_text, sidekiq_json, sidekiq_text
from tests.ingest.scratch import SCRATCH

ID, OTHER = "bc0cf3c5-aebe-4236-8ddd-42130f4661ab", "4aaf9919-66b2-4795-b2ff-e764e2295956"
JID = "0123456789abcdef01234567"
PROD = "I, [2026-03-01T22:00:05.120345 #80]  INFO -- : "
HALTED = "a before_perform callback halted the job execution"
IN_JOB = f"[ActiveJob] [PayJob] [{ID}] "
JOB = f"PayJob (Job ID: {ID})"
AT = datetime(2026, 3, 1, 22, 0, 5, 120345)  # noqa: DTZ001 - a wall clock


def rows(text: str, source: Source = active_job_text.SOURCE) -> dict[str, list[dict[str, Any]]]:
    """Rows of a whole log text, table by table."""
    parted = sort_lines(physical_lines(text.encode(), line_no=1, byte_offset=0), [source])
    parsed = source.parse(parted.records[source.name].select("line_no", "text"), SCRATCH)
    assert parsed.rejects is None
    return {table: frame.to_dicts() for table, frame in parsed.rows.items()}


def event(line: str, source: Source = active_job_text.SOURCE) -> dict[str, Any]:
    """The one event of a line, without what it does not say."""
    (found,) = rows(line + "\n", source)["job_events"]
    return {name: value for name, value in found.items() if value is not None}


WORDS = [
    ("started", f"{IN_JOB}Performing {JOB} from Async(pay) enqueued at 2026-03-01T22:00:04.384077548Z"),
    ("succeeded", f"{IN_JOB}Performed {JOB} from Async(pay) in 44.5ms"),
    ("failed", f"{IN_JOB}Error performing {JOB} from Async(pay) in 44.5ms: Boom (x):"),
    ("cancelled", f"{IN_JOB}Error performing {JOB} from Async(pay) in 0.4ms: {HALTED}"),
    ("interrupted", f"{IN_JOB}Error performing {JOB} from Sidekiq(pay) in 9.5ms: Sidekiq::Shutdown (Bye):"),
    ("interrupted", f"{IN_JOB}Interrupted {JOB} at 'load', cursor '40' (stopping)"),
    ("enqueued", f"[r1] [ActiveJob] Enqueued {JOB} to Async(pay)"),
    ("scheduled", f"[ActiveJob] Enqueued {JOB} to Async(pay) at 2026-03-01 22:10:00 UTC"),
    ("retry_scheduled", f"{IN_JOB}Enqueued {JOB} to Async(pay) at 2026-03-01 22:10:00 UTC"),
    ("retry_scheduled", f"{IN_JOB}Retrying {JOB} after 2 attempts in 3 seconds, due to a Boom (x)."),
    ("retries_exhausted", f"{IN_JOB}Stopped retrying {JOB} due to a Boom (x), which reoccurred on 5 attempts."),
    ("discarded", f"{IN_JOB}Discarded {JOB} due to a Boom (x)."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "words"), WORDS)
@pytest.mark.parametrize("prefix", [PROD, ""], ids=["production", "development"])
def test_each_line_of_a_job_is_its_event(name: str, words: str, prefix: str) -> None:
    found = event(prefix + words)
    assert (found["event"], found["job_id"], found["job_class"]) == (name, ID, "PayJob")
    assert (found.get("occurred_at_clock"), found.get("pid")) == ((AT, 80) if prefix else (None, None))


def test_a_run_carries_its_queue_duration_in_seconds_and_when_it_was_enqueued() -> None:
    started, ended = event(PROD + WORDS[0][1]), event(PROD + WORDS[1][1])
    assert started["enqueued_at"] == datetime(2026, 3, 1, 22, 0, 4, 384077)  # noqa: DTZ001
    assert (started["queue"], ended["duration"], json.loads(ended["attributes"])) == (
        "pay",
        0.0445,
        {"adapter": "Async"},
    )


ARGUMENTS = [
    ('7, "a"', [7, "a"]),
    ('{"cents"=>80153, "list"=>[1, {"b"=>2.5}]}', [{"cents": 80153, "list": [1, {"b": 2.5}]}]),
    ('{"cents" => 80153}', [{"cents": 80153}]),
    ("{:cents=>80153, :on=>true}", [{"cents": 80153, "on": True}]),
    ('{cents: 80153, note: "x"}', [{"cents": 80153, "note": "x"}]),
    ("nil, :now, -1.5e-05", [None, "now", -1.5e-05]),
    ('"a=>b, nil", "say \\"hi\\" \\u2603"', ["a=>b, nil", 'say "hi" ☃']),
    ('"k", "=>v: 1"', ["k", "=>v: 1"]),
    ("#<GlobalID:0x00007f @uri=#<URI::GID gid://shop/User/1>>", ["gid://shop/User/1"]),
    ("#<Money cents=5>", "#<Money cents=5>"),
    ('{"cut', '{"cut'),
]


@pytest.mark.parametrize(("text", "arguments"), ARGUMENTS)
@pytest.mark.parametrize("words", [WORDS[0][1], WORDS[6][1], WORDS[7][1]], ids=["started", "enqueued", "scheduled"])
def test_arguments_in_rubys_words_are_read_as_json(text: str, arguments: Any, words: str) -> None:
    assert json.loads(event(f"{PROD}{words} with arguments: {text}")["arguments"]) == arguments


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(st.characters(codec="ascii", exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab =>:", max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def inspected(value: Any, arrow: str) -> str:
    """A value as Ruby's ``inspect`` writes it."""
    if isinstance(value, list):
        return "[" + ", ".join(inspected(one, arrow) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(inspected(k, arrow) + arrow + inspected(v, arrow) for k, v in value.items()) + "}"
    return "nil" if value is None else json.dumps(value)


@given(st.lists(plain, min_size=1, max_size=4), st.sampled_from(["=>", " => "]))
def test_whatever_plain_values_a_job_gets_come_back(arguments: list[Any], arrow: str) -> None:
    text = ", ".join(inspected(one, arrow) for one in arguments)
    found = event(f"{PROD}{WORDS[6][1]} with arguments: {text}")
    assert json.loads(found["arguments"]) == arguments


def test_the_lines_of_6_1_that_name_no_job_are_events_without_an_id() -> None:
    for words, name, attempt in (
        ("Retrying PayJob in 2 seconds, due to a Net::OpenTimeout.", "retry_scheduled", None),
        ("Stopped retrying PayJob due to a Net::OpenTimeout, which reoccurred on 5 attempts.", "retries_exhausted", 5),
        ("Discarded PayJob due to a Net::OpenTimeout.", "discarded", None),
    ):
        found = event(PROD + words)
        assert (found["event"], found.get("job_id"), found["job_class"]) == (name, None, "PayJob")
        assert (found["error_class"], found.get("attempt")) == ("Net::OpenTimeout", attempt)


def test_a_retry_is_due_so_many_seconds_after_its_line() -> None:
    found = event(PROD + WORDS[9][1])
    assert found["run_at_clock"] == datetime(2026, 3, 1, 22, 0, 8, 120345)  # noqa: DTZ001
    assert (found["attempt"], found["error_class"], found["error_message"]) == (2, "Boom", "x")


def test_a_message_over_several_lines_ends_where_the_sentence_ends() -> None:
    text = f"{PROD}{IN_JOB}Stopped retrying {JOB} due to a Boom (one\ntwo), which reoccurred on 5 attempts.\nnoise\n"
    found = rows(text)
    assert (found["job_events"][0]["error_message"], found["job_events"][0]["attempt"]) == ("one\ntwo", 5)
    assert [(line["line_no"], line["message"]) for line in found["log_lines"]] == [(3, "noise")]


def test_an_error_has_its_message_with_a_code_snippet_and_its_backtrace() -> None:
    text = (
        f"{PROD}{IN_JOB}Error performing {JOB} from Async(pay) in 2.5ms: NoMethodError (undefined method `[]'\n\n"
        "  raise e, p['m']\n           ^^^^^):\napp/jobs/pay.rb:7:in `perform'\nlib/x.rb:1\n[r2] Completed 200 OK\n"
    )
    found = rows(text)
    (failed,) = found["job_events"]
    assert failed["error_message"] == "undefined method `[]'\n\n  raise e, p['m']\n           ^^^^^"
    assert failed["backtrace"] == "app/jobs/pay.rb:7:in `perform'\nlib/x.rb:1"
    assert [line["message"] for line in found["log_lines"]] == ["[r2] Completed 200 OK"]


def test_lines_of_another_process_behind_a_record_are_not_its_own() -> None:
    web = 'I, [2026-03-01T22:00:06.500000 #99]  INFO -- : [r1] Started GET "/" for ::1'
    for words in (WORDS[0][1], f"{IN_JOB}charged\n  in two parts", WORDS[2][1] + "\napp/x.rb:1:in `y'"):
        found = rows(f"{PROD}{words}\n{web}\n")["log_lines"][-1]
        assert (found["pid"], found["message"], found["system"]) == (99, '[r1] Started GET "/" for ::1', None)
        assert found["occurred_at_clock"] == datetime(2026, 3, 1, 22, 0, 6, 500000)  # noqa: DTZ001


def test_what_a_job_says_is_kept_with_the_job_and_may_begin_with_brackets() -> None:
    (found,) = rows(f"{PROD}{IN_JOB}[Stripe] [ch_1] charged\n  in two parts\n")["log_lines"]
    assert (found["job_id"], found["job_class"], found["level"]) == (ID, "PayJob", "info")
    assert found["message"] == "[Stripe] [ch_1] charged\n  in two parts"


def test_a_job_enqueued_by_a_job_knows_its_parent() -> None:
    found = event(f"{PROD}{IN_JOB}Enqueued MailJob (Job ID: {OTHER}) to Async(mail)")
    assert (found["event"], found["job_id"], found["parent_job_id"]) == ("enqueued", OTHER, ID)


def test_a_job_performed_at_once_within_another_is_itself() -> None:
    found = event(f"{PROD}{IN_JOB}[MailJob] [{OTHER}] Discarded MailJob (Job ID: {OTHER}) due to a Boom (x).")
    assert (found["job_id"], found["job_class"]) == (OTHER, "MailJob")


def test_a_refused_enqueue_names_the_cause_and_a_halted_one_is_cancelled() -> None:
    failed = event(
        f"{PROD}[r1] [ActiveJob] Failed enqueuing PayJob to Sidekiq(pay): Redis::CannotConnectError (no (way))"
    )
    assert (failed["event"], failed["job_class"], failed["queue"]) == ("enqueue_failed", "PayJob", "pay")
    assert (failed["error_class"], failed["error_message"]) == ("Redis::CannotConnectError", "no (way)")
    assert "job_id" not in failed
    words = "Failed enqueuing PayJob to Sidekiq(pay), a before_enqueue callback halted the enqueuing execution."
    halted = event(f"{PROD}[ActiveJob] {words}")
    assert (halted["event"], halted["error_message"]) == (
        "cancelled",
        "a before_enqueue callback halted the enqueuing execution",
    )


def test_jobs_enqueued_together_are_told_in_words_and_those_refused_as_an_event() -> None:
    assert "job_events" not in rows(f"{PROD}[ActiveJob] Enqueued 3 jobs to Async (2 PayJob, 1 MailJob)\n")
    assert (
        event(f"{PROD}[ActiveJob] Enqueued 2 jobs to Async (2 A). Failed enqueuing 1 job")["event"] == "enqueue_failed"
    )


def test_the_zone_shows_where_a_start_repeats_its_enqueue_in_utc() -> None:
    text = "I, [2026-03-01T23:00:05.120345 #80]  INFO -- : " + WORDS[0][1]
    moments = active_job_text.SOURCE.parse(pl.DataFrame({"line_no": [1], "text": [text]}), SCRATCH).moments
    assert moments is not None
    assert [str(moment) for moment in moments.row(0)] == ["2026-03-01 23:00:05.120345", "2026-03-01 22:00:04.384077"]


def test_a_time_that_no_clock_shows_is_kept_aside() -> None:
    found = event(PROD.replace("2026", "0001") + WORDS[1][1])
    assert "occurred_at_clock" not in found
    assert json.loads(found["attributes"])["time"] == "0001-03-01T22:00:05.120345"


@pytest.mark.parametrize(
    "line",
    [
        'I, [2026-03-01T22:00:05.120345 #80]  INFO -- : [r1] Started GET "/" for ::1',
        f"{PROD}2026-03-01T22:00:05+0000: [Worker(a)] Job PayJob [{ID}] RUNNING",
        f"2026-03-01T22:00:05.120Z pid=80 tid=g7y class=PayJob jid={JID} INFO: start",
        "Retrying in 3 seconds",
        "note: [ActiveJob] is a library",
    ],
)
def test_other_lines_are_not_claimed(line: str) -> None:
    assert not pl.select(active_job_text.SOURCE.claims(pl.lit(line))).item()


IN_SIDEKIQ = [
    (sidekiq_text.SOURCE, f"2026-03-01T22:00:05.120Z pid=80 tid=g7y class=PayJob jid={JID} INFO: %s"),
    (sidekiq_text.SOURCE, f"INFO  2026-03-01T22:00:05.120Z pid=80 tid=g7y jid={JID} class=PayJob: %s"),
    (
        sidekiq_json.SOURCE,
        '{"ts":"2026-03-01T22:00:05.120Z","pid":80,"tid":"g7y","lvl":"INFO","msg":"%s","ctx":{"class":"PayJob","jid":"'
        + JID
        + '"}}',
    ),
]


@pytest.mark.parametrize(("source", "line"), IN_SIDEKIQ, ids=["6 and 7", "8", "JSON"])
def test_in_sidekiqs_log_the_job_id_is_the_jobs_and_the_jid_its_providers(source: Source, line: str) -> None:
    found = event(line % WORDS[1][1], source)
    assert (found["system"], found["job_id"], found["provider_job_id"]) == ("active_job", ID, JID)
    assert (found["pid"], found["thread"], found["duration"]) == (80, "g7y", 0.0445)
    other = event(line % f"{IN_JOB}Enqueued MailJob (Job ID: {OTHER}) to Sidekiq(mail)", source)
    assert (other["job_id"], other.get("provider_job_id"), other["parent_job_id"]) == (OTHER, None, ID)


@given(st.sampled_from([words for _, words in WORDS]), st.text(max_size=30))
def test_whatever_follows_a_valid_beginning_is_accounted_for(words: str, more: str) -> None:
    found = rows(f"{PROD}{words}{more.replace(chr(0), '')}\n")
    assert any(row["line_no"] == 1 for table in found.values() for row in table)
