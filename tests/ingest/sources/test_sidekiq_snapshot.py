"""Sidekiq's snapshots, as captured from real Redis servers and as others might mangle them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources.sidekiq_snapshot import SOURCE
from tests.ingest.scratch import SCRATCH

if TYPE_CHECKING:
    from ingest.sources.source import Parsed

CAPTURES = Path(__file__).parents[2] / "fixtures" / "captures"
LAST = CAPTURES / "sidekiq-8.1.7-plain" / "snapshots" / "final.json"
DOCUMENTS = [*sorted(CAPTURES.glob("sidekiq-*/snapshots/0*.json")), LAST]


def parsed(*texts: str) -> Parsed:
    frame = pl.DataFrame({"line_no": range(1, len(texts) + 1), "text": texts})
    return SOURCE.parse(frame, SCRATCH)


def snapshot(keys: dict[str, Any], **more: object) -> str:
    return json.dumps({"captured_at": "2026-03-01T22:00:05.1Z", "keys": keys} | more)


def typed(value: object, kind: str = "list") -> dict[str, Any]:
    return {"type": kind, "ttl_ms": -1, "value": value}


def job(**more: object) -> str:
    return json.dumps({"jid": "0123456789abcdef01234567", "class": "Mail", "args": [7], "retry": True} | more)


def only_job(keys: dict[str, Any]) -> dict[str, Any]:
    result = parsed(snapshot(keys))
    assert result.rejects is None
    return result.rows["snapshot_jobs"].row(0, named=True)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_every_job_queue_and_process_of_a_captured_snapshot_becomes_a_row(path: Path) -> None:
    text = path.read_text()
    keys = json.loads(text)["keys"]
    result = parsed(text)
    held = result.rows["snapshot_jobs"].group_by("held_in").len().rows() if "snapshot_jobs" in result.rows else []
    expected: dict[str, int] = {}
    for key, entry in keys.items():
        held_in = {"schedule": "scheduled", "retry": "retry", "dead": "dead"}.get(key)
        held_in = "queued" if key.startswith("queue:") else held_in
        held_in = "running" if key.endswith((":work", ":workers")) else held_in
        if held_in:
            expected[held_in] = expected.get(held_in, 0) + len(entry["value"])
    assert dict(held) == expected
    assert result.rejects is None
    assert set(keys["processes"]["value"]) <= set(result.rows["snapshot_processes"]["worker"])
    assert set(keys["queues"]["value"]) == set(result.rows["snapshot_queues"]["queue"])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_a_captured_snapshot_is_claimed_by_its_first_4_kib(path: Path) -> None:
    frame = pl.DataFrame({"text": [path.read_text()[:4096]]})
    assert frame.select(SOURCE.claims(pl.col("text"))).item()


@pytest.mark.parametrize("text", ['{"ts":"2026"}', '{"resourceSpans":[]}', "INFO captured_at keys", "", "{"])
def test_other_text_is_not_claimed(text: str) -> None:
    assert not pl.DataFrame({"text": [text]}).select(SOURCE.claims(pl.col("text"))).item()


def test_the_moment_is_redis_own_where_it_was_noted() -> None:
    noted = parsed(snapshot({}, redis_time=[1772402405, 90000])).rows["snapshots"].row(0, named=True)
    assert noted["taken_at"] == datetime(2026, 3, 1, 22, 0, 5, 90000)  # noqa: DTZ001 - naive UTC
    assert json.loads(noted["attributes"]) == {"captured_at": "2026-03-01T22:00:05.1Z"}
    assert parsed(snapshot({})).rows["snapshots"]["taken_at"][0].microsecond == 100000


def test_the_last_element_of_a_queue_runs_next() -> None:
    keys = {"queue:mail": typed([job(jid="new", enqueued_at=20.5), job(jid="old", enqueued_at=10.5)])}
    result = parsed(snapshot(keys))
    assert result.rows["snapshot_jobs"].select("job_id", "position").rows() == [("old", 0), ("new", 1)]
    queue = result.rows["snapshot_queues"].row(0, named=True)
    assert (queue["depth"], queue["oldest_at"].second) == (2, 10)


@pytest.mark.parametrize("written", [1772402400.25, 1772402400250, "1772402400.25"])
def test_payload_times_are_seconds_or_milliseconds_as_their_size_tells(written: object) -> None:
    found = only_job({"queue:mail": typed([job(created_at=written, enqueued_at=written)])})
    assert found["enqueued_at"] == found["created_at"] == datetime(2026, 3, 1, 22, 0, 0, 250000)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("more", "attempt", "max_attempts"),
    [
        ({"retry": True}, 0, 26),
        ({"retry": None}, 0, 26),
        ({"retry": False}, 0, 1),
        ({"retry": 3, "retry_count": 0}, 1, 4),
        ({"retry": 0}, 0, 1),
        ({"retry": "soon", "retry_count": "x"}, None, None),
    ],
)
def test_attempts_are_counted_from_the_retry_count(more: dict[str, Any], attempt: int, max_attempts: int) -> None:
    found = only_job({"queue:mail": typed([job(**more)])})
    assert (found["attempt"], found["max_attempts"]) == (attempt, max_attempts)


@pytest.mark.parametrize(("retry_count", "attempt"), [(None, 1), (0, 2), (2, 4)])
@pytest.mark.parametrize("suffix", ["work", "workers"])
def test_a_running_job_counts_the_execution_under_way(suffix: str, retry_count: int | None, attempt: int) -> None:
    work = json.dumps({"queue": "mail", "payload": job(retry_count=retry_count), "run_at": 1772402400})
    found = only_job({f"web:1:80:5a6b7c8d9e0f:{suffix}": typed({"t1": work}, "hash")})
    assert found["held_in"] == "running"
    assert (found["host"], found["pid"], found["thread"], found["attempt"]) == ("web:1", 80, "t1", attempt)
    assert found["started_at"] == datetime(2026, 3, 1, 22, 0)  # noqa: DTZ001 - naive UTC


def test_an_active_job_is_known_by_its_own_id_and_its_jid_is_the_providers() -> None:
    inner = {"job_class": "Mail", "job_id": "aj-1", "arguments": [{"b": 1, "a": 2}], "executions": 2, "locale": "fr"}
    found = only_job(
        {"queue:mail": typed([job(**{"class": "Sidekiq::ActiveJob::Wrapper", "wrapped": "Mail", "args": [inner]})])}
    )
    assert (found["job_id"], found["provider_job_id"]) == ("aj-1", "0123456789abcdef01234567")
    assert (found["job_class"], found["attempt"]) == ("Mail", 2)
    assert json.loads(found["arguments"]) == [{"b": 1, "a": 2}]
    assert json.loads(found["attributes"])["active_job"]["locale"] == "fr"


def test_scores_are_when_a_job_is_due_or_died() -> None:
    scored = [{"member": job(jid="later"), "score": 20.5}, {"member": job(jid="sooner"), "score": "10.5"}]
    keys = {name: typed(scored, "zset") for name in ("schedule", "retry", "dead")}
    rows = parsed(snapshot(keys)).rows["snapshot_jobs"]
    assert rows["job_id"].to_list() == ["sooner", "later"] * 3
    dead = rows.filter(held_in="dead")
    assert (dead["died_at"][0].second, dead["run_at"][0]) == (10, None)
    assert rows.filter(held_in="retry")["run_at"][1].second == 20


def test_a_process_that_is_only_listed_has_no_heartbeat() -> None:
    info = json.dumps({"hostname": "web", "pid": 9, "queues": ["mail"], "concurrency": 5, "tag": "app"})
    beat = {"info": info, "beat": "1772402400.5", "busy": "3", "quiet": "true", "rss": "4"}
    keys = {
        "processes": typed(["gone:1:ab12cd34ef56"], "set"),
        "web:9:ab12cd34ef56": {"type": "hash", "ttl_ms": 700, "value": beat},
    }
    gone, alive = parsed(snapshot(keys)).rows["snapshot_processes"].rows(named=True)
    assert (gone["host"], gone["pid"], gone["heartbeat_at"], gone["heartbeat_period"]) == ("gone", 1, None, None)
    assert (alive["concurrency"], alive["busy"], alive["quiet"], alive["queues"]) == (5, 3, True, ["mail"])
    assert alive["heartbeat_period"] == 5
    assert json.loads(alive["attributes"]) == {"tag": "app", "rss": "4", "ttl_ms": 700}


def test_sidekiq_from_7_on_beats_every_ten_seconds() -> None:
    rows = parsed(DOCUMENTS[-1].read_text()).rows
    assert rows["snapshot_processes"]["heartbeat_period"].to_list() == [10.0]
    assert rows["snapshots"]["version"].to_list() == ["8.1.7"]


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"queue:mail": typed(["{torn", job()])}, '"queue:mail"'),
        ({"queue:mail": typed(["[]", job()])}, '"queue:mail"'),
        ({"queue:mail": typed([job(jid=None), job()])}, '"queue:mail"'),
        ({"retry": typed(["bare"], "zset"), "queue:mail": typed([job()])}, '"retry"'),
        ({"dead": 7, "queue:mail": typed([job()])}, '"dead"'),
        ({"h:1:ab:work": typed({"t": "{"}, "hash"), "queue:mail": typed([job()])}, '"h:1:ab:work"'),
        ({"queues": typed([1], "set"), "queue:mail": typed([job()])}, '"queues"'),
    ],
)
def test_a_malformed_member_is_rejected_by_the_name_of_its_key_and_the_rest_is_loaded(
    keys: dict[str, Any], named: str
) -> None:
    result = parsed(snapshot(keys))
    assert result.rows["snapshot_jobs"].height == 1
    assert result.rejects is not None
    assert all(named in reason for reason in result.rejects["reason"])


def test_keys_about_no_job_are_kept_as_attributes() -> None:
    keys = {"stat:failed": typed("94", "string"), "cron_jobs": typed(["a"], "set")}
    attributes = parsed(snapshot(keys, redis={"v": "7"})).rows["snapshots"]["attributes"][0]
    assert json.loads(attributes) == {"redis": {"v": "7"}, "keys": keys}


def test_the_same_snapshot_written_differently_is_the_same_id() -> None:
    first, second = (
        '{"captured_at":"2026-03-01T22:00:05Z","keys":{}}',
        '{"keys":{}, "captured_at":"2026-03-01T22:00:05Z"}',
    )
    assert parsed(first).rows["snapshots"]["snapshot_id"][0] == parsed(second).rows["snapshots"]["snapshot_id"][0]
    assert parsed(first, second).rows["snapshots"].height == 1


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["queues", "processes", "paused", "queue:a", "retry", "h:1:ab", "h:1:ab:work", "stat:failed"])
JOBS = st.dictionaries(
    st.sampled_from(["jid", "class", "args", "wrapped", "retry", "retry_count", "created_at", "enqueued_at", "info"]),
    ANY,
)
VALUES = ANY | st.lists(JOBS.map(json.dumps) | ANY) | st.dictionaries(st.text(), JOBS.map(json.dumps) | ANY) | JOBS
KEYS = st.dictionaries(NAMES | st.text(), VALUES.map(typed) | ANY)
DOCUMENT = st.fixed_dictionaries(
    {}, optional={"captured_at": st.just("2026-03-01T22:00:05Z") | ANY, "redis_time": ANY, "keys": KEYS | ANY, "x": ANY}
)


@settings(deadline=None)  # a busy machine is no defect
@given(DOCUMENT.map(json.dumps) | ANY.map(json.dumps) | st.text(st.characters(exclude_categories=["Cs"])))
def test_no_structure_raises_and_every_snapshot_is_accounted_for(text: str) -> None:
    result = parsed(text)
    assert "snapshots" in result.rows or result.rejects is not None
    for frame in result.rows.values():
        if "attributes" in frame.columns:
            assert all(isinstance(json.loads(kept), dict) for kept in frame["attributes"].drop_nulls())


# Locks of the gem sidekiq-unique-jobs

DIGEST = "uniquejobs:af96c9cc799788b1069970c78a835279"


def only_lock(key: str, holders: dict[str, object], ttl_ms: object = -1) -> dict[str, Any]:
    result = parsed(snapshot({key: typed(holders, "hash") | {"ttl_ms": ttl_ms}}))
    assert result.rejects is None
    return result.rows["snapshot_locks"].row(0, named=True)


def test_a_lock_is_its_digest_the_job_that_holds_it_and_since_when() -> None:
    found = only_lock(f"{DIGEST}:LOCKED", {"0123456789abcdef01234567": "1772402400.25"})
    del found["snapshot_id"]
    assert found == {
        "lock": DIGEST,
        "kind": None,
        "job_class": None,
        "holder_id": "0123456789abcdef01234567",
        "held_since": datetime(2026, 3, 1, 22, 0, 0, 250000),  # noqa: DTZ001 - naive UTC
        "expires_at": None,
        "attributes": None,
    }


def test_from_version_9_on_a_lock_tells_its_kind_and_class_and_what_else_it_tells_is_kept() -> None:
    told = {"worker": "Mail", "type": "until_executed", "time": 1772402400.25, "limit": 1}
    found = only_lock(f"{DIGEST}:LOCKED", {"a": json.dumps(told)})
    assert (found["job_class"], found["kind"], found["held_since"].second) == ("Mail", "until_executed", 0)
    assert json.loads(found["attributes"]) == {"limit": 1}


@pytest.mark.parametrize(
    ("ttl_ms", "ends"), [(3500, "2026-03-01 22:00:08.600000"), (-1, "None"), (10**300, "None"), ("soon", "None")]
)
def test_a_lock_with_a_lifetime_ends_so_long_after_the_snapshot(ttl_ms: object, ends: str) -> None:
    assert str(only_lock(f"{DIGEST}:LOCKED", {"a": "1772402400"}, ttl_ms)["expires_at"]) == ends


def test_a_lock_of_runs_is_known_by_its_key() -> None:
    assert only_lock(f"{DIGEST}:RUN:LOCKED", {"a": "1772402400"})["kind"] == "while_executing"


def test_a_lock_whose_time_cannot_be_read_is_a_lock_all_the_same() -> None:
    found = only_lock(f"{DIGEST}:LOCKED", {"a": "yesterday"})
    assert (found["held_since"], json.loads(found["attributes"])) == (None, {"time": "yesterday"})


def test_what_else_the_gem_keeps_stays_with_the_snapshot() -> None:
    keys = {f"{DIGEST}:LOCKED": typed({"a": "1772402400"}, "hash"), f"{DIGEST}:QUEUED": typed(["a"])}
    attributes = json.loads(parsed(snapshot(keys)).rows["snapshots"]["attributes"][0])
    assert list(attributes["keys"]) == [f"{DIGEST}:QUEUED"]
