"""What bad jobs have and good ones lack is told, chance is not, and the figures are those of the textbook."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.incidents.differences import Counts, _upper_tail, differences


def values(**of: dict[str, Counts]) -> dict[str, dict[str | None, Counts]]:
    """Name to value to jobs, with the number of jobs that have the name at all."""
    return {
        name: {None: (sum(bad for bad, _ in counts.values()), sum(good for _, good in counts.values()))} | counts
        for name, counts in of.items()
    }


def told(given_: dict[str, dict[str | None, Counts]], bad: int, good: int) -> list[tuple[str, str, int, int]]:
    _, found = differences(given_, bad, good)
    return [(each.name, each.value, each.bad, each.good) for each in found]


def test_the_chance_is_that_of_fishers_exact_test() -> None:
    # The lady tasting tea: 4 of 8 cups marked, all 4 found: 1 of 70; 3 or more: 17 of 70.
    assert _upper_tail(4, 4, 4, 8) == pytest.approx(1 / 70)
    assert _upper_tail(3, 4, 4, 8) == pytest.approx(17 / 70)
    assert _upper_tail(0, 4, 4, 8) == pytest.approx(1)


def test_a_value_that_bad_jobs_have_and_good_ones_lack_is_told_with_both_numbers() -> None:
    hosts = values(host={"w1": (18, 10), "w2": (2, 40)}, region={"eu": (10, 25), "us": (10, 25)})
    assert told(hosts, 20, 50) == [("host", "w1", 18, 10)]


def test_of_a_name_only_its_greatest_difference_is_told_and_the_greatest_first() -> None:
    both = values(version={"2": (20, 0), "1": (0, 50)}, host={"w1": (18, 10), "w2": (2, 40)})
    assert told(both, 20, 50) == [("version", "2", 20, 0), ("host", "w1", 18, 10)]


def test_to_lack_an_attribute_is_a_value_too() -> None:
    assert told(values(tenant={"a": (0, 20), "b": (1, 29)}), 20, 50) == [("tenant", "none", 19, 1)]


def test_of_many_numbers_a_bound_is_told_and_of_few_the_number() -> None:
    rows = {str(size): (1, 0) if size >= 70 else (0, 1) for size in range(100)}
    assert told(values(rows=rows), 30, 70) == [("rows", ">= 69", 30, 1)]
    shards = {str(shard): (10, 1) if shard == 3 else (0, 9) for shard in range(8)}
    assert told(values(shard=shards), 10, 64) == [("shard", "3", 10, 1)]


def test_of_numbers_that_each_job_has_several_of_no_bound_is_told() -> None:
    clocks = {str(clock): (1, 0) if clock >= 140 else (0, 1) for clock in range(200)}
    each_job_has_two: dict[str, dict[str | None, Counts]] = {"clock": {None: (30, 70)} | clocks}
    assert told(each_job_has_two, 30, 70) == []


@pytest.mark.parametrize(
    ("counts", "bad", "good"),
    [
        ({"w1": (4, 0), "w2": (16, 60)}, 20, 60),
        ({"w1": (600, 550), "w2": (400, 450)}, 1000, 1000),
        ({f"id-{number}": (1, 0) for number in range(20)} | {f"ok-{number}": (0, 1) for number in range(50)}, 20, 50),
        ({"w1": (20, 50)}, 20, 50),
    ],
    ids=["four jobs", "5 in 100 more", "a name that tells jobs apart", "a value that all have"],
)
def test_nothing_is_made_of(counts: dict[str, Counts], bad: int, good: int) -> None:
    assert told(values(host=counts), bad, good) == []


def test_of_jobs_that_were_called_bad_by_a_coin_hardly_ever_anything_is_told() -> None:
    """At most one in twenty answers may be false; each try here asks some 60 questions of 60 bad and 300 good jobs."""
    coin = random.Random(7)  # noqa: S311 - a seeded coin
    tries, false = 200, 0
    for _ in range(tries):
        jobs = [
            (
                is_bad,
                {f"a{name}": str(coin.choice(range(2 + name))) for name in range(8)} | {"size": str(coin.random())},
            )
            for is_bad in [True] * 60 + [False] * 300
        ]
        asked: dict[str, dict[str, Counts]] = {}
        for is_bad, attributes in jobs:
            for name, value in attributes.items():
                bad, good = asked.setdefault(name, {}).get(value, (0, 0))
                asked[name][value] = (bad + is_bad, good + (not is_bad))
        false += bool(differences(values(**asked), 60, 300)[1])
    assert false <= 0.06 * tries


@given(
    st.dictionaries(
        st.sampled_from(["host", "7", "tenant"]),
        st.dictionaries(st.text(max_size=4), st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30),
        max_size=3,
    )
)
def test_any_counts_have_an_answer_within_their_bounds(counts: dict[str, dict[str, Counts]]) -> None:
    given_ = {name: {value: count for value, count in of.items() if sum(count)} for name, of in counts.items()}
    bad = max([5, *(sum(count[0] for count in of.values()) for of in given_.values())])
    good = max([5, *(sum(count[1] for count in of.values()) for of in given_.values())])
    tried, found = differences(values(**given_), bad, good)
    assert len(found) <= tried
    assert all(0 <= each.q <= 0.05 and 5 <= each.bad <= bad and 0 <= each.good <= good for each in found)
