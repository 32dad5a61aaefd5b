"""What is read by the places of its words is what the patterns read, and what is not so plain is left to them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sidekiq_runs import runs_by_place
from ingest.sources.sidekiq_text import by_patterns

WORDS = [
    "INFO",
    "WARN",
    "INFO:",
    "ERROR:",
    "2026-03-01T22:00:05.120Z",
    "2026-03-01T22:00:05Z",
    "0001-03-01T22:00:05Z",
    "pid=80",
    "tid=g7y",
    "tid=g7y:",
    "class=Billing::Mail",
    "class=Mail:",
    "class=",
    "jid=0123456789abcdef01234567",
    "jid=a:",
    "tags=a,b",
    "tags=a:",
    "elapsed=0.044",
    "elapsed=0.044:",
    "elapsed=nan",
    "elapsed=-1",
    "elapsed=soon:",
    "start",
    "done",
    "fail",
    "",
    "a\nb",
]
SHAPES = {
    "until 7": "{t} pid=80 tid=g7y class=Billing::Mail jid=01ab{end} INFO: {word}",
    "from 8, coloured": "INFO  {t} pid=80 tid=g7y jid=01ab class=Billing::Mail{end}: {word}",
    "from 8": "INFO {t} pid=80 tid=g7y jid=01ab class=Billing::Mail{end}: {word}",
}


def lines_of(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"line_no": range(1, len(texts) + 1), "text": texts})


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("end", "word", "event"), [
    ("", "start", "started"), (" elapsed=0.044", "done", "succeeded"), (" elapsed=3", "fail", "failed"),
])  # fmt: skip
def test_starts_and_ends_of_every_version_are_read_by_place(shape: str, end: str, word: str, event: str) -> None:
    line = SHAPES[shape].format(t="2026-03-01T22:00:05.120Z", end=end, word=word)
    runs, rest = runs_by_place(lines_of(line))
    assert rest.is_empty()
    assert runs["event"].to_list() == [event]
    assert_read_alike(runs, lines_of(line))


@pytest.mark.parametrize("word", ["tid=g7y", "jid=01ab", "class=Billing::Mail"])
def test_a_colon_before_the_last_word_of_the_context_ends_it(word: str) -> None:
    line = SHAPES["from 8"].format(t="2026-03-01T22:00:05.120Z", end=" elapsed=0.044", word="done")
    _, rest = runs_by_place(lines_of(line.replace(word, f"{word}:")))
    assert rest.height == 1


@given(st.lists(st.sampled_from(WORDS), min_size=5, max_size=10))
def test_words_in_any_order_are_read_as_by_the_patterns_or_left_to_them(words: list[str]) -> None:
    assert_told_as_by_patterns(" ".join(words))


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
def test_a_plain_line_with_one_word_changed_is_read_as_by_the_patterns_or_left_to_them(
    shape: str, data: st.DataObject
) -> None:
    end, word = data.draw(st.sampled_from([("", "start"), (" elapsed=0.044", "done"), ("", "fail")]))
    words = SHAPES[shape].format(t="2026-03-01T22:00:05.120Z", end=end, word=word).split(" ")
    place = data.draw(st.integers(0, len(words) - 1))
    words[place : place + data.draw(st.integers(0, 1))] = [data.draw(st.sampled_from(WORDS))]
    assert_told_as_by_patterns(" ".join(words))


def assert_told_as_by_patterns(line: str) -> None:
    runs, rest = runs_by_place(lines_of(line))
    assert runs.height + rest.height == 1
    if runs.height:
        assert_read_alike(runs, lines_of(line))


def assert_read_alike(runs: pl.DataFrame, lines: pl.DataFrame) -> None:
    told = by_patterns(lines)
    assert told.rejects is None
    assert list(told.rows) == ["job_events"]
    patterns = told.rows["job_events"]
    assert patterns.select(runs.columns).rows() == runs.rows()
    beside = patterns.drop(runs.columns)
    assert beside.null_count().row(0) == (1,) * beside.width
