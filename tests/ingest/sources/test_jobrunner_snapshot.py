"""Snapshots as the wire contract writes them, and as they should never be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sources import jobrunner_snapshot
from ingest.sources.jobrunner_snapshot import SOURCE
from jobrunner.contract import Snapshot, SnapshotJob, SnapshotLock, SnapshotProcess, SnapshotQueue
from tests.ingest.scratch import SCRATCH

if TYPE_CHECKING:
    from ingest.sources.source import Parsed

SAMPLE = (jobrunner_snapshot.__doc__ or "").split("\n\n")[1].replace("\n", "").strip()
NOON = datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=UTC)
HELD = NOON.replace(tzinfo=None)


def parsed(*texts: str) -> Parsed:
    frame = pl.DataFrame({"line_no": range(1, len(texts) + 1), "text": texts})
    return SOURCE.parse(frame, SCRATCH)


def snapshot(**more: object) -> str:
    least = {"format": "jobrunner.snapshot/1", "taken_at": "2026-03-01T12:00:00Z", "queues": [], "jobs": []}
    return json.dumps(least | {"processes": []} | more)


def claimed(text: str) -> bool:
    return bool(pl.DataFrame({"text": [text]}).select(SOURCE.claims(pl.col("text"))).item())


def test_the_sample_holds_a_queue_and_a_job() -> None:
    result = parsed(SAMPLE)
    assert claimed(SAMPLE)
    assert result.rejects is None
    assert result.rows["snapshots"]["label"].to_list() == ["after the deploy"]
    assert result.rows["snapshot_queues"].select("queue", "depth").rows() == [("mailers", 1)]
    assert result.rows["snapshot_jobs"].select("job_id", "position").rows() == [("b6f1", 0)]


def test_every_field_of_the_contract_comes_back_in_a_column() -> None:
    job = SnapshotJob(
        held_in="running", job_id="j", job_class="C", queue="q", position=0, attempt=1, max_attempts=2, arguments=[1],
        idempotency_key="k", enqueued_at=NOON, run_at=NOON, started_at=NOON, error_class="E", error_message="m",
        worker="w", host="h", pid=7, thread="t",
    )  # fmt: skip
    process = SnapshotProcess(
        worker="w", host="h", pid=7, started_at=NOON, heartbeat_at=NOON, heartbeat_period=2.5, queues=["q"],
        concurrency=5, busy=1, quiet=True, version="1",
    )  # fmt: skip
    queue = SnapshotQueue(queue="q", depth=3, oldest_at=NOON, paused=False)
    lock = SnapshotLock(lock="k", kind="until_executed", job_class="C", holder_id="j", held_since=NOON, expires_at=NOON)
    written = Snapshot(
        taken_at=NOON, scope="s", label="l", queues=[queue], jobs=[job], processes=[process], locks=[lock]
    )
    rows = parsed(written.model_dump_json()).rows
    told = {"snapshot_jobs": job, "snapshot_processes": process, "snapshot_queues": queue, "snapshot_locks": lock}
    for table, model in told.items():
        found = rows[table].row(0, named=True)
        expected = {key: HELD if value == NOON else value for key, value in model.model_dump().items()}
        expected |= {"arguments": "[1]"} if table == "snapshot_jobs" else {}
        assert expected.items() <= found.items()
        assert found.get("attributes") is None
    taken = rows["snapshots"].row(0, named=True)
    assert (taken["taken_at"], taken["scope"], taken["label"], taken["attributes"]) == (HELD, "s", "l", None)


def test_a_snapshot_of_a_system_without_locks_has_none() -> None:
    result = parsed(Snapshot(taken_at=NOON, queues=[], jobs=[], processes=[]).model_dump_json())
    assert result.rejects is None
    assert list(result.rows) == ["snapshots"]


def test_an_offset_is_never_dropped() -> None:
    taken = parsed(snapshot(taken_at="2026-03-01T12:00:00+02:00")).rows["snapshots"]["taken_at"][0]
    assert taken == datetime(2026, 3, 1, 10)  # noqa: DTZ001 - naive UTC


def test_unknown_keys_and_odd_values_are_kept() -> None:
    job = {"held_in": "queued", "job_id": "j", "pid": "many", "shard": 3}
    result = parsed(snapshot(jobs=[job], region="eu"))
    assert json.loads(result.rows["snapshots"]["attributes"][0]) == {"region": "eu"}
    assert json.loads(result.rows["snapshot_jobs"]["attributes"][0]) == {"pid": "many", "shard": 3}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"jobs": [5]}, "in jobs[0]: no object"),
        ({"jobs": [{"held_in": "queued"}]}, 'in jobs[0]: "job_id" is missing'),
        ({"jobs": [{"held_in": "nowhere", "job_id": "j"}]}, 'in jobs[0]: "held_in" is "nowhere"'),
        ({"queues": [{"queue": "q", "depth": "deep"}]}, 'in queues[0]: "depth"'),
        ({"processes": {}}, '"processes" is no list'),
        ({"locks": [{"holder_id": "j"}]}, 'in locks[0]: "lock" is missing'),
    ],
)
def test_an_entry_that_cannot_be_read_is_rejected_by_its_place_and_the_rest_is_loaded(
    more: dict[str, Any], reason: str
) -> None:
    result = parsed(snapshot(**more))
    assert result.rows["snapshots"].height == 1
    assert result.rejects is not None
    assert result.rejects["reason"][0].startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (snapshot()[:-2], "no valid JSON"),
        (snapshot(taken_at=None), '"taken_at"'),
        (snapshot(format="jobrunner.snapshot/2"), "another version"),
        ("[]", "no object"),
    ],
)
def test_a_line_that_is_no_snapshot_is_rejected_with_its_reason(text: str, reason: str) -> None:
    result = parsed(text)
    assert result.rows == {}
    assert result.rejects is not None
    assert reason in result.rejects["reason"][0]


@pytest.mark.parametrize("text", ["", "{}", '{"format":"jobrunner.job_log/1"}', '{"captured_at":1,"keys":{}}'])
def test_other_lines_are_not_claimed(text: str) -> None:
    assert not claimed(text)


def test_the_same_snapshot_twice_is_kept_once() -> None:
    assert parsed(snapshot(), snapshot()).rows["snapshots"]["line_no"].to_list() == [1]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def entries(model: type[SnapshotJob | SnapshotQueue | SnapshotProcess]) -> st.SearchStrategy[Any]:
    least = {"job_id": "j", "held_in": "queued", "worker": "w", "queue": "q", "depth": 1}
    fields = {name: st.just(least[name]) | ANY if name in least else ANY for name in model.model_fields}
    return st.lists(st.fixed_dictionaries({}, optional=fields) | ANY, max_size=3) | ANY


SNAPSHOTS = st.fixed_dictionaries(
    {"format": st.just("jobrunner.snapshot/1"), "taken_at": st.just("2026-03-01T12:00:00Z") | ANY},
    optional={
        "queues": entries(SnapshotQueue), "jobs": entries(SnapshotJob), "processes": entries(SnapshotProcess), "x": ANY,
    },
)  # fmt: skip


@settings(deadline=None)  # a busy machine is no defect
@given(SNAPSHOTS.map(json.dumps) | st.text(st.characters(exclude_categories=["Cs"])))
def test_no_structure_raises_and_every_snapshot_is_accounted_for(text: str) -> None:
    result = parsed(text)
    assert "snapshots" in result.rows or result.rejects is not None
