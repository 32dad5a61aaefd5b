"""Nothing secret gets into the database, and what is left tells the same story."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import schema
from ingest.database import DatabaseError
from ingest.derive import derive
from ingest.line_reading import CHUNK
from ingest.loading import LoadReport, load
from ingest.redaction import PATTERNS, Redaction, RedactionError, Redactor
from ingest.redaction_key import key_file
from tests.ingest.loads import NOW, derived, evidence, job_log_lines, sidekiq_lines

ROOT = Path(__file__).parent.parent.parent
CARD = "4111111111111111"
SECRET = "hunter2hunter2"  # noqa: S105 - the one that must not be found


def redactor(redaction: Redaction | None = None, *, key: bytes = b"k" * 32) -> Redactor:
    return Redactor(redaction or Redaction(), key)


def load_redacted(database: Path, *paths: Path, redaction: Redaction | None = None, chunk: int = CHUNK) -> LoadReport:
    return load(database, paths, now=NOW, redaction=redaction or Redaction(), chunk=chunk)


def job_line(number: int, **fields: Any) -> str:
    told = {**json.loads(job_log_lines(number + 1)[2 * number]), **fields}
    return json.dumps(told, ensure_ascii=False) + "\n"


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database)) as db:
        return db.execute(query).fetchall()


def everything(database: Path) -> str:
    """All that any table, derived ones included, says."""
    with duckdb.connect(str(database)) as db:
        derive(db)
        return repr([db.execute(f"from {name}").fetchall() for name in (*schema.EVIDENCE, *schema.DERIVED)])


WORDS = [
    ("password=hunter2 user=bob", "password=[redacted] user=bob"),
    ("set password: hunter2, user: bob", "set password: [redacted], user: bob"),
    ('with {"password"=>"a \\"b\\" c", "n"=>1}', 'with {"password"=>"[redacted]", "n"=>1}'),
    (':api_key=>"abc", :n=>1', ':api_key=>"[redacted]", :n=>1'),
    ('{"api_key": "abc", "n": 1}', '{"api_key": "[redacted]", "n": 1}'),
    ('"{\\"token\\": \\"a\\\\\\"b\\", \\"n\\": 1}"', '"{\\"token\\": \\"[redacted]\\", \\"n\\": 1}"'),
    ("login('bob', passwd='it is', n=1)", "login('bob', passwd='[redacted]', n=1)"),
    ("userPassword=>{:a=>[1, 'x)']} rest=1", "userPassword=>[redacted] rest=1"),
    ("user[password]=abc&page=1", "user[password]=[redacted]&page=1"),
    ("user%5Bpassword%5D=abc&page=1", "user%5Bpassword%5D=[redacted]&page=1"),
    ("GET /x?access_token=abc&page=2", "GET /x?access_token=[redacted]&page=2"),
    ("run --password hunter2 --verbose", "run --password [redacted] --verbose"),
    ("job:\n  db_password: correct horse battery\n  queue: q", "job:\n  db_password: [redacted]\n  queue: q"),
    ("got Authorization: Bearer abc.def, gone", "got Authorization: [redacted], gone"),
    ("X-Api-Key: abc", "X-Api-Key: [redacted]"),
    ("line\\npassword=hunter2", "line\\npassword=[redacted]"),
    ("mail to alice.b+c@example.co.uk: no", "mail to [redacted]: no"),
    ("?to=alice%40example.com&x=1", "?to=[redacted]&x=1"),
    (f"card {CARD}.", "card [redacted]."),
    ("card 4111 1111 1111 1111 12", "card [redacted] 12"),
    ("card 5500-0000-0000-0004", "card [redacted]"),
    ("amex 378282246310005", "amex [redacted]"),
    ("curl -H 'bearer abcdefgh12345678'", "curl -H 'bearer [redacted]'"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_1 end", "jwt [redacted] end"),
    ("key AKIAIOSFODNN7EXAMPLE end", "key [redacted] end"),
    ("gh ghp_abcdefghijklmnopqrstuvwxyz0123456789 end", "gh [redacted] end"),
    ("postgres://bob:s3:cr#t@db/x", "postgres://[redacted]@db/x"),
    ("redis://:pa/s+s@db:6379/0", "redis://[redacted]@db:6379/0"),
    ("redis://:s3cret@db:6379/0", "redis://[redacted]@db:6379/0"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMII\nabc\n-----END RSA PRIVATE KEY----- x", "[redacted] x"),
    ('{"password": "cut off in the mid', '{"password": "[redacted]'),
]


@pytest.mark.parametrize(("said", "stored"), WORDS)
def test_words_are_stored_without_what_is_secret_in_them(said: str, stored: str) -> None:
    assert redactor().text(said) == stored
    frame = pl.DataFrame({"message": [said, None, "nothing"]})
    assert redactor().frame("log_lines", frame)["message"].to_list() == [stored, None, "nothing"]


@pytest.mark.parametrize(
    "words",
    [
        "celery@web-1 ready.",
        "max_tokens: 3, tokens=5",
        "Password::Expired: no",
        "lodash@4.17.21",
        "at 1700000000123 took 0.123",
        "card 4111111111111112",
        "2026-03-01T12:00:00.123456Z pid=4111 tid=abc",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "reset the password of user 12",
        "author: bob, passage=3",
        "GET http://web:8080/users/@me?x=celery@web-1",
    ],
)
def test_what_is_no_secret_is_left_alone(words: str) -> None:
    taker = redactor()
    assert (taker.text(words), taker.count) == (words, 0)


@pytest.mark.parametrize(
    ("told", "stored"),
    [
        ({"password": {"deep": [1]}, "n": 1}, {"password": "[redacted]", "n": 1}),
        ({"a": [{"apiToken": 5}]}, {"a": [{"apiToken": "[redacted]"}]}),
        ({"secret": None}, {"secret": "[redacted]"}),
        ({"headers": [["authorization", "x"]]}, {"headers": [["authorization", "[redacted]"]]}),
        ([{"key": "db.password", "value": {"stringValue": "x"}}], [{"key": "db.password", "value": "[redacted]"}]),
        ([int(CARD), 2**70, 1.5], ["[redacted]", 2**70, 1.5]),
        (["passWord=x"], ["passWord=[redacted]"]),
    ],
)
def test_json_stays_json_without_what_is_secret_in_it(told: Any, stored: Any) -> None:
    for text in (json.dumps(told), json.dumps(told, separators=(",", ":"))):
        frame = redactor().frame("job_events", pl.DataFrame({"attributes": [text]}))
        assert json.loads(frame["attributes"][0]) == stored


def test_a_key_written_with_escapes_is_seen_through() -> None:
    frame = redactor().frame("job_events", pl.DataFrame({"attributes": ['{"p\\u0061ssword": 1}']}))
    assert frame["attributes"][0] == '{"password":"[redacted]"}'


def test_what_should_be_json_and_is_none_is_redacted_whole() -> None:
    frame = redactor().frame("job_events", pl.DataFrame({"attributes": ["{password: x", "{plain: x"]}))
    assert frame["attributes"].to_list() == ['"[redacted]"', "{plain: x"]


def test_ids_with_the_shape_of_a_secret_stay_apart() -> None:
    ids = pl.DataFrame({"job_id": ["a@b.cd", "e@f.gh", "a@b.cd", "17"], "worker": ["celery@web-1.example.com"] * 4})
    frame = redactor().frame("job_events", ids)
    first, second, third, plain = frame["job_id"].to_list()
    assert first == third != second
    assert plain == "17"
    assert "@" not in first + second
    assert frame["worker"].to_list() == ids["worker"].to_list()


def test_own_keys_and_patterns_are_added_to_the_known_ones() -> None:
    own = Redaction().adding(keys=["iban"], patterns=[r"^\d{4}$", r"case (?P<secret>\w+)"])
    frame = pl.DataFrame({"arguments": ['{"IBAN":"x","pin":"1234","n":5678,"password":1,"s":"case abc"}']})
    assert json.loads(redactor(own).frame("job_events", frame)["arguments"][0]) == {
        "IBAN": "[redacted]",
        "pin": "[redacted]",
        "n": "[redacted]",
        "password": "[redacted]",
        "s": "case [redacted]",
    }


@pytest.mark.parametrize("pattern", ["(", "a*", "*", "(?P<secret>", ""])
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(RedactionError):
        Redaction().adding(patterns=[pattern])


@pytest.mark.parametrize("key", ["", "--", " "])
def test_a_key_without_letters_is_refused(key: str) -> None:
    with pytest.raises(RedactionError, match="neither letters nor digits"):
        Redaction().adding(keys=[key])


@given(st.text(max_size=200) | st.text("pasword=:>\"'\\ {}[]()@.4k-_\n&,;", max_size=60))
def test_any_words_can_be_redacted_and_twice_is_as_good_as_once(words: str) -> None:
    once = redactor().text(words)
    assert redactor().text(once) == once


@given(
    st.text("abcdefgh@. -_=:&4\"'", max_size=40), st.sampled_from([said for said, stored in WORDS if said != stored])
)
def test_the_expression_over_the_column_misses_nothing_that_reading_finds(before: str, secret: str) -> None:
    words = f"{before} {secret}"
    frame = redactor().frame("log_lines", pl.DataFrame({"message": [words]}))
    assert frame["message"][0] == redactor().text(words)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any) -> list[Any]:
    """A structure's lists and objects, itself included."""
    found = [value] if isinstance(value, list | dict) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [place for each in inner for place in places(each)]


@settings(max_examples=max(10, settings.default.max_examples // 4))
@given(data=st.data())
def test_a_secret_anywhere_in_a_structure_is_never_in_the_database(data: st.DataObject) -> None:
    arguments = data.draw(st.lists(JSON, max_size=3))
    place = data.draw(st.sampled_from(places(arguments)))
    hidden = data.draw(
        st.sampled_from(
            [{"password": SECRET}, {"a": {"clientSecret": [SECRET, {"b": SECRET}]}}, f"token={SECRET}",
             f"{SECRET}@example.com", f"https://u:{SECRET}@x/", {f"{SECRET}@example.com": 1}]
        )
    )  # fmt: skip
    if isinstance(place, list):
        place.insert(data.draw(st.integers(0, len(place))), hidden)
    else:
        place[data.draw(st.text(max_size=5))] = hidden
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder, "jobs.jsonl"), Path(folder, "t.duckdb")
        line = {**json.loads(job_line(0)), "arguments": arguments, "more": arguments}
        file.write_text(json.dumps(line) + "\n", encoding="utf-8")
        report = load_redacted(database, file)
        assert report.redacted
        assert SECRET.encode() not in database.read_bytes()
        assert SECRET not in everything(database)


def secrets_everywhere(folder: Path) -> Path:
    """Inputs with a secret in each kind of row, and in lines that become none."""
    inputs = folder / "inputs"
    inputs.mkdir()
    (inputs / "jobs.jsonl").write_text(
        job_line(0, arguments=[{"password": SECRET}], idempotency_key="order-17", extra={"api_key": SECRET})
        + job_line(1, event="failed", error={"class": "E", "message": f"bad token={SECRET}"})
        + f'{{"format": "jobrunner.job_log/1", "event": "unknown", "password": "{SECRET}"}}\n'
        + f"loose words, password: {SECRET}\n",
        encoding="utf-8",
    )
    (inputs / "bad.log").write_bytes(
        "".join(sidekiq_lines(2)).encode()
        + b"\xff" + b"x" * 185 + b" password=" + SECRET.encode() + b"\n"
        + b"\0 " + b"y" * 170 + b" https://someone:" + SECRET.encode() + b"@example.com/\n"
    )  # fmt: skip
    (inputs / "foreign.txt").write_text(f"{'z ' * 90} mail {SECRET}@example.com\n", encoding="utf-8")
    (inputs / "long.log").write_bytes(
        "".join(sidekiq_lines(1)).encode() + f'{{"secret": "{SECRET}'.encode() + b"." * (17 << 20) + b"\n"
    )
    return inputs


def test_no_table_and_no_byte_of_the_file_holds_a_secret(tmp_path: Path) -> None:
    inputs = secrets_everywhere(tmp_path)
    plain, redacted = tmp_path / "plain.duckdb", tmp_path / "redacted.duckdb"
    load(plain, [inputs], now=NOW)
    assert everything(plain).count(SECRET) > 6
    assert SECRET.encode() in plain.read_bytes()
    assert load_redacted(redacted, inputs).redacted
    assert SECRET[:8] not in everything(redacted)
    assert SECRET[:8].encode() not in redacted.read_bytes()
    counts = [f"select count(*) from {name}" for name in schema.EVIDENCE if name != "meta"]
    assert [rows(redacted, count) for count in counts] == [rows(plain, count) for count in counts]
    assert rows(redacted, "select distinct idempotency_key from job_events where idempotency_key is not null") == [
        ("order-17",)
    ]


def test_the_write_ahead_log_of_a_killed_load_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "jobs.jsonl"
    line = job_line(0, arguments=[{"password": SECRET, "n": 1}])
    file.write_text(line * (3_000_000 // len(line)), encoding="utf-8")
    code = (
        "import os, sys; from pathlib import Path; from ingest.loading import load; from tests.ingest.loads import NOW;"
        "from ingest.redaction import Redaction;"
        "load(Path(sys.argv[1]), [Path(sys.argv[2])], now=NOW, chunk=65536, redaction=Redaction() if sys.argv[3:] else "
        "None, progress=lambda made: os._exit(9) if made.bytes_read > 2_500_000 else None)"
    )
    for words, found in (([], True), (["redacted"], False)):
        database = tmp_path / f"{found}.duckdb"
        command = [sys.executable, "-c", code, str(database), str(file), *words]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
        log = database.with_name(f"{database.name}.wal").read_bytes()
        assert len(log) > 100_000
        assert (SECRET.encode() in log) == found


def test_equal_arguments_have_equal_digests_which_only_the_key_can_make(tmp_path: Path) -> None:
    file = tmp_path / "jobs.jsonl"
    given_to = ["a", "b", "a"]
    file.write_text("".join(job_line(i, arguments=[{"token": word}]) for i, word in enumerate(given_to)), "utf-8")
    query = "select arguments_digest, arguments::varchar from job_events order by line_no"
    one, other, plain = tmp_path / "one.duckdb", tmp_path / "other.duckdb", tmp_path / "plain.duckdb"
    load_redacted(one, file)
    load_redacted(other, file)
    load(plain, [file], now=NOW)
    first, second, third = rows(one, query)
    assert first == third
    assert first[0] != second[0]
    assert first[1] == second[1] == '[{"token":"[redacted]"}]'
    digests = [{digest for digest, _ in rows(database, query)} for database in (one, other, plain)]
    assert not digests[0] & digests[1]
    assert not digests[0] & digests[2]


def test_later_loads_agree_with_the_first_and_read_nothing_twice(tmp_path: Path) -> None:
    file, once, grown = tmp_path / "jobs.jsonl", tmp_path / "once.duckdb", tmp_path / "grown.duckdb"
    lines = [job_line(i, arguments=[{"token": i % 3}]) for i in range(9)]
    file.write_text("".join(lines[:5]), encoding="utf-8")
    load_redacted(grown, file)
    file.write_text("".join(lines), encoding="utf-8")
    load_redacted(grown, file)
    (tmp_path / "shorter.jsonl").write_text("".join(lines[:7]), encoding="utf-8")
    assert load_redacted(grown, file, tmp_path / "shorter.jsonl").rows == 0
    key_file(once).write_bytes(key_file(grown).read_bytes())
    load_redacted(once, file)
    assert evidence(grown) == evidence(once)


def test_what_tells_a_file_again_cannot_be_made_without_the_key(tmp_path: Path) -> None:
    file, plain, redacted = tmp_path / "w.log", tmp_path / "plain.duckdb", tmp_path / "redacted.duckdb"
    file.write_text("".join(sidekiq_lines(9)), encoding="utf-8")
    load(plain, [file], now=NOW)
    load_redacted(redacted, file)
    query = "select byte_offset, digest, line_ends from source_checkpoints order by all"
    for known, sealed in zip(rows(plain, query), rows(redacted, query), strict=True):
        assert known[0] == sealed[0]
        assert known[1] != sealed[1]
        assert len(known[2]) == len(sealed[2])
        assert not known[2] or known[2] != sealed[2]


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    file, database = tmp_path / "jobs.jsonl", tmp_path / "t.duckdb"
    file.write_text(job_line(0), encoding="utf-8")
    load_redacted(database, file)
    assert key_file(database).stat().st_mode & 0o777 == 0o600
    key = key_file(database).read_text().strip()
    assert bytes.fromhex(key) not in database.read_bytes()
    assert key.encode() not in database.read_bytes()


def test_a_database_is_loaded_with_redaction_always_or_never(tmp_path: Path) -> None:
    file, plain, redacted = tmp_path / "jobs.jsonl", tmp_path / "plain.duckdb", tmp_path / "redacted.duckdb"
    file.write_text(job_line(0), encoding="utf-8")
    load(plain, [file], now=NOW)
    load_redacted(redacted, file)
    with pytest.raises(DatabaseError, match="was loaded without --redact"):
        load_redacted(plain, file)
    assert not key_file(plain).exists()
    with pytest.raises(DatabaseError, match="was loaded with --redact"):
        load(redacted, [file], now=NOW)


@pytest.mark.parametrize(
    ("found", "says"), [(None, "is missing"), ("ab" * 32, "is not the key"), ("ab", "no key"), ("words", "no key")]
)
def test_without_its_key_a_redacted_database_takes_no_more(tmp_path: Path, found: str | None, says: str) -> None:
    file, database = tmp_path / "jobs.jsonl", tmp_path / "t.duckdb"
    file.write_text(job_line(0), encoding="utf-8")
    load_redacted(database, file)
    key_file(database).unlink()
    if found is not None:
        key_file(database).write_text(found)
    with pytest.raises(DatabaseError, match=says):
        load_redacted(database, file)


@pytest.mark.parametrize(
    "part",
    ["a", "'", '"', "\\", '\\"', "[", "@", "a@", "a@b.", "4", "4 ", "=", "token=", "token: ", "password=[", ":", "a.",
     "eyJ", "_eyJ", "-eyJ", "://a:b", "a%40", "bearer ", "-----BEGIN PRIVATE KEY-----", "--token ", "password=['",
     ",a="],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", 'password="', "secret={'a"])
def test_a_long_text_is_read_in_a_time_that_its_length_alone_decides(part: str, before: str) -> None:
    began = time.process_time()
    redactor().text(before + part * (200_000 // len(part)))
    assert time.process_time() - began < 5


def test_hundreds_of_keys_can_be_named() -> None:
    own = Redaction().adding(keys=[f"my_own_key_{number}" for number in range(500)])
    frame = redactor(own).frame("log_lines", pl.DataFrame({"message": ["myOwnKey499=a", "myOwnKey500=a"]}))
    assert frame["message"].to_list() == ["myOwnKey499=[redacted]", "myOwnKey500=a"]


@pytest.mark.parametrize("capture", ["sidekiq-8.1.7-plain", "sidekiq-6.4.1-pretty"])
def test_a_redacted_capture_tells_the_same_of_every_job_and_run(tmp_path: Path, capture: str) -> None:
    inputs, plain, redacted = ROOT / "tests/fixtures/captures" / capture, tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    load(plain, [inputs], now=NOW)
    load_redacted(redacted, inputs)
    told = []
    for database in (plain, redacted):
        derived(database)
        told.append(
            [
                rows(database, "select job_key, job_class, state, last_seen_at from jobs order by all"),
                rows(database, "select * exclude (error_message, backtrace) from attempts order by all"),
                rows(database, "select count(*), count(distinct arguments_digest) from job_events"),
                rows(database, "select count(*), count(distinct arguments_digest) from snapshot_jobs"),
            ]
        )
    assert told[0] == told[1]
    assert told[0][0]


def test_each_shape_has_a_word_for_it_of_its_own() -> None:
    assert len({pattern.name for pattern in PATTERNS}) == len(PATTERNS)
