"""The script that users run on Redis: against a real server, filled by hand and by the real Sidekiq."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import redis

from tests.ingest.loads import load_all

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "sidekiq_snapshot.py"
COLLECT = SCRIPT.with_name("collect.md")
SHOP = Path(__file__).parent / "shop.rb"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        shutil.which(program) is None and not os.environ.get("CI"),
        reason=f"no {program} on the path; scripts/system-packages installs it",
    )


pytestmark = needs("redis-server")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        url = f"redis://127.0.0.1:{port}/0"
        with redis.Redis.from_url(url) as client:
            eventually(lambda: answers(client))
        yield url
        server.terminate()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def eventually(condition: Callable[[], object], *, within: float = 60.0) -> None:
    give_up_at = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up_at, f"it did not happen within {within} s"
        time.sleep(0.05)


def run_script(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment, encoding="utf-8"
    )


def snapshot_rows(folder: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    (folder / "snapshot.json").write_text(text, encoding="utf-8")
    load_all(folder / "t.duckdb", folder / "snapshot.json")
    with duckdb.connect(str(folder / "t.duckdb")) as db:
        assert db.execute("select * from rejected_lines").fetchall() == []
        return db.execute(query).fetchall()


def payload(jid: str, *, milliseconds: bool, **more: Any) -> str:
    at: float = 1772402400000 if milliseconds else 1772402400.5
    return json.dumps({"class": "Mail", "queue": "mailers", "args": [7], "jid": jid, "created_at": at} | more)


def fill(client: redis.Redis, *, from_7: bool, prefix: str = "") -> None:
    """Keys as Sidekiq 6 or 7 leaves them: a long queue, each sorted set, and a process with a running job."""
    worker = "web-1:80:0123456789ab"
    info = {"hostname": "web-1", "pid": 80, "started_at": 1772402000.0, "queues": ["mailers"], "identity": worker}
    info |= {"version": "7.3.10"} if from_7 else {"concurrency": 5}
    beat = {"info": json.dumps(info), "busy": 1, "beat": 1772402500.25, "quiet": "false"}
    running: Any = payload("running", milliseconds=False)
    work = json.dumps({"queue": "mailers", "payload": running, "run_at": 1772402490})
    with client.pipeline() as pipe:
        pipe.sadd(f"{prefix}queues", "mailers", "empty")
        pipe.lpush(f"{prefix}queue:mailers", *(payload(f"q{number}", milliseconds=from_7) for number in range(4321)))
        pipe.lpush(f"{prefix}queue:unlisted", payload("unlisted", milliseconds=from_7, note="caf\u00e9 \u2603\n"))
        for name in ("schedule", "retry", "dead"):
            members = {payload(f"{name}{number}", milliseconds=from_7): 1772402600 + number for number in range(1500)}
            pipe.zadd(f"{prefix}{name}", members)
        pipe.sadd(f"{prefix}processes", worker)
        pipe.hset(f"{prefix}{worker}", mapping=beat)
        pipe.expire(f"{prefix}{worker}", 60)
        pipe.hset(f"{prefix}{worker}:{'work' if from_7 else 'workers'}", "g7y", work)
        pipe.set("cache:queue:x", "of another application")
        pipe.execute()


EVERY_JOB = """
select held_in, count(*), count(distinct job_id), min(position), max(position) from snapshot_jobs
group by held_in order by held_in
"""


@pytest.mark.parametrize("from_7", [False, True], ids=["6", "7"])
@pytest.mark.parametrize("namespace", ["", "shop*"])
def test_every_queue_job_and_process_arrives(tmp_path: Path, address: str, namespace: str, *, from_7: bool) -> None:
    with redis.Redis.from_url(address) as client:
        fill(client, from_7=from_7, prefix=namespace and f"{namespace}:")
    done = run_script(address, *([namespace] if namespace else []))
    assert (done.returncode, done.stderr) == (0, "")
    assert snapshot_rows(tmp_path, done.stdout, EVERY_JOB) == [
        ("dead", 1500, 1500, 0, 1499),
        ("queued", 4322, 4322, 0, 4320),
        ("retry", 1500, 1500, 0, 1499),
        ("running", 1, 1, None, None),
        ("scheduled", 1500, 1500, 0, 1499),
    ]
    query = "select queue, depth from snapshot_queues order by queue"
    assert snapshot_rows(tmp_path, done.stdout, query) == [("empty", 0), ("mailers", 4321), ("unlisted", 1)]
    [(host, pid, ttl)] = snapshot_rows(
        tmp_path, done.stdout, "select host, pid, cast(attributes->>'ttl_ms' as int) from snapshot_processes"
    )
    assert (host, pid) == ("web-1", 80)
    assert 0 < ttl <= 60_000
    oldest = "select job_id from snapshot_jobs where held_in = 'queued' and queue = 'mailers' and position = 0"
    assert snapshot_rows(tmp_path, done.stdout, oldest) == [("q0",)]


def lock(client: redis.Redis, many: int, prefix: str = "") -> None:
    """Locks as sidekiq-unique-jobs leaves them, the first the oldest."""
    with client.pipeline() as pipe:
        for number in range(many):
            digest = f"uniquejobs:{number:032x}"
            pipe.zadd(f"{prefix}uniquejobs:digests", {digest: 1772400000 + number})
            pipe.hset(f"{prefix}{digest}:LOCKED", f"q{number}", f"{1772400000 + number}.5")
            pipe.rpush(f"{prefix}{digest}:QUEUED", f"q{number}")
        pipe.execute()


@pytest.mark.parametrize("namespace", ["", "shop*"])
def test_every_lock_arrives_with_its_holder(tmp_path: Path, address: str, namespace: str) -> None:
    with redis.Redis.from_url(address) as client:
        lock(client, 2345, namespace and f"{namespace}:")
        client.pexpire(f"{namespace and f'{namespace}:'}uniquejobs:{0:032x}:LOCKED", 60_000)
    done = run_script(address, *([namespace] if namespace else []))
    assert (done.returncode, done.stderr) == (0, "")
    query = "select count(*), count(distinct lock), count(distinct holder_id), count(expires_at) from snapshot_locks"
    assert snapshot_rows(tmp_path, done.stdout, query) == [(2345, 2345, 2345, 1)]


def test_of_too_many_locks_the_oldest_are_read_and_it_is_said_how_many_were_left_out(
    tmp_path: Path, address: str
) -> None:
    with redis.Redis.from_url(address) as client:
        lock(client, 10_007)
    done = run_script(address)
    assert done.returncode == 0
    assert done.stderr == "There are more locks than 10,000: the 7 newest were left out.\n"
    assert snapshot_rows(tmp_path, done.stdout, "select count(*), max(lock) from snapshot_locks") == [
        (10_000, f"uniquejobs:{9_999:032x}")
    ]
    left = "select cast(attributes ->> '$.locks_left_out' as int) from snapshots"
    assert snapshot_rows(tmp_path, done.stdout, left) == [(7,)]


def test_the_rights_that_the_docs_name_are_enough_and_allow_no_write(tmp_path: Path, address: str) -> None:
    rights, *_ = [line.strip() for line in COLLECT.read_text(encoding="utf-8").splitlines() if "ACL SETUSER" in line]
    with redis.Redis.from_url(address) as client:
        fill(client, from_7=True)
        lock(client, 3)
        client.execute_command(
            *rights.removeprefix("redis-cli ").replace("'", "").replace("PASSWORD", "secret").split()
        )
        client.config_resetstat()
        before = client.info("server")["redis_version"], client.dbsize(), client.lastsave()
        done = run_script(REDIS_URL=address.replace("//", "//jobtrail:secret@"))
        used = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
        assert (client.info("server")["redis_version"], client.dbsize(), client.lastsave()) == before
    assert (done.returncode, done.stderr) == (0, "")
    assert snapshot_rows(tmp_path, done.stdout, "select count(*) from snapshot_jobs") == [(8823,)]
    assert not used & {"keys", "smembers", "hgetall", "eval", "set", "del", "expire"}


def test_no_job_that_waits_all_the_time_is_missed_while_others_are_pushed_and_taken(
    tmp_path: Path, address: str
) -> None:
    with redis.Redis.from_url(address) as client:
        fill(client, from_7=True)
        stop = threading.Event()

        def shop() -> None:
            number = 0
            while not stop.is_set():
                client.lpush("queue:mailers", payload(f"new{number}", milliseconds=True))
                number += 1
                if number <= 300:
                    client.rpop("queue:mailers")

        busy = threading.Thread(target=shop)
        busy.start()
        try:
            done = run_script(address)
        finally:
            stop.set()
            busy.join()
    query = (
        "select count(*), count(distinct job_id) from snapshot_jobs"
        " where held_in = 'queued' and job_id like 'q%' and cast(job_id[2:] as int) >= 300"
    )
    assert snapshot_rows(tmp_path, done.stdout, query) == [(4021, 4021)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "usage: python3 sidekiq_snapshot.py"),
        (["redis://127.0.0.1:1/0"], "No whole snapshot could be taken: "),
        (["no address"], "No whole snapshot could be taken: "),
    ],
)
def test_what_went_wrong_is_told_in_words(words: list[str], told: str) -> None:
    done = run_script(*words, REDIS_URL="")
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_redis_gives_an_empty_snapshot(tmp_path: Path, address: str) -> None:
    text = run_script(address).stdout
    assert snapshot_rows(tmp_path, text, "select count(*) from snapshots") == [(1,)]


@needs("sidekiq")
def test_the_snapshot_and_the_log_of_a_real_sidekiq_tell_the_same_story(tmp_path: Path, address: str) -> None:
    environment = os.environ | {"REDIS_URL": address}
    subprocess.run(["ruby", str(SHOP), "push"], env=environment, check=True)
    log = tmp_path / "sidekiq.log"
    command = ["sidekiq", "--require", str(SHOP), "--queue", "mailers", "--concurrency", "2", "--timeout", "1"]
    with (
        log.open("wb") as out,
        redis.Redis.from_url(address) as client,
        subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=tmp_path) as worker,
    ):
        try:
            eventually(lambda: client.zcard("retry") == 1 and any(client.scan_iter(match="*:workers")))
            text = run_script(address).stdout
        finally:
            worker.terminate()
            worker.wait(30)
    jobs = "select held_in, queue, job_class, count(*) from snapshot_jobs group by all order by all"
    assert snapshot_rows(tmp_path, text, jobs) == [
        ("queued", "unread", "Mail", 20),
        ("retry", "mailers", "Flaky", 1),
        ("running", "mailers", "Slow", 1),
        ("scheduled", "mailers", "Mail", 3),
    ]
    processes = "select pid, concurrency, queues from snapshot_processes"
    assert snapshot_rows(tmp_path, text, processes) == [(worker.pid, 2, ["mailers"])]
    load_all(tmp_path / "t.duckdb", log)
    events = (
        "select job_class, event, count(*) from job_events where event <> 'error_reported' group by all order by all"
    )
    assert snapshot_rows(tmp_path, text, events) == [
        ("Flaky", "failed", 1),
        ("Flaky", "started", 1),
        ("Mail", "started", 4),
        ("Mail", "succeeded", 4),
        ("Slow", "failed", 1),
        ("Slow", "requeued", 1),
        ("Slow", "started", 1),
    ]
    tags = "select distinct attributes->>'$.tags[0]' from job_events where job_class = 'Flaky' and event = 'started'"
    assert snapshot_rows(tmp_path, text, tags) == [("two words",)]
