"""Files that overlap are one log: whatever pieces of it come in whatever order, its lines are read once."""

from __future__ import annotations

import bz2
import gzip
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.loading import Progress, load
from ingest.overlaps import LEAST_BYTES, LEAST_LINES, overlap
from ingest.stream_digest import LineMarks
from tests.ingest.kills import CHUNK
from tests.ingest.loads import NOW, derived, evidence, job_log_lines, load_all, sidekiq_lines
from tests.ingest.test_loading import rows
from tests.ingest.test_redaction import load_redacted

CAPTURES = Path(__file__).parent.parent / "fixtures" / "captures"
ROOT = Path(__file__).parent.parent.parent
PACK: dict[str, Callable[[bytes], bytes]] = {"log": bytes, "gz": gzip.compress, "bz2": bz2.compress}


def docker(lines: Sequence[bytes]) -> list[bytes]:
    """The lines as docker keeps them, those of two containers among each other."""
    text = '{"log":"%s\\n","stream":"%s","time":"2026-03-01T12:00:%02d.%06dZ"}\n'
    return [
        (text % (escaped, ("stdout", "stderr")[number % 7 == 0], number // 100 % 60, number)).encode()
        for number, line in enumerate(lines)
        for escaped in [line.decode().rstrip("\n").replace("\\", "\\\\").replace('"', '\\"')]
    ]


def capture(name: str) -> list[bytes]:
    data = (CAPTURES / name).read_bytes()
    return (gzip.decompress(data) if name.endswith(".gz") else data).splitlines(keepends=True)


@cache
def log(name: str) -> list[bytes]:
    made: dict[str, Callable[[], list[bytes]]] = {
        "sidekiq": lambda: capture("sidekiq-6.4.1-pretty/sidekiq-b.log"),
        "sidekiq json": lambda: capture("sidekiq-6.4.1-json/sidekiq-b.log"),
        "celery": lambda: capture("celery-text/worker-w3.log.gz"),
        "rq": lambda: capture("rq-run1/worker-rq-w4.log"),
        "backtraces": lambda: [line.encode() for line in sidekiq_lines(300)],
        "in docker": lambda: docker([line.encode() for line in sidekiq_lines(150)]),
    }
    return made[name]()


def load_bytes(folder: Path, *pieces: bytes, chunk: int = 1 << 25, final: bool = False) -> Path:
    """A database into which these were loaded, one after the other."""
    for number, data in enumerate(pieces):
        file = folder / f"{number}.log"
        file.write_bytes(data)
        load_all(folder / "t.duckdb", file, chunk=chunk, final=final)
    return folder / "t.duckdb"


def told(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The evidence, without what a load notes about single files."""
    found = evidence(database)
    found["sources"] = rows(
        database,
        "select format, bytes_total, bytes_accepted, bytes_blank, bytes_rejected, bytes_pending, line_count, row_count,"
        " reject_count, first_at, last_at, overlap from sources",
    )
    return found


@cache
def undivided(name: str) -> dict[str, list[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        return told(load_bytes(Path(folder), b"".join(log(name))))


def enough(lines: Sequence[bytes]) -> bool:
    return len(lines) >= LEAST_LINES and sum(map(len, lines)) >= LEAST_BYTES


def pieces_of(lines: Sequence[bytes], dice: random.Random, count: int) -> list[bytes]:
    """Overlapping pieces that together are the log; each overlap is long enough, some end within a line."""
    begins = [0, *sorted(dice.sample(range(1, len(lines) - LEAST_LINES), count - 1))]
    pieces = []
    for begin, following in pairwise([*begins, None]):
        end = len(lines)
        if following is not None:
            end = next(
                (end for end in range(following + LEAST_LINES, len(lines)) if enough(lines[following:end])), len(lines)
            )
            end = dice.choice([end, dice.randint(end, len(lines))])
        torn = lines[end][: dice.randint(0, len(lines[end]) - 1)] if end < len(lines) and dice.random() < 0.3 else b""
        pieces.append(b"".join(lines[begin:end]) + torn)
    return pieces


@pytest.mark.parametrize("name", ["sidekiq", "sidekiq json", "celery", "rq", "backtraces", "in docker"])
@settings(max_examples=max(settings.default.max_examples // 12, 4))
@given(seed=st.integers(0, 1 << 30), count=st.integers(2, 4), chunk=st.sampled_from([1 << 25, 1 << 25, 20_000]))
def test_overlapping_pieces_in_any_order_are_the_undivided_log(name: str, seed: int, count: int, chunk: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - places to cut
    pieces = pieces_of(log(name), dice, count)
    dice.shuffle(pieces)
    with tempfile.TemporaryDirectory() as folder:
        for number, piece in enumerate(pieces):
            packing = dice.choice(list(PACK))
            Path(folder, f"{number}.{packing}").write_bytes(PACK[packing](piece))
        database = Path(folder, "t.duckdb")
        files = sorted(path for path in Path(folder).iterdir() if path != database)
        for file in files:
            load_all(database, file, chunk=chunk)
        assert told(database) == undivided(name)
        assert load_all(database, *files).rows == 0


def test_a_load_of_overlapping_files_killed_at_random_moments_goes_on_as_if_nothing_had_happened(
    tmp_path: Path,
) -> None:
    lines = [line.encode() for line in sidekiq_lines(700)]
    whole, folder = tmp_path / "whole.log", tmp_path / "exports"
    whole.write_bytes(b"".join(lines))
    folder.mkdir()
    for number, (begin, end) in enumerate([(1500, 2000), (0, 700), (600, 1600), (1900, len(lines))]):
        (folder / f"{number}.log").write_bytes(b"".join(lines[begin:end]))
    load_all(tmp_path / "whole.duckdb", whole)
    met = 0
    for seed in range(2):
        killed = tmp_path / f"killed-{seed}.duckdb"
        command = [sys.executable, "-m", "tests.ingest.kills", str(killed), str(folder), str(seed), "15"]
        met += int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
        load_all(killed, folder, chunk=CHUNK)
        assert told(killed) == told(tmp_path / "whole.duckdb")
        assert derived(killed)["jobs"] == derived(tmp_path / "whole.duckdb")["jobs"]
    assert met > 15, f"only {met} of 30 loads were still running when they were killed"


LINES = [line.encode() for line in job_log_lines(200)]
SHARES: list[tuple[str, list[bytes], list[bytes], int]] = [
    ("the file begins within the stream", LINES[:200], LINES[136:300], 64),
    ("the file ends within the stream", LINES[136:300], LINES[:200], 64),
    ("the file lies within the stream", LINES, LINES[100:164], 64),
    ("the stream lies within the file", LINES[100:164], LINES, 64),
    ("one line too few", LINES[:200], LINES[137:300], 0),
    ("one line differs", LINES[:200], [*LINES[100:150], b"another\n", *LINES[151:300]], 0),
    ("one line over and over", LINES[:9] + LINES[:1] * 200, LINES[:1] * 100 + LINES[9:20], 0),
    ("two lines by turns", LINES[:9] + LINES[:2] * 100, LINES[:2] * 70 + LINES[9:20], 0),
    ("both begin alike", LINES[:200], LINES[:300], 0),
]


def marks_of(lines: Sequence[bytes]) -> bytes:
    marks = LineMarks()
    marks.update(b"".join(lines))
    return marks.take()


@pytest.mark.parametrize(("stream", "file", "lines"), [case[1:] for case in SHARES], ids=[case[0] for case in SHARES])
def test_an_overlap_is_long_enough_and_the_only_one(stream: list[bytes], file: list[bytes], lines: int) -> None:
    found = overlap(marks_of(file), marks_of(stream))
    assert (found.lines if found else 0) == lines


@pytest.mark.parametrize(
    ("known", "new", "says"),
    [
        (LINES[:100], LINES[90:], "shares 10 lines with 0.log, less than the 64 lines"),
        (LINES[90:], LINES[:100], "shares 10 lines with 0.log, less than the 64 lines"),
        (LINES, LINES[50:70], "shares 20 lines with 0.log"),
        (LINES[50:70], LINES, "shares 20 lines with 0.log"),
        ([*LINES[:9], *LINES[:2] * 100], [*LINES[:2] * 70, *LINES[9:20]], "too alike to tell which"),
        ([b"%d\n" % n for n in range(200)], [b"%d\n" % n for n in range(100, 300)], "less than the 64 lines and 4,096"),
    ],
    ids=["its beginning", "its end", "all of it", "all of the other", "no place to tell", "short lines"],
)
def test_an_overlap_that_is_not_joined_is_told(tmp_path: Path, known: list[bytes], new: list[bytes], says: str) -> None:
    first = LINES[-1:] if known[0].isspace() or known[0][:1].isdigit() else []
    (tmp_path / "0.log").write_bytes(b"".join([*first, *known]))
    (tmp_path / "1.log").write_bytes(b"".join([*new, *first]))
    load_all(tmp_path / "t.duckdb", tmp_path / "0.log")
    report = load_all(tmp_path / "t.duckdb", tmp_path / "1.log")
    assert says in str(report.files[0].note)
    assert says in str(rows(tmp_path / "t.duckdb", "select overlap from sources where path = '1.log'")[0][0])
    assert says in str(load_all(tmp_path / "t.duckdb", tmp_path / "1.log").files[0].note)


def test_logs_that_share_nothing_are_told_nothing(tmp_path: Path) -> None:
    database = load_bytes(tmp_path, *(b"".join(log(name)) for name in ("sidekiq", "celery", "rq", "sidekiq json")))
    assert rows(database, "select path, overlap from sources where overlap is not null") == []


def test_an_export_that_overlaps_two_known_ones_makes_one_stream_of_the_three(tmp_path: Path) -> None:
    lines = [line.encode() for line in sidekiq_lines(400)]
    exports = [lines[:500], lines[900:], lines[400:1000]]
    database = load_bytes(tmp_path, *(b"".join(export) for export in exports))
    assert rows(database, "select path, also_seen_as, line_count from sources") == [
        ("0.log", ["1.log", "2.log"], len(lines))
    ]
    assert told(database)["job_events"] == told(load_bytes(tmp_path / "..", b"".join(lines)))["job_events"]


def test_a_stream_that_grew_later_is_joined_to_what_it_grew_into(tmp_path: Path) -> None:
    lines = [line.encode() for line in sidekiq_lines(400)]
    (tmp_path / "early.log").write_bytes(b"".join(lines[:300]))
    (tmp_path / "late.log").write_bytes(b"".join(lines[500:]))
    load_all(tmp_path / "t.duckdb", tmp_path)
    for end in (503, 530, 700):
        (tmp_path / "early.log").write_bytes(b"".join(lines[:end]))
        load_all(tmp_path / "t.duckdb", tmp_path)
    (tmp_path / "whole").mkdir()
    assert told(tmp_path / "t.duckdb") == told(load_bytes(tmp_path / "whole", b"".join(lines)))


@pytest.mark.parametrize("end", [500, 700], ids=["within", "beyond"])
def test_a_file_that_was_too_short_to_tell_is_joined_once_it_has_grown(tmp_path: Path, end: int) -> None:
    lines = [line.encode() for line in sidekiq_lines(300)][:700]
    (tmp_path / "whole").mkdir()
    (tmp_path / "a.log").write_bytes(b"".join(lines[:600]))
    for size in (300 + 20, end):
        (tmp_path / "b.log").write_bytes(b"".join(lines[300:size]))
        load_all(tmp_path / "t.duckdb", tmp_path / "a.log", tmp_path / "b.log")
    whole = b"".join(lines[: max(end, 600)])
    assert told(tmp_path / "t.duckdb") == told(load_bytes(tmp_path / "whole", whole))


def test_redacted_exports_are_joined_though_nobody_can_read_what_tells_them(tmp_path: Path) -> None:
    lines = [line.encode() for line in sidekiq_lines(400)]
    for number, (begin, end) in enumerate([(0, 500), (903, len(lines)), (402, 1001)]):
        (tmp_path / f"{number}.log").write_bytes(b"".join(lines[begin:end]))
    (tmp_path / "whole.log").write_bytes(b"".join(lines))
    for number in range(3):
        load_redacted(tmp_path / "parts.duckdb", tmp_path / f"{number}.log")
    load_redacted(tmp_path / "whole.duckdb", tmp_path / "whole.log")
    assert told(tmp_path / "parts.duckdb") == told(tmp_path / "whole.duckdb")
    assert load_redacted(tmp_path / "parts.duckdb", tmp_path / "whole.log").rows == 0


def test_the_copy_and_the_live_file_of_copytruncate_are_one_stream_and_the_next(tmp_path: Path) -> None:
    lines = [line.encode() for line in sidekiq_lines(100)]
    live, copy = tmp_path / "worker.log", tmp_path / "worker.log.1"
    live.write_bytes(b"".join(lines[:150]))
    load_all(tmp_path / "t.duckdb", tmp_path)
    copy.write_bytes(b"".join(lines[:200]))
    live.write_bytes(b"".join(lines[200:]))
    load_all(tmp_path / "t.duckdb", tmp_path)
    assert rows(tmp_path / "t.duckdb", "select line_count from sources order by source_id") == [
        (200,),
        (len(lines) - 200,),
    ]


def test_a_file_that_is_truncated_while_it_is_read_is_the_stream_so_far_and_the_next(tmp_path: Path) -> None:
    first, second = ([line.encode() for line in job_log_lines(count)] for count in (12_000, 20))
    second = [line.replace(b"job-", b"later-") for line in second]
    live, copy = tmp_path / "worker.log", tmp_path / "worker.log.1"
    live.write_bytes(b"".join(first))

    def truncate(_: Progress) -> None:
        if not copy.exists():
            copy.write_bytes(live.read_bytes())
            live.write_bytes(b"".join(second))

    load(tmp_path / "t.duckdb", [live], now=NOW, chunk=1 << 20, progress=truncate)
    later = "select count(*) from job_events where job_id like 'later-%'"
    assert rows(tmp_path / "t.duckdb", later) == [(len(second),)]
    load_all(tmp_path / "t.duckdb", live, copy)
    count = "select count(*), count(distinct job_id || event) from job_events"
    assert rows(tmp_path / "t.duckdb", count) == [(len(first) + len(second),) * 2]
