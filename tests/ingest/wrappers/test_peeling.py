"""What each envelope tells of the line within it, and the traps of each."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import duckdb
import polars as pl
import pytest

from ingest.records import physical_lines
from ingest.sources import SOURCES
from ingest.wrappers import WRAPPERS
from ingest.wrappers.peeling import MOST_BETWEEN, peel_all, wrappers_in
from tests.ingest.loads import job_log_lines, sidekiq_lines
from tests.ingest.scratch import SCRATCH

AT = datetime(2026, 3, 1, 22, 0, 5)  # noqa: DTZ001 - naive UTC, as the tables hold it
LINE = "pid=80 tid=g7y class=WelcomeMail jid=0123456789abcdef01234567 INFO: start"
SPRING = datetime(2026, 4, 1)  # noqa: DTZ001 - the same
NEW_YEAR = datetime(2027, 1, 1)  # noqa: DTZ001 - the same


def known(line: pl.Expr) -> pl.Expr:
    return pl.any_horizontal(source.claims(line) for source in SOURCES if not source.document)


def peeled(*lines: str, not_after: datetime = SPRING) -> list[dict[str, Any]]:
    physical = physical_lines("".join(line + "\n" for line in lines).encode(), line_no=1, byte_offset=0)
    return peel_all(physical, SCRATCH, known=known, not_after=not_after).rows(named=True)


def envelope(**facts: object) -> str:
    return json.dumps(facts, separators=(",", ":"))


JOURNAL = {"__CURSOR": "s=7a;i=1", "__REALTIME_TIMESTAMP": "1772402405000000", "_HOSTNAME": "web-1"}

TOLD: dict[str, tuple[str, dict[str, object]]] = {
    "the journal has the host, the level and a cursor": (
        envelope(**JOURNAL, PRIORITY="4", MESSAGE=LINE),
        {"written_at": AT, "host": "web-1", "level": "warn", "native_id": "s=7a;i=1"},
    ),
    "the journal's message may be an array of bytes": (
        envelope(**JOURNAL, MESSAGE=list(b"\x1b[32mINFO\x1b[0m caf\xc3\xa9 \xff")),
        {"text": "\x1b[32mINFO\x1b[0m café \ufffd"},
    ),
    "in the journal of a docker host the machine is the container": (
        envelope(**JOURNAL, CONTAINER_ID="0f3a9c", MESSAGE=LINE),
        {"host": "0f3a9c"},
    ),
    "a journal's time of too many digits is no time": (
        envelope(MESSAGE=LINE, __REALTIME_TIMESTAMP="99999999999999999999"),
        {"written_at": None, "text": LINE},
    ),
    "journalctl leaves out long messages": (
        envelope(**JOURNAL, MESSAGE=None),
        {"reason": "journalctl left out the message, as it does with long ones: name --all"},
    ),
    "an entry of the journal that is cut is rejected": (
        envelope(**JOURNAL, MESSAGE=LINE)[:-5],
        {"reason": "it begins like an entry of the journal, but is cut or damaged"},
    ),
    "a sequence of journal entries has a record separator before each": (
        "\x1e" + envelope(**JOURNAL, MESSAGE=LINE),
        {"text": LINE},
    ),
    "CRI has nine digits or fewer, and any offset": (
        f"2026-03-02T00:00:05.1+02:00 stderr F {LINE}",
        {"written_at": AT.replace(microsecond=100_000), "channel": "stderr", "text": LINE},
    ),
    "an empty line in CRI has no space behind the tag": ("2026-03-01T22:00:05Z stdout F", {"text": ""}),
    "a line within CRI keeps its own spaces": (
        "2026-03-01T22:00:05Z stdout F   in  between ",
        {"text": "  in  between "},
    ),
    "docker writes nine digits": (f"2026-03-01T22:00:05.000000000Z {LINE}", {"written_at": AT, "text": LINE}),
    "a pod's name is the host": (f"[pod/worker-5f6d/app] {LINE}", {"host": "worker-5f6d", "text": LINE}),
    "structured data may hold brackets and quotes": (
        f'<131>1 2026-03-01T22:00:05Z web-1 app 80 ID [a@1 b="\\] \\" c"][d] {LINE}',
        {"text": LINE, "level": "error", "host": "web-1"},
    ),
    "Heroku's drains have no structured data, and the line's own bracket is not one": (
        "<134>1 2026-03-01T22:00:05+00:00 host app worker.1 - [2026-03-01 22:00:05,120: INFO/MainProcess] ready",
        {"text": "[2026-03-01 22:00:05,120: INFO/MainProcess] ready"},
    ),
    "syslog may say nothing": ("<13>1 - - - - - - words", {"text": "words", "host": None, "written_at": None}),
    "old syslog escapes tabs and line ends": (
        "Mar  1 22:00:05 web-1 app[80]: a#011b",
        {"text": "a\tb", "written_at_clock": AT, "host": "web-1"},
    ),
    "short-full in UTC tells the moment": (
        f"Sun 2026-03-01 22:00:05 UTC web-1 app[80]: {LINE}",
        {"written_at": AT, "written_at_clock": None},
    ),
    "short-full elsewhere tells what the clock showed": (
        f"Sun 2026-03-01 22:00:05 CET web-1 app[80]: {LINE}",
        {"written_at": None, "written_at_clock": AT},
    ),
    "a dyno is the host": (f"2026-03-01T22:00:05+00:00 app[worker.1]: {LINE}", {"host": "worker.1", "text": LINE}),
    "CloudWatch has milliseconds": (
        envelope(timestamp=1772402405000, message=LINE, ingestionTime=1, eventId="3" * 56),
        {"written_at": AT, "native_id": "3" * 56, "text": LINE},
    ),
    "Insights means UTC": (
        envelope(**{"@timestamp": "2026-03-01 22:00:05.000", "@message": LINE}),
        {"written_at": AT, "text": LINE},
    ),
    "of a pod in Datadog the host is the pod": (
        envelope(id="A1", type="log", attributes={"message": LINE, "host": "node-1", "tags": ["pod_name:worker-5f6d"]}),
        {"host": "worker-5f6d", "native_id": "A1", "text": LINE},
    ),
    "Datadog takes a JSON message apart": (
        envelope(id="A1", type="log", attributes={"attributes": {"ts": "x", "pid": 80}}),
        {"text": '{"ts":"x","pid":80}'},
    ),
    "a document's id is of its index": (
        envelope(_index="logs", _id="k", _source={"@timestamp": "2026-03-01T22:00:05Z", "message": LINE}),
        {"native_id": "logs/k", "written_at": AT, "text": LINE},
    ),
    "a document without its source is rejected": (
        envelope(_index="logs", _id="k", _source=None),
        {"reason": 'a document of Elasticsearch without its "_source"'},
    ),
    "of a pod in Fluentd the host is the pod and not the node": (
        envelope(log=LINE + "\n", stream="stdout", kubernetes={"pod_name": "worker-5f6d", "host": "node-1"}),
        {"host": "worker-5f6d", "text": LINE},
    ),
    "Kibana's times have no zone": (
        envelope(**{"@timestamp": "Mar 1, 2026 @ 22:00:05.000", "message": LINE}),
        {"written_at_clock": AT, "written_at": None, "text": LINE},
    ),
    "a time of no clock is none": (f"9999-03-01T22:00:05.000000000Z {LINE}", {"written_at": None, "text": LINE}),
    "a time of no clock is none in JSON either": (
        envelope(timestamp=9999999999999, message="x", ingestionTime=1),
        {"written_at": None, "text": "x"},
    ),
    "infinity is no time": (
        envelope(id="A1", type="log", attributes={"timestamp": "infinity", "message": "x"}),
        {"written_at": None, "text": "x"},
    ),
    "a time that there is not is none": ("2026-02-31T22:00:05.000000000Z x", {"written_at": None, "text": "x"}),
}


@pytest.mark.parametrize("what", TOLD)
def test_an_envelope_is_read(what: str) -> None:
    line, expected = TOLD[what]
    [told] = peeled(line)
    assert {name: told[name] for name in expected} == expected
    assert told["reason"] is not None or told["opened"]


NOT_WRAPPED = {
    "2026-03-01T22:00:05.120Z pid=80 tid=g7y class=WelcomeMail INFO: start",
    "2026-03-01T22:00:05.120Z INFO worker: ready",
    "2026-03-01T22:00:05.120000+00:00 ERROR worker failed",
    "[2026-03-01 22:00:05,120: INFO/MainProcess] celery@web-1 ready.",
    "I, [2026-03-01T22:00:05.120000 #80]  INFO -- : [ActiveJob] Enqueued",
    "22:00:05 default: shop.mail('a')",
    '{"level":"info","message":"no shipper writes this","time":"2026-03-01T22:00:05Z"}',
    '{"message":"x","log":"y"}',
    "a | b",
    "Mar 1st: a day",
    *(line.rstrip("\n") for line in [*sidekiq_lines(3), *job_log_lines(1)]),
}


@pytest.mark.parametrize("line", sorted(NOT_WRAPPED))
def test_a_bare_line_is_left_alone(line: str) -> None:
    [told] = peeled(line)
    assert (told["text"], told["opened"], told["envelope"]) == (line, False, None)


def test_envelopes_within_each_other_are_all_opened_and_what_they_hold_is_kept() -> None:
    source = {"@timestamp": "2026-03-01T22:00:09Z", "log": f"2026-03-01T22:00:05Z stdout F {LINE}", "kubernetes": {}}
    [told] = peeled(envelope(_index="k8s", _id="z", _source=source))
    assert (told["text"], told["written_at"]) == (LINE, AT)
    kept = json.loads(told["envelope"])
    assert kept["elasticsearch"] == {"_index": "k8s", "_id": "z"}
    assert kept["shipped"] == {"@timestamp": "2026-03-01T22:00:09Z", "kubernetes": {}}
    assert kept["cri"] == {"time": "2026-03-01T22:00:05Z", "stream": "stdout"}


def test_only_so_many_envelopes_are_opened_that_a_line_made_to_be_deep_ends() -> None:
    [told] = peeled("[pod/a/b] " * 50 + "x")
    assert told["text"].startswith("[pod/a/b] ")
    assert told["text"].endswith("x")


def test_a_line_in_parts_is_one_line_though_the_other_stream_writes_between() -> None:
    parts = [
        "2026-03-01T22:00:05Z stdout P pid=80 tid=g7y ",
        "2026-03-01T22:00:05Z stderr F between",
        "2026-03-01T22:00:06Z stdout P class=WelcomeMail ",
        "2026-03-01T22:00:07Z stdout F INFO: start",
    ]
    told = peeled(*parts)
    assert [(row["line_no"], row["last_line_no"], row["text"]) for row in told] == [
        (1, 4, "pid=80 tid=g7y class=WelcomeMail INFO: start"),
        (2, 2, "between"),
    ]
    assert told[0]["written_at"] == AT
    assert sum(row["bytes"] for row in told) == sum(len(part) + 1 for part in parts)


def test_a_part_that_nothing_follows_for_long_stands_alone() -> None:
    between = ["2026-03-01T22:00:05Z stderr F between"] * MOST_BETWEEN
    told = peeled("2026-03-01T22:00:05Z stdout P first ", *between, "2026-03-01T22:00:05Z stdout F second")
    assert [row["text"] for row in told if row["channel"] == "stdout"] == ["first ", "second"]


def test_several_messages_behind_their_lengths_may_share_a_line() -> None:
    one, two = f"<134>1 {AT.isoformat()}Z h a p - größe", f"<134>1 {AT.isoformat()}Z h a p - two"
    told = peeled(f"{len(one.encode())} {one}{len(two.encode())} {two}")
    assert [(row["line_no"], row["text"]) for row in told] == [(1, "größe"), (1, "two")]
    assert told[0]["record_no"] < told[1]["record_no"]


def test_a_wrong_length_loses_no_text() -> None:
    message = f"<134>1 {AT.isoformat()}Z h a p - all of it"
    assert peeled(f"12 {message}")[0]["text"] == "all of it"


def test_a_message_of_several_lines_becomes_several_lines_of_one_channel() -> None:
    told = peeled(envelope(**JOURNAL, MESSAGE="a\nb\r\nc\n"))
    assert [row["text"] for row in told] == ["a", "b", "c"]
    assert len({row["channel"] for row in told}) == 1
    assert [row["bytes"] > 0 for row in told] == [True, False, False]


def test_a_line_behind_no_envelope_is_of_the_channel_before_it_but_journalctls_remarks_are_not() -> None:
    first = "2026-03-01T22:00:05+0000 web-1 app[80]: RuntimeError: no room"
    told = peeled(first, "    app/mail.rb:12", "-- Boot 3f2a9c --")
    assert told[1]["channel"] == told[0]["channel"] != told[2]["channel"]
    assert (told[1]["written_at"], told[1]["host"], told[2]["host"]) == (AT, "web-1", None)


@pytest.mark.parametrize(
    ("line", "not_after", "year"),
    [
        ("Dec 31 23:59:59", NEW_YEAR, 2026),
        ("Jan  1 09:00:00", NEW_YEAR, 2027),  # some zones are that far ahead of UTC
        ("Jan  2 00:00:00", NEW_YEAR, 2026),
        ("Feb 29 12:00:00", NEW_YEAR, 2024),
    ],
)
def test_a_time_without_a_year_is_of_the_last_one_in_which_it_is_not_after_the_file(
    line: str, not_after: datetime, year: int
) -> None:
    [told] = peeled(f"{line} web-1 app[80]: x", not_after=not_after)
    assert told["written_at_clock"].year == year


def test_nul_bytes_within_an_envelope_are_rejected() -> None:
    assert peeled(envelope(**JOURNAL, MESSAGE="a\0b"))[0]["reason"] == "the line holds NUL bytes"


def test_the_wrappers_of_a_file_are_told_by_its_beginning_at_every_depth() -> None:
    line = envelope(_index="k8s", _id="z", _source={"@timestamp": "x", "message": f"{AT.isoformat()}Z stdout F {LINE}"})
    with duckdb.connect() as connection:
        physical = physical_lines(line.encode(), line_no=1, byte_offset=0)
        found = wrappers_in(physical, connection, known=known)
    assert [wrapper.name for wrapper in found] == ["elasticsearch", "shipped", "cri"]


def test_the_names_of_wrappers_are_unique() -> None:
    assert len({wrapper.name for wrapper in WRAPPERS}) == len(WRAPPERS)
