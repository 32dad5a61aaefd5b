"""jobtrail sql: what a question can reach, where its answer goes, and the shell."""

from __future__ import annotations

import os
import pty
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from reports.cli import Trouble, cli
from reports.cli.sandbox import confined, refusals
from reports.cli.shell import Shell
from reports.interrupts import WORDS
from tests.reports.process import started

CAPTURE = Path(__file__).parent.parent / "fixtures" / "captures" / "sidekiq-8.1.7-plain"


def run(*words: str | Path, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], input=typed)


@pytest.fixture
def database(ingested: Path) -> Path:
    """Questions change nothing, so that all may be asked of the same database."""
    return ingested


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with files that a question must not reach."""
    monkeypatch.chdir(tmp_path)
    Path("x.csv").write_text("secret\n42\n")
    with duckdb.connect("other.duckdb") as other:
        other.execute("create table secret as select 42 as n")
    return tmp_path


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/hostname')",
        "select * from read_blob('/etc/hostname')",
        "select * from read_csv('/proc/self/environ')",
        "select * from read_csv('x.csv')",
        "from 'x.csv'",
        "from './x.csv'",
        "from '/etc/passwd'",
        "select * from glob('/*')",
        "select * from sniff_csv('x.csv')",
        "select * from parquet_metadata('x.parquet')",
        "from read_duckdb('other.duckdb')",
        "from 'other.duckdb'",
        "select * from query('copy (select 1) to ''stolen.csv''')",
        "select * from query('select * from read_text(''x.csv'')')",
        "select * from query_table('x.csv')",
        "select getenv('HOME')",
        "from cursor",
        "from db",
        "attach 'other.duckdb'",
        "attach 'other.duckdb' (read_only)",
        "attach ':memory:' as m",
        "use memory",
        "copy (select 1) to 'stolen.csv'",
        "copy meta from 'x.csv'",
        "prepare p as copy (select 1) to 'stolen.csv'",
        "explain analyze copy (select 1) to 'stolen.csv'",
        "select 1; copy (select 1) to 'stolen.csv'",
        "export database 'stolen'",
        "import database 'stolen'",
        "drop table jobs",
        "insert into meta values ('a', 'b')",
        "update meta set value = '1'",
        "create view v as select 1",
        "create temp view v as select * from read_text('x.csv')",
        "create temp macro m() as table select * from read_text('x.csv')",
        "create temp table t as from read_csv('x.csv')",
        "create secret (type s3)",
        "create persistent secret s (type s3)",
        "from duckdb_secrets()",
        "install httpfs",
        "load httpfs",
        "load './x.duckdb_extension'",
        "set enable_external_access = true",
        "set max_execution_time = 0",
        "set memory_limit = '100GB'",
        "pragma memory_limit = '100GB'",
        "set temp_directory = '.'",
        "set timezone = 'Europe/Paris'",
        "set log_query_path = 'stolen.log'",
        "set python_enable_replacements = true",
        "pragma profile_output = 'stolen.json'",
        "call enable_logging(storage = 'file', storage_config = {'path': 'stolen'})",
        "reset lock_configuration",
    ],
)
def test_a_query_can_reach_nothing_but_the_database_and_change_nothing(
    database: Path, folder: Path, query: str
) -> None:
    before = database.read_bytes(), sorted(folder.iterdir())
    result = run("sql", query, "--db", database)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit), "it is said in words"
    assert (database.read_bytes(), sorted(folder.iterdir())) == before


def test_a_query_whose_answer_goes_to_a_file_can_reach_no_other(database: Path, folder: Path) -> None:
    for query in ("copy (select 1) to 'stolen.parquet'", "from 'x.csv'", "from read_duckdb('other.duckdb')"):
        assert run("sql", query, "--db", database, "-o", "answer.parquet").exit_code == 2
    assert {file.name for file in folder.iterdir()} == {"x.csv", "other.duckdb"}


def test_a_query_that_does_not_end_is_stopped(database: Path) -> None:
    endless = "with recursive r as (select 1 as i union all select i + 1 from r) select max(i) from r"
    result = run("sql", endless, "--timeout", "0.5", "--db", database)
    assert (result.exit_code, "took longer than 0.5 s" in result.output) == (2, True)


def test_an_answer_that_does_not_end_is_stopped(database: Path, tmp_path: Path) -> None:
    endless = "from range(1_000_000_000_000)"
    result = run("sql", endless, "--timeout", "0.5", "--db", database, "-o", tmp_path / "x.csv")
    assert (result.exit_code, "took longer than 0.5 s" in result.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_query_that_takes_too_much_memory_is_refused_in_words(database: Path) -> None:
    hungry = "select list(repeat('x', 1000) || i) from range(1_000_000) as r(i)"
    with (
        pytest.raises(Trouble, match="needs more than"),
        confined(database, seconds=30, memory="100MB") as db,
        refusals(30),
    ):
        db.execute(hungry).fetchall()


def test_the_time_limit_can_be_lifted(database: Path) -> None:
    with confined(database, seconds=0) as db:
        assert db.execute("select current_setting('max_execution_time')").fetchone() == (0,)


def test_rows_past_the_limit_are_cut_and_said_so(database: Path) -> None:
    assert "Only the first 2 rows" in run("sql", "from range(5)", "--limit", "2", "--db", database).output
    assert "Only the first" not in run("sql", "from range(2)", "--limit", "2", "--db", database).output
    assert "Only the first" not in run("sql", "from range(5)", "--limit", "0", "--db", database).output


@pytest.mark.parametrize(("form", "told"), [("csv", "n\n1\n"), ("json", '[\n  {"n": 1}\n]\n')])
def test_answers_come_as_csv_and_json(database: Path, form: str, told: str) -> None:
    assert run("sql", "select 1 as n", "--format", form, "--db", database).output == told


def test_a_time_with_a_zone_is_told_in_utc(database: Path) -> None:
    query = "select timestamptz '2026-03-01 12:00:00+02' as t"
    assert run("sql", query, "--format", "csv", "--db", database).output == "t\n2026-03-01 10:00:00\n"


def test_the_tables_are_listed_with_what_they_hold(database: Path) -> None:
    assert "One row per execution of a job" in run("sql", "--tables", "--db", database).output
    assert run("sql", "--tables", "--format", "csv", "--db", database).output.startswith("name,meaning\n")


def test_a_question_comes_from_standard_input_where_that_is_no_terminal(database: Path) -> None:
    for words in ([], ["-"]):
        result = run("sql", *words, "--db", database, "--format", "csv", typed="select 1 as n;")
        assert (result.exit_code, result.output) == (0, "n\n1\n")


def test_nothing_asked_is_said_so(database: Path) -> None:
    result = run("sql", "/* only a comment */", "--db", database)
    assert (result.exit_code, "there is no question" in result.output) == (2, True)


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_an_answer_is_written_to_a_file_with_all_its_rows(database: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"it's an answer.{ending}"
    query = "select i as n, null as x from range(2345) as r(i) order by i"
    result = run("sql", query, "--db", database, "-o", file)
    assert (result.exit_code, "2,345 rows written" in result.output) == (0, True)
    with duckdb.connect() as db:
        found = db.execute("select count(*), max(n), count(x) from query_table($file)", {"file": str(file)}).fetchone()
    assert found == (2345, 2344, 0)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_an_answer_in_a_file_is_cut_where_a_limit_is_given(database: Path, tmp_path: Path, ending: str) -> None:
    result = run("sql", "from range(9)", "--limit", "5", "--db", database, "-o", tmp_path / f"x.{ending}")
    assert "5 rows written" in result.output


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_an_answer_that_fails_on_the_way_leaves_what_was_there(database: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"answer.{ending}"
    file.write_text("from before")
    failing = "select case when i < 200000 then i else cast('x' || i as integer) end as n from range(250000) as r(i)"
    result = run("sql", failing, "--db", database, "-o", file)
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (2, True), result.exception
    assert file.read_text() == "from before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("x.txt", "ending in .csv, .json, .parquet"),
        ("nowhere/x.csv", "there is no folder"),
        ("x.json", "is the database itself"),
        ("folder.csv", "cannot write"),
    ],
)
def test_an_answer_is_not_written_where_it_must_not_be(tmp_path: Path, output: str, says: str) -> None:
    database = tmp_path / "x.json"
    (tmp_path / "folder.csv").mkdir()
    assert run("ingest", CAPTURE / "sidekiq.log", "--db", database).exit_code == 0
    before = database.read_bytes()
    result = run("sql", "select 1", "--db", database, "-o", tmp_path / output)
    assert (result.exit_code, says in result.output) == (2, True)
    assert database.read_bytes() == before


def test_a_reader_that_goes_away_ends_the_command_quietly(database: Path) -> None:
    process = started("sql", "from range(2000000)", "--limit", "0", "--db", database)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "range\n"
    process.stdout.close()
    assert (process.stderr.read(), process.wait(30)) == ("", 141)
    process.stderr.close()


def test_ctrl_c_ends_the_command_with_a_word_and_130(database: Path) -> None:
    process = started("sql", "from range(100_000_000_000)", "--limit", "0", "--timeout", "0", "--db", database)
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, complained = process.communicate(timeout=30)
    assert (complained.strip(), process.returncode) == (WORDS.strip(), 130)


def test_ctrl_c_stops_a_query_that_is_still_thinking(database: Path) -> None:
    query = "select max(a.i + b.i) from range(1000000) as a(i), range(1000000) as b(i)"
    process = started("sql", query, "--timeout", "0", "--db", database)
    try:
        time.sleep(5)
        process.send_signal(signal.SIGINT)
        told, complained = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (told, complained.strip(), process.returncode) == ("", WORDS.strip(), 130)


class _Typed:
    """What a person types, line by line; an exception is a key that raises it. Then the end."""

    def __init__(self, *lines: str | type[BaseException]) -> None:
        self._lines: Iterator[str | type[BaseException]] = iter((*lines, EOFError))
        self.prompts: list[str] = []

    def __call__(self, prompt: str) -> str:
        self.prompts.append(prompt.strip())
        line = next(self._lines)
        if isinstance(line, str):
            return line
        raise line


def _shell(asked: list[str]) -> Shell:
    def refuse(table: str) -> None:
        raise Trouble(f"there is no table {table}")

    return Shell(answer=asked.append, tables=lambda: asked.append("tables"), columns=refuse)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        (("select 1;",), ["select 1;\n"]),
        (("select", "  1", ";"), ["select\n  1\n;\n"]),
        (("", "select 1", "", ";"), ["select 1\n\n;\n"]),
        (("select 1", KeyboardInterrupt, "select 2;"), ["select 2;\n"]),
        ((".tables", "select 1;", ".quit", "select 2;"), ["tables", "select 1;\n"]),
        (("select 1",), []),
        ((".schema jobs", ".schema", ".nothing", ".help", "select 1;"), ["select 1;\n"]),
    ],
)
def test_the_shell_asks_what_ends_with_a_semicolon(typed: tuple[str, ...], asked: list[str]) -> None:
    heard: list[str] = []
    _shell(heard).run(_Typed(*typed))
    assert heard == asked


def test_the_shell_shows_that_a_question_goes_on() -> None:
    typed = _Typed("select", "1;")
    _shell([]).run(typed)
    assert typed.prompts == ["jobtrail>", "...>", "jobtrail>"]


def test_the_shell_says_what_went_wrong_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []
    _shell(asked).run(_Typed(".schema nowhere", ".sche", "select 1;"))
    complained = capsys.readouterr().err
    assert "there is no table nowhere" in complained
    assert "There is no .sche here" in complained
    assert asked == ["select 1;\n"]


def test_the_shell_opens_at_a_terminal(database: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        process = started("sql", "--db", database, stdin=theirs, env=os.environ | {"HOME": str(tmp_path)})
        os.write(ours, b"select 40 + 2 as n;\nselec;\n.schema meta\n.schema nowhere\n.quit\n")
        told, complained = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "42" in told
    assert "key varchar" in told
    assert "syntax error" in complained
    assert "there is no table nowhere" in complained
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == [], "what was typed is kept nowhere"
