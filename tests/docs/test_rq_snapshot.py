"""The script that users run on RQ's Redis: against a real server, filled as RQ fills it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import duckdb
import pytest
import redis

from tests.docs.test_sidekiq_snapshot import address, needs
from tests.ingest.loads import load_all

__all__ = ["address"]

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "rq_snapshot.py"
COLLECT = SCRIPT.with_name("collect.md")
RUN = {"started_at": "2026-03-01T22:00:01.120000Z", "ended_at": "2026-03-01T22:00:01.283156Z", "worker_name": "w1"}
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/shop.py", line 23, in mail\nshop.GatewayError: 503\n'

pytestmark = needs("redis-server")


def fill(client: redis.Redis) -> None:
    """Keys as RQ leaves them: a long queue, each registry, and a worker with a running job."""
    with client.pipeline() as pipe:

        def job(job_id: str, status: str, **more: Any) -> None:
            told = {
                "created_at": "2026-03-01T22:00:00.1Z",
                "enqueued_at": "2026-03-01T22:00:00.1Z",
                "origin": "mailers",
            }
            calls = {"description": "shop.mail('\u00e4', 7)", "data": zlib.compress(b"\x80\x04N.")}
            pipe.hset(f"rq:job:{job_id}", mapping={**told, **calls, "status": status, **more})

        pipe.sadd("rq:queues", "rq:queue:mailers", "rq:queue:empty")
        for number in range(1234):
            job(f"q{number}", "queued")
            pipe.rpush("rq:queue:mailers", f"q{number}")
        job("taken", "queued")
        pipe.rpush("rq:queue:mailers:intermediate", "taken")
        job("runs", "started", started_at="2026-03-01T22:00:02Z", worker_name="w1")
        pipe.zadd("rq:wip:mailers", {f"runs:{'0b7a5d2f' * 4}": 1772402520})
        job("bad", "failed", **RUN)
        packed = base64.b64encode(zlib.compress(TRACEBACK.encode()))
        pipe.xadd("rq:results:bad", {"type": "2", "exc_string": packed})
        job("old", "failed", exc_info=zlib.compress(TRACEBACK.encode()), **RUN)
        pipe.zadd("rq:failed:mailers", {"bad": 1803938401, "old": 1803938402})
        job("again", "scheduled", **RUN)
        pipe.zadd("rq:scheduled:mailers", {"again": 1772402403})
        job("done", "finished", **RUN)
        pipe.zadd("rq:finished:mailers", {"done": 1772402901, "expired": 1772402902})
        pipe.sadd("rq:workers", "rq:worker:w1", "rq:worker:expired")
        pipe.hset("rq:worker:w1", mapping={"birth": "2026-03-01T21:00:00Z", "queues": "mailers", "state": "busy"})
        pipe.set("cache:of", "another application")
        pipe.execute()


def run_script(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *words]
    env = os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, encoding="utf-8")


def rows(folder: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    (folder / "snapshot.json").write_text(text, encoding="utf-8")
    load_all(folder / "t.duckdb", folder / "snapshot.json")
    with duckdb.connect(str(folder / "t.duckdb")) as db:
        assert db.execute("select * from rejected_lines").fetchall() == []
        return db.execute(query).fetchall()


def test_every_queue_job_and_worker_arrives(tmp_path: Path, address: str) -> None:
    with redis.Redis.from_url(address) as client:
        fill(client)
    done = run_script(address)
    assert (done.returncode, done.stderr) == (0, "")
    held = "select held_in, count(distinct job_id), max(position) from snapshot_jobs group by held_in order by held_in"
    assert rows(tmp_path, done.stdout, held) == [
        ("dead", 2, 1),
        ("queued", 1234, 1233),
        ("reserved", 1, 0),
        ("retry", 1, 0),
        ("running", 1, None),
    ]
    assert rows(tmp_path, done.stdout, "select distinct job_class, arguments from snapshot_jobs") == [
        ("shop.mail", '["ä", 7]')
    ]
    errors = "select distinct error_class, error_message from snapshot_jobs where held_in = 'dead'"
    assert rows(tmp_path, done.stdout, errors) == [("shop.GatewayError", "503")]
    queues = "select queue, depth from snapshot_queues order by queue"
    assert rows(tmp_path, done.stdout, queues) == [("empty", 0), ("mailers", 1234)]
    assert rows(tmp_path, done.stdout, "select worker, queues from snapshot_processes") == [("w1", ["mailers"])]
    assert rows(tmp_path, done.stdout, "select job_id from job_events where event = 'acknowledged'") == [("done",)]


def test_no_pickle_leaves_redis_in_a_snapshot(address: str) -> None:
    with redis.Redis.from_url(address) as client:
        fill(client)
    found = json.loads(run_script(address).stdout)
    assert not [entry for entry in found["keys"] if isinstance(entry["value"], dict) and "data" in entry["value"]]


def test_the_rights_that_the_docs_name_are_enough_and_allow_no_write(tmp_path: Path, address: str) -> None:
    text = COLLECT.read_text(encoding="utf-8").split("## RQ: a snapshot")[1]
    rights = next(line.strip() for line in text.splitlines() if "ACL SETUSER" in line)
    with redis.Redis.from_url(address) as client:
        fill(client)
        words = rights.removeprefix("redis-cli ").replace("'", "").replace("PASSWORD", "secret").split()
        client.execute_command(*words)
        client.config_resetstat()
        before = client.dbsize()
        done = run_script(REDIS_URL=address.replace("//", "//jobtrail:secret@"))
        used = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
        assert client.dbsize() == before
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(tmp_path, done.stdout, "select count(*) from snapshot_jobs") == [(1239,)]
    assert not used & {"keys", "smembers", "eval", "set", "del", "expire"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "usage: python3 rq_snapshot.py"),
        (["redis://127.0.0.1:1/0"], "No whole snapshot could be taken: "),
        (["no address"], "No whole snapshot could be taken: "),
    ],
)
def test_what_went_wrong_is_told_in_words(words: list[str], told: str) -> None:
    done = run_script(*words, REDIS_URL="")
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
