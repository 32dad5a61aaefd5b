"""The script that users run on BullMQ's Redis: against a real server, filled with the keys that BullMQ makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from ingest.sources import bullmq_events, bullmq_snapshot
from tests.docs.test_sidekiq_snapshot import address, needs
from tests.ingest.sources.reading import claimed, rows_of

__all__ = ["address"]

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "bullmq_snapshot.py"
COLLECT = SCRIPT.with_name("collect.md")

pytestmark = needs("redis-server")


def written(*words: str) -> str:
    command = [sys.executable, str(SCRIPT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout


def fill(client: redis.Redis, prefix: str = "bull") -> None:
    base = f"{prefix}:q:"
    client.hset(f"{base}meta", mapping={"opts.maxLenEvents": "10000", "version": "bullmq:6.7.0"})
    for number in range(1, 2506):
        job = {"name": "mail", "data": json.dumps({"to": number}), "opts": "{}", "timestamp": "1772402405120"}
        client.hset(f"{base}{number}", mapping=job)
    client.lpush(f"{base}wait", *range(1, 2501))
    client.lpush(f"{base}active", "2501", "2502")
    client.set(f"{base}2501:lock", "token", px=30000)
    client.zadd(f"{base}delayed", {"2503": 1772402466000 * 4096})
    client.zadd(f"{base}failed", {"2504": 1772402466000})
    client.zadd(f"{base}completed", {"2505": 1772402466000})
    client.hset(f"{base}2505", mapping={"finishedOn": "1772402466000"})
    for number in range(2500):
        entry: dict[Any, Any] = {"event": "active", "jobId": number, "prev": "waiting"}
        client.xadd(f"{base}events", entry, id=f"1772402405120-{number}")


@pytest.mark.parametrize("prefix", ["bull", "{app*}:jobs"])
def test_a_snapshot_holds_every_job_where_it_is(prefix: str, address: str) -> None:
    with redis.Redis.from_url(address) as client:
        fill(client, prefix)
        before = sorted(client.scan_iter("*"))
        text = written(address, prefix)
        assert sorted(client.scan_iter("*")) == before
    assert claimed(bullmq_snapshot.SOURCE, text)
    rows = rows_of(bullmq_snapshot.SOURCE, text)
    assert "rejects" not in rows
    waiting = [row for row in rows["snapshot_jobs"] if row["held_in"] == "queued"]
    assert [row["job_id"] for row in waiting] == [f"q:{number}" for number in range(1, 2501)]
    assert {row["job_class"] for row in waiting} == {"mail"}
    places = {row["job_id"]: row["held_in"] for row in rows["snapshot_jobs"] if row["held_in"] != "queued"}
    assert places == {"q:2501": "running", "q:2502": "running", "q:2503": "scheduled", "q:2504": "dead"}
    gone = [row["job_id"] for row in rows["snapshot_jobs"] if '"lock":"gone"' in (row["attributes"] or "")]
    assert gone == ["q:2502"]
    assert [row["job_id"] for row in rows["job_events"]] == ["q:2505"]


def test_every_entry_of_a_stream_is_written_once(address: str) -> None:
    with redis.Redis.from_url(address) as client:
        fill(client)
    rows = rows_of(bullmq_events.SOURCE, written("--events", address))["job_events"]
    assert [row["job_id"] for row in rows] == [f"q:{number}" for number in range(2500)]


def test_the_user_that_the_page_makes_may_do_all_that_the_script_does_and_write_nothing(address: str) -> None:
    rule = next(line for line in COLLECT.read_text().splitlines() if "SETUSER jobtrail" in line and "+xrange" in line)
    words = rule.split("SETUSER jobtrail")[1].replace("'", "").split()
    with redis.Redis.from_url(address) as client:
        fill(client)
        client.execute_command("ACL", "SETUSER", "jobtrail", *words)
    password = next(word for word in words if word.startswith(">"))[1:]
    restricted = address.replace("redis://", f"redis://jobtrail:{password}@")
    assert rows_of(bullmq_snapshot.SOURCE, written(restricted))["snapshot_jobs"]
    assert written("--events", restricted)
    with redis.Redis.from_url(restricted) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.set("bull:q:meta", "x")
