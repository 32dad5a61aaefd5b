"""How incidents are held against causes."""

from __future__ import annotations

import pytest

from tests.simulator.grouping import Grouping, grouping


def of(causes: dict[str, str], *incidents: str) -> Grouping:
    """Findings are letters, incidents words of them."""
    return grouping(causes, {finding: f"finding {finding}" for finding in causes}, [tuple(each) for each in incidents])


def test_where_each_cause_is_one_incident_both_are_whole() -> None:
    told = of({"a": "x", "b": "x", "c": "y"}, "ab", "c")
    assert (told.purity, told.completeness, told.mixed, told.split) == (1.0, 1.0, [], [])
    assert (told.findings, told.causes, told.incidents) == (3, 2, 2)


def test_an_incident_of_two_causes_is_mixed() -> None:
    told = of({"a": "x", "b": "x", "c": "y"}, "abc")
    assert told.purity == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)
    assert told.completeness == 1.0
    assert told.mixed == ["finding a (x); finding b (x); finding c (y)"]


def test_a_cause_in_two_incidents_is_split() -> None:
    told = of({"a": "x", "b": "x", "c": "y"}, "a", "b", "c")
    assert told.purity == 1.0
    assert told.completeness == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert told.split == ["x: finding a (incident 0); finding b (incident 1)"]


def test_findings_without_a_cause_do_not_count() -> None:
    told = of({"a": "x"}, "abc", "de")
    assert (told.findings, told.incidents, told.purity, told.completeness) == (1, 1, 1.0, 1.0)


def test_nothing_is_whole() -> None:
    assert (Grouping().purity, Grouping().completeness) == (1.0, 1.0)


def test_days_are_added_up_by_their_findings() -> None:
    total = of({"a": "x"}, "a")
    total.add(of({"a": "x", "b": "y", "c": "z"}, "abc"))
    assert (total.findings, total.purity, len(total.mixed)) == (4, pytest.approx((1 + 3 * 1 / 3) / 4), 1)
